from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from ganvas import Studio
from ganvas.catalog.fetch_records import COMPLETE, DONE, FAILED, REFUSED, WAITING, Finished
from ganvas.catalog.wanted import KINDS, Item, Page, Picture
from ganvas.cli.app import opening
from ganvas.cli.collecting import status
from ganvas.errors import InputError

NOW = 1_000_000.0
Verb = Callable[..., str]


@pytest.fixture
def verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verb:
    """Runs one of the four verbs in a studio."""
    app = typer.Typer(rich_markup_mode=None)
    app.callback()(opening)
    for name in ("status", "retry", "why", "forget"):
        app.command(name)(getattr(status, name))
    Studio(tmp_path / "studio")

    def run(*arguments: object) -> str:
        capsys.readouterr()
        app(["-C", str(tmp_path / "studio"), *map(str, arguments)], standalone_mode=False)
        return capsys.readouterr().out

    return run


@pytest.fixture
def collected(verb: Verb, tmp_path: Path) -> int:
    """A collection of five pictures, each in another state."""
    catalog = Studio.open(tmp_path / "studio").folder.catalog
    collection = catalog.begin_collection("met", {"query": "vase", "public_domain": True, "not_": None}, "vases", 50).id
    items = [Item(str(n), (Picture(f"http://a.example/{n}.jpg"),)) for n in range(5)]
    catalog.want(collection, "met", [Page("http://b.example/list", is_list=True), *items])
    ids = [one.id for one in catalog.lease(collection, "me", 9, KINDS, NOW, NOW + 60)]
    catalog.finish(
        collection,
        "met",
        "me",
        [
            Finished(ids[0], DONE, body=b"{}"),
            Finished(ids[1], DONE, bytes=2500, sha256="ab" * 32, content_type="image/jpeg", status=200),
            Finished(ids[2], FAILED, error="gone", reason="404 Not Found", status=404),
            Finished(ids[3], REFUSED, error="robots", reason="robots.txt says no"),
            Finished(ids[4], WAITING, error="throttled", next_try=NOW + 90),
        ],
    )
    catalog.cool_host("a.example", time.time() + 1000, "429")
    return collection


def test_status_of_nothing_says_where_to_begin(verb: Verb) -> None:
    assert "nothing was collected yet" in verb("status")
    assert json.loads(verb("status", "--json"))["collections"] == []


def test_a_collection_that_has_not_ended_is_not_called_complete(verb: Verb, tmp_path: Path) -> None:
    catalog = Studio.open(tmp_path / "studio").folder.catalog
    first = catalog.begin_collection("met", {}, None, None).id
    assert "collection 1 has not ended" in verb("status")
    catalog.want(first, "met", [Page("http://b.example/list", is_list=True)])
    [one] = catalog.lease(first, "me", 9, KINDS, NOW, NOW + 60)
    catalog.finish(first, "met", "me", [Finished(one.id, DONE, body=b"{}")])
    catalog.end_collection(first, COMPLETE)
    assert "all is there" in verb("status")
    catalog.begin_collection("met", {"query": "vase"}, None, None)
    assert "collection 2 has not ended: the same `ganvas collect` command goes on with it" in verb("status")


def test_status_counts_by_state_and_says_what_failed_and_what_cools(verb: Verb, collected: int) -> None:
    said = verb("status")
    assert "query vase, public-domain, label vases, limit 50" in said
    assert "2.5 kB" in said
    for words in (["gone", "a.example", "failed"], ["robots", "refused"], ["throttled", "waiting"]):
        assert any(all(word in line for word in words) for line in said.splitlines())
    assert "a.example asked for a pause" in said
    record = json.loads(verb("status", "--json"))
    assert record["pictures"] == {"done": 1, "failed": 1, "refused": 1, "waiting": 1, "leased": 1}
    [one] = record["collections"]
    assert (one["items"], one["bytes"], one["estimated"], one["fetches"]["list"]) == (5, 2500, False, {"done": 1})


def test_retry_says_how_many_wait_again(verb: Verb, collected: int) -> None:
    assert verb("retry").startswith("1 waits again")
    assert verb("retry").startswith("nothing failed")
    assert json.loads(verb("retry", "--error", "robots", "--collection", collected, "--json")) == {"waiting_again": 1}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--error", "gon"], "Did you mean gone?"),
        (["--host", "b.example"], "Did you mean a.example?"),
        (["--collection", "7"], "no collection 7"),
        (["--url", "http://c.example"], "no address"),
    ],
)
def test_retry_of_what_is_not_there_says_what_is(verb: Verb, collected: int, arguments: list[str], says: str) -> None:
    with pytest.raises(InputError, match=says.replace("?", r"\?")):
        verb("retry", *arguments)


def test_why_says_what_became_of_an_address(verb: Verb, collected: int) -> None:
    said = verb("why", "http://a.example/1.jpg")
    assert "failed: gone: 404 Not Found" in said
    assert "1 try" in said
    assert "of 1 item: 1" in said
    assert f"image {'ab' * 32}" in verb("why", "/0.jpg")
    assert "after throttled" in verb("why", "/3.jpg")
    [fetch] = json.loads(verb("why", "/2.jpg", "--json"))["fetches"]
    assert (fetch["state"], fetch["error"], fetch["items"]) == ("refused", "robots", ["2=vases"])
    with pytest.raises(InputError, match="no address"):
        verb("why", "nowhere")


def test_a_collection_is_forgotten_by_its_number(verb: Verb, collected: int) -> None:
    said = "removed collection 1 with 6 addresses and 5 items without a picture; 1 picture of it stays\n"
    assert verb("forget", collected) == said
    assert json.loads(verb("status", "--json"))["collections"] == []
    with pytest.raises(InputError, match="no collection 1: `ganvas collect status` lists them"):
        verb("forget", collected)
    for too_large in (10**20, -(10**20)):
        for verbs in (("forget", "--"), ("retry", "--collection")):
            with pytest.raises(InputError, match=f"no collection {too_large}: `ganvas collect status` lists them"):
                verb(*verbs, too_large)


def test_what_a_misspelt_collection_leaves_is_said_and_can_be_removed(verb: Verb, tmp_path: Path) -> None:
    catalog = Studio.open(tmp_path / "studio").folder.catalog
    first = catalog.begin_collection("met", {"query": "vasse"}, None, None).id
    assert "`ganvas collect forget N` removes it" in verb("status")
    catalog.want(first, "met", [Page("http://b.example/list", is_list=True)])
    catalog.lease(first, "elsewhere:1:ab", 9, KINDS, time.time(), time.time() + 60)
    with pytest.raises(InputError, match="a collector is at collection 1, process 1 on elsewhere"):
        verb("forget", first)
    catalog.give_all_back("elsewhere:1:ab")
    assert json.loads(verb("forget", first, "--json")) == {"collection": 1, "addresses": 1, "items": 0, "pictures": 0}
    assert "nothing was collected yet" in verb("status")


def test_options_are_shown_as_they_were_typed() -> None:
    options: dict[str, Any] = {
        "not_": ["a", "b"],
        "public_domain": True,
        "csv": None,
        "where": "x =\n'y'",
        "all": False,
    }
    assert status.asked(options, None, None) == "not a, b, public-domain, where x = 'y'"
    assert status.asked({}, None, None) == "everything"
