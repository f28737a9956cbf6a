"""`ganvas collect met` against the museum's replica: firewall, challenges, outages, a kill; nothing lost or twice."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from ganvas.catalog.schema import Image, Item, ItemImage
from ganvas.collect.fetch import schedule
from ganvas.studio import StudioFolder
from tests.collect.museum import ROOT, Firewall, Museum, jpeg, record
from tests.collect.test_met_csv import row, written
from tests.standstill import stands_still

Call = Callable[..., tuple[int, str, str]]
HERE = Path(__file__).parents[2]
# the replica may be asked faster than the museum, and forgives sooner
QUICK = "pause_s = 0.3\nattempts = 20\n[collect.met]\nrate_per_s = 200\n"
ON_SQLITE = pytest.mark.parametrize("catalog_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("catalog_url", ["postgresql"], indirect=True)


@pytest.fixture
def studio(tmp_path: Path, catalog_url: str) -> Iterator[StudioFolder]:
    """Its settings let the replica be asked quickly."""
    folder = StudioFolder.create(tmp_path / "studio", catalog_url)
    with open(folder.root / "ganvas.toml", "a") as file:
        file.write(f"[collect]\n{QUICK}")
    folder.catalog.close()
    opened = StudioFolder.open(folder.root)
    yield opened
    opened.catalog.close()


def arguments(studio: StudioFolder, museum: Museum, *more: object) -> list[str]:
    place = ["-C", str(studio.root), "collect", "met", "--base-url", museum.base_url, "--allow-host", "127.0.0.1"]
    return [*place, "--json", *map(str, more)]


def stored(studio: StudioFolder) -> set[str]:
    return {path.name for path in studio.images.rglob("*") if path.is_file() and path.parent != studio.images}


def objects(count: int = 50) -> list[dict[str, object]]:
    """Objects with one to four pictures; two of them share one."""
    records = [record(number, additional=number % 4) for number in range(1, count)]
    return [*records, record(count, primaryImage="/CRDImages/gr/original/DP1.jpg", primaryImageSmall="")]


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again soon."""
    monkeypatch.setattr(schedule, "FIRST_DELAY_S", 0.1)


@ON_SQLITE
@pytest.mark.usefixtures("soon")
def test_all_arrives_through_a_firewall_and_nothing_twice(studio: StudioFolder, call: Call) -> None:
    with Museum(Firewall(quick=20, within_s=600.0, shut_s=0.3)) as museum:
        museum.add(*objects())
        museum.trouble(f"{ROOT}/objects/7", "challenge")
        museum.trouble(f"{ROOT}/objects/8", "outage")
        code, out, err = call(*arguments(studio, museum))
        assert code == 0, err
        assert museum.shut_out > 0
        collected = json.loads(out)
        assert (collected["items"], collected["pictures"], collected["complete"]) == (50, len(museum.pictures()), True)
        assert collected["failed"] == {}
        assert museum.records_served() == dict.fromkeys(range(1, 51), 1)
        assert stored(studio) == {hash_of(address) for address in museum.pictures()}
        assert all(times == 1 for times in museum.served.values())
        assert links(studio) == wanted_links(museum)


def links(studio: StudioFolder) -> list[tuple[str, int, str]]:
    """(item, place, image's hash) of every picture of every item."""
    query = select(Item.key, ItemImage.position, Image.sha256).join(ItemImage, ItemImage.item_id == Item.id)
    with studio.catalog.session() as connection:
        return sorted(tuple(row) for row in connection.execute(query.join(Image, Image.id == ItemImage.image_id)))


def wanted_links(museum: Museum) -> list[tuple[str, int, str]]:
    return sorted(
        (f"objects/{number}", place, hash_of(address))
        for number, one in museum.records.items()
        for place, address in enumerate([one["primaryImage"], *one["additionalImages"]])
    )


def hash_of(address: str) -> str:
    return hashlib.sha256(jpeg(urlsplit(address).path)).hexdigest()


STOPPING = """
import sys
from ganvas.catalog import Catalog
from ganvas.cli import main
from tests.standstill import stops_after
stops_after(4, Catalog, "finish")
main(sys.argv[1:])
"""


@ON_POSTGRESQL
def test_killed_in_the_middle_it_goes_on(studio: StudioFolder, call: Call) -> None:
    with Museum(Firewall(quick=20, within_s=600.0, shut_s=0.5, tells=True)) as museum:
        museum.add(*objects(30))
        command = [sys.executable, "-c", STOPPING, *arguments(studio, museum)]
        collector = subprocess.Popen(command, cwd=HERE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stands_still(collector)
        collector.kill()
        collector.wait()
        before = museum.served.copy()
        code, out, err = call(*arguments(studio, museum))
        assert code == 0, err
        collected = json.loads(out)
        assert (collected["items"], collected["pictures"], collected["complete"]) == (30, len(museum.pictures()), True)
        assert links(studio) == wanted_links(museum)
        assert stored(studio) == {hash_of(address) for address in museum.pictures()}
        # what was under way at the kill, a second's worth at most, is asked for once more; a list always is
        again = {path for path, times in museum.served.items() if times > 1} - {f"{ROOT}/objects"}
        assert max(museum.served.values()) <= 2
        assert again <= set(before)
        assert len(again) < len(before)


@ON_SQLITE
@pytest.mark.usefixtures("soon")
def test_a_smaller_copy_stands_in_for_a_lost_original_and_says_so(studio: StudioFolder, call: Call) -> None:
    with Museum() as museum:
        museum.add(record(1, additional=1), record(2, additional=1))
        museum.lost_pictures |= {"/CRDImages/gr/original/DP1.jpg", "/CRDImages/gr/original/DP2_1.jpg"}
        code, out, err = call(*arguments(studio, museum))
        assert code == 0, err
        assert json.loads(out)["failed"] == {"gone": 2}
        paths = ["web-large/DP1", "original/DP1_1", "original/DP2"]
        first, second, third = (hash_of(f"/CRDImages/gr/{path}.jpg") for path in paths)
        assert stored(studio) == {first, second, third}
        assert {hash_ for _, _, hash_ in links(studio)} == {first, second, third}
        [item] = studio.catalog.items_of(first)
        assert (item.key, item.details["thumbnail"], item.details["objectID"]) == ("objects/1", True, 1)
        [item] = studio.catalog.items_of(third)
        assert "thumbnail" not in item.details


@ON_SQLITE
def test_only_what_a_file_names_is_asked_for(studio: StudioFolder, call: Call, tmp_path: Path) -> None:
    path = tmp_path / "MetObjects.csv"
    rows = [row(1), row(2, Object_Name="Bowl"), row(3, Object_Name="Vase with lid"), row(4711)]
    path.write_bytes(written(rows))
    with Museum() as museum:
        museum.add(*(record(number) for number in range(1, 9)))
        code, out, err = call(*arguments(studio, museum, "--csv", path, "--where", "\"Object Name\" ilike '%vase%'"))
        assert code == 0, err
        assert (json.loads(out)["items"], json.loads(out)["failed"]) == (2, {"gone": 1})
        assert museum.records_served() == {1: 1, 3: 1}
        code, out, err = call(*arguments(studio, museum, "--csv", path, "--name-like", "bowl"))
        assert code == 0, err
        assert museum.records_served() == {1: 1, 2: 1, 3: 1}


@ON_SQLITE
def test_what_cannot_be_asked_is_one_line_and_costs_nothing(studio: StudioFolder, call: Call, tmp_path: Path) -> None:
    with Museum() as museum:
        for options, line in {
            ("--department", "Asian Arts"): "the museum has no department 'Asian Arts'. Did you mean Asian Art?",
            ("--date-begin", 1700): "--date-begin and --date-end go together",
            ("--since", "yesterday"): "--since 'yesterday' is no day",
            ("--where", "Title = 'x'"): "--where is about the columns of MetObjects.csv",
            ("--csv", "a.csv", "--query", "vase"): "--query is for the museum's own search",
            ("--csv", tmp_path / "no.csv"): "cannot be opened",
            ("--csv", "a.csv", "--where", "Title ilike"): "--where, at character 12",
        }.items():
            code, _, err = call(*arguments(studio, museum, *options))
            [told] = [said for said in err.splitlines() if said.startswith("ganvas: ")]
            assert code == 1
            assert line in told
        assert museum.records_served() == {}


@ON_SQLITE
def test_what_is_new_in_a_department_is_found_though_the_departments_have_not_changed(
    studio: StudioFolder, call: Call
) -> None:
    with Museum(etags=True) as museum:
        museum.add(record(1), record(2, department="Asian Art"))
        for wanted in ({1}, {1, 3}):
            code, out, err = call(*arguments(studio, museum, "--department", "Greek and Roman Art"))
            assert code == 0, err
            assert (json.loads(out)["items"], museum.records_served()) == (len(wanted), dict.fromkeys(wanted, 1))
            museum.add(record(3))
