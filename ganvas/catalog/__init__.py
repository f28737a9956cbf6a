"""The database of a studio: what was found, what was decided, which sets and runs there are.

`Catalog.open("sqlite:///houses/catalog.db")` makes it where there is none; every method takes and gives plain values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganvas.catalog.records import (
    ClusteringRow,
    ClusterMemberRow,
    DecisionRow,
    FoundPicture,
    HashedRow,
    ImageRow,
    InspectionRow,
    ItemRow,
    MemberRow,
    OriginRow,
    RunRow,
    ScoreRow,
    SetRow,
    TickRow,
)

if TYPE_CHECKING:
    from ganvas.catalog.catalog import Catalog

__all__ = [
    "Catalog",
    "ClusterMemberRow",
    "ClusteringRow",
    "DecisionRow",
    "FoundPicture",
    "HashedRow",
    "ImageRow",
    "InspectionRow",
    "ItemRow",
    "MemberRow",
    "OriginRow",
    "RunRow",
    "ScoreRow",
    "SetRow",
    "TickRow",
]


def __getattr__(name: str) -> object:
    if name == "Catalog":  # late: SQLAlchemy takes longer to import than `ganvas --help` may take
        from ganvas.catalog.catalog import Catalog

        return Catalog
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
