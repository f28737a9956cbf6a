"""GanvasError and its kin: every message says what was wrong, where, and what to do next, in one line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class GanvasError(Exception):
    """What a person can mend. The command line prints it as one line and exits with 1."""


class InputError(GanvasError):
    """A file, folder or argument that cannot be used."""


class SettingsError(GanvasError):
    """A setting that does not exist or has a value it cannot have."""


class CatalogError(GanvasError):
    """A catalog that is locked, damaged, or written by another version."""


class CatalogBusy(CatalogError):
    """A catalog that another process holds, or whose server is away: it may be there again in a while."""


class MissingExtra(GanvasError):
    """A feature whose packages are not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs packages that are not installed: pip install 'ganvas[{extra}]'")


class TrainingStopped(GanvasError):
    """Training that an alarm ended; the run keeps its last good checkpoint."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """' Did you mean X?' with the nearest known name, or the known names where they are few, or nothing."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f" Did you mean {close[0]}?"
    return f" There is: {', '.join(names)}." if 0 < len(names) <= 12 else ""
