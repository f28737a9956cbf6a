"""Lists of addresses, Commons and Openverse collected for real from loopback: rows, items, originals, nothing twice."""

from __future__ import annotations

import base64
import itertools
import json
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ganvas.catalog.schema import Image, ItemImage
from ganvas.catalog.schema import Item as ItemTable
from ganvas.collect.collecting import Collected, collect
from ganvas.collect.fetch import schedule
from ganvas.collect_settings import CollectSettings, ServiceSettings
from ganvas.errors import InputError
from ganvas.studio import StudioFolder
from tests.collect.commons_replica import CommonsReplica, described
from tests.collect.loopback import Loopback, Reply, Request
from tests.collect.openverse_replica import OpenverseReplica, work
from tests.waiting import PATIENCE_S, wait_for

HERE = Path(__file__).parents[2]
COLLECT = """
import sys
from ganvas.collect.collecting import collect
from ganvas.collect_settings import CollectSettings
from ganvas.studio import StudioFolder
settings = CollectSettings(allow_hosts=["127.0.0.1"])
collect(StudioFolder.open(sys.argv[1]), "urls", {"list": sys.argv[2]}, settings=settings)
"""


@pytest.fixture
def studio(tmp_path: Path, catalog_url: str) -> Iterator[StudioFolder]:
    """On each database."""
    folder = StudioFolder.create(tmp_path / "studio", catalog_url)
    yield folder
    folder.catalog.close()


@pytest.fixture
def pictures(paint: Any) -> Iterator[Loopback]:
    """A server with a picture at /1, /2, …, a web page at /page, and nothing at /gone."""

    def answer(request: Request) -> Reply:
        if request.path == "/page":
            return Reply(b"<!DOCTYPE html><html>no picture</html>", 200, "image/jpeg")
        if request.path == "/gone":
            return Reply(b"gone", 404, "text/plain")
        return Reply(paint(int(request.path[1:])), 200, "image/png")

    with Loopback(answer) as server:
        yield server


def run(
    studio: StudioFolder, source: str, notes: Any, most: int | None = None, dry_run: bool = False, **options: Any
) -> Collected:
    services = {name: options.pop(name) for name in ("commons", "openverse") if name in options}
    quick = {name: ServiceSettings(base_url=address, rate_per_s=500) for name, address in services.items()}
    settings = CollectSettings(allow_hosts=["127.0.0.1"], contact="tests@example.org", pause_s=0.2, **quick)
    how = {"settings": settings, "progress": notes, "workers": 1}
    return collect(studio, source, options, most=most, dry_run=dry_run, **how)


def items(studio: StudioFolder) -> list[Any]:
    """Every item with the hash of its picture, if it has one, in the order of finding."""
    query = (
        select(ItemTable, Image.sha256)
        .outerjoin(ItemImage, ItemImage.item_id == ItemTable.id)
        .outerjoin(Image, Image.id == ItemImage.image_id)
        .order_by(ItemTable.id)
    )
    with studio.catalog.session() as connection:
        return list(connection.execute(query))


def asked(server: Loopback) -> Counter[str]:
    return Counter(request.path for request in server.asked if request.path != "/robots.txt")


def test_a_list_is_collected_every_row_has_its_state_and_again_fetches_nothing(
    studio: StudioFolder, pictures: Loopback, notes: Any, tmp_path: Path
) -> None:
    at = pictures.base_url
    rows = [f"{at}/{n},{'cat' if n % 2 else 'dog'},title {n}" for n in range(1, 13)]
    rows += [f"{at}/page,cat,", f"{at}/gone,cat,", "not an address,dog,", ",dog,", f"{at}/1,tiger,"]
    path = tmp_path / "list.csv"
    path.write_text("\n".join(["address,kind,title", *rows]) + "\n")
    done = run(studio, "urls", notes, list=str(path), label_column="kind")
    assert (done.items, done.pictures, done.complete) == (13, 12, True)
    assert (done.failed, done.refused) == ({"not-a-picture": 1, "gone": 1}, {"address": 1})
    assert asked(pictures)["/1"] == 1
    found = items(studio)
    assert [row.label for row in found if row.sha256] == ["cat", "dog"] * 6 + ["tiger"]
    assert [row.title for row in found][:2] == ["title 1", "title 2"]
    assert found[0].sha256 == found[-1].sha256  # the same picture with two labels: two items
    assert any("1 row has no address and was" in line for line in notes.lines)
    before = asked(pictures)
    assert run(studio, "urls", notes, list=str(path), label_column="kind").new == 0
    assert asked(pictures) == before
    path.write_text(path.read_text() + f"{at}/99,cat,new\n")
    again = run(studio, "urls", notes, list=str(path), label_column="kind")
    assert (again.collection, again.new) == (done.collection, 1)
    assert asked(pictures) - before == Counter({"/99": 1})


@pytest.mark.parametrize("called", ["artist", "Creator", "PHOTOGRAPHER", "Author Name", "artistDisplayName"])
def test_credits_of_a_list_name_the_artists(
    tmp_path: Path, call: Callable[..., tuple[int, str, str]], pictures: Loopback, called: str
) -> None:
    root, path, at = tmp_path / "studio", tmp_path / "list.csv", pictures.base_url
    assert call("new", root)[0] == 0
    rows = [f"{at}/{n},CC BY 4.0,Work {n},Ada {n % 2},{'The Museum' if n == 3 else ''}" for n in range(1, 7)]
    path.write_text("\n".join([f"url,License,TITLE,{called},credit", *rows]) + "\n")
    code, _, said = call("-C", root, "collect", "urls", path, "--allow-host", "127.0.0.1")
    assert code == 0, said
    assert call("-C", root, "set", "make", "works", "--where", "artist ilike 'ada%'", "--size", "8x8")[0] == 0
    assert call("-C", root, "credits", "works")[0] == 0
    text = (root / "sets" / "works" / "CREDITS.md").read_text()
    assert "| CC BY 4.0 | 6 |" in text
    assert all(f": “Work {n}” by Ada {n % 2} <{at}/{n}>\n" in text for n in (1, 2, 4, 5, 6))
    assert f": “Work 3” by Ada 1; The Museum <{at}/3>\n" in text


def test_the_same_list_is_the_same_collection_from_any_folder_and_by_any_path(
    studio: StudioFolder, pictures: Loopback, notes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lists" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("lists")
    path = tmp_path / "lists" / "list.txt"
    path.write_text(f"{pictures.base_url}/1\n")
    monkeypatch.chdir(tmp_path / "lists" / "deep")
    first = run(studio, "urls", notes, list="../list.txt").collection
    monkeypatch.chdir(tmp_path)
    for same in ("lists/list.txt", "link/list.txt", "lists/deep/../list.txt", str(path)):
        assert run(studio, "urls", notes, list=same).collection == first
    assert [row.options["list"] for row in studio.catalog.collections()] == [str(path)]


def test_a_collection_that_an_older_ganvas_recorded_goes_on(
    studio: StudioFolder, pictures: Loopback, notes: Any, tmp_path: Path
) -> None:
    (tmp_path / "deep").mkdir()
    path = tmp_path / "list.txt"
    path.write_text(f"{pictures.base_url}/1\n")
    older = dict.fromkeys(f"{what}_column" for what in ("url", "label", "title", "licence", "attribution"))
    older |= {"list": f"{tmp_path}/deep/../list.txt"}
    first = studio.catalog.begin_collection("urls", older, None, None).id
    studio.catalog.begin_collection("urls", older, "vases", None)
    studio.catalog.begin_collection("urls", {"gone": 1}, None, None)
    assert run(studio, "urls", notes, dry_run=True, list=str(path)).collection == first
    assert studio.catalog.collections()[0].options == older
    for _ in range(2):
        assert run(studio, "urls", notes, list=str(path)).collection == first
    written, *others = [row.options for row in studio.catalog.collections()]
    assert (written["list"], others) == (str(path), [older, {"gone": 1}])


def test_a_limit_is_of_items_and_a_larger_one_goes_on(
    studio: StudioFolder, pictures: Loopback, notes: Any, tmp_path: Path
) -> None:
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{pictures.base_url}/{n}\n" for n in range(1, 41)))
    assert run(studio, "urls", notes, most=10, list=str(path)).items == 10
    assert sum(asked(pictures).values()) == 10
    assert run(studio, "urls", notes, most=25, list=str(path)).items == 25
    assert set(asked(pictures).values()) == {1}


def test_a_picture_in_its_own_address_is_stored_without_asking_anybody(
    studio: StudioFolder, notes: Any, tmp_path: Path, paint: Any
) -> None:
    path = tmp_path / "list.txt"
    path.write_text(
        f"data:image/png;base64,{base64.b64encode(paint(5)).decode()}\ndata:image/png;base64,bm90aGluZw==\n"
    )
    done = run(studio, "urls", notes, list=str(path))
    assert (done.pictures, done.failed) == (1, {"not-a-picture": 1})
    assert studio.image_path(str(items(studio)[0].sha256)).read_bytes() == paint(5)


def test_a_list_that_cannot_be_used_leaves_no_collection_behind(
    studio: StudioFolder, notes: Any, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_bytes(b"%PDF-1.7")
    for path in ("list.csv", "none.csv"):
        with pytest.raises(InputError):
            run(studio, "urls", notes, list=str(tmp_path / path))
    assert studio.catalog.collections() == []


def test_a_killed_collector_fetches_nothing_twice(tmp_path: Path, notes: Any, paint: Any) -> None:
    studio = StudioFolder.create(tmp_path / "studio")
    gate, turns = threading.Event(), itertools.count(1)
    first: list[str] = []

    def answer(request: Request) -> Reply:
        if next(turns) <= 20:
            first.append(request.path)
        else:
            gate.wait(PATIENCE_S)
        return Reply(paint(int(request.path[1:])), 200, "image/png")

    with Loopback(answer) as server:
        path = tmp_path / "list.txt"
        path.write_text("".join(f"{server.base_url}/{n}\n" for n in range(1, 41)))
        victim = subprocess.Popen([sys.executable, "-c", COLLECT, str(studio.root), str(path)], cwd=HERE)
        try:
            wait_for(lambda: done_pictures(studio) == 20, "pictures")
        finally:
            victim.send_signal(signal.SIGKILL)
            victim.wait()
        gate.set()
        done = run(studio, "urls", notes, list=str(path))
        assert (done.pictures, done.new, done.complete) == (40, 20, True)
        assert [asked(server)[each] for each in first] == [1] * 20
    studio.catalog.close()


def done_pictures(studio: StudioFolder) -> int:
    counts = studio.catalog.fetch_counts()
    return sum(kinds.get("picture", {}).get("done", 0) for kinds in counts.values())


def test_commons_gives_pictures_with_licences_and_is_asked_again_when_it_lags(
    studio: StudioFolder, notes: Any, paint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "FIRST_DELAY_S", 0.2)
    files = [described(n, width=4000 if n % 2 else 640) for n in range(70)]
    with CommonsReplica(files, paint) as replica:
        replica.error = {"code": "maxlag", "info": "7 seconds lagged"}
        done = run(studio, "commons", notes, query="greek vases", commons=replica.base_url)
        assert (done.items, done.pictures, done.failed) == (70, 70, {})
        agents = {request.headers["User-Agent"] for request in replica.asked}
        assert all("tests@example.org" in agent for agent in agents)
        again = run(studio, "commons", notes, query="greek vases", commons=replica.base_url)
        assert (again.new, again.pictures) == (0, 70)
    row = items(studio)[1]
    assert (row.licence, row.artist, row.tags) == ("CC BY-SA 4.0", "Ada L.", ["Vases", "Greek pottery"])
    assert row.link == "https://commons.wikimedia.org/wiki/File:Vase_1.jpg"
    assert studio.image_path(row.sha256).read_bytes() == paint(1)


def test_openverse_gives_a_thumbnail_where_the_original_is_gone_and_marks_it(
    studio: StudioFolder, notes: Any, paint: Any
) -> None:
    with OpenverseReplica([work(n) for n in range(30)], paint) as replica:
        replica.gone = {4}
        done = run(studio, "openverse", notes, query="greek vases", openverse=replica.base_url)
        assert (done.items, done.pictures) == (30, 30)
        assert asked(replica)["/v1/images/5/thumb/"] == 0
    found = items(studio)
    assert [row.key[-2:] for row in found if row.details.get("thumbnail") is True] == ["04"]
    assert {row.licence for row in found} == {"CC BY-SA 2.0"}


def test_from_the_command_line_to_the_credits(
    tmp_path: Path, call: Callable[..., tuple[int, str, str]], paint: Any
) -> None:
    root = tmp_path / "studio"
    assert call("new", root)[0] == 0
    with open(root / "ganvas.toml", "a") as file:
        file.write("[collect.commons]\nrate_per_s = 500\n")
    ask = ["-C", root, "collect", "commons", "--allow-host", "127.0.0.1"]
    with CommonsReplica([described(n, width=800) for n in range(12)], paint) as replica:
        code, _, said = call(*ask, "vases", "--base-url", replica.base_url)
        assert (code, "--contact you@example.org" in said, replica.asked) == (1, True, [])
        ask += ["--contact", "me@example.org", "--base-url", replica.base_url]
        code, out, said = call(*ask, "vases", "--licence", "by-sa", "--limit", "5", "--json")
        assert (code, json.loads(out)["items"]) == (0, 5), said
        code, out, said = call(*ask, "--category", "Greek vases", "--width", "0")
        assert (code, out) == (0, "12 items, 12 pictures (7 new)\n"), said
    assert call("-C", root, "set", "make", "vases", "--size", "8x8")[0] == 0
    code, out, _ = call("-C", root, "credits", "vases")
    assert code == 0
    assert re.search(r"CC BY-SA 4.0 +12", out)
    text = (root / "sets" / "vases" / "CREDITS.md").read_text()
    assert all(f": “Vase {n}” by Ada L., CC BY-SA 4.0 (https" in text for n in range(12))


def test_options_of_lists_are_options_of_the_command_line(
    tmp_path: Path, call: Callable[..., tuple[int, str, str]], pictures: Loopback
) -> None:
    root = tmp_path / "studio"
    assert call("new", root)[0] == 0
    path = tmp_path / "list.csv"
    path.write_text(f"a,b,modell\n{pictures.base_url}/1,x,jordan 1\n")
    ask = ["-C", root, "collect", "urls", path, "--allow-host", "127.0.0.1"]
    code, _, said = call(*ask, "--label-column", "model")
    assert (code, said.count("\n")) == (1, 1)
    assert "no column 'model' for --label-column. Did you mean modell?" in said
    code, out, _ = call(*ask, "--label-column", "modell", "--url-column", "a", "--json")
    assert (code, json.loads(out)["pictures"]) == (0, 1)
    code, out, _ = call("collect", "urls", "--help")
    assert all(f"--{what}-column" in out for what in ("url", "label", "title", "licence", "attribution"))
