"""Image search by ddgs: the installed package against a stand-in for the service, on loopback.

ddgs has its services' addresses in its classes, so the test sets that one attribute, and the token that a first page
gives; requests, reading and errors are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ganvas.catalog.wanted import Item, Picture
from ganvas.collect.sources.ddgs_search import region_of
from ganvas.collect.sources.web import Web
from ganvas.collect_settings import CollectSettings
from ganvas.errors import InputError, MissingExtra
from tests.collect.loopback import Loopback, Reply, Request

Search = Callable[..., Iterator[Item]]


class Service(Loopback):
    """Pages of results, by the `s` of the query; what is no list is a status."""

    def __init__(self) -> None:
        super().__init__(self._page)
        self.pages: list[list[dict[str, Any]] | int] = []

    def _page(self, request: Request) -> Reply:
        number = int(request.query.get("s", 0)) // 100
        page = self.pages[number] if number < len(self.pages) else []
        return Reply({"results": []}, page) if isinstance(page, int) else Reply({"results": page})


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    engine = pytest.importorskip("ddgs.engines.duckduckgo_images").DuckduckgoImages
    with Service() as replica:
        monkeypatch.setattr(engine, "search_url", f"{replica.base_url}/i.js")
        monkeypatch.setattr(engine, "_get_vqd", lambda self, query: "token")
        yield replica


def search(query: str = "greek vases", **options: Any) -> Iterator[Item]:
    source = Web(Web.Options(query=query, engine="ddgs", **options), CollectSettings(), None)  # type: ignore[arg-type]
    return iter(source.start())


def result(number: int, **other: Any) -> dict[str, Any]:
    return {
        "title": f"Vase {number}",
        "image": f"https://pictures.example/{number}.jpg",
        "thumbnail": f"https://thumbnails.example/{number}",
        "url": f"https://museum.example/{number}",
        "width": 640,
        "height": 480,
        "source": "Bing",
    } | other


def test_results_become_items_page_after_page_as_wanted(service: Service) -> None:
    service.pages = [[result(1), result(2)], [result(2), result(3)], []]
    items = search(language="pt-BR")
    first = next(items)
    assert first.title == "Vase 1"
    assert first.link == "https://museum.example/1"
    assert first.licence is None
    assert first.pictures == (
        Picture("https://pictures.example/1.jpg", instead=Picture("https://thumbnails.example/1")),
    )
    assert first.details == {
        "query": "greek vases", "engine": "ddgs", "rank": 1, "width": 640, "height": 480, "source": "Bing"
    }  # fmt: skip
    assert len(service.asked) == 1
    assert [item.details["rank"] for item in items] == [2, 3]
    assert {(asked.query["q"], asked.query["l"], asked.query["p"]) for asked in service.asked} == {
        ("greek vases", "br-pt", "1")
    }
    assert [asked.query.get("s") for asked in service.asked] == [None, "100", "200"]


def test_odd_results_are_thumbnails_or_nothing(service: Service) -> None:
    service.pages = [
        [
            result(1, image=None),
            result(2, image="javascript:alert(1)", thumbnail="data:,x"),
            result(3, url="javascript:alert(1)", title="", width="many"),
        ]
    ]
    thumbnail, plain = search()
    assert thumbnail.pictures == (Picture("https://thumbnails.example/1"),)
    assert thumbnail.details["thumbnail"] is True
    assert (plain.link, plain.title, plain.details.get("width")) == (None, None, None)


def test_an_answer_at_which_ddgs_fails_is_one_line(service: Service) -> None:
    service.pages = [[result(1, title=None)]]
    with pytest.raises(InputError, match=r"ddgs failed \(TypeError: .*\): try engine google"):
        list(search())


def test_a_page_that_repeats_the_last_one_is_the_end(service: Service) -> None:
    service.pages = [[result(1)], [result(1)], [result(1)]]
    assert len(list(search())) == 1
    assert len(service.asked) == 2


@pytest.mark.parametrize(("pages", "words"), [([[]], "found nothing"), ([403], "found nothing, or was refused")])
def test_no_results_are_one_line(service: Service, pages: list[Any], words: str) -> None:
    service.pages = pages
    with pytest.raises(InputError, match=words) as caught:
        list(search())
    assert "\n" not in str(caught.value)


def test_a_service_that_does_not_answer_is_one_line(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    from ddgs.engines.duckduckgo_images import DuckduckgoImages

    monkeypatch.setattr(DuckduckgoImages, "search_url", "http://127.0.0.1:1/i.js")
    with pytest.raises(InputError, match="image search for 'greek vases' by ddgs: .*try again") as caught:
        list(search())
    assert "\n" not in str(caught.value)


def test_ddgs_s_own_errors_are_one_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    ddgs = pytest.importorskip("ddgs")
    from ddgs.exceptions import RatelimitException, TimeoutException

    for error, words in ((RatelimitException("x"), "too many"), (TimeoutException("x"), "no answer in time")):

        def fail(self: Any, query: str, error: Exception = error, **how: Any) -> None:
            raise error

        monkeypatch.setattr(ddgs.DDGS, "images", fail)
        with pytest.raises(InputError, match=words):
            next(search())


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ddgs", None)
    with pytest.raises(MissingExtra, match=r"ganvas\[browser\]"):
        next(search())


@pytest.mark.parametrize(
    ("language", "region"),
    [("en", "us-en"), ("fr", "fr-fr"), ("pt-BR", "br-pt"), ("EN-gb", "gb-en"), ("eo", "wt-wt"), ("zh-Hant", "cn-zh")],
)
def test_a_language_is_a_region_of_ddgs(language: str, region: str) -> None:
    assert region_of(language) == region
