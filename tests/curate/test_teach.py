from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganvas.api import Studio
from ganvas.curate.cluster import cluster
from ganvas.curate.cluster_names import name_cluster
from ganvas.curate.regression import learn
from ganvas.curate.teach import Taught, teach, undo_teach
from ganvas.curate.teach_examples import Shown
from ganvas.errors import InputError
from ganvas.studio import StudioFolder
from tests.curate.kinds import Thumbnails, add_kinds, folder_of


def kept(studio: StudioFolder) -> set[str]:
    return {image.sha256 for image in studio.catalog.images()}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Examples that are not in the studio: stripes, and both other kinds."""
    unlike = folder_of(tmp_path / "b", "spots", 5, seed=11)
    return folder_of(tmp_path / "a", "stripes", 8, seed=10), folder_of(unlike, "plain", 4, seed=12)


def lesson(studio: StudioFolder, like: object = (), unlike: object = (), **options: object) -> Taught:
    def sides(given: object) -> Shown:
        return given if isinstance(given, Shown) else Shown([given] if isinstance(given, Path) else [])

    return teach(studio, "striped", sides(like), sides(unlike), encoder=Thumbnails(), **options)  # type: ignore[arg-type]


def test_separable_kinds_are_learned_and_noise_is_not() -> None:
    random = np.random.default_rng(0)
    like = np.arange(60) % 2 == 0
    noise = random.normal(0, 1, (60, 8)).astype(np.float32)
    signal = noise + like[:, None] * 4
    good, bad = learn(signal, like), learn(noise, like)
    assert good.accuracy is not None
    assert good.accuracy > 0.95
    assert bad.accuracy is not None
    assert bad.accuracy < 0.75
    assert ((good.probabilities(signal) > 0.5) == like).all()
    assert learn(signal[:3], like[:3]).accuracy is None  # one of a kind cannot be held out


def test_kinds_are_sorted_by_examples_in_folders_that_are_not_in_the_catalog(
    tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    studio = Studio(tmp_path / "studio")
    hashes = add_kinds(studio.folder, {"stripes": 20, "spots": 12, "plain": 10})
    taught = studio.teach("striped", *folders)
    assert (taught.kept, taught.dropped) == (20, 22)
    assert kept(studio.folder) == set(hashes["stripes"])
    assert taught.lesson.accuracy is not None
    assert taught.lesson.accuracy > 0.9
    assert {path.name for path in taught.sheets} == {"unsure.png", "kept.png", "dropped.png"}
    [decision] = studio.folder.catalog.decisions(hashes["plain"][0])
    assert (decision.stage, decision.rule, decision.keep) == ("teach", "striped", False)
    assert decision.score is not None
    assert decision.score < 0.5
    assert studio.folder.catalog.decisions(hashes["stripes"][0])[0].score > 0.5  # type: ignore[operator]


def test_teaching_again_adds_examples_and_decides_anew(
    studio: StudioFolder, tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    hashes = add_kinds(studio, {"stripes": 9, "spots": 7, "plain": 6})
    assert lesson(studio, folders[0], folder_of(tmp_path / "spots", "spots", 5, seed=3)).unlike == 5
    more = lesson(studio, unlike=folder_of(tmp_path / "plain", "plain", 5, seed=4))
    assert (more.like, more.unlike) == (8, 10)
    assert kept(studio) == set(hashes["stripes"])
    now = lesson(studio, folder_of(tmp_path / "p", "plain", 6, seed=5), folders[0], afresh=True)
    assert (now.like, now.unlike) == (6, 8)
    assert set(hashes["plain"]) <= kept(studio)
    assert not set(hashes["stripes"]) & kept(studio)
    assert all(len(studio.catalog.decisions(sha256)) == 1 for sha256 in hashes["plain"])


def test_examples_are_remembered_when_their_files_are_gone(studio: StudioFolder, folders: tuple[Path, Path]) -> None:
    add_kinds(studio, {"stripes": 5, "spots": 5})
    lesson(studio, *folders)
    for folder in folders:
        shutil.rmtree(folder)
    assert (lesson(studio).like, lesson(studio).unlike) == (8, 9)


def test_an_example_shown_on_the_other_side_changes_sides(studio: StudioFolder, folders: tuple[Path, Path]) -> None:
    add_kinds(studio, {"stripes": 5, "spots": 5})
    lesson(studio, *folders)
    moved = lesson(studio, unlike=folders[0] / "stripes0.png")
    assert (moved.like, moved.unlike) == (7, 10)


def test_a_score_alone_drops_nothing_and_a_threshold_parts(studio: StudioFolder, folders: tuple[Path, Path]) -> None:
    hashes = add_kinds(studio, {"stripes": 6, "spots": 6})
    scored = lesson(studio, *folders, score_only=True)
    assert scored.dropped == 0
    assert len(kept(studio)) == 12
    assert studio.catalog.decisions(hashes["spots"][0])[0].score < 0.5  # type: ignore[operator]
    assert lesson(studio, threshold=0).dropped == 0
    assert lesson(studio, threshold=1).kept == 0
    assert not (studio.taught / "striped" / "kept.png").exists()
    assert lesson(studio).kept == 6  # what the lesson itself dropped is judged anew
    assert undo_teach(studio, "striped") == 12
    assert len(kept(studio)) == 12
    with pytest.raises(InputError, match="nothing was decided by a lesson called 'stripes'"):
        undo_teach(studio, "stripes")


def test_what_other_rules_dropped_is_not_sorted(studio: StudioFolder, folders: tuple[Path, Path]) -> None:
    hashes = add_kinds(studio, {"stripes": 6, "spots": 6})
    lesson(studio, *folders)
    studio.catalog.decide("clean", "dark", [(hashes["stripes"][0], False, 0.1, "dark")])
    assert lesson(studio).kept == 5
    standing = [d.undone for d in studio.catalog.decisions(hashes["stripes"][0]) if d.stage == "teach"]
    assert standing == [True]


def test_clusters_are_examples_by_name_and_by_number(studio: StudioFolder) -> None:
    hashes = add_kinds(studio, {"stripes": 12, "spots": 8, "plain": 6})
    cluster(studio, 3, encoder=Thumbnails())
    name_cluster(studio, 0, "lines", "main")
    taught = lesson(studio, Shown(clusters=["lines"]), Shown(clusters=["1", "2"]))
    assert (taught.like, taught.unlike, taught.kept) == (12, 14, 12)
    assert kept(studio) == set(hashes["stripes"])
    with pytest.raises(InputError, match="Did you mean lines"):
        lesson(studio, Shown(clusters=["line"]), Shown(clusters=["1"]))


def test_what_cannot_be_taught_is_one_clear_line(
    studio: StudioFolder, tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    with pytest.raises(InputError, match="no pictures to sort"):
        lesson(studio, *folders)
    add_kinds(studio, {"stripes": 3})
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.png").write_text("no picture")
    for like, unlike, message in (
        (folders[0], (), "--unlike shows nothing"),
        ((), folders[1], "--like shows nothing"),
        (tmp_path / "nowhere", folders[1], "nowhere does not exist"),
        (tmp_path / "empty", folders[1], "no readable pictures in .*empty"),
        (tmp_path / "texts", folders[1], "none of the 1 files of --like can be read as a picture"),
        (folders[0], folders[0], "8 pictures are on both sides"),
    ):
        with pytest.raises(InputError, match=message):
            lesson(studio, like, unlike)
    with pytest.raises(InputError, match="--threshold 2 cannot be"):
        lesson(studio, *folders, threshold=2)
    assert len(kept(studio)) == 3
    assert not (studio.taught / "striped").exists()


def test_a_damaged_memory_says_how_to_go_on(studio: StudioFolder, folders: tuple[Path, Path]) -> None:
    add_kinds(studio, {"stripes": 3})
    lesson(studio, *folders)
    path = studio.taught / "striped" / "examples.json"
    assert set(json.loads(path.read_text())) == {"like", "unlike"}
    path.write_text("{")
    with pytest.raises(InputError, match="--afresh forgets"):
        lesson(studio, *folders)
    assert lesson(studio, *folders, afresh=True).like == 8


def test_examples_that_cannot_be_read_just_now_are_remembered_and_said(
    studio: StudioFolder, folders: tuple[Path, Path], notes: Any
) -> None:
    add_kinds(studio, {"stripes": 5, "spots": 5})
    lesson(studio, *folders)
    for file in list(folders[0].iterdir())[:3]:
        file.unlink()
    shutil.rmtree(studio.features)
    progress = notes()
    fewer = lesson(studio, progress=progress)
    assert (fewer.like, fewer.unlike, fewer.unseen) == (5, 9, 3)
    assert "3 of 17 examples cannot be seen just now: remembered, not learned from" in progress.lines
    folder_of(folders[0], "stripes", 8, seed=10)
    assert (lesson(studio).like, lesson(studio).unseen) == (8, 0)


def test_what_a_lesson_dropped_stays_dropped_while_its_original_cannot_be_read(
    studio: StudioFolder, folders: tuple[Path, Path]
) -> None:
    hashes = add_kinds(studio, {"stripes": 5, "spots": 5})
    lesson(studio, *folders)
    away = studio.images.with_name("away")
    shutil.rmtree(studio.features)
    gone = studio.image_path(hashes["spots"][0])
    gone.rename(away)
    again = lesson(studio)
    assert (again.dropped, again.left_out) == (4, 1)
    assert kept(studio) == set(hashes["stripes"])
    away.rename(gone)
    assert lesson(studio).dropped == 5


def test_a_lesson_again_goes_on_as_last_time_and_scores_what_came_since(
    tmp_path: Path, folders: tuple[Path, Path]
) -> None:
    studio = Studio(tmp_path / "studio")
    add_kinds(studio.folder, {"stripes": 6, "spots": 6})
    assert studio.info()["lessons"] == []
    studio.teach("striped", *folders, threshold=0.6, encoder="effnet-lite0")
    assert studio.info()["lessons"] == [{"name": "striped", "unscored": 0}]
    more = add_kinds(studio.folder, {"stripes": 2, "spots": 3}, seed=9)
    assert studio.info()["lessons"] == [{"name": "striped", "unscored": 5}]
    again = studio.teach("striped")
    assert (again.threshold, again.encoder, again.like, again.unlike) == (0.6, "effnet-lite0", 8, 9)
    assert studio.info()["lessons"] == [{"name": "striped", "unscored": 0}]
    assert not set(more["spots"]) & kept(studio.folder)
    studio.teach("striped", score_only=True)
    assert studio.teach("striped").score_only
    assert not studio.teach("striped", threshold=0.7).score_only
    afresh = studio.teach("striped", *folders, afresh=True)
    assert (afresh.threshold, afresh.encoder) == (0.5, "effnet-lite0-levels")


@pytest.mark.parametrize("name", ["blurry", "too-small", "duplicate", "sparse", "person", "vanished"])
def test_a_lesson_is_not_called_like_a_rule(studio: StudioFolder, folders: tuple[Path, Path], name: str) -> None:
    add_kinds(studio, {"stripes": 3})
    with pytest.raises(InputError, match=f"a lesson cannot be called {name}, since a rule is"):
        teach(studio, name, Shown([folders[0]]), Shown([folders[1]]), encoder=Thumbnails())
    assert not (studio.taught / name).exists()
