from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganvas.curate.features import SAVED_EVERY, features_of
from ganvas.encode import encoder
from ganvas.encode.store import FeatureStore
from ganvas.errors import InputError
from ganvas.scores.neighbours import unit
from ganvas.studio import StudioFolder
from tests.curate.kinds import Thumbnails, add_kinds

ROOT = Path(__file__).parents[2]


def test_features_are_made_once_and_given_in_the_order_asked_for(studio: StudioFolder) -> None:
    hashes = add_kinds(studio, {"stripes": 5, "spots": 5})["stripes"]
    look = Thumbnails()
    first = features_of(studio, hashes, look)
    back = features_of(studio, hashes[::-1], look)
    assert look.seen == 5
    assert first.sha256s == hashes
    assert np.array_equal(first.features[::-1], back.features)
    assert np.allclose(np.linalg.norm(unit(first.features), axis=1), 1)


def test_they_are_those_of_the_whole_picture_at_the_encoders_size(studio: StudioFolder) -> None:
    from ganvas.pictures.read import read_picture
    from ganvas.pictures.resize import fit

    [sha256] = add_kinds(studio, {"spots": 1})["spots"]
    look = encoder()
    pixels = read_picture(studio.image_path(sha256).read_bytes()).pixels
    expected = look.encode(fit(pixels, 96, 96, "pad").transpose(2, 0, 1)[None])
    assert np.allclose(features_of(studio, [sha256], look).features, expected, atol=2e-3)


def test_an_original_that_cannot_be_read_is_left_out_with_a_note(studio: StudioFolder, notes: Any) -> None:
    hashes = add_kinds(studio, {"plain": 6})["plain"]
    studio.image_path(hashes[2]).write_bytes(b"damaged")
    studio.image_path(hashes[4]).unlink()
    progress = notes()
    looked = features_of(studio, hashes, Thumbnails(), progress)
    assert looked.sha256s == [hashes[i] for i in (0, 1, 3, 5)]
    assert len(looked.features) == 4
    assert any(line.startswith("2 pictures left out") for line in progress.lines)
    for sha256 in hashes:
        studio.image_path(sha256).unlink(missing_ok=True)
    assert features_of(studio, hashes, Thumbnails()).sha256s == looked.sha256s  # known from before
    with pytest.raises(InputError, match="none of the 1 originals"):
        features_of(studio, [hashes[4]], Thumbnails())


def test_a_killed_look_goes_on_with_what_is_missing(studio: StudioFolder) -> None:
    count = SAVED_EVERY + 200
    hashes = add_kinds(studio, {"stripes": count})["stripes"]
    script = (
        "import os, signal, sys\n"
        "from ganvas.catalog import Catalog\n"
        "from ganvas.curate import features\n"
        "from ganvas.studio import StudioFolder\n"
        "from tests.curate.kinds import Thumbnails\n"
        "class Dying(Thumbnails):\n"
        "    def encode(self, pictures, progress=None):\n"
        f"        if self.seen >= {SAVED_EVERY + 64}:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        return super().encode(pictures)\n"
        "studio = StudioFolder.open(sys.argv[1])\n"
        "features.features_of(studio, [image.sha256 for image in studio.catalog.images()], Dying())\n"
    )
    died = subprocess.run(
        [sys.executable, "-c", script, studio.root], env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT, timeout=120
    )
    assert died.returncode == -signal.SIGKILL
    look = Thumbnails()
    known = len(FeatureStore(studio.features, look, "pad"))
    assert known == SAVED_EVERY
    looked = features_of(studio, hashes, look)
    assert look.seen == count - known
    assert looked.sha256s == hashes
    assert np.isfinite(looked.features).all()
    assert (np.abs(looked.features).sum(axis=1) > 0).all()
