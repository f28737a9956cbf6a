"""A look at what a set would hold, before it is made: `preview_planned(studio, make_plan(studio, "vases"))`."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ganvas.curate.plan import Plan
from ganvas.curate.showing import shown
from ganvas.pictures.sheet import check_picture_name, save_picture, sheet
from ganvas.studio import StudioFolder

SHOWN = 64
CAPTION = 16


def preview_planned(studio: StudioFolder, plan: Plan, path: str | Path | None = None) -> Path:
    """Write a sheet of a seeded sample of the originals that would be packed: sets/NAME.dry-run.png if no `path`.

    Raises InputError for a file that cannot be.
    """
    path = Path(path) if path is not None else studio.sets / f"{plan.name}.dry-run.png"
    check_picture_name(path)
    drawn = sorted(plan.images, key=lambda image: hashlib.sha256(f"look {plan.seed}:{image.sha256}".encode()).digest())
    some = sorted(drawn[:SHOWN], key=lambda image: image.label or "")
    captions = [_short(image.label or "") for image in some] if any(image.label for image in some) else None
    header = f"{plan.name}: {len(some):,} of {len(plan.images):,} chosen pictures, by seed {plan.seed}"
    return save_picture(path, sheet(shown(studio, [image.sha256 for image in some]), captions=captions, header=header))


def _short(label: str) -> str:
    return label if len(label) <= CAPTION else f"{label[: CAPTION - 1]}…"
