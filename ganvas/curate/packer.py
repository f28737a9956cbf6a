"""The worker program of packing: originals to pixels of the set's size. `python -m ganvas.curate.packer RECIPE`.

A program of its own, so that it neither imports the caller's script nor outlives the caller: it ends when its input
does. A request is a JSON line with [path, sha256] of some originals; the reply is a JSON line with null or [rule,
reason] of each, then the pixels of those with null, C × H × W bytes a picture.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.pictures.read import UnreadablePicture, read_picture
from ganvas.pictures.resize import Fit, as_channels, fit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VANISHED, ALTERED, UNREADABLE = "vanished", "altered", "unreadable"


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


def pixels_of(path: str | Path, sha256: str, recipe: Recipe) -> NDArray[np.uint8] | Refusal:
    """An original as uint8 [C, H, W], or why not: it is gone, it is not what was added, or it cannot be read."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        return Refusal(VANISHED, f"original cannot be opened: {error.strerror}")
    if hashlib.sha256(data).hexdigest() != sha256:
        return Refusal(ALTERED, "original is not what was added: its bytes have another hash")
    try:
        picture = read_picture(data, background=recipe.background)
    except UnreadablePicture as error:
        return Refusal(UNREADABLE, str(error))
    fitted = fit(picture.pixels, recipe.height, recipe.width, recipe.fit, recipe.background)
    return as_channels(fitted, recipe.channels).transpose(2, 0, 1)


def main() -> None:
    """Serve until the other end closes."""
    recipe = Recipe(**json.loads(sys.argv[1]))
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be taken for a reply
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while line := requests.readline():
        done = [pixels_of(path, sha256, recipe) for path, sha256 in json.loads(line)]
        refused = [[it.rule, it.reason] if isinstance(it, Refusal) else None for it in done]
        replies.write(json.dumps(refused).encode() + b"\n")
        replies.writelines(it.tobytes() for it in done if not isinstance(it, Refusal))
        replies.flush()


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
