"""Features of originals on disk: what is there is there whole, whatever a kill leaves behind."""

from __future__ import annotations

import hashlib
import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from ganvas.encode.store import FeatureStore
from ganvas.errors import InputError


class FourNumbers:
    """An encoder in name: the store asks no more of it."""

    name, version, features, size_px = "four", "1", 4, 8

    def encode(self, pictures: np.ndarray, progress: object = None) -> np.ndarray:
        raise AssertionError("a store never looks at pictures")


def hashes(count: int, start: int = 0) -> list[str]:
    return [hashlib.sha256(bytes([i])).hexdigest() for i in range(start, start + count)]


def store(folder: Path, **changed: str) -> FeatureStore:
    look = FourNumbers()
    for name, value in changed.items():
        setattr(look, name, value)
    return FeatureStore(folder, look, "pad")


def test_rows_come_back_in_the_order_asked_for_from_a_store_opened_again(tmp_path: Path) -> None:
    names, rows = hashes(5), np.arange(20, dtype=np.float32).reshape(5, 4)
    store(tmp_path).append(names[:3], rows[:3])
    store(tmp_path).append(names[3:], rows[3:])
    again = store(tmp_path)
    assert len(again) == 5
    assert again.rows([names[4], names[0]]).tolist() == rows[[4, 0]].tolist()
    assert hashes(1, 9)[0] not in again
    assert again.rows([]).shape == (0, 4)


@pytest.mark.parametrize(("file", "cut"), [("rows.f16", 1), ("rows.f16", 8), ("index", 1), ("index", 33)])
def test_what_a_kill_cuts_short_is_never_read_and_written_over(tmp_path: Path, file: str, cut: int) -> None:
    names, rows = hashes(6), np.arange(24, dtype=np.float32).reshape(6, 4)
    first = store(tmp_path)
    first.append(names[:4], rows[:4])
    path = first.folder / file
    path.write_bytes(path.read_bytes()[:-cut])
    again = store(tmp_path)
    whole = [name for name in names[:4] if name in again]
    assert whole == names[: len(whole)]
    assert len(whole) in (2, 3)
    missing = [name for name in names if name not in again]
    again.append(missing, rows[len(whole) :])
    assert np.array_equal(store(tmp_path).rows(names), rows)


def test_rows_without_a_hash_are_no_rows(tmp_path: Path) -> None:
    first = store(tmp_path)
    first.append(hashes(2), np.ones((2, 4), np.float32))
    with (first.folder / "rows.f16").open("ab") as file:
        file.write(b"\xff" * 13)
    again = store(tmp_path)
    again.append(hashes(1, 2), np.full((1, 4), 7, np.float32))
    assert store(tmp_path).rows(hashes(3)).tolist() == [[1] * 4, [1] * 4, [7] * 4]


def test_other_versions_and_fits_are_kept_apart(tmp_path: Path) -> None:
    store(tmp_path).append(hashes(1), np.ones((1, 4), np.float32))
    assert len(store(tmp_path, version="2")) == 0
    assert len(FeatureStore(tmp_path, FourNumbers(), "crop")) == 0
    assert len(store(tmp_path)) == 1
    assert store(tmp_path, version="../../elsewhere").folder.parent == tmp_path


def test_two_processes_write_at_once_and_nothing_is_mixed_up(tmp_path: Path) -> None:
    start = multiprocessing.get_context("spawn")
    writers = [start.Process(target=_write, args=(tmp_path, part)) for part in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    both = store(tmp_path)
    for part in range(2):
        names = hashes(40, 40 * part)
        assert both.rows(names)[:, 0].tolist() == [float(40 * part + i) for i in range(40)]


def _write(folder: Path, part: int) -> None:
    mine = store(folder)
    for i in range(40):
        mine.append(hashes(1, 40 * part + i), np.full((1, 4), 40 * part + i, np.float32))


def test_numbers_too_large_for_half_precision_stay_finite(tmp_path: Path) -> None:
    store(tmp_path).append(hashes(1), np.array([[1e9, -1e9, 0.25, 3]], np.float32))
    assert np.isfinite(store(tmp_path).rows(hashes(1))).all()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused_with_the_pictures_name(tmp_path: Path, number: float) -> None:
    rows = np.ones((3, 4), np.float32)
    rows[1, 2] = number
    with pytest.raises(InputError, match=f"in picture {hashes(3)[1][:12]}: `ganvas drop"):
        store(tmp_path).append(hashes(3), rows)
    assert len(store(tmp_path)) == 0


def test_rows_come_in_blocks_in_the_order_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganvas.encode.store.BLOCK_BYTES", 2 * 4 * 4)
    names, rows = hashes(5), np.arange(20, dtype=np.float32).reshape(5, 4)
    stored = store(tmp_path)
    stored.append(names, rows)
    blocks = list(stored.blocks(names[::-1]))
    assert [len(block) for _, block in blocks] == [2, 2, 1]
    assert [(part.start, part.stop) for part, _ in blocks] == [(0, 2), (2, 4), (4, 5)]
    assert np.array_equal(np.concatenate([block for _, block in blocks]), rows[::-1])
    assert np.array_equal(stored.rows(names[::-1]), rows[::-1])
    assert list(stored.blocks([])) == []
