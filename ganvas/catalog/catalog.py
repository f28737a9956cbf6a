"""`Catalog`: an open database with the queries of every kind of row."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from ganvas.catalog.clusterings import ClusteringQueries
from ganvas.catalog.collections import CollectionQueries
from ganvas.catalog.credits import CreditQueries
from ganvas.catalog.decisions import DecisionQueries
from ganvas.catalog.duplicates import DuplicateQueries
from ganvas.catalog.extent import ExtentQueries
from ganvas.catalog.finding import FindingQueries
from ganvas.catalog.forgetting import ForgettingQueries
from ganvas.catalog.images import ImageQueries
from ganvas.catalog.inspections import InspectionQueries
from ganvas.catalog.queue import QueueQueries
from ganvas.catalog.rerun import RerunQueries
from ganvas.catalog.revisions import bring_up_to_date
from ganvas.catalog.runs import RunQueries
from ganvas.catalog.selection import SelectionQueries
from ganvas.catalog.sets import SetQueries


class Catalog(
    ImageQueries,
    FindingQueries,
    RerunQueries,
    InspectionQueries,
    DuplicateQueries,
    DecisionQueries,
    ClusteringQueries,
    SelectionQueries,
    SetQueries,
    CreditQueries,
    RunQueries,
    CollectionQueries,
    ExtentQueries,
    ForgettingQueries,
    QueueQueries,
):
    """A studio's catalog. Every method is one transaction; every failure of the database is a CatalogError."""

    @classmethod
    def open(cls, where: str | Path, *, patience_s: float = 10.0) -> Self:
        """Open the catalog at an SQLAlchemy address (or an SQLite file's path), making or upgrading its tables.

        Waits `patience_s` for another process's lock. Raises CatalogError where it is locked for longer, damaged,
        something else, out of reach, or made by a newer ganvas.
        """
        catalog = cls(where, patience_s=patience_s)
        try:
            bring_up_to_date(catalog)
        except BaseException:
            catalog.close()
            raise
        return catalog
