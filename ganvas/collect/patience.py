"""A catalog that is away for a while does not end a night's collection: `patient(progress, catalog.finish, …)`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ganvas.errors import CatalogBusy
from ganvas.progress import Progress

P = ParamSpec("P")
T = TypeVar("T")
PATIENCE_S = 300.0
PAUSE_S = 2.0


def patient(progress: Progress, call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """The call, tried again while the catalog is locked or its server cannot be reached. Raises CatalogBusy at last."""
    begun = time.monotonic()
    told = False
    while True:
        try:
            return call(*arguments, **named)
        except CatalogBusy as error:
            if time.monotonic() - begun > PATIENCE_S:
                raise
            if not told:
                progress.note(f"{error}; waiting for it, {PATIENCE_S / 60:.0f} minutes at most")
                told = True
            time.sleep(PAUSE_S)
