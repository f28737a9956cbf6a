from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest

from ganvas.catalog import Catalog, FoundPicture, MemberRow, RunRow, ScoreRow, SetRow, TickRow
from ganvas.errors import CatalogError

MOMENT = dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC)


def fill(catalog: Catalog, count: int) -> list[str]:
    hashes = [f"{n:064x}" for n in range(count)]
    catalog.add_found([FoundPicture(h, 1, "PNG", 8, 8, "L", 1, None, "folder", h) for h in hashes])
    return hashes


def a_set(name: str, count: int = 2) -> SetRow:
    return SetRow(name, 8, 6, 1, count, ["cat", "dog"], {"fit": "crop", "size": [6, 8]}, "f" * 64, MOMENT)


def a_run(name: str) -> RunRow:
    return RunRow(name, "pets", "f" * 64, "running", settings={"batch": 64}, made_at=MOMENT)


def test_a_set_comes_back_as_it_was_with_its_members_in_order(catalog: Catalog) -> None:
    hashes = fill(catalog, 1100)
    members = [MemberRow(n, h, "cat" if n % 2 else None, "train") for n, h in enumerate(reversed(hashes))]
    catalog.add_set(a_set("pets", 1100), members)
    assert catalog.set_named("pets") == a_set("pets", 1100)
    assert catalog.members("pets") == members


def test_sets_are_listed_oldest_first(catalog: Catalog) -> None:
    for name in ("b", "c", "a"):
        catalog.add_set(a_set(name), [])
    assert [row.name for row in catalog.sets()] == ["b", "c", "a"]
    assert catalog.set_named("d") is None
    assert catalog.members("d") == []


def test_a_taken_set_name_is_refused_and_the_first_set_stays(catalog: Catalog) -> None:
    hashes = fill(catalog, 2)
    catalog.add_set(a_set("pets"), [MemberRow(0, hashes[0], None, "train")])
    with pytest.raises(CatalogError, match="has a set pets already"):
        catalog.add_set(a_set("pets"), [MemberRow(0, hashes[1], None, "train")])
    assert [member.sha256 for member in catalog.members("pets")] == hashes[:1]


def test_a_set_with_an_unknown_member_is_not_recorded_at_all(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match="no image"):
        catalog.add_set(a_set("pets"), [MemberRow(0, "abc", None, "train")])
    assert catalog.sets() == []


def test_a_run_outlives_its_deleted_set(catalog: Catalog) -> None:
    hashes = fill(catalog, 1)
    catalog.add_set(a_set("pets"), [MemberRow(0, hashes[0], None, "train")])
    catalog.add_run(a_run("first"))
    catalog.delete_set("pets")
    assert catalog.sets() == []
    assert catalog.members("pets") == []
    assert catalog.run_named("first") == a_run("first")
    assert catalog.count_images() == 1


def test_a_run_changes_by_named_fields_only(catalog: Catalog) -> None:
    catalog.add_run(a_run("first"))
    catalog.update_run("first", state="finished", images_seen=3_000_000_000, train_seconds=1.5, finished_at=MOMENT)
    row = catalog.run_named("first")
    assert row is not None
    assert (row.state, row.images_seen, row.train_seconds, row.finished_at) == ("finished", 3_000_000_000, 1.5, MOMENT)
    assert row.settings == {"batch": 64}
    with pytest.raises(TypeError, match="colour"):
        catalog.update_run("first", colour="red")
    with pytest.raises(CatalogError, match="no run second"):
        catalog.update_run("second", state="finished")


def test_runs_are_listed_oldest_first_and_names_are_taken_once(catalog: Catalog) -> None:
    for name in ("b", "a"):
        catalog.add_run(a_run(name))
    assert [row.name for row in catalog.runs()] == ["b", "a"]
    with pytest.raises(CatalogError, match="has a run a already"):
        catalog.add_run(a_run("a"))
    assert catalog.run_named("c") is None


def test_a_tick_measured_again_replaces_the_first(catalog: Catalog) -> None:
    catalog.add_run(a_run("first"))
    catalog.add_tick("first", TickRow(2, 200, 2.0, {"kid": 5.0}))
    catalog.add_tick("first", TickRow(1, 100, 1.0, {"kid": np.float32(9.5), "loss": float("nan")}))
    catalog.add_tick("first", TickRow(2, 200, 2.5, {"kid": 4.0}))
    assert catalog.ticks("first") == [
        TickRow(1, 100, 1.0, {"kid": 9.5, "loss": None}),
        TickRow(2, 200, 2.5, {"kid": 4.0}),
    ]


def test_ticks_beyond_a_checkpoint_are_cut_for_this_run_only(catalog: Catalog) -> None:
    for name in ("first", "second"):
        catalog.add_run(a_run(name))
        for tick in (1, 2, 3):
            catalog.add_tick(name, TickRow(tick, tick * 100, 1.0, {}))
    catalog.cut_ticks("first", after_images=200)
    assert [tick.tick for tick in catalog.ticks("first")] == [1, 2]
    assert [tick.tick for tick in catalog.ticks("second")] == [1, 2, 3]


def test_scores_are_replaced_by_key_and_keep_what_could_not_be_computed(catalog: Catalog) -> None:
    catalog.add_run(a_run("first"))
    kid = ScoreRow("1000", "effnet-lite0", 50, "kid", 0.2, 0.01, 0.0, MOMENT)
    catalog.save_scores("first", [kid, ScoreRow("1000", "effnet-lite0", 50, "fd", math.nan, None, None, MOMENT)])
    better = ScoreRow("1000", "effnet-lite0", 50, "kid", float(np.float32(0.25)), None, math.nan, MOMENT)
    catalog.save_scores("first", [better])
    first, second = catalog.scores("first")
    assert (first.value, first.sd, first.baseline) == (0.25, None, None)
    assert second.name == "fd"
    assert math.isnan(second.value)


def test_deleting_a_run_takes_its_ticks_and_scores(catalog: Catalog) -> None:
    catalog.add_run(a_run("first"))
    catalog.add_tick("first", TickRow(1, 1, 1.0, {}))
    catalog.save_scores("first", [ScoreRow("1", "e", 5, "kid", 1.0)])
    catalog.delete_run("first")
    catalog.add_run(a_run("first"))
    assert catalog.ticks("first") == []
    assert catalog.scores("first") == []


def test_a_tick_or_score_of_no_run_is_refused(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match="no run ghost"):
        catalog.add_tick("ghost", TickRow(1, 1, 1.0, {}))
    with pytest.raises(CatalogError, match="no run ghost"):
        catalog.save_scores("ghost", [])
