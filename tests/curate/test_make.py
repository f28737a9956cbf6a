from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ganvas.catalog import Catalog
from ganvas.curate import delete_set, describe_set, make_plan, make_set, planned_facts
from ganvas.errors import CatalogError, GanvasError, InputError
from ganvas.pictures.packed import PackedSet
from ganvas.pictures.read import read_picture
from ganvas.pictures.resize import fit
from ganvas.studio import StudioFolder

Add = Callable[..., list[str]]


def test_a_set_is_what_reading_and_fitting_give(studio: StudioFolder, add: Add) -> None:
    hashes = add(6, size=(30, 20)) + add(6, size=(20, 30))
    row = make_set(studio, "pets", size=(16, 12))
    packed = PackedSet.open(studio.sets / "pets")
    assert (row.width, row.height, row.channels, row.count) == (16, 12, 3, 12)
    assert packed.images.shape == (12, 3, 12, 16)
    assert packed.sha256s == hashes
    for image, sha256 in zip(packed.images, hashes, strict=True):
        original = read_picture(studio.image_path(sha256).read_bytes())
        np.testing.assert_array_equal(image, fit(original.pixels, 12, 16).transpose(2, 0, 1))


def test_catalog_and_files_say_the_same(studio: StudioFolder, add: Add) -> None:
    add(40, labels=["cat", "dog", None, "dog"])
    row = make_set(studio, "pets")
    assert studio.catalog.set_named("pets") == row
    members = studio.catalog.members("pets")
    packed = PackedSet.open(studio.sets / "pets")
    assert packed.label_names == row.labels == ["cat", "dog"]
    assert [member.sha256 for member in members] == packed.sha256s
    assert [member.split for member in members] == packed.split.tolist()
    named = [packed.label_names[label] if label >= 0 else None for label in packed.labels]
    assert [member.label for member in members] == named
    assert (len(packed.train), len(packed.held_out)) == (36, 4)
    description = json.loads((studio.sets / "pets" / "set.json").read_text())
    assert description["splits"] == {"train": 36, "held-out": 4}
    assert description["fingerprint"] == packed.fingerprint == row.fingerprint
    assert (description["fit"], description["background"]) == ("crop", "#ffffff")


def test_the_same_recipe_gives_the_same_bytes_with_any_number_of_workers(studio: StudioFolder, add: Add) -> None:
    add(300, labels=["a", "b"])
    rows = [make_set(studio, f"set{workers}", size=(8, 8), workers=workers) for workers in (1, 2, 3)]
    assert len({row.fingerprint for row in rows}) == 1
    for file in ("images.npy", "members.csv"):
        assert len({(studio.sets / row.name / file).read_bytes() for row in rows}) == 1


@pytest.mark.parametrize(
    "change",
    [{"size": (8, 12)}, {"channels": 1}, {"fit": "pad"}, {"background": "black"}, {"seed": 1}, {"split": "80/20"}],
)
def test_another_recipe_has_another_fingerprint(studio: StudioFolder, add: Add, change: dict[str, Any]) -> None:
    add(20)
    first = make_set(studio, "first", size=(8, 8))
    assert make_set(studio, "second", **{"size": (8, 8), **change}).fingerprint != first.fingerprint


def test_what_is_left_open_is_chosen_with_its_reason(studio: StudioFolder, add: Add, notes: Any) -> None:
    add(3, size=(28, 20), mode="L")
    progress = notes()
    make_set(studio, "gray", progress=progress)
    assert progress.lines == [
        "size 28x20: all 3 pictures are 28x20",
        "1 channel: every picture is gray",
        "3 pictures were never compared for duplicates: `ganvas clean` does",
        "split 90/10, seed 0: 2 to train on, 1 held out",
    ]
    assert (progress.done, progress.total, progress.unit) == (3, 3, "pictures")
    add(1, size=(28, 20), mode="RGB")
    make_set(studio, "mixed", progress=progress)
    assert "3 channels: 1 of 4 pictures are in colour" in progress.lines
    assert PackedSet.open(studio.sets / "mixed").channels == 3


def test_transparent_gray_takes_the_colour_of_the_background(studio: StudioFolder, add: Add) -> None:
    add(3, mode="LA")
    assert make_set(studio, "plain").channels == 1
    assert make_set(studio, "red", background="red").channels == 3


def test_channels_that_are_asked_for_are_made(studio: StudioFolder, add: Add) -> None:
    add(2, mode="RGB")
    add(2, mode="L")
    assert PackedSet.open(studio.sets / make_set(studio, "gray", channels=1).name).images.shape[1] == 1
    colour = PackedSet.open(studio.sets / make_set(studio, "colour", channels=3).name).images
    np.testing.assert_array_equal(colour[3, 0], colour[3, 2])


def test_dropped_pictures_are_not_in_a_set(studio: StudioFolder, add: Add) -> None:
    hashes = add(5)
    studio.catalog.decide("inspect", "dark", [(hashes[1], False, 0.0, None)])
    make_set(studio, "bright")
    assert PackedSet.open(studio.sets / "bright").sha256s == hashes[:1] + hashes[2:]


def test_the_split_of_the_source_is_kept(studio: StudioFolder, add: Add) -> None:
    add(20, splits=["train", "train", "train", "held-out"])
    make_set(studio, "given")
    assert PackedSet.open(studio.sets / "given").split.tolist() == (["train"] * 3 + ["held-out"]) * 5


def test_one_picture_is_a_set_to_train_on(studio: StudioFolder, add: Add) -> None:
    add(1)
    make_set(studio, "one")
    packed = PackedSet.open(studio.sets / "one")
    assert (len(packed.train), len(packed.held_out)) == (1, 0)


def test_two_labels_on_one_picture_are_counted_and_the_first_wins(studio: StudioFolder, add: Add, notes: Any) -> None:
    from ganvas.catalog import FoundPicture

    [sha256] = add(1, labels=["cat"])
    studio.catalog.add_found([FoundPicture(sha256, 9, "PNG", 12, 10, "RGB", 1, None, "other", "x", label="dog")])
    progress = notes()
    assert make_set(studio, "pets", progress=progress).labels == ["cat"]
    assert "1 picture carries more than one label: the first one found counts" in progress.lines


def test_a_set_name_that_exists_is_refused_and_the_set_stays(studio: StudioFolder, add: Add) -> None:
    add(3)
    first = make_set(studio, "pets", size=(8, 8))
    with pytest.raises(InputError, match="set pets exists, and sets are frozen: choose another name"):
        make_set(studio, "pets", size=(12, 12))
    assert PackedSet.open(studio.sets / "pets").fingerprint == first.fingerprint


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "../pets"}, "set name '../pets' cannot be used"),
        ({"size": (0, 8)}, "--size 0x8 cannot be"),
        ({"size": (-8, 8)}, "each from 4 to 4,096 pixels"),
        ({"size": (100000, 100000)}, "each from 4 to 4,096 pixels"),
        ({"channels": 2}, "--channels 2 cannot be"),
        ({"fit": "crp"}, "Did you mean crop?"),
        ({"background": "whitee"}, "no colour"),
        ({"split": "90/20"}, "--split 90/20 cannot be"),
    ],
)
def test_an_option_that_cannot_be_says_so_before_anything_is_written(
    studio: StudioFolder, add: Add, options: dict[str, Any], said: str
) -> None:
    add(2)
    for make in (make_set, make_plan):
        with pytest.raises(GanvasError) as error:
            make(studio, **{"name": "pets", **options})
        assert said in str(error.value)
        assert "\n" not in str(error.value)
    assert list(studio.sets.iterdir()) == []
    assert studio.catalog.sets() == []


def test_no_picture_to_pack_says_what_to_do(studio: StudioFolder, add: Add) -> None:
    with pytest.raises(InputError, match="none was added; `ganvas add"):
        make_set(studio, "pets")
    [sha256] = add(1)
    studio.catalog.decide("inspect", "dark", [(sha256, False, None, None)])
    with pytest.raises(InputError, match=r"all that were found are dropped \(1\)"):
        make_set(studio, "pets")


def test_a_plan_says_what_would_be_made_and_writes_nothing(studio: StudioFolder, add: Add) -> None:
    add(20, labels=["a", "b"])
    planned = planned_facts(make_plan(studio, "pets", size=(8, 6)))
    assert list(studio.sets.iterdir()) == []
    made = make_set(studio, "pets", size=(8, 6))
    facts = describe_set(studio, "pets")
    assert (planned["images"], planned["size"], planned["channels"]) == (20, "8x6", 3)
    assert planned["splits"] == facts["splits"] == {"train": 18, "held-out": 2}
    assert planned["labels"] == made.labels
    assert planned["bytes"] == 20 * 3 * 8 * 6


def test_the_facts_of_a_set_are_ready_for_json(studio: StudioFolder, add: Add) -> None:
    add(30, labels=["cat", "dog", None])
    make_set(studio, "pets", size=(8, 6))
    facts = json.loads(json.dumps(describe_set(studio, "pets")))
    assert (facts["images"], facts["size"], facts["channels"], facts["unlabelled"]) == (30, "8x6", 3, 10)
    assert facts["labels"] == {"cat": {"train": 9, "held-out": 1}, "dog": {"train": 9, "held-out": 1}}
    assert facts["bytes"] > 30 * 3 * 8 * 6


def test_a_deleted_set_is_gone_and_its_name_free(studio: StudioFolder, add: Add) -> None:
    hashes = add(3)
    make_set(studio, "pets")
    delete_set(studio, "pets")
    assert list(studio.sets.iterdir()) == []
    assert studio.catalog.sets() == []
    assert all(studio.image_path(sha256).is_file() for sha256 in hashes)
    make_set(studio, "pets")
    for wrong in (delete_set, describe_set):
        with pytest.raises(InputError, match="no set called 'petz'. Did you mean pets?"):
            wrong(studio, "petz")


def test_a_set_whose_folder_was_removed_by_hand_can_still_be_described_and_deleted(
    studio: StudioFolder, add: Add
) -> None:
    import shutil

    add(3)
    make_set(studio, "pets")
    shutil.rmtree(studio.sets / "pets")
    assert describe_set(studio, "pets")["bytes"] == 0
    delete_set(studio, "pets")
    assert studio.catalog.sets() == []


def test_a_catalog_locked_at_the_end_leaves_no_folder(studio: StudioFolder, add: Add) -> None:
    add(3)
    path = studio.root / "catalog.db"
    studio.__dict__["catalog"] = Catalog.open(path, patience_s=0.05)
    with Catalog.open(path).session(write=True), pytest.raises(CatalogError, match="is locked"):
        make_set(studio, "pets")
    assert list(studio.sets.iterdir()) == []
    assert make_set(studio, "pets").count == 3
