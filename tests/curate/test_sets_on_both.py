"""Sets by an expression, their next versions and exports, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ganvas.catalog import FoundPicture
from ganvas.catalog.schema import Duplicate
from ganvas.curate import export_set, make_set, renew_set
from ganvas.studio import StudioFolder


@pytest.fixture
def studio(tmp_path: Path, catalog_url: str) -> Iterator[StudioFolder]:
    made = StudioFolder.create(tmp_path / "studio", catalog_url)
    yield made
    made.catalog.close()


def describe(studio: StudioFolder, hashes: list[str]) -> None:
    details = [{"model": "a", "year": 1985}, {"model": "b", "year": "1990"}, {"model": "b"}]
    studio.catalog.add_found(
        [
            FoundPicture(sha, 9, "PNG", 12, 10, "RGB", 1, None, "shop", sha, title="Air", details=details[n % 3])
            for n, sha in enumerate(hashes)
        ]
    )


def test_a_chosen_set_and_its_next_version_are_made(studio: StudioFolder, add: Callable[..., list[str]]) -> None:
    hashes = add(60)
    describe(studio, hashes)
    ids = {image.sha256: image.id for image in studio.catalog.images()}
    pairs = [{"image_id": ids[hashes[n + k]], "group_id": ids[hashes[n]]} for n in range(0, 30, 6) for k in (0, 3)]
    with studio.catalog.session(write=True) as connection:
        connection.execute(studio.catalog.insert(Duplicate), pairs)
    chosen = {"where": "title ilike 'AIR' and year >= 1985", "labels": "model", "split": "60/20/20"}
    first = make_set(studio, "air", **chosen)
    assert (first.count, first.labels) == (40, ["a", "b"])
    assert make_set(studio, "again", **chosen).fingerprint == first.fingerprint
    splits = {member.sha256: member.split for member in studio.catalog.members("air")}
    assert len(set(splits.values())) == 3
    assert all(splits[hashes[n]] == splits[hashes[n + 3]] for n in range(0, 30, 6) if hashes[n + 3] in splits)

    describe(studio, add(30))
    second = renew_set(studio, "air")
    later = {member.sha256: member.split for member in studio.catalog.members("air-2")}
    assert (second.name, second.count) == ("air-2", 60)
    assert {sha256: later[sha256] for sha256 in splits} == splits
    written = export_set(studio, "air-2", "folder", studio.root.parent / "written", credits={}, licences=[])
    assert len(list(written.rglob("*.png"))) == 60
