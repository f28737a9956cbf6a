"""`clean` on studios: decisions that follow the thresholds, a person's word above them, kills, originals in trouble."""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from ganvas.collect import add as add_pictures
from ganvas.curate import clean, make_set
from ganvas.curate.cleaning import Cleaned
from ganvas.curate.inspect.measures import VERSION
from ganvas.curate.person import drop, keep, take_back, why
from ganvas.curate.rules import RULES
from ganvas.errors import GanvasError, InputError
from ganvas.pictures.packed import PackedSet
from ganvas.pictures.resize import fit
from ganvas.studio import StudioFolder
from ganvas.workers import worker_environment

Store = Callable[[dict[str, bytes]], dict[str, str]]
Made = SimpleNamespace


@pytest.fixture
def hashes(store: Store, made: Made) -> dict[str, str]:
    """Six scenes; one more blurred, one dark, one with bars."""
    scenes = {f"scene{n}.png": made.encoded(made.scene(n)) for n in range(6)}
    return store(
        scenes
        | {
            "blurred.png": made.encoded(made.scene(10).filter(ImageFilter.GaussianBlur(5))),
            "dark.png": made.encoded(made.scene(11).point(lambda level: level // 5)),
            "bars.png": made.encoded(made.framed(made.scene(12), (0, 40, 0, 40))),
        }
    )


def quick(studio: StudioFolder, **options: Any) -> Cleaned:
    return clean(studio, sheets=False, duplicates=False, **options)


def of(done: Cleaned, name: str) -> Any:
    return next(rule for rule in done.rules if rule.name == name)


def test_what_rules_catch_is_dropped_with_a_reason_and_the_rest_kept(
    studio: StudioFolder, hashes: dict[str, str]
) -> None:
    done = quick(studio)
    assert (done.pictures, done.inspected, done.kept, done.dropped, done.trimmed) == (9, 9, 7, 2, 1)
    assert {rule.name for rule in done.rules} == set(RULES)
    assert studio.catalog.dropped() == {"blurry": 1, "dark": 1}
    [decision] = studio.catalog.decisions(hashes["dark.png"])
    assert (decision.stage, decision.rule, decision.keep) == ("clean", "dark", False)
    assert decision.reason == f"dark: .{round(100 * (decision.score or 0)):02}, needs .32"
    assert of(done, "blurry").median > of(done, "blurry").low


def test_another_threshold_decides_again_and_inspects_nothing_again(
    studio: StudioFolder, hashes: dict[str, str]
) -> None:
    quick(studio)
    strict = quick(studio, rules={"blurry": 0.99})
    assert (strict.inspected, of(strict, "blurry").caught, strict.kept) == (0, 9, 0)
    mild = quick(studio, rules={"blurry": 0.01})
    assert (of(mild, "blurry").caught, mild.kept) == (0, 8)
    [decision] = studio.catalog.decisions(hashes["blurred.png"])
    assert decision.undone
    assert quick(studio).kept == 7


def test_a_rule_that_is_off_has_nothing_left_standing(studio: StudioFolder, hashes: dict[str, str]) -> None:
    quick(studio)
    assert quick(studio, without=["dark", "border"]).kept == 8
    assert studio.catalog.trims("clean", "border") == {}
    assert quick(studio, only=["dark"]).kept == 8
    assert studio.catalog.dropped() == {"dark": 1}
    assert quick(studio, rules={"landscape": None}).dropped == 9


def test_a_border_that_is_not_trimmed_counts_as_part_of_the_picture(
    studio: StudioFolder, store: Store, made: Made
) -> None:
    wide = made.framed(made.scene(1, (300, 90)), (0, 60, 0, 60))  # 300 x 210, and what is inside a long strip
    hashes = store({"wide.png": made.encoded(wide)} | {f"{n}.png": made.encoded(made.scene(n + 2)) for n in range(5)})
    assert studio.catalog.count_images() == 6
    assert of(quick(studio), "aspect").caught == 1
    for options in ({"without": ["border"]}, {"only": ["aspect"]}, {"rules": {"border": 0.9}}):
        assert of(quick(studio, **options), "aspect").caught == 0
    assert quick(studio).trimmed == 1
    assert studio.catalog.dropped_by("clean", "aspect") == [hashes["wide.png"]]


def test_a_copy_with_bars_is_a_duplicate_whether_or_not_bars_are_trimmed(
    studio: StudioFolder, store: Store, made: Made
) -> None:
    barred = made.framed(made.scene(1), (0, 40, 0, 40))
    hashes = store({"bars.png": made.encoded(barred), "plain.png": made.encoded(made.scene(1))})
    for without in ([], ["border"]):
        assert clean(studio, without=without, sheets=False).duplicates["dropped"] == 1
        assert studio.catalog.dropped_by("clean", "duplicate") == [hashes["plain.png"]]


def test_a_persons_word_stands_above_every_rule_until_it_is_taken_back(
    studio: StudioFolder, hashes: dict[str, str]
) -> None:
    quick(studio)
    keep(studio, [hashes["dark.png"]], "a night scene")
    drop(studio, [hashes["scene1.png"]])
    for _ in range(2):
        assert quick(studio).kept == 7
        kept = {image.sha256 for image in studio.catalog.images()}
        assert hashes["dark.png"] in kept
        assert hashes["scene1.png"] not in kept
    told = why(studio, hashes["dark.png"])
    assert told["kept"]
    assert told["verdict"].startswith("kept: a person said so (a night scene), over dark: .")
    assert why(studio, hashes["scene1.png"])["verdict"] == "dropped: a person said so"
    take_back(studio, [hashes["dark.png"], hashes["scene1.png"]])
    assert quick(studio).kept == 7
    assert not why(studio, hashes["dark.png"])["kept"]
    assert why(studio, hashes["scene1.png"])["verdict"] == "kept: no rule drops it"


def test_a_set_is_packed_from_inside_the_border_and_others_keep_their_bytes(
    studio: StudioFolder, hashes: dict[str, str], made: Made
) -> None:
    quick(studio, without=["border"])
    whole = make_set(studio, "whole", size=(40, 30))
    quick(studio)
    trimmed = make_set(studio, "trimmed", size=(40, 30))
    before, after = (PackedSet.open(studio.sets / row.name) for row in (whole, trimmed))
    place = before.sha256s.index(hashes["bars.png"])
    others = [n for n in range(len(before)) if n != place]
    np.testing.assert_array_equal(before.images[others], after.images[others])
    np.testing.assert_array_equal(after.images[place], fit(np.asarray(made.scene(12)), 30, 40).transpose(2, 0, 1))
    assert whole.fingerprint != trimmed.fingerprint
    assert "1 picture is trimmed of a border first" in trimmed.recipe["reasons"]


def test_a_set_without_a_border_has_the_fingerprint_it_always_had(studio: StudioFolder, add: Any) -> None:
    add(20)
    before = make_set(studio, "before", size=(8, 8))
    quick(studio)
    keep(studio, [image.sha256 for image in studio.catalog.images(kept=False)])
    assert make_set(studio, "after", size=(8, 8)).fingerprint == before.fingerprint


def test_sheets_show_where_each_threshold_runs(studio: StudioFolder, hashes: dict[str, str]) -> None:
    done = clean(studio, duplicates=False)
    assert done.distribution == studio.root / "clean" / "distribution.png"
    for name in ("blurry", "dark", "border"):
        sheet = of(done, name).sheet
        assert sheet == studio.root / "clean" / f"{name}.png"
        with Image.open(sheet) as image:
            assert image.width > 550
    clean(studio, without=["dark"], duplicates=False)
    assert not (studio.root / "clean" / "dark.png").exists()


def test_an_empty_studio_says_what_to_do(studio: StudioFolder) -> None:
    with pytest.raises(InputError, match="no pictures to clean in .* `ganvas add"):
        quick(studio)


def test_an_original_in_trouble_becomes_a_decision_and_is_looked_at_again(
    studio: StudioFolder, hashes: dict[str, str]
) -> None:
    gone, altered, broken = (studio.image_path(hashes[f"scene{n}.png"]) for n in range(3))
    bytes_before = {path: path.read_bytes() for path in (gone, altered, broken)}
    gone.unlink()
    altered.write_bytes(b"short")
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * (len(bytes_before[broken]) - 8))
    done = quick(studio)
    assert done.lost == {"vanished": 1, "altered": 1, "unreadable": 1}
    assert (done.inspected, done.kept) == (6, 4)
    for path, data in bytes_before.items():
        path.write_bytes(data)
    again = quick(studio)
    assert (again.inspected, again.lost, again.kept) == (3, {}, 7)


def test_a_folder_of_originals_that_is_not_there_drops_nothing(studio: StudioFolder, hashes: dict[str, str]) -> None:
    studio.images.rename(studio.root / "elsewhere")
    with pytest.raises(InputError, match=r"none of the 9 originals in .* can be read"):
        quick(studio)
    assert studio.catalog.dropped() == {}


def test_another_version_of_the_measures_measures_anew(
    studio: StudioFolder, hashes: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(studio)
    for module in ("cleaning", "inspect.missing"):
        monkeypatch.setattr(f"ganvas.curate.{module}.VERSION", "later")
    done = quick(studio)
    assert (done.inspected, done.kept) == (9, 7)
    assert studio.catalog.inspections(VERSION) == []


def test_a_killed_inspection_goes_on_where_it_was(studio: StudioFolder, add: Any) -> None:
    add(300, size=(30, 30))
    code = """
import os, sys
from contextlib import contextmanager
import ganvas.curate.inspect.missing as missing
from ganvas.curate import clean
from ganvas.studio import StudioFolder

missing.SAVE_ROWS = 32

class Deadly:
    done = 0
    def note(self, line): ...
    def describe(self, text): ...
    @contextmanager
    def task(self, label, total, unit=""):
        yield self
    def advance(self, steps=1):
        self.done += steps
        if self.done >= 150:
            os.kill(os.getpid(), 9)

clean(StudioFolder.open(sys.argv[1]), workers=2, progress=Deadly())
"""
    command = [sys.executable, "-c", code, str(studio.root)]
    ended = subprocess.run(command, check=False, env=worker_environment())
    assert ended.returncode == -signal.SIGKILL
    saved = len(studio.catalog.inspections(VERSION))
    assert 96 <= saved < 300
    assert studio.catalog.dropped() == {}
    assert quick(studio).inspected == 300 - saved


def test_a_picture_that_ends_its_decoder_costs_one_picture(
    studio: StudioFolder, add: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(80, size=(30, 30))
    [deadly] = add(1, size=(30, 30), text="deadly")
    (tmp_path / "sitecustomize.py").write_text(
        "import os, pathlib\n"
        "real = pathlib.Path.read_bytes\n"
        "def read_bytes(path):\n"
        "    data = real(path)\n"
        "    if b'deadly' in data:\n"
        "        os.kill(os.getpid(), 9)\n"
        "    return data\n"
        "pathlib.Path.read_bytes = read_bytes\n"
    )
    monkeypatch.syspath_prepend(tmp_path)  # the workers get this path too, and import the file when they start
    done = quick(studio, workers=2)
    assert (done.inspected, done.lost) == (80, {"unreadable": 1})
    [decision] = studio.catalog.decisions(deadly)
    assert decision.reason == "ended the process that decoded it"


def test_a_worker_that_does_not_start_drops_nothing(
    studio: StudioFolder, add: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(80)
    (tmp_path / "sitecustomize.py").write_text("import os\nos._exit(3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(GanvasError, match="does not start"):
        quick(studio, workers=2)
    assert studio.catalog.dropped() == {}


def trouble(made: Made) -> dict[str, bytes]:
    """Every kind of file that Pillow has trouble with, by name."""
    scene = made.scene(20)
    gray = scene.convert("L")
    sixteen = Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    see_through = scene.quantize(64)
    exif = Image.Exif()
    exif[0x0112] = 6
    frames = [made.scene(n).quantize(32) for n in range(21, 24)]
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return {
        "cmyk.jpg": made.encoded(scene.convert("CMYK"), "JPEG", quality=95),
        "sixteen.png": made.encoded(sixteen),
        "palette.png": made.encoded(see_through, transparency=0),
        "rotated.jpg": made.encoded(scene, "JPEG", exif=exif, quality=95),
        "animated.gif": made.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "suffix.png": made.encoded(made.scene(25), "JPEG", quality=95),
        "profile.jpg": made.encoded(made.scene(26), "JPEG", icc_profile=b"no profile at all", quality=95),
        "cut.png": made.encoded(scene)[:3000],
        "empty.png": b"",
        "huge.png": b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header + crc,
        "words.jpg": b"not a picture",
    }


def test_every_kind_of_file_goes_through_add_and_clean(studio: StudioFolder, made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "trouble"
    folder.mkdir()
    for name, data in trouble(made).items():
        (folder / name).write_bytes(data)
    added = add_pictures(studio, folder)
    assert (added.new, sum(added.unreadable.values())) == (7, 4)
    done = quick(studio)
    assert (done.pictures, done.inspected, done.unreadable, done.lost) == (7, 7, 4, {})
    assert studio.catalog.dropped() == {"animation": 1, "grayscale": 1, "unreadable": 4}
    measures = {name: why(studio, name)["measures"] for name in trouble(made) if why(studio, name)["measures"]}
    assert (measures["rotated.jpg"]["width"], measures["rotated.jpg"]["height"]) == (120, 160)
    assert measures["sixteen.png"]["colour"] == 0
    assert measures["cmyk.jpg"]["colour"] > 0.2
    assert measures["animated.gif"]["frames"] == 3
    assert why(studio, "animated.gif")["verdict"] == "dropped: animation: 3 frames, at most 1 frames"
    assert "cut short" in why(studio, "cut.png")["verdict"]
    with pytest.raises(InputError, match="cannot be read, so it cannot be kept"):
        keep(studio, ["empty.png"])


def test_any_number_of_workers_measures_the_same(studio: StudioFolder, add: Any) -> None:
    add(80, size=(40, 30))
    found = []
    for workers in (1, 3):
        quick(studio, workers=workers)
        found.append(studio.catalog.inspections(VERSION))
        with studio.catalog.session(write=True) as connection:
            connection.exec_driver_sql("DELETE FROM inspections")
    assert len(found[0]) == 80
    assert found[0] == found[1]
