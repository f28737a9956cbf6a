"""Counts as bars in a small quiet SVG: `bars([("0.8", 12), ("0.9", 40)], "width to height")`."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ganvas.pictures.curves import COLOURS, DARK_INK, INK

WIDTH_PX, HEIGHT_PX = 442, 200
LEFT_PX, BOTTOM_PX, TOP_PX = 8, 44, 34
TICKS = 8
WIDEST_PX = 48  # of one bar


def bars(counts: Sequence[tuple[str, int]], title: str, unit: str) -> str:
    """SVG of a bar a count, evenly spaced, the largest count written above it. `unit` stands under the bars."""
    most = max((count for _, count in counts), default=0)
    highest = next((place for place, (_, count) in enumerate(counts) if count == most), None)
    room = HEIGHT_PX - BOTTOM_PX - TOP_PX
    step = min((WIDTH_PX - 2 * LEFT_PX) / max(len(counts), 1), WIDEST_PX)
    every = max(1, -(-len(counts) // TICKS))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {HEIGHT_PX}" '
        'font-family="sans-serif" font-size="11">',
        f"<style>svg{{color:{INK}}}@media(prefers-color-scheme:dark){{svg{{color:{DARK_INK}}}}}</style>",
        f'<text x="{LEFT_PX}" y="14" font-size="12.5" fill="currentColor">{escape(title)}</text>',
    ]
    for place, (name, count) in enumerate(counts):
        height = room * count / most if most else 0
        x, y = LEFT_PX + place * step, HEIGHT_PX - BOTTOM_PX - height
        wide = max(step - 1.5, 0.5)
        parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{height:.1f}" fill="{COLOURS[0]}"/>')
        if place == highest:
            parts.append(_text(min(max(x + wide / 2, 24), WIDTH_PX - 24), y - 4, f"{count:,}"))
        if place % every == 0:
            parts.append(_text(x + wide / 2, HEIGHT_PX - BOTTOM_PX + 14, name))
    parts.append(_text(max(step * len(counts) / 2, 3 * len(unit)) + LEFT_PX, HEIGHT_PX - 8, unit))
    return "\n".join([*parts, "</svg>"])


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="currentColor">{escape(text)}</text>'
