"""A run's sheets in time, each with its tick: what its animations are made of."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

from ganvas.report.record import Json, RunRecord, number


def frames(record: RunRecord) -> Iterator[tuple[Image.Image, Json]]:
    """Each sheet that can be read, from the first, and what ticks.jsonl says of its moment."""
    ticks = {int(tick): entry for entry in record.ticks if (tick := number(entry, "tick")) is not None}
    for tick, path in record.sheets.items():
        try:
            with Image.open(path) as image:
                image.load()
                yield image.copy(), ticks.get(tick, {"tick": tick})
        except (OSError, SyntaxError, ValueError):
            continue  # cut short by a kill
