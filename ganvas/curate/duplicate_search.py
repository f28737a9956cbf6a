"""How duplicates are searched for, and the last way that somebody asked for: `search(studio, Asked(radius=4))`.

`clean` repeats that way, as `remembered(studio)` tells it: what was found by features would else come back.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ganvas.curate.duplicates import NO_PAIRS, RADIUS, DuplicateSummary, decide_duplicates, find_duplicates
from ganvas.progress import Progress
from ganvas.studio import StudioFolder
from ganvas.whole import write_whole

FILE = Path("clean") / "duplicates.json"


class Asked(BaseModel):
    """Bits that may differ and, where features are compared, too, their cosine and whose they are (None: the usual)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    radius: int = RADIUS
    alike: float | None = None
    encoder: str | None = None

    def __str__(self) -> str:
        features = "" if self.alike is None else f" --alike {self.alike:g}"
        return f"--radius {self.radius}{features}{f' --encoder {self.encoder}' if self.encoder else ''}"


def search(studio: StudioFolder, asked: Asked, progress: Progress, *, dry_run: bool = False) -> DuplicateSummary:
    """Search so, decide and remember how; `dry_run` only searches. What is raised: see `find_duplicates`."""
    from ganvas.curate.alike import alike_by_features
    from ganvas.encode import encoder

    pairs = NO_PAIRS
    if asked.alike is not None:
        pairs = alike_by_features(studio, asked.alike, encoder(asked.encoder), progress)
    if dry_run:
        return find_duplicates(studio, asked.radius, progress, alike=pairs)
    found = decide_duplicates(studio, asked.radius, progress, alike=pairs)
    write_whole(studio.root / FILE, (asked.model_dump_json() + "\n").encode())
    return found


def remembered(studio: StudioFolder) -> Asked:
    """How the last search was asked for; the usual way if there was none, or its file is spoiled."""
    try:
        return Asked.model_validate_json((studio.root / FILE).read_bytes())
    except (OSError, ValidationError):
        return Asked()
