"""Perceptual hashes of images, and which images show the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, func, insert, select

from ganvas.catalog.database import Database
from ganvas.catalog.images import PERSON, chunks, is_kept
from ganvas.catalog.records import HashedRow
from ganvas.catalog.schema import Decision, Duplicate, Image, Inspection

DECIDED_BY = CLEAN, DUPLICATE = "clean", "duplicate"  # stage and rule of who goes because another shows the same


class DuplicateQueries(Database):
    """What of a Catalog concerns duplicates."""

    def hashes(self) -> list[tuple[int, int]]:
        """(id, perceptual hash) of every image that nothing before the search drops, in the order of finding."""
        query = select(Image.id, Inspection.phash).join(Inspection, Inspection.image_id == Image.id)
        query = query.where(
            Inspection.phash.is_not(None), Image.width.is_not(None), is_kept(but_for=DECIDED_BY)
        ).order_by(Image.id)
        with self.session() as connection:
            return [(row.id, row.phash) for row in connection.execute(query)]

    def count_not_inspected(self) -> int:
        """How many of the images that nothing before the search drops nobody has measured yet."""
        query = select(func.count()).select_from(Image).where(Image.width.is_not(None), is_kept(but_for=DECIDED_BY))
        with self.session() as connection:
            return connection.scalar(query.where(Image.id.not_in(select(Inspection.image_id)))) or 0

    def hashed_images(self, ids: Sequence[int]) -> list[HashedRow]:
        """What decides who stays, of the inspected images with these ids, in their order."""
        query = select(Image.id, Image.sha256, Image.width, Image.height, Image.bytes, Inspection.measures)
        query = query.join(Inspection, Inspection.image_id == Image.id)
        said = select(Decision.image_id).where(
            Decision.stage == PERSON, Decision.keep.is_(True), Decision.undone.is_(False)
        )
        found: dict[int, HashedRow] = {}
        with self.session() as connection:
            kept = set(connection.scalars(said))
            for chunk in chunks(ids):
                for row in connection.execute(query.where(Image.id.in_(chunk))):
                    found[row.id] = HashedRow(**row._mapping, kept_by_person=row.id in kept)
        return [found[id] for id in ids]

    def save_groups(self, groups: Mapping[int, int]) -> None:
        """Record image id -> group for all that are duplicates of one another, in place of all groups before."""
        rows = [{"image_id": image, "group_id": group} for image, group in groups.items()]
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            connection.execute(delete(Duplicate))
            for chunk in chunks(rows):
                connection.execute(insert(Duplicate), chunk)

    def duplicate_groups(self) -> dict[str, int]:
        """The group of every image that has duplicates, by its hash, whether it stays or not."""
        query = select(Image.sha256, Duplicate.group_id).join(Image, Image.id == Duplicate.image_id).order_by(Image.id)
        with self.session() as connection:
            return dict(connection.execute(query).all())
