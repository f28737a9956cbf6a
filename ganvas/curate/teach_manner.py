"""How a lesson was last taught, in teach/NAME/manner.json, so that `ganvas teach NAME` alone goes on the same way."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ganvas.encode import LEVELS_ENCODER
from ganvas.errors import InputError
from ganvas.studio import StudioFolder, checked_name
from ganvas.whole import write_whole

FILE = "manner.json"


@dataclass(frozen=True)
class Manner:
    """What looks, by its name and weights, and what becomes of the scores."""

    encoder: str = LEVELS_ENCODER
    weights: str | None = None
    threshold: float = 0.5
    score_only: bool = False


def manner(
    last: Manner, encoder: str | None, weights: str | Path | None, threshold: float | None, score_only: bool
) -> Manner:
    """What is asked for now; the rest as last time. Asking for a threshold asks for dropping, too."""
    if encoder is None and weights is None:
        encoder, weights = last.encoder, last.weights
    drops = threshold is not None
    return Manner(
        encoder or last.encoder,
        None if weights is None else _lasting(weights),
        last.threshold if threshold is None else threshold,
        score_only or (last.score_only and not drops),
    )


def last_manner(studio: StudioFolder, name: str) -> Manner:
    """That of the last lesson of this name; the usual one where there was none. Raises InputError if damaged."""
    path = studio.taught / checked_name("lesson", name) / FILE
    try:
        return Manner(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Manner()
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path} is damaged ({type(error).__name__}): --afresh forgets it") from error


def remember_manner(studio: StudioFolder, name: str, how: Manner) -> None:
    """Write it down for the next lesson."""
    write_whole(studio.taught / name / FILE, json.dumps(asdict(how), indent=1).encode())


def _lasting(weights: str | Path) -> str:
    """A path that means the same from another folder; what is no path here is a name on a hub."""
    return str(Path(weights).absolute() if Path(weights).exists() else weights)
