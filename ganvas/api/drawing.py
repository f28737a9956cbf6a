"""What a run drew, to be saved as a sheet, as files, or as an animation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image


@dataclass(frozen=True)
class Drawing:
    """New pictures uint8 [N, C, H, W], and the label each was told (None: told nothing)."""

    pictures: NDArray[np.uint8]
    labels: list[str] | None
    name: str
    """What its files are called: the seed, and of a walk or a grid that it is one."""
    checkpoint: str
    columns: int | None = None
    rows: list[str] | None = None
    """How many pictures belong in a row, and what the rows are called, where either means something."""

    def sheet(self, columns: int | None = None) -> Image:
        """All pictures on one; a walk and a grid have their own number of columns."""
        from ganvas.pictures.rows import named_rows
        from ganvas.pictures.sheet import sheet

        shown = sheet(self.pictures, columns=columns or self.columns)
        return named_rows(shown, self.rows) if self.rows and columns in (None, self.columns) else shown

    def save(self, path: str | Path) -> Path:
        """Write the sheet as one picture; the suffix (.png, .jpg, .webp) names the format."""
        from ganvas.pictures.sheet import save_picture

        return save_picture(path, self.sheet())

    def save_each(self, folder: str | Path) -> list[Path]:
        """Write one PNG a picture, named by seed and number, into a folder."""
        from PIL import Image

        from ganvas.pictures.sheet import save_png

        Path(folder).mkdir(parents=True, exist_ok=True)
        paths = []
        for i, picture in enumerate(self.pictures):
            pixels = picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0)
            paths.append(Path(folder) / f"{self.name}-{i:05d}.png")
            save_png(paths[-1], Image.fromarray(np.ascontiguousarray(pixels)))
        return paths


@dataclass(frozen=True)
class Loop:
    """Frames uint8 [F, W, C, H, W'] of W walks side by side that end where they began; `steps` from key to key."""

    pictures: NDArray[np.uint8]
    steps: int
    checkpoint: str

    def frames(self) -> list[Image]:
        """A sheet a frame; of few walks, so large that a small picture is seen to change."""
        from ganvas.pictures.sheet import sheet

        scale = max(1, 240 // max(self.pictures.shape[-2:])) if self.pictures.shape[1] <= 4 else None
        return [sheet(pictures, scale=scale) for pictures in self.pictures]

    def save(self, path: str | Path, seconds_a_pair: float = 1.2) -> Path:
        """Write a GIF that loops for ever, at most 6 MB: larger ones are drawn smaller."""
        from ganvas.pictures.animate import loop_gif

        return loop_gif(path, self.frames(), max(0.02, seconds_a_pair / self.steps))
