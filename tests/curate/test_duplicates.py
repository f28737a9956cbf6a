from __future__ import annotations

import hashlib
import io
import json
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

import ganvas
from ganvas.catalog import FoundPicture
from ganvas.catalog.records import InspectionRow
from ganvas.catalog.schema import Inspection
from ganvas.curate import clean
from ganvas.curate.duplicate_search import Asked, remembered
from ganvas.curate.duplicates import decide_duplicates, find_duplicates
from ganvas.curate.holding import hold
from ganvas.curate.inspect.inspector import inspected
from ganvas.curate.inspect.measures import VERSION
from ganvas.curate.small import SmallPictures
from ganvas.errors import InputError
from ganvas.pictures.read import read_picture
from ganvas.pictures.same import sameness
from ganvas.progress import Silent
from ganvas.studio import StudioFolder

WIDTH_PX, HEIGHT_PX = 160, 120


@pytest.fixture
def studio(tmp_path: Path, catalog_url: str) -> Iterator[StudioFolder]:
    """A studio on each database."""
    made = StudioFolder.create(tmp_path / "studio", catalog_url)
    yield made
    made.catalog.close()


def scene(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), tuple(int(level) for level in rng.integers(60, 200, 3)))
    draw = ImageDraw.Draw(image)
    for _ in range(25):
        x, y = (int(place) for place in rng.integers(-20, 140, 2))
        width, height = (int(extent) for extent in rng.integers(8, 80, 2))
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((x, y, x + width, y + height), fill=tuple(int(level) for level in rng.integers(10, 230, 3)))
    return image


def encoded(image: Image.Image, suffix: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, suffix, **options)
    return buffer.getvalue()


def put(
    studio: StudioFolder, *pictures: bytes, measures: dict[str, Any] | None = None, inspect: bool = True
) -> list[str]:
    """Add and inspect them, in place of `ganvas add` and `ganvas clean`; their hashes."""
    names = []
    for data in pictures:
        sha256 = hashlib.sha256(data).hexdigest()
        path = studio.image_path(sha256)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        read = read_picture(data)
        about = read.info
        row = (about.format, about.width, about.height, about.mode, 1, None)
        studio.catalog.add_found([FoundPicture(sha256, len(data), *row, "folder", sha256)])
        names.append(sha256)
        if inspect:
            seen = inspected(path, len(data))
            told = seen["measures"] if measures is None else measures
            studio.catalog.save_inspections([InspectionRow(sha256, VERSION, seen["phash"], told, seen["trim"])])
    return names


def found_groups(studio: StudioFolder, **options: Any) -> list[list[str]]:
    return [[member.image.sha256 for member in group.members] for group in find_duplicates(studio, **options).groups]


def standing(studio: StudioFolder) -> tuple[dict[str, Any], dict[str, int]]:
    """Who is dropped as a duplicate, with score and reason; and the groups."""
    dropped = studio.catalog.dropped_by("clean", "duplicate")
    said = {
        row.sha256: row for sha256 in dropped for row in studio.catalog.decisions(sha256) if row.rule == "duplicate"
    }
    return {sha256: (row.score, row.reason) for sha256, row in said.items()}, studio.catalog.duplicate_groups()


def test_copies_are_grouped_and_other_pictures_are_not(studio: StudioFolder) -> None:
    scenes = [scene(seed) for seed in range(4)]
    originals = put(studio, *map(encoded, scenes))
    copies = [
        put(
            studio,
            encoded(image.resize((100, 75), Image.Resampling.BICUBIC)),
            encoded(image.resize((120, 90)), "JPEG", quality=60),
            encoded(image.resize((150, 112)).point(lambda level: level * 0.8 + 10), "WEBP"),
            encoded(image.crop((1, 1, WIDTH_PX - 1, HEIGHT_PX - 1))),
        )
        for image in scenes
    ]
    put(studio, *(encoded(scene(seed)) for seed in range(100, 140)))
    groups = {members[0]: set(members[1:]) for members in found_groups(studio)}
    assert groups == {original: set(others) for original, others in zip(originals, copies, strict=True)}


def test_the_others_are_dropped_with_the_reason_and_all_are_recorded(studio: StudioFolder) -> None:
    [small, large] = put(studio, encoded(scene(1).resize((80, 60))), encoded(scene(1)))
    [other] = put(studio, encoded(scene(2)))
    summary = decide_duplicates(studio)
    assert (summary.pictures, summary.dropped, len(summary.groups)) == (3, 1, 1)
    assert [image.sha256 for image in studio.catalog.images()] == [large, other]
    [decision] = studio.catalog.decisions(small)
    assert (decision.stage, decision.rule, decision.keep) == ("clean", "duplicate", False)
    assert decision.score is not None
    assert 0 <= decision.score <= 8
    assert decision.reason == f"shows the same as {large[:12]}, which is larger"
    lowest = studio.catalog.images(kept=False)[0].id
    assert studio.catalog.duplicate_groups() == {small: lowest, large: lowest}
    assert summary.to_json()["groups"] == [[large, small]]
    json.dumps(summary.to_json())


def test_the_same_pixels_in_other_bytes_are_no_bit_apart(studio: StudioFolder) -> None:
    png, bmp = put(studio, encoded(scene(3)), encoded(scene(3), "BMP"))
    summary = decide_duplicates(studio, radius=0)
    assert summary.by_bits == {0: 1}
    [decision] = studio.catalog.decisions(png)
    assert (decision.score, decision.reason) == (0, f"shows the same as {bmp[:12]}, which has more bytes")


def test_a_persons_choice_stays_first_then_the_largest_then_the_sharpest(studio: StudioFolder) -> None:
    image = scene(5)
    [blurred] = put(studio, encoded(image, "BMP"), measures={"sharpness": 0.2})
    [unmeasured] = put(studio, encoded(image, "TIFF"), measures={"sharpness": None})
    [sharp] = put(studio, encoded(image), measures={"sharpness": 0.9})
    [small] = put(studio, encoded(image.resize((100, 75))), measures={"sharpness": 1.0})
    assert found_groups(studio)[0][0] == sharp
    decide_duplicates(studio)
    [decision] = studio.catalog.decisions(blurred)
    assert decision.reason == f"shows the same as {sharp[:12]}, which is sharper"
    studio.catalog.decide("person", "person", [(small, True, None, None), (unmeasured, True, None, None)])
    decide_duplicates(studio)
    assert {image.sha256 for image in studio.catalog.images()} == {unmeasured, small}
    assert [row.reason for row in studio.catalog.decisions(sharp)][-1] == (
        f"shows the same as {unmeasured[:12]}, which a person keeps"
    )
    assert set(studio.catalog.duplicate_groups()) == {blurred, unmeasured, sharp, small}


def test_what_a_person_or_another_rule_dropped_stays_for_nobody(studio: StudioFolder) -> None:
    large, middle, small = put(studio, *(encoded(scene(6).resize((w, w * 3 // 4))) for w in (160, 120, 80)))
    studio.catalog.decide("person", "person", [(large, False, None, None)])
    decide_duplicates(studio)
    assert [image.sha256 for image in studio.catalog.images()] == [middle]
    studio.catalog.decide("clean", "blurry", [(middle, False, 0.1, None)])
    decide_duplicates(studio)
    assert [image.sha256 for image in studio.catalog.images()] == [small]
    assert studio.catalog.duplicate_groups() == {}


def test_searching_again_changes_nothing_and_a_group_that_is_gone_is_taken_back(studio: StudioFolder) -> None:
    small, large = put(studio, encoded(scene(7).resize((80, 60))), encoded(scene(7)))
    first, second = decide_duplicates(studio), decide_duplicates(studio)
    assert first.to_json() == second.to_json()
    assert [image.sha256 for image in studio.catalog.images()] == [large]
    studio.catalog.decide("person", "person", [(large, False, None, None)])
    summary = decide_duplicates(studio)
    assert (summary.groups, summary.sheet) == ([], None)
    assert not (studio.root / "clean" / "duplicates.png").exists()
    assert [image.sha256 for image in studio.catalog.images()] == [small]
    assert [(row.rule, row.undone) for row in studio.catalog.decisions(small)] == [("duplicate", True)]


@pytest.mark.parametrize("later", [("teach", "fronts"), ("density", "sparse")])
def test_a_copy_of_what_a_later_stage_drops_does_not_come_back(studio: StudioFolder, later: tuple[str, str]) -> None:
    small, large, other = put(studio, encoded(scene(7).resize((80, 60))), encoded(scene(7)), encoded(scene(8)))
    decide_duplicates(studio)
    assert studio.catalog.kept_but_for(*later) == [large, other]
    studio.catalog.decide(*later, [(large, False, 0.1, None)])
    decide_duplicates(studio)
    assert [image.sha256 for image in studio.catalog.images()] == [other]
    assert studio.catalog.kept_but_for(*later) == [large, other]
    assert set(studio.catalog.duplicate_groups()) == {small, large}


def test_near_uniform_pictures_of_one_hash_are_not_grouped_and_not_even_compared(
    studio: StudioFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    monkeypatch.setattr(
        "ganvas.curate.small.sameness", lambda left, right: compared.append(len(left)) or sameness(left, right)
    )
    rng = np.random.default_rng(0)
    plain = [Image.fromarray((128 + rng.integers(-3, 4, (24, 24, 3))).astype(np.uint8)) for _ in range(40)]
    put(studio, *map(encoded, plain))
    with studio.catalog.session(write=True) as connection:
        connection.execute(Inspection.__table__.update().values(phash=5))
    assert found_groups(studio) == []
    assert sum(compared) == 0
    put(studio, encoded(scene(1)), encoded(scene(1), "BMP"))
    assert len(found_groups(studio)) == 1
    assert sum(compared) > 0


def test_an_original_that_is_gone_is_like_no_other(studio: StudioFolder) -> None:
    first, _, _ = put(studio, encoded(scene(8)), encoded(scene(8), "BMP"), encoded(scene(9)))
    studio.image_path(first).unlink()
    assert found_groups(studio) == []


def test_where_no_original_can_be_read_every_drop_and_group_stays(studio: StudioFolder) -> None:
    put(studio, encoded(scene(1)), encoded(scene(1), "BMP"), encoded(scene(2)))
    clean(studio, sheets=False)
    before = standing(studio)
    assert len(before[0]) == 1
    studio.images.rename(studio.root / "elsewhere")
    for search in (decide_duplicates, clean):
        with pytest.raises(InputError, match=r"none of the 2 originals in .* can be read .*see that the folder is"):
            search(studio)
    assert standing(studio) == before


def test_what_cannot_be_read_keeps_its_group_and_the_rest_is_decided(studio: StudioFolder, notes: Any) -> None:
    small, large = put(studio, encoded(scene(1).resize((80, 60))), encoded(scene(1)))
    third, fourth = put(studio, encoded(scene(2).resize((80, 60))), encoded(scene(2)))
    decide_duplicates(studio)
    before = standing(studio)
    data = studio.image_path(large).read_bytes()
    studio.image_path(large).unlink()
    [more] = put(studio, encoded(scene(2), "BMP"))
    progress = notes()
    summary = decide_duplicates(studio, progress=progress)
    assert (summary.unread, summary.dropped) == (1, 2)
    assert progress.lines == ["1 originals cannot be read: they and what showed the same before stay as they were"]
    drops, groups = standing(studio)
    assert drops[small] == before[0][small]
    assert set(drops) == {small, third, fourth}
    assert groups == before[1] | {more: before[1][third]}
    studio.image_path(large).write_bytes(data)
    assert decide_duplicates(studio).dropped == 3
    for sha256 in (small, large):
        studio.image_path(sha256).unlink()
    decide_duplicates(studio)  # the folder is there: others can be read
    assert set(standing(studio)[0]) == {small, third, fourth}


def test_a_search_that_does_not_end_undoes_nothing(studio: StudioFolder, notes: Any) -> None:
    put(studio, encoded(scene(1)), encoded(scene(1), "BMP"))
    clean(studio, sheets=False)
    before = standing(studio)
    assert len(before[0]) == 1

    def end(done: float) -> None:
        if progress.label == "comparing alike pictures":
            raise KeyboardInterrupt

    progress = notes(end)
    with pytest.raises(KeyboardInterrupt):
        clean(studio, progress=progress)
    assert standing(studio) == before
    assert list(studio.root.glob(".*")) == []


def test_a_disk_without_room_for_comparing_is_one_line(studio: StudioFolder) -> None:
    put(studio, encoded(scene(1)), encoded(scene(1), "BMP"))
    images = studio.catalog.hashed_images([id for id, _ in studio.catalog.hashes()])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with (
            pytest.raises(InputError, match=r"studio cannot hold the pictures to compare .* 0.0 MB .*free some space"),
            SmallPictures(studio, images, Silent()),
        ):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(studio.root.glob(".*")) == []


def test_what_a_killed_search_left_behind_goes_and_what_another_works_in_stays(studio: StudioFolder) -> None:
    put(studio, encoded(scene(1)), encoded(scene(1), "BMP"))
    left, used = (studio.root / f".comparing-{name}" for name in ("left", "used"))
    for folder in (left, used):
        folder.mkdir()
        (folder / "small.npy").write_bytes(b"half")
    with hold(used):
        find_duplicates(studio)
    assert list(studio.root.glob(".*")) == [used]


def test_clean_takes_duplicates_back_only_where_they_are_not_searched_for(studio: StudioFolder) -> None:
    put(studio, encoded(scene(1)), encoded(scene(1), "BMP"))
    sheet = studio.root / "clean" / "duplicates.png"
    nothing: tuple[dict[str, Any], dict[str, int]] = ({}, {})
    for found, options in (
        (True, {}),
        (False, {"duplicates": False}),
        (True, {"only": ["blurry"], "duplicates": True}),
        (False, {"only": ["blurry"]}),
    ):
        clean(studio, sheets=False, **options)  # type: ignore[arg-type]
        assert (standing(studio) != nothing, sheet.exists()) == (found, found)


def test_pairs_that_features_call_alike_are_taken_at_their_word(studio: StudioFolder) -> None:
    large, small, third = put(
        studio, encoded(scene(9)), encoded(scene(10).resize((80, 60))), encoded(scene(11).resize((70, 50)))
    )
    id_of = {image.sha256: image.id for image in studio.catalog.images()}
    alike = np.array([(id_of[small], id_of[large]), (id_of[third], 10**6)])
    assert found_groups(studio, alike=alike) == [[large, small]]
    decide_duplicates(studio, alike=alike)
    assert {image.sha256 for image in studio.catalog.images()} == {large, third}


def test_features_call_a_mirror_image_the_same_where_hashes_do_not(studio: StudioFolder) -> None:
    mirrored = scene(2).transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((80, 60))
    whole, other, small = put(studio, encoded(scene(2)), encoded(scene(5)), encoded(mirrored))
    opened = ganvas.Studio(studio.root, str(studio.catalog.url.render_as_string(hide_password=False)))
    assert opened.duplicates(dry_run=True).groups == []
    assert opened.duplicates(alike=0.8).dropped == 1
    assert {image.sha256 for image in studio.catalog.images()} == {whole, other}
    assert small in studio.catalog.dropped_by("clean", "duplicate")
    with pytest.raises(InputError, match="--alike 2.0 cannot be"):
        opened.duplicates(alike=2.0)
    opened.folder.catalog.close()


def test_clean_repeats_the_last_search_and_says_so(studio: StudioFolder, notes: Any) -> None:
    mirrored = scene(2).transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((80, 60))
    _, _, small = put(studio, encoded(scene(2)), encoded(scene(5)), encoded(mirrored))
    opened = ganvas.Studio(studio.root, str(studio.catalog.url.render_as_string(hide_password=False)))
    opened.duplicates(7, alike=0.8)
    before = standing(studio)
    assert set(before[0]) == {small}
    for _ in range(2):
        progress = notes()
        clean(studio, sheets=False, progress=progress)
        assert standing(studio) == before
        assert progress.lines == ["duplicates as last asked for: --radius 7 --alike 0.8"]
    opened.duplicates(dry_run=True)
    assert remembered(studio) == Asked(radius=7, alike=0.8)
    opened.duplicates()
    progress = notes()
    clean(studio, sheets=False, progress=progress)
    assert (standing(studio)[0], progress.lines) == ({}, [])
    (studio.root / "clean" / "duplicates.json").write_text("{")
    assert remembered(studio) == Asked()
    opened.folder.catalog.close()


def test_the_sheet_shows_who_stays_in_green(studio: StudioFolder) -> None:
    for seed in range(12):
        put(studio, encoded(scene(seed)), encoded(scene(seed), "BMP"))
    summary = decide_duplicates(studio)
    assert summary.sheet == studio.root / "clean" / "duplicates.png"
    pixels = np.asarray(Image.open(summary.sheet).convert("RGB")).astype(int)
    green = (np.abs(pixels - (58, 150, 90)) < 3).all(axis=2)
    assert 12 * 4 * 96 * 3 < green.sum() < 12 * 4 * 110 * 3.5
    assert pixels.shape[0] < 10 * 160  # ten rows: the other two groups stand beside them


def test_pictures_that_nobody_inspected_are_said_and_left_out(studio: StudioFolder, notes: Any) -> None:
    with pytest.raises(InputError, match="ganvas add"):
        find_duplicates(studio)
    put(studio, encoded(scene(1)), inspect=False)
    with pytest.raises(InputError, match="none of 1 picture is inspected yet: `ganvas clean`"):
        find_duplicates(studio)
    put(studio, encoded(scene(2)))
    progress = notes()
    assert find_duplicates(studio, progress=progress).not_inspected == 1
    assert progress.lines == ["1 picture is left out until `ganvas clean` inspects what is new"]


@pytest.mark.parametrize("radius", [-1, 17])
def test_a_radius_that_cannot_be_is_refused(studio: StudioFolder, radius: int) -> None:
    with pytest.raises(InputError, match="--radius .* from 0 to 16"):
        find_duplicates(studio, radius)


def test_the_command_line_and_python_say_the_same(tmp_path: Path, call: Callable[..., tuple[int, str, str]]) -> None:
    studio = StudioFolder.create(tmp_path / "houses")
    put(studio, encoded(scene(1)), encoded(scene(1), "BMP"))
    code, said, _ = call("-C", studio.root, "duplicates", "--dry-run")
    assert (code, said.splitlines()[0]) == (0, "2 pictures, 1 groups that show the same: 1 would be dropped")
    assert len(studio.catalog.images()) == 2
    code, said, _ = call("-C", studio.root, "duplicates", "--radius", 4, "--json")
    assert (code, json.loads(said)["dropped"], len(studio.catalog.images())) == (0, 1, 1)
    assert ganvas.Studio(studio.root).duplicates(4).to_json() == json.loads(said)
    code, _, wrong = call("-C", studio.root, "duplicates", "--radius", 99)
    assert (code, "--radius 99 cannot be" in wrong) == (1, True)
