"""Inspections: what was measured of each image, by which version of the measures."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from ganvas.catalog.database import Database
from ganvas.catalog.images import chunks, image_ids
from ganvas.catalog.records import InspectionRow, now
from ganvas.catalog.schema import Decision, Image, Inspection

FIELDS = ("version", "phash", "measures", "trim")
Box = tuple[int, int, int, int]


class InspectionQueries(Database):
    """What of a Catalog concerns measures."""

    def save_inspections(self, rows: Sequence[InspectionRow]) -> None:
        """Record what was measured; it replaces what was measured of the same images before."""
        inspected_at = now()
        statement = self.insert(Inspection)
        statement = statement.on_conflict_do_update(
            index_elements=["image_id"],
            set_={name: statement.excluded[name] for name in (*FIELDS, "inspected_at")},
        )
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            ids = image_ids(connection, [row.sha256 for row in rows])
            for chunk in chunks(rows):
                values = [
                    {"image_id": ids[row.sha256], "inspected_at": inspected_at}
                    | {name: getattr(row, name) for name in FIELDS}
                    for row in chunk
                ]
                connection.execute(statement, values)

    def inspections(self, version: str) -> list[InspectionRow]:
        """What this version measured of readable images, dropped ones included, in the order of finding."""
        query = (
            select(Image.sha256, *(getattr(Inspection, name) for name in FIELDS))
            .join(Inspection, Inspection.image_id == Image.id)
            .where(Inspection.version == version, Image.width.is_not(None))
            .order_by(Image.id)
        )
        with self.session() as connection:
            return [
                InspectionRow(sha256, version, phash, measures, _box(trim) if trim else None)
                for sha256, version, phash, measures, trim in connection.execute(query)
            ]

    def inspection(self, sha256: str) -> InspectionRow | None:
        """What was measured of one image last, by whatever version."""
        query = select(*(getattr(Inspection, name) for name in FIELDS))
        query = query.join(Image, Image.id == Inspection.image_id).where(Image.sha256 == sha256)
        with self.session() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return InspectionRow(sha256, row.version, row.phash, row.measures, _box(row.trim) if row.trim else None)

    def not_inspected(self, version: str) -> list[tuple[str, int]]:
        """(sha256, bytes) of the readable images that this version has not measured, in the order of finding."""
        measured = select(Inspection.image_id).where(Inspection.version == version)
        query = select(Image.sha256, Image.bytes).where(Image.width.is_not(None), Image.id.not_in(measured))
        with self.session() as connection:
            return [(sha256, size) for sha256, size in connection.execute(query.order_by(Image.id))]

    def count_unreadable(self) -> int:
        """How many images could not be read when they were added."""
        with self.session() as connection:
            return connection.scalar(select(func.count()).select_from(Image).where(Image.width.is_(None))) or 0

    def trims(self, stage: str, rule: str) -> dict[str, Box]:
        """Hash -> the box inside its border, for the images of which this rule's standing decision says to trim it."""
        query = (
            select(Image.sha256, Inspection.trim)
            .join(Inspection, Inspection.image_id == Image.id)
            .join(Decision, Decision.image_id == Image.id)
            .where(Decision.stage == stage, Decision.rule == rule, Decision.keep.is_(True))
            .where(Decision.undone.is_(False), Inspection.trim.is_not(None))
        )
        with self.session() as connection:
            return {sha256: _box(trim) for sha256, trim in connection.execute(query) if trim}


def _box(sides: Sequence[int]) -> Box:
    left, top, right, bottom = sides
    return left, top, right, bottom
