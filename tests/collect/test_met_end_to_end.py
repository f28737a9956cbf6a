"""`ganvas collect met` against the museum's replica: firewall, challenges, outages, a kill; nothing twice, nothing lost."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from ganvas.catalog.schema import Image, Item, ItemImage
from ganvas.studio import StudioFolder
from tests.collect.museum import ROOT, Firewall, Museum, jpeg, record

Call = Callable[..., tuple[int, str, str]]
HERE = Path(__file__).parents[2]
QUICK = "[collect]\npause_s = 0.3\n[collect.met]\nrate_per_s = 200\n"  # the replica may be asked faster than the museum


@pytest.fixture
def studio(tmp_path: Path, catalog_url: str) -> Iterator[StudioFolder]:
    """On each database; its settings let the replica be asked quickly."""
    folder = StudioFolder.create(tmp_path / "studio", catalog_url)
    with open(folder.root / "ganvas.toml", "a") as file:
        file.write(QUICK)
    yield folder
    folder.catalog.close()


def arguments(studio: StudioFolder, museum: Museum, *more: object) -> list[str]:
    place = ["-C", str(studio.root), "collect", "met", "--base-url", museum.base_url, "--allow-host", "127.0.0.1"]
    return [*place, "--json", *map(str, more)]


def stored(studio: StudioFolder) -> set[str]:
    return {path.name for path in studio.images.rglob("*") if path.is_file() and path.parent != studio.images}


def fifty() -> list[dict[str, object]]:
    """Objects with one to four pictures; two of them share one."""
    records = [record(number, additional=number % 4) for number in range(1, 50)]
    return [*records, record(50, primaryImage="/CRDImages/gr/original/DP1.jpg", primaryImageSmall="")]


def test_all_arrives_through_a_firewall_and_nothing_twice(studio: StudioFolder, call: Call) -> None:
    with Museum(Firewall(quick=20, within_s=1.0, shut_s=0.3)) as museum:
        museum.add(*fifty())
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


def test_killed_in_the_middle_it_goes_on(studio: StudioFolder, call: Call) -> None:
    with Museum(Firewall(quick=30, within_s=1.0, shut_s=0.5, tells=True)) as museum:
        museum.add(*fifty())
        collector = subprocess.Popen(
            [sys.executable, "-m", "ganvas", *arguments(studio, museum)],
            cwd=HERE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            museum.wait_until(lambda it: len(it.records_served()) >= 25)
        finally:
            collector.send_signal(signal.SIGKILL)
            collector.wait()
        before = museum.served.copy()
        code, out, err = call(*arguments(studio, museum))
        assert code == 0, err
        collected = json.loads(out)
        assert (collected["items"], collected["pictures"], collected["complete"]) == (50, len(museum.pictures()), True)
        assert links(studio) == wanted_links(museum)
        assert stored(studio) == {hash_of(address) for address in museum.pictures()}
        # what was under way at the kill, a second's worth at most, is asked for once more; a list always is
        again = {path for path, times in museum.served.items() if times > 1} - {f"{ROOT}/objects"}
        assert max(museum.served.values()) <= 2
        assert again <= set(before)
        assert len(again) < len(before)
