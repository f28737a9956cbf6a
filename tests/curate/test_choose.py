"""Sets by an expression, with labels from a field, and their next versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert

from ganvas.api.studio import Studio
from ganvas.catalog import FoundPicture
from ganvas.catalog.records import InspectionRow
from ganvas.catalog.schema import Duplicate
from ganvas.curate import (
    clean,
    delete_set,
    describe_set,
    make_plan,
    make_set,
    planned_facts,
    preview_planned,
    renew_set,
)
from ganvas.curate.choose import Selection
from ganvas.errors import InputError
from ganvas.pictures.packed import PackedSet
from ganvas.studio import StudioFolder

Add = Callable[..., list[str]]


def describe(studio: StudioFolder, hashes: list[str], details: list[dict[str, Any]]) -> None:
    """Give pictures that were added the metadata of another item, before the one they have."""
    studio.catalog.add_found(
        [
            FoundPicture(sha256, 9, "PNG", 12, 10, "RGB", 1, None, "met", sha256, details=details[n % len(details)])
            for n, sha256 in enumerate(hashes)
        ]
    )


def test_only_kept_pictures_that_match_are_in_the_set(studio: StudioFolder, add: Add) -> None:
    wide, tall = add(6, size=(30, 20)), add(6, size=(20, 30))
    studio.catalog.decide("inspect", "dark", [(wide[0], False, None, None)])
    row = make_set(studio, "wide", where="width > height", size=(8, 8))
    assert PackedSet.open(studio.sets / "wide").sha256s == wide[1:]
    assert row.recipe["where"] == describe_set(studio, "wide")["where"] == "width > height"
    assert "5 of 11 kept pictures match: width > height" in row.recipe["reasons"]
    assert make_set(studio, "rest", where="not width > height").count == len(tall)


def test_a_field_of_the_metadata_gives_the_labels(studio: StudioFolder, add: Add) -> None:
    hashes = add(20)
    describe(studio, hashes, [{"model": "a"}, {"model": "b"}, {"model": 7}, {}])
    row = make_set(studio, "models", labels="model")
    assert row.labels == ["7", "a", "b"]
    assert row.count == 15
    assert row.recipe["labels_from"] == "model"
    assert "5 pictures without a label are left out" in row.recipe["reasons"]


def test_labels_with_too_few_pictures_are_left_out_and_named(studio: StudioFolder, add: Add) -> None:
    add(40, labels=["a", "b", "a", "b", "a", "b", "a", "c", "a", None])
    row = make_set(studio, "many", min_per_label=10)
    assert row.labels == ["a", "b"]
    assert "1 labels with fewer than 10 pictures are left out (4 pictures): c 4" in row.recipe["reasons"]
    assert describe_set(studio, "many")["balance"] == "a 20, b 12: 1.67 to 1"
    with pytest.raises(InputError, match="no label has 99 pictures: 'a' has most, 20"):
        make_set(studio, "none", min_per_label=99)


def test_at_most_so_many_of_a_label_by_seed(studio: StudioFolder, add: Add) -> None:
    add(60, labels=["a", "a", "b"])
    chosen = {}
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        make_set(studio, name, max_per_label=15, seed=seed)
        packed = PackedSet.open(studio.sets / name)
        assert Counter(packed.labels.tolist()) == {0: 15, 1: 15}
        chosen[name] = packed.sha256s
    assert chosen["one"] == chosen["two"] != chosen["three"]


def test_a_plan_counts_by_label_and_split(studio: StudioFolder, add: Add) -> None:
    add(40, labels=["a", "b"])
    planned = planned_facts(make_plan(studio, "pets", split="80/10/10", where="width > 1"))
    make_set(studio, "pets", split="80/10/10", where="width > 1")
    facts = describe_set(studio, "pets")
    assert planned["label_counts"] == facts["labels"]
    assert planned["splits"] == facts["splits"] == {"train": 32, "validation": 4, "held-out": 4}
    assert list(facts["splits"]) == ["train", "validation", "held-out"]
    assert len(PackedSet.open(studio.sets / "pets").validation) == 4


def test_a_preview_draws_a_seeded_sample_and_makes_no_set(studio: StudioFolder, add: Add) -> None:
    from PIL import Image

    add(80, labels=["a" * 50, "b"])
    path = preview_planned(studio, make_plan(studio, "pets", where="width > 1"))
    assert path == studio.sets / "pets.dry-run.png"
    with Image.open(path) as picture:
        assert picture.width > 700
    again = preview_planned(studio, make_plan(studio, "pets", where="width > 1"), studio.root / "other.png")
    assert again.read_bytes() == path.read_bytes()
    assert studio.catalog.sets() == []
    with pytest.raises(InputError, match="must end in"):
        preview_planned(studio, make_plan(studio, "pets"), "sheet.gif")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("width > 5 and height > 99", "'height > 99' excludes everything. width > 5: 12; height > 99: 0"),
        ("height > 99", "'height > 99' excludes everything"),
        ("width = 30 and height = 30", "no part alone, only all together. width = 30: 6; height = 30: 6"),
        ("width = 7", r"'width = 7' excludes everything (2 that it holds for are dropped). width = 7: 0"),
    ],
)
def test_a_set_of_nothing_says_which_part_excludes_everything(
    studio: StudioFolder, add: Add, where: str, said: str
) -> None:
    add(6, size=(30, 20)), add(6, size=(20, 30))
    studio.catalog.decide("inspect", "small", [(sha256, False, None, None) for sha256 in add(2, size=(7, 7))])
    for make in (make_set, make_plan):
        with pytest.raises(InputError) as error:
            make(studio, "none", where=where)
        assert f"none of 12 kept pictures matches: {said}" in str(error.value)
    assert list(studio.sets.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"where": "widht > 3"}, "Did you mean width?"),
        ({"where": "title = 'x'; drop table sets"}, "a semicolon has no meaning"),
        ({"where": "title = 'x"}, "no closing quote"),
        ({"where": ""}, "--where is empty"),
        ({"labels": "modle"}, "no field 'modle'"),
        ({"labels": "title"}, "none of the 2 chosen pictures has a field title"),
        ({"min_per_label": 0}, "--min-per-label 0 cannot be"),
        ({"max_per_label": -1}, "--max-per-label -1 cannot be"),
        ({"min_per_label": 9, "max_per_label": 3}, "--max-per-label 3 is below --min-per-label 9"),
        ({"split": "80/10/20"}, "--split 80/10/20 cannot be"),
        ({"split": "80/20/0"}, "of three shares none is 0"),
    ],
)
def test_a_selection_that_cannot_be_says_so_before_anything_is_written(
    studio: StudioFolder, add: Add, options: dict[str, Any], said: str
) -> None:
    add(2)
    for make in (make_set, make_plan):
        with pytest.raises(InputError) as error:
            make(studio, "pets", **options)
        assert said in str(error.value)
        assert "\n" not in str(error.value)
    assert list(studio.sets.iterdir()) == []


def test_a_group_of_duplicates_lies_on_one_side(studio: StudioFolder, add: Add) -> None:
    hashes = add(40)
    ids = {image.sha256: image.id for image in studio.catalog.images()}
    with studio.catalog.session(write=True) as connection:
        rows = [{"image_id": ids[sha256], "group_id": n // 4} for n, sha256 in enumerate(hashes)]
        connection.execute(insert(Duplicate), rows)
    make_set(studio, "pets", split="50/25/25")
    splits = PackedSet.open(studio.sets / "pets").split.tolist()
    assert all(len(set(splits[start : start + 4])) == 1 for start in range(0, 40, 4))
    assert len(set(splits)) == 3


def test_a_set_says_how_many_of_its_pictures_were_never_compared(studio: StudioFolder, add: Add) -> None:
    add(8, size=(30, 20))
    clean(studio, without=["too-small"], sheets=False)
    add(3, size=(30, 20)), add(4, size=(20, 30))
    said = "pictures were never compared for duplicates"
    for where, expected in (("width > height", ["3 "]), ("width < height", ["4 "])):
        reasons = planned_facts(make_plan(studio, "some", where=where))["reasons"]
        assert [reason[: reason.index(said)] for reason in reasons if said in reason] == expected
    clean(studio, without=["too-small"], sheets=False)
    assert not [reason for reason in planned_facts(make_plan(studio, "some"))["reasons"] if said in reason]


def test_the_same_recipe_and_catalog_have_the_same_fingerprint(studio: StudioFolder, add: Add) -> None:
    add(60, labels=["a", "a", "b", "c"])
    options: dict[str, Any] = {"where": "width > 1", "min_per_label": 4, "max_per_label": 12, "split": "60/20/20"}
    first, second = make_set(studio, "one", **options), make_set(studio, "two", **options)
    assert first.fingerprint == second.fingerprint
    assert first.recipe == second.recipe
    asked = {"where", "min_per_label", "max_per_label", "split", "seed", "width", "height", "channels", "fit"}
    assert asked <= first.recipe.keys()
    assert make_set(studio, "three", **options | {"max_per_label": 11}).fingerprint != first.fingerprint


def test_a_next_version_keeps_splits_and_the_old_one_as_it_was(studio: StudioFolder, add: Add, notes: Any) -> None:
    hashes = add(40, labels=["a", "b"])
    first = make_set(studio, "pets", split="80/10/10", where="width > 1", min_per_label=2)
    before = {file.name: file.read_bytes() for file in (studio.sets / "pets").iterdir()}
    add(20, labels=["a", "b"])
    studio.catalog.decide("inspect", "dark", [(sha256, False, None, None) for sha256 in hashes[:3]])
    progress = notes()
    second = renew_set(studio, "pets", progress=progress)
    assert "pets-2: version 2 of pets, 20 pictures added and 3 removed" in progress.lines
    assert (second.name, second.count) == ("pets-2", 57)
    kept = {key: second.recipe[key] for key in ("of", "version", "added", "removed", "where", "split", "min_per_label")}
    assert kept == {
        "of": "pets",
        "version": 2,
        "added": 20,
        "removed": 3,
        "where": "width > 1",
        "split": "80/10/10",
        "min_per_label": 2,
    }
    old = {member.sha256: member.split for member in studio.catalog.members("pets")}
    new = {member.sha256: member.split for member in studio.catalog.members("pets-2")}
    assert all(new[sha256] == old[sha256] for sha256 in old.keys() & new.keys())
    assert Counter(new.values())["held-out"] == 6
    assert {file.name: file.read_bytes() for file in (studio.sets / "pets").iterdir()} == before
    assert studio.catalog.set_named("pets") == first
    assert (second.width, second.height, second.channels) == (first.width, first.height, first.channels)
    assert describe_set(studio, "pets-2")["version"] == 2


def test_nothing_new_makes_no_version_and_versions_count_on(studio: StudioFolder, add: Add, notes: Any) -> None:
    add(10)
    first = make_set(studio, "pets")
    progress = notes()
    assert renew_set(studio, "pets", progress=progress) == first
    assert "nothing has changed since pets was made" in progress.lines[-1]
    assert len(studio.catalog.sets()) == 1
    add(5)
    assert renew_set(studio, "pets").name == "pets-2"
    add(5)
    make_set(studio, "pets-3")
    third = renew_set(studio, "pets")
    assert (third.name, third.recipe["version"], third.recipe["added"]) == ("pets-4", 4, 5)
    assert renew_set(studio, "pets-2") == third
    with pytest.raises(InputError, match="no set called 'petz'. Did you mean"):
        renew_set(studio, "petz")


def test_a_set_that_took_the_name_of_a_deleted_one_is_no_version_of_it(studio: StudioFolder, add: Add) -> None:
    add(10)
    make_set(studio, "pets", size=(8, 8))
    add(2)
    assert renew_set(studio, "pets").name == "pets-2"
    delete_set(studio, "pets")
    add(2)
    make_set(studio, "pets", size=(6, 6), seed=7)
    add(2)
    third = renew_set(studio, "pets")
    assert (third.name, third.width, third.recipe["seed"], third.recipe["added"]) == ("pets-3", 6, 7, 2)
    fourth = renew_set(studio, "pets-2")
    assert (fourth.width, fourth.recipe["seed"], fourth.recipe["added"]) == (8, 0, 4)
    assert renew_set(studio, "pets") == third


def test_a_border_found_later_makes_a_next_version(studio: StudioFolder, add: Add, notes: Any) -> None:
    hashes = add(4)
    make_set(studio, "pets", size=(8, 8))
    studio.catalog.save_inspections([InspectionRow(hashes[0], "1", 5, {}, (2, 1, 10, 9))])
    studio.catalog.decide("clean", "border", [(hashes[0], True, 0.2, None)])
    progress = notes()
    assert renew_set(studio, "pets", progress=progress).name == "pets-2"
    assert "1 picture is trimmed of a border first" in progress.lines
    assert renew_set(studio, "pets").name == "pets-2"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"size": (6, 8)}, "size 8x6, not 6x8"),
        ({"channels": 1}, "channels 3, not 1"),
        ({"fit": "stretch"}, "fit pad, not stretch"),
        ({"background": "#fff000"}, "background #ff0000, not #fff000"),
        ({"split": "90/10"}, "split 80/20, not 90/10"),
        ({"seed": 4}, "seed 3, not 4"),
        ({"where": "width > 2"}, "where width > 1, not width > 2"),
        ({"labels": "label"}, "labels none, not label"),
        ({"min_per_label": 3}, "min_per_label 2, not 3"),
        ({"max_per_label": 4}, "max_per_label none, not 4"),
    ],
)
def test_an_existing_set_is_not_given_for_another_recipe(
    studio: StudioFolder, add: Add, asked: dict[str, Any], said: str
) -> None:
    add(10, labels=["a", "b"])
    opened = Studio(studio.root)
    options: dict[str, Any] = {"size": (8, 6), "fit": "pad", "background": "red", "split": "80/20", "seed": 3}
    options |= {"where": "width > 1", "min_per_label": 2}
    made = opened.set("pets", **options)
    assert opened.set("pets") == opened.set("pets", **options) == made
    with pytest.raises(InputError, match="sets are frozen") as error:
        opened.set("pets", **options | asked)
    assert f"was made with {said};" in str(error.value)


def test_an_existing_name_points_to_renew(studio: StudioFolder, add: Add) -> None:
    add(3)
    make_set(studio, "pets")
    with pytest.raises(InputError, match="`ganvas set renew pets`"):
        make_set(studio, "pets")


def test_a_selection_knows_what_was_asked() -> None:
    assert Selection().asked() == {}
    assert Selection("a = 1", "model", 3).asked() == {"where": "a = 1", "labels_from": "model", "min_per_label": 3}
