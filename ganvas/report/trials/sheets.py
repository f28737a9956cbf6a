"""A sheet a trial, side by side and small: of one seed they show the same latents."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from ganvas.report.inline import Inline, inline_picture

WIDEST_PX = 360
QUALITY = 82


def small_sheet(path: Path | None, alt: str) -> Inline | None:
    """The sheet as a small JPEG of the page; None where there is none that can be read."""
    if path is None:
        return None
    try:
        with Image.open(path) as image:
            gray = image.mode in ("L", "1")
            image.draft("L" if gray else "RGB", (WIDEST_PX, WIDEST_PX))
            shown = image.convert("L" if gray else "RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    shown.thumbnail((WIDEST_PX, 2 * WIDEST_PX), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    shown.save(buffer, "JPEG", quality=QUALITY)
    return inline_picture("image/jpeg", buffer.getvalue(), alt, *shown.size)
