"""Copies are found wherever they were moved, mirrored or recoloured, and new pictures are not called so."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganvas.judge import find_copies, judge_pictures
from ganvas.judge.copies import COPY
from ganvas.pictures.packed import PackedSet, write_description
from ganvas.pictures.thumbnails import likeness, spectra, thumbnails
from ganvas.progress import Silent


def scenes(count: int, seed: int, channels: int = 3, height: int = 24, width: int = 32) -> np.ndarray:
    """A light sky over a dark ground with some blocks: of one kind, and yet each another picture."""
    rng = np.random.default_rng(seed)
    found = np.empty((count, channels, height, width), np.uint8)
    for picture in found:
        picture[:] = np.linspace(210, 60, height)[None, :, None] + rng.normal(0, 8, (channels, 1, 1))
        for _ in range(6):
            y, x = rng.integers(0, height - 6), rng.integers(0, width - 6)
            h, w = rng.integers(4, 12, 2)
            picture[:, y : y + h, x : x + w] = rng.integers(0, 256, (channels, 1, 1))
    return found


def pack(folder: Path, images: np.ndarray, held_out: int) -> PackedSet:
    folder.mkdir()
    np.save(folder / "images.npy", images)
    count, channels, height, width = images.shape
    facts = {"name": folder.name, "count": count, "channels": channels, "height": height, "width": width}
    splits = ["held-out"] * held_out + ["train"] * (count - held_out)
    members = [(i, f"{i:064x}", None, split) for i, split in enumerate(splits)]
    write_description(folder, {**facts, "labels": [], "fingerprint": "f" * 64}, members)
    return PackedSet.open(folder)


def as_jpeg(pictures: np.ndarray) -> np.ndarray:
    done = []
    for picture in pictures:
        buffer = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0))).save(buffer, "JPEG", quality=60)
        done.append(np.asarray(Image.open(buffer)).transpose(2, 0, 1))
    return np.stack(done)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "nothing": lambda pictures: pictures,
    "mirrored and moved": lambda pictures: np.roll(pictures[..., ::-1], (1, -1), (2, 3)),
    "JPEG": as_jpeg,
    "darker": lambda pictures: (pictures * 0.7 + 10).astype(np.uint8),
    "noise": lambda p: np.clip(p + np.random.default_rng(5).normal(0, 8, p.shape), 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_generator_that_replays_a_twentieth_of_its_pictures_is_caught(tmp_path: Path, change: str) -> None:
    packed = pack(tmp_path / "set", scenes(1400, 1), held_out=600)
    drawn = scenes(800, 2)
    planted = np.random.default_rng(3).permutation(len(drawn))[:40]
    drawn[planted] = CHANGES[change](np.asarray(packed.images[packed.train[:40]]))
    found = find_copies(drawn, packed)
    flagged = set(found.flagged.tolist())
    caught = len(flagged & set(planted.tolist()))
    assert caught >= 0.95 * 40
    assert len(flagged) - caught <= 0.01 * 760
    assert found.share_of_held_out is not None
    assert found.share_of_held_out <= 0.01
    sources = {int(place): int(packed.train[i]) for i, place in enumerate(planted)}
    right = sum(found.likenesses.positions[place, 0] == source for place, source in sources.items())
    assert right >= 0.95 * 40


def test_a_set_that_holds_a_picture_many_times_still_knows_its_copy(tmp_path: Path) -> None:
    images = scenes(300, 1)
    images[100:130] = images[100]
    packed = pack(tmp_path / "set", images, held_out=60)
    assert find_copies(images[100:101], packed).flagged.tolist() == [0]


def test_where_real_pictures_are_alike_themselves_the_bar_is_higher(tmp_path: Path) -> None:
    """A set in which every picture has a near twin: held-out ones have theirs among the training pictures."""
    once = scenes(600, 1)
    twins = np.clip(once + np.random.default_rng(2).normal(0, 12, once.shape), 0, 255).astype(np.uint8)
    packed = pack(tmp_path / "set", np.concatenate([once, twins]), held_out=600)
    found = find_copies(once, packed)
    assert found.bar < COPY
    assert len(found.flagged) < 0.02 * len(once)
    copies = find_copies(np.asarray(packed.images[packed.train[:50]]), packed)
    assert len(copies.flagged) == 50


def test_a_set_with_equal_doubles_on_both_sides_still_knows_its_copies(tmp_path: Path) -> None:
    images = scenes(1000, 1)
    images[:10] = images[600:610]  # held-out pictures that were trained on as well
    packed = pack(tmp_path / "set", images, held_out=500)
    found = find_copies(np.asarray(packed.images[packed.train[200:250]]), packed)
    assert len(found.flagged) == 50
    assert found.share_of_held_out
    assert found.share_of_held_out > 0


@pytest.mark.parametrize("side", [2, 3, 4, 5, 6, 7])
def test_the_tiniest_gray_pictures_are_found_again(tmp_path: Path, side: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (200, 1, side, side), np.uint8)
    packed = pack(tmp_path / "set", images, held_out=0)
    assert np.allclose(find_copies(images[:20], packed).likenesses.distances[:, 0], 0, atol=1e-3)


def test_without_held_out_pictures_copies_are_found_all_the_same(tmp_path: Path) -> None:
    packed = pack(tmp_path / "set", scenes(200, 1), held_out=0)
    found = find_copies(np.concatenate([scenes(5, 9), np.asarray(packed.images[:5])]), packed)
    assert sorted(found.flagged.tolist()) == [5, 6, 7, 8, 9]
    assert found.share_of_held_out is None


def test_pictures_of_one_colour_are_no_copies(tmp_path: Path) -> None:
    packed = pack(tmp_path / "set", scenes(200, 1), held_out=40)
    assert find_copies(np.full((3, 3, 24, 32), 90, np.uint8), packed).flagged.size == 0


class MeansEncoder:
    name, version, features = "means", "1", 12

    def encode(self, pictures: np.ndarray, progress: Silent | None = None) -> np.ndarray:
        return thumbnails(pictures, 2).reshape(len(pictures), -1)[:, :12]


def test_the_card_names_the_copies_and_says_so(tmp_path: Path) -> None:
    packed = pack(tmp_path / "set", scenes(400, 1), held_out=100)
    drawn = scenes(300, 2)
    drawn[250:253] = packed.images[packed.train[:3]]  # beyond the hundred that are scored
    names = [f"drawn/{i}.png" for i in range(300)]
    card = judge_pictures(drawn, packed, names=names, encoder=MeansEncoder())
    assert card.n == 100
    assert card.novelty is not None
    assert set(card.novelty.copies) == {"drawn/250.png", "drawn/251.png", "drawn/252.png"}
    assert card.value("copies") == pytest.approx(3 / 300)
    assert any("3 of 300 are called copies" in remark for remark in card.remarks)
    assert {suspect.picture for suspect in card.novelty.suspects[:3]} == {250, 251, 252}


def test_likeness_is_one_for_a_moved_mirrored_or_brighter_picture_only() -> None:
    pictures = thumbnails(scenes(6, 1), 32)
    moved = np.roll(pictures, (1, 2), (2, 3))
    candidates = np.stack([pictures, moved, pictures[..., ::-1], pictures * 0.5 + 0.2, pictures[::-1]], axis=1)
    found = likeness(pictures, candidates)
    assert np.allclose(found[:, :4], 1, atol=1e-5)
    assert (found[:, 4] < 0.97).all()


def test_thumbnails_average_equal_areas() -> None:
    picture = np.arange(12, dtype=np.uint8).reshape(1, 1, 2, 6)
    assert np.allclose(thumbnails(picture, 2) * 255, [[[[1, 4], [7, 10]]]], atol=1e-4)
    assert np.allclose(thumbnails(picture, 4)[0, 0, 0, 0] * 255, (0 * 1 + 1 * 0.5) / 1.5, atol=1e-4)
    assert thumbnails(picture, 100).shape == (1, 1, 2, 6)


def test_spectra_are_the_same_for_a_moved_mirrored_or_brighter_picture_only() -> None:
    pictures = scenes(20, 1, height=32)
    seen = spectra(pictures, 32)
    assert np.allclose(np.linalg.norm(seen, axis=1), 1, atol=1e-5)
    for same in (np.roll(pictures, (3, 5), (2, 3)), pictures[..., ::-1], (pictures // 2) * 1):
        assert np.linalg.norm(spectra(same, 32) - seen, axis=1).max() < 0.02
    assert np.linalg.norm(seen[1:] - seen[:-1], axis=1).min() > 0.1
