"""What a set's folder remembers of the catalog it was made from, so that its page needs no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.catalog import ImageRow

BIN_PX = 64
ASPECT_BIN = 0.1
LAST_BIN_PX, LAST_ASPECT_BIN = 4096, 30


def about_originals(studio: StudioFolder, images: Sequence[ImageRow]) -> dict[str, Any]:
    """How many originals are how long and how wide (bins by their lower ends), and what the rules had dropped by then.

    `sides_px`: the longer side; `aspects`: width to height. The last bin holds whatever is beyond.
    """
    sides = Counter(min(max(image.width, image.height) // BIN_PX * BIN_PX, LAST_BIN_PX) for image in images)
    aspects = Counter(min(int(image.width / image.height / ASPECT_BIN + 1e-9), LAST_ASPECT_BIN) for image in images)
    return {
        "originals": {
            "sides_px": {str(side): sides[side] for side in sorted(sides)},
            "aspects": {f"{number * ASPECT_BIN:.1f}": aspects[number] for number in sorted(aspects)},
        },
        "dropped": studio.catalog.dropped(),
    }
