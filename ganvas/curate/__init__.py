"""Curating: from all pictures that were found to frozen, packed sets. `make_set(studio, "fronts")` makes one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganvas.curate.cleaning import Cleaned, clean
    from ganvas.curate.export import export_set
    from ganvas.curate.make import make_set
    from ganvas.curate.plan import make_plan, planned_facts
    from ganvas.curate.preview import preview_planned
    from ganvas.curate.renew import renew_set
    from ganvas.curate.sets import check_recipe, delete_set, describe_set

__all__ = [
    "Cleaned",
    "check_recipe",
    "clean",
    "delete_set",
    "describe_set",
    "export_set",
    "make_plan",
    "make_set",
    "planned_facts",
    "preview_planned",
    "renew_set",
]
MODULES = {
    "Cleaned": "cleaning",
    "clean": "cleaning",
    "export_set": "export",
    "make_plan": "plan",
    "make_set": "make",
    "planned_facts": "plan",
    "preview_planned": "preview",
    "renew_set": "renew",
}


def __getattr__(name: str) -> Any:
    # Late: the worker program lies in this package too, and must start without the catalog and the settings.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"ganvas.curate.{MODULES.get(name, 'sets')}"), name)
