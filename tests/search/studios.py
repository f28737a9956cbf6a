"""Small real searches: a studio with a packed set, and a space of trainings that take a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ganvas.search.space import Space
from ganvas.studio import StudioFolder
from tests.train.conftest import packed_set

TINY: dict[str, Any] = {
    "batch": 16,
    "ticks": 4,
    "sheet": 16,
    "light_judge": 0,
    "judge_every": 1,
    "mirror": False,
    "condition": "none",
    "network": "dcgan",
    "network.generator_filters": 4,
    "network.discriminator_filters": 4,
    "network.conv_layers": 2,
    "network.latent": 8,
}


def studio_in(folder: Path) -> StudioFolder:
    """A studio with the set `halves`, of which 40 pictures are held out."""
    studio = StudioFolder.create(folder / "studio")
    packed_set(studio, "halves", count=240, size=(8, 8))
    return studio


def space_of(**axes: Any) -> Space:
    """A space over these axes, all else tiny."""
    return Space.of({**TINY, **axes})
