"""Are the pictures new? Each beside the training pictures it resembles, by pixels and by features, to be looked at.

`compare_with_training(pictures, packed)` is what `ganvas novelty` shows; the scorecard keeps a shorter version.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.encode import Encoder
from ganvas.judge.copies import Copies, find_copies
from ganvas.judge.scorecard import Resemblance
from ganvas.pictures.packed import PackedSet
from ganvas.pictures.sheet import GAP, sheet
from ganvas.progress import Progress, Silent
from ganvas.scores.neighbours import Features, nearest

NEAREST = 3
SHOWN = 16
LISTED = 5
COLUMN_GAP_PX = 24


@dataclass(frozen=True)
class Comparison:
    """N generated pictures, numbered as `ganvas draw --each` numbers them, beside their training pictures."""

    pictures: NDArray[np.uint8]
    packed: PackedSet
    copies: Copies
    by_features: tuple[Resemblance, ...]
    encoder: str

    @property
    def by_pixels(self) -> tuple[Resemblance, ...]:
        """Every picture, the most suspicious first."""
        return suspects(self.copies, len(self.pictures))

    @property
    def headline(self) -> str:
        """How many are called copies, beside how many real pictures would be."""
        held_out = self.copies.share_of_held_out
        usual = "" if held_out is None else f"; of held-out real pictures {held_out:.1%} would be"
        return f"{len(self.copies.flagged):,} of {len(self.pictures):,} are called copies{usual}"

    def sheet(self) -> Image.Image:
        """A row a picture, the most suspicious first: it, three real ones nearest by pixels, three by features."""
        flagged = set(self.copies.flagged.tolist())
        groups = []
        for item in self.by_pixels:
            word = _word(item.picture in flagged)
            groups.append(_group(self.pictures, item, word, "pixels") + _others(self.by_features[item.picture]))
        return _sheet(self.packed, groups)

    def rows(self, count: int = LISTED) -> list[list[str]]:
        """[picture, nearness, what it is called] of the most suspicious ones."""
        nearness, flagged = self.copies.likenesses.nearness, set(self.copies.flagged.tolist())
        shown = [int(i) for i in self.copies.suspicious_first[:count]]
        return [[f"picture {i}", f"{nearness[i]:.2f}", _word(i in flagged)] for i in shown]

    def to_json(self) -> dict[str, Any]:
        """Plain values, the most suspicious picture first."""
        nearness, flagged = self.copies.likenesses.nearness, set(self.copies.flagged.tolist())
        return {
            "n": len(self.pictures),
            "copies": self.copies.flagged.tolist(),
            "bar": self.copies.bar,
            "share_of_held_out": self.copies.share_of_held_out,
            "encoder": self.encoder,
            "pictures": [
                {
                    "picture": item.picture,
                    "copy": item.picture in flagged,
                    "nearness": round(float(nearness[item.picture]), 4),
                    "by_pixels": self._named(item),
                    "by_features": self._named(self.by_features[item.picture]),
                }
                for item in self.by_pixels
            ],
        }

    def _named(self, item: Resemblance) -> list[dict[str, Any]]:
        """The training pictures by their place in the set and the SHA-256 of their originals."""
        return [
            {"position": place, "sha256": self.packed.sha256s[place], "distance": distance}
            for place, distance in zip(item.positions, item.distances, strict=True)
        ]


def compare_with_training(
    pictures: NDArray[np.uint8], packed: PackedSet, encoder: Encoder, progress: Progress | None = None
) -> Comparison:
    """Set generated pictures uint8 [N, C, H, W] beside all training pictures: first by pixels, then by features.

    Features of the training pictures are kept in the set's folder; the first time they take minutes.
    """
    from ganvas.encode.cache import cached_features

    progress = progress or Silent()
    copies = find_copies(pictures, packed, progress=progress)
    real = cached_features(packed, encoder, packed.train, progress)
    by_features = resemblances(_directions(encoder.encode(pictures, progress)), _directions(real), packed.train)
    return Comparison(pictures, packed, copies, by_features, encoder.name)


def _directions(features: Features) -> Features:
    """Of length 1, so that Euclidean distances √(2 − 2 cos) order as cosines do."""
    directions: Features = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    return directions


def resemblances(fake: Features, real: Features, positions: NDArray[np.int64]) -> tuple[Resemblance, ...]:
    """Each fake with its nearest reals by features; `positions` are the reals' places in their set."""
    places, distances = nearest(fake, real, NEAREST)
    return tuple(
        Resemblance(i, [int(positions[place]) for place in places[i]], [round(float(d), 4) for d in distances[i]])
        for i in range(len(places))
    )


def suspects(found: Copies, count: int = SHOWN) -> tuple[Resemblance, ...]:
    """The most suspicious pictures, worst first, each with the training pictures most alike in their pixels."""
    alike = found.likenesses
    shown = [
        (int(i), alike.positions[i, :NEAREST], alike.distances[i, :NEAREST]) for i in found.suspicious_first[:count]
    ]
    return tuple(Resemblance(i, p.tolist(), [round(float(d), 4) for d in apart]) for i, p, apart in shown)


def nearest_sheet(
    fake: NDArray[np.uint8],
    packed: PackedSet,
    found: Sequence[Resemblance],
    flagged: Collection[int] = (),
    names: Sequence[str] | None = None,
) -> Image.Image:
    """Each generated picture uint8 [N, C, H, W] with its nearest training pictures right of it, in two columns.

    Those `flagged`, by number, are captioned as copies. Captions tell `names` in place of numbers.
    """
    return _sheet(packed, [_group(fake, item, _word(item.picture in flagged), "real", names) for item in found])


# A row of the sheets: pictures that were generated (by number) or are real (by place in the set), with captions.
Row = list[tuple[NDArray[np.uint8] | int, str]]


def _word(copied: bool) -> str:
    return "copy?" if copied else "new"


def _group(fake: NDArray[np.uint8], item: Resemblance, word: str, real: str, names: Sequence[str] | None = None) -> Row:
    name = names[item.picture] if names else item.picture
    return [(fake[item.picture], f"{word} {name}"), *_others(item, real)]


def _others(item: Resemblance, word: str = "features") -> Row:
    pairs = zip(item.positions, item.distances, strict=True)
    return [(place, f"{word}, {distance:.2f}") for place, distance in pairs]


def _sheet(packed: PackedSet, rows: Sequence[Row]) -> Image.Image:
    half = (len(rows) + 1) // 2
    columns = [_column(packed, part) for part in (rows[:half], rows[half:]) if part]
    width = sum(column.width for column in columns) + COLUMN_GAP_PX * (len(columns) - 1)
    mode = columns[0].mode
    canvas = Image.new(mode, (width, columns[0].height), GAP if mode == "L" else (GAP, GAP, GAP))
    for i, column in enumerate(columns):
        canvas.paste(column, (i * (columns[0].width + COLUMN_GAP_PX), 0))
    return canvas


def _column(packed: PackedSet, rows: Sequence[Row]) -> Image.Image:
    cells = [cell for row in rows for cell in row]
    pictures = [packed.images[shown] if isinstance(shown, int) else shown for shown, _ in cells]
    return sheet(np.stack(pictures), columns=len(rows[0]), captions=[caption for _, caption in cells])
