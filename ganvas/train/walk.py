"""Pictures whose order says something: `walk(run, 8, steps=8)`, `loop(run, 64)`, `grid(run, 8)`.

A walk goes from key picture to key picture, the pictures that `draw` makes of the same seed. Latents are interpolated
along the sphere (slerp; Shoemake 1985, for GANs White, arXiv 1609.04468), since a Gaussian's mass lies on a shell that
a straight line leaves; conditions, where they differ, along a straight line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from ganvas.errors import InputError
from ganvas.progress import Progress
from ganvas.train.checkpoint import BEST
from ganvas.train.draw import Artist, Asked, Drawn, Keys, keys_of
from ganvas.train.run_folder import RunFolder

MOST_STEPS = 100
KEYS_A_LOOP = 4  # enough to travel, few enough for a small file
SMALLEST_SINE = 1e-4  # below it two latents point the same or opposite ways, and the sphere names no path


def walk(
    folder: RunFolder, n: int = 8, steps: int = 8, progress: Progress | None = None, **asked: Unpack[Asked]
) -> Drawn:
    """From each of n key pictures to the next: a row a pair, steps + 1 pictures, its last one the next row's first.

    Raises InputError for n < 2, steps outside 1 … 100, and what `draw` raises.
    """
    _check(n, steps)
    artist, keys = keys_of(folder, n, **asked)
    positions = np.add.outer(np.arange(n - 1), np.arange(steps + 1) / steps).ravel()
    pictures = artist.draw(*along(keys, positions), progress)
    told = keys.labels if keys.labels and len(set(keys.labels)) > 1 else None
    rows = told and [
        here if here == there else f"{here} → {there}" for here, there in zip(told, told[1:], strict=False)
    ]
    return Drawn(pictures, _told_at(keys, positions), artist.checkpoint, steps + 1, rows)


def loop(
    folder: RunFolder, n: int = 64, steps: int = 16, progress: Progress | None = None, **asked: Unpack[Asked]
) -> Drawn:
    """Walks side by side, back to where they began: a row a frame, one picture of each of n // 4 walks (at least one).

    The n key pictures are dealt to the walks in turn, so the first frame is what `draw` makes first. A walk that was
    dealt one key less goes a little slower. Raises InputError as `walk`.
    """
    _check(n, steps)
    artist, keys = keys_of(folder, n, **asked)
    walks = max(1, n // KEYS_A_LOOP)
    frames = steps * -(-n // walks)
    ways = []
    for first in range(walks):
        own = Keys(keys.latents[first::walks], keys.told[first::walks], None)
        ways.append(along(own, np.arange(frames) * len(own.latents) / frames))
    latents, told = (np.concatenate(part) for part in zip(*ways, strict=True))
    by_frame = np.arange(walks * frames).reshape(walks, frames).T.ravel()
    return Drawn(artist.draw(latents[by_frame], told[by_frame], progress), None, artist.checkpoint, walks)


def grid(
    folder: RunFolder,
    n: int = 8,
    progress: Progress | None = None,
    *,
    seed: int = 0,
    label: str | Sequence[str] | None = None,
    word: str | Sequence[str] | None = None,
    truncation: float = 1.0,
    checkpoint: str = BEST,
) -> Drawn:
    """A row a label (all of them, or those labels or words that are given), a column for each of n latents.

    Raises InputError for a run that was told nothing, and what `draw` raises.
    """
    artist = Artist.open(folder, checkpoint)
    names, told = artist.told_each(label, word)
    if not names:
        names, told = artist.conditions.names, artist.conditions.table
    if not names:
        raise InputError("this run was told neither labels nor words: a grid has no rows; draw without --grid")
    latents, _ = artist.dice(n, seed, truncation)
    pictures = artist.draw(np.tile(latents, (len(names), 1)), told.repeat(n, axis=0), progress)
    return Drawn(pictures, [name for name in names for _ in range(n)], artist.checkpoint, n, names)


def along(keys: Keys, positions: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Latents [P, Z] and conditions [P, C] at positions of a round tour of the keys.

    1 is the second key, 1.5 half-way to the third; behind the last one the tour leads to the first.
    """
    before = positions.astype(np.int64)
    here, there = before % len(keys.latents), (before + 1) % len(keys.latents)
    share = (positions - before)[:, None]
    told = (1 - share) * keys.told[here] + share * keys.told[there]
    return slerp(keys.latents[here], keys.latents[there], share), told.astype(np.float32)


def slerp(a: NDArray[np.float32], b: NDArray[np.float32], share: NDArray[np.float64]) -> NDArray[np.float32]:
    """From a to b [P, Z], a share [P, 1] of the angle between them: sin((1-t)Ω)/sin Ω · a + sin(tΩ)/sin Ω · b.

    A straight line where they point the same or opposite ways, or one has no length.
    """
    lengths = np.linalg.norm(a, axis=1, keepdims=True) * np.linalg.norm(b, axis=1, keepdims=True)
    cosine = (a.astype(np.float64) * b).sum(axis=1, keepdims=True) / np.maximum(lengths, 1e-12)
    angle = np.arccos(np.clip(cosine, -1, 1))
    sine = np.sin(angle)
    curved = (lengths > 0) & (sine > SMALLEST_SINE)
    sine = np.where(curved, sine, 1)
    from_a = np.where(curved, np.sin((1 - share) * angle) / sine, 1 - share)
    from_b = np.where(curved, np.sin(share * angle) / sine, share)
    return np.asarray(from_a * a + from_b * b, np.float32)


def _check(n: int, steps: int) -> None:
    if n < 2:
        raise InputError(f"a walk goes from picture to picture: ask for 2 or more with -n, not {n}")
    if not 1 <= steps <= MOST_STEPS:
        raise InputError(f"cannot walk in {steps} steps: take 1 to {MOST_STEPS} from one picture to the next")


def _told_at(keys: Keys, positions: NDArray[np.float64]) -> list[str] | None:
    """The label of the nearer key at each position."""
    return keys.labels and [keys.labels[round(position) % len(keys.labels)] for position in positions]
