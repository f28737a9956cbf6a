"""What Openverse gives: works with licence and attribution, as many as it shows without a key."""

from __future__ import annotations

from typing import Any

import pytest

from ganvas.collect.sources import NotTheAnswer, Page
from ganvas.collect.sources.licences import licence_name
from ganvas.collect.sources.openverse import Openverse
from ganvas.collect_settings import CollectSettings, ServiceSettings
from ganvas.errors import InputError
from tests.collect.openverse_replica import OpenverseReplica, work
from tests.collect.reading import answer, read_all


def openverse(replica: OpenverseReplica, notes: Any, **options: Any) -> Openverse:
    settings = CollectSettings(openverse=ServiceSettings(base_url=f"{replica.base_url}/"))
    return Openverse(Openverse.Options(**{"query": "greek vases", **options}), settings, notes)


def test_every_page_is_read_to_the_last(notes: Any) -> None:
    with OpenverseReplica([work(n) for n in range(47)]) as replica:
        pages, items = read_all(openverse(replica, notes))
    assert [item.title for item in items] == [f"Vase {n}" for n in range(47)]
    assert [page.is_list for page in pages] == [True, False, False]
    assert notes.lines == ["Openverse finds 47 works"]


def test_a_work_comes_with_licence_creator_attribution_and_a_thumbnail_in_reserve(notes: Any) -> None:
    with OpenverseReplica([work(7)]) as replica:
        item = read_all(openverse(replica, notes))[1][0]
    assert (item.licence, item.artist, item.link) == ("CC BY-SA 2.0", "Ada", "https://photos.example/7")
    assert str(item.attribution).startswith('"Vase 7" by Ada is licensed under CC BY-SA 2.0.')
    assert (item.tags, item.details["provider"]) == (("vase", "greek"), "flickr")
    picture = item.pictures[0]
    assert picture.url == f"{replica.base_url}/full/7.jpg"
    assert picture.instead is not None
    assert picture.instead.url == f"{replica.base_url}/v1/images/7/thumb/"


def test_what_a_work_does_not_say_is_said_to_be_unknown(notes: Any) -> None:
    silent = {"title": None, "creator": None, "attribution": None, "tags": None, "thumbnail": None}
    with OpenverseReplica([work(1, **silent, license="pdm", license_version="1.0"), work(2, url=None)]) as replica:
        items = read_all(openverse(replica, notes))[1]
    assert [item.attribution for item in items] == ["“untitled” by unknown author, Public Domain Mark 1.0"]
    assert (items[0].tags, items[0].pictures[0].instead) == ((), None)


@pytest.mark.parametrize("odd", [{"license": 5}, {"title": 7, "tags": 5}, {"creator": ["Ada"], "thumbnail": {}}])
def test_an_odd_field_is_left_out_and_its_work_is_not(notes: Any, odd: dict[str, Any]) -> None:
    with OpenverseReplica([work(1, **odd), *(work(n) for n in range(2, 26))]) as replica:
        items = read_all(openverse(replica, notes))[1]
    assert len(items) == 25
    texts = (items[0].title, items[0].licence, items[0].artist, *items[0].tags)
    assert all(text is None or isinstance(text, str) for text in texts)


def test_a_work_that_is_none_costs_neither_its_page_nor_the_next(notes: Any) -> None:
    with OpenverseReplica([work(n) for n in range(30)]) as replica:
        replica.works[3:6] = [work(3, id=None), work(4, url=None), work(5, id={})]
        assert len(read_all(openverse(replica, notes))[1]) == 27
    assert notes.lines[-1].startswith("passed over 3 works that could not be read, the first for ValueError: ")


def test_the_240_works_that_are_shown_without_a_key_are_all_and_it_is_said(notes: Any) -> None:
    with OpenverseReplica([work(n) for n in range(300)]) as replica:
        items = read_all(openverse(replica, notes))[1]
    assert len({item.key for item in items}) == 240
    assert len(replica.asked) == 12
    assert "shows 240 works of a query" in "".join(notes.lines)


def test_a_page_past_the_end_is_missing_and_a_first_page_that_is_refused_is_not(notes: Any) -> None:
    with OpenverseReplica([]) as replica:
        source = openverse(replica, notes)
        assert source.missing(Page("x", note={"page": 13}), 401, b'{"detail": "pagination depth may not exceed 240"}')
        assert source.missing(Page("x", note={"page": 3}), 404, b'{"detail": "Invalid page."}')
        assert not source.missing(Page("x", note={"page": 1}, is_list=True), 401, b"")
        assert not source.missing(Page("x", note={"page": 2}), 403, b"")


def test_nothing_found_is_said(notes: Any) -> None:
    with OpenverseReplica([]) as replica:
        assert read_all(openverse(replica, notes, query="xyzzy"))[1] == []
    assert notes.lines == ["Openverse has nothing for 'xyzzy'"]


def test_every_way_to_choose_is_asked_for(notes: Any) -> None:
    asked = {
        "licence": ["by", "CC0"],
        "use": ["commercial"],
        "source": ["flickr", "met"],
        "extension": ["jpg"],
        "aspect": "tall",
        "size": "large",
        "category": "photograph",
        "mature": True,
    }
    with OpenverseReplica([]) as replica:
        read_all(openverse(replica, notes, **asked))
        assert replica.asked[0].query == {
            "q": "greek vases",
            "license": "by,cc0",
            "license_type": "commercial",
            "source": "flickr,met",
            "extension": "jpg",
            "aspect_ratio": "tall",
            "size": "large",
            "category": "photograph",
            "mature": "true",
            "page_size": "20",
            "page": "1",
        }
        for name, value in {"licence": ["bye"], "aspect": "taal", "size": "huge", "use": ["sale"]}.items():
            with pytest.raises(InputError, match=f"no {name} "):
                openverse(replica, notes, **{name: value})


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"results": 3}', b'{"detail": "?"}'])
def test_an_answer_of_another_shape_is_not_understood(notes: Any, body: bytes) -> None:
    with OpenverseReplica([]) as replica:
        source = openverse(replica, notes)
        with pytest.raises(NotTheAnswer):
            list(source.read(Page("x", note={"page": 1}), answer("", body)))
        odd = b'{"results": [1, {}, {"id": "a", "url": "b"}], "result_count": "many", "page_count": null}'
        found = list(source.read(Page("x", note={"page": 1}), answer("", odd)))
        assert len(found) == 1


def test_licences_are_named_as_people_write_them() -> None:
    assert licence_name("by-nc-sa", "4.0") == "CC BY-NC-SA 4.0"
    assert licence_name("cc0", "1.0") == "CC0 1.0"
    assert licence_name("pdm", None) == "Public Domain Mark"
