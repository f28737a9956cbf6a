"""The worker program of packing: originals to pixels of the set's size. `python -m ganvas.curate.packer RECIPE`.

A program of its own, so that it neither imports the caller's script nor outlives the caller: it ends when its input
does (ganvas.curate.serving). A request is [path, sha256, trim] of some originals; the reply is null or [rule, reason]
of each, then the pixels of those with null, C × H × W bytes a picture.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.curate.serving import serve
from ganvas.pictures.read import UnreadablePicture, read_picture
from ganvas.pictures.resize import Fit, as_channels, fit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VANISHED, ALTERED, UNREADABLE = "vanished", "altered", "unreadable"
Trim = tuple[int, int, int, int]  # left, top, right, bottom of what is inside a border, in upright pixels


@dataclass(frozen=True)
class Recipe:
    """How a picture becomes a row of a set."""

    width: int
    height: int
    channels: int
    fit: Fit
    background: str

    @property
    def bytes_each(self) -> int:
        return self.width * self.height * self.channels


@dataclass(frozen=True)
class Refusal:
    """Why an original has no pixels: the rule it falls under, and the reason."""

    rule: str
    reason: str


def pixels_of(
    path: str | Path, sha256: str, recipe: Recipe, trim: Sequence[int] | None = None
) -> NDArray[np.uint8] | Refusal:
    """An original, within `trim` where it has one, as uint8 [C, H, W], or why not.

    It is gone, it is not what was added, or it cannot be read.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        return Refusal(VANISHED, f"original cannot be opened: {error.strerror}")
    if hashlib.sha256(data).hexdigest() != sha256:
        return Refusal(ALTERED, "original is not what was added: its bytes have another hash")
    try:
        pixels = read_picture(data, background=recipe.background).pixels
    except UnreadablePicture as error:
        return Refusal(UNREADABLE, str(error))
    if trim is not None:
        left, top, right, bottom = trim
        pixels = pixels[top:bottom, left:right]
    fitted = fit(pixels, recipe.height, recipe.width, recipe.fit, recipe.background)
    return as_channels(fitted, recipe.channels).transpose(2, 0, 1)


def packed(originals: Sequence[Any], recipe: Recipe) -> tuple[list[Any], list[bytes]]:
    """The reply to a request: an entry an original, and the pixels of those that have some."""
    done = [pixels_of(path, sha256, recipe, trim) for path, sha256, trim in originals]
    entries = [[it.rule, it.reason] if isinstance(it, Refusal) else None for it in done]
    return entries, [it.tobytes() for it in done if not isinstance(it, Refusal)]


def main() -> None:
    """Serve until the other end closes."""
    recipe = Recipe(**json.loads(sys.argv[1]))
    serve(lambda originals: packed(originals, recipe))


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
