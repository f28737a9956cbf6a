"""Curating: from all pictures that were found to frozen, packed sets. `make_set(studio, "fronts")` makes one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganvas.curate.cleaning import Cleaned, clean
    from ganvas.curate.make import make_set
    from ganvas.curate.plan import plan_set
    from ganvas.curate.sets import delete_set, describe_set, existing_set

__all__ = ["Cleaned", "clean", "delete_set", "describe_set", "existing_set", "make_set", "plan_set"]


def __getattr__(name: str) -> Any:
    # Late: the worker program lies in this package too, and must start without the catalog and the settings.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ganvas.curate import cleaning, make, plan, sets

    module = {"make_set": make, "plan_set": plan, "clean": cleaning, "Cleaned": cleaning}.get(name, sets)
    return getattr(module, name)
