"""What features of very many pictures may take of memory: never all of them at once."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ganvas.catalog import FoundPicture
from ganvas.curate.find import find_picture
from ganvas.curate.regression import learn
from ganvas.curate.teach import teach
from ganvas.curate.teach_examples import Shown
from ganvas.encode.store import FeatureStore
from ganvas.scores.neighbours import unit
from ganvas.studio import StudioFolder
from tests.curate.kinds import Thumbnails, folder_of

MANY, WIDTH = 1200, 6144
BYTES = 4 * MANY * WIDTH  # of all features


class Wide(Thumbnails):
    """Features as wide as they make a thousand pictures large."""

    features = WIDTH

    def encode(self, pictures: np.ndarray, progress: object = None) -> np.ndarray:
        return np.tile(super().encode(pictures), WIDTH // super().features)


@pytest.fixture
def many(studio: StudioFolder, monkeypatch: pytest.MonkeyPatch) -> StudioFolder:
    """A studio of pictures that were looked at once; their originals are not needed any more."""
    monkeypatch.setattr("ganvas.encode.store.BLOCK_BYTES", BYTES // 20)
    names = [hashlib.sha256(str(i).encode()).hexdigest() for i in range(MANY)]
    studio.catalog.add_found([FoundPicture(it, 9, "PNG", 8, 8, "RGB", 1, None, "folder", it) for it in names])
    FeatureStore(studio.features, Wide(), "pad").append(
        names, np.random.default_rng(0).random((MANY, WIDTH), np.float32)
    )
    return studio


def peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_nearest_are_found_a_block_at_a_time(many: StudioFolder, tmp_path: Path) -> None:
    picture = folder_of(tmp_path, "spots", 1, 1) / "spots0.png"
    assert peak(lambda: find_picture(many, picture, 3, encoder=Wide())) < BYTES / 2


def test_a_lesson_scores_a_block_at_a_time(many: StudioFolder, tmp_path: Path) -> None:
    learn(np.eye(4, dtype=np.float32), np.arange(4) < 2)  # imports take memory, too
    like, unlike = (Shown([folder_of(tmp_path / kind, kind, 1, 1)]) for kind in ("spots", "plain"))
    taken = peak(lambda: teach(many, "spotted", like, unlike, encoder=Wide()))
    assert taken < BYTES * 0.9


def test_features_are_made_of_length_1_where_they_are() -> None:
    features = np.random.default_rng(0).random((1000, 512), np.float32)
    features[3] = 0
    assert peak(lambda: unit(features, out=features)) < features.nbytes / 2
    assert np.allclose(np.delete(np.linalg.norm(features, axis=1), 3), 1)
    assert not features[3].any()
