"""Perceptual hashes of images, and which images show the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, func, insert, select

from ganvas.catalog.decisions import DecisionQueries, Verdict
from ganvas.catalog.images import PERSON, chunks, image_ids, is_kept, said_by_or_after
from ganvas.catalog.records import HashedRow
from ganvas.catalog.schema import Decision, Duplicate, Image, Inspection

DECIDED_BY = CLEAN, DUPLICATE = "clean", "duplicate"  # stage and rule of who goes because another shows the same


class DuplicateQueries(DecisionQueries):
    """What of a Catalog concerns duplicates."""

    def hashes(self) -> list[tuple[int, int]]:
        """(id, perceptual hash) of every image that nothing before the search drops, in the order of finding."""
        query = select(Image.id, Inspection.phash).join(Inspection, Inspection.image_id == Image.id)
        query = query.where(
            Inspection.phash.is_not(None), Image.width.is_not(None), is_kept(said_by_or_after(*DECIDED_BY))
        ).order_by(Image.id)
        with self.session() as connection:
            return [(row.id, row.phash) for row in connection.execute(query)]

    def count_not_inspected(self) -> int:
        """How many of the images that nothing before the search drops nobody has measured yet."""
        query = (
            select(func.count())
            .select_from(Image)
            .where(Image.width.is_not(None), is_kept(said_by_or_after(*DECIDED_BY)))
        )
        with self.session() as connection:
            return connection.scalar(query.where(Image.id.not_in(select(Inspection.image_id)))) or 0

    def inspected(self) -> set[str]:
        """The hashes of the images that somebody measured, by whatever version."""
        query = select(Image.sha256).join(Inspection, Inspection.image_id == Image.id)
        with self.session() as connection:
            return set(connection.scalars(query))

    def hashed_images(self, ids: Sequence[int]) -> list[HashedRow]:
        """What decides who stays, of the inspected images with these ids, in their order."""
        query = select(Image.id, Image.sha256, Image.width, Image.height, Image.bytes)
        query = query.add_columns(Inspection.measures, Inspection.trim)
        query = query.join(Inspection, Inspection.image_id == Image.id)
        said = select(Decision.image_id).where(
            Decision.stage == PERSON, Decision.keep.is_(True), Decision.undone.is_(False)
        )
        found: dict[int, HashedRow] = {}
        with self.session() as connection:
            kept = set(connection.scalars(said))
            for chunk in chunks(ids):
                for row in connection.execute(query.where(Image.id.in_(chunk))):
                    said_of = dict(row._mapping)
                    said_of["trim"] = tuple(said_of["trim"]) if said_of["trim"] else None
                    found[row.id] = HashedRow(**said_of, kept_by_person=row.id in kept)
        return [found[id] for id in ids]

    def decide_duplicates(
        self, groups: Mapping[int, int], verdicts: Sequence[Verdict], *, standing: Collection[str] = ()
    ) -> None:
        """Record image id -> group for all that show the same, and who goes of them, in place of all said before.

        What was said of the images with the hashes `standing` is left as it is. All or nothing.
        """
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            left = set(image_ids(connection, standing).values())
            gone = [id for id in connection.scalars(select(Duplicate.image_id)) if id not in left]
            for ids in chunks(gone):
                connection.execute(delete(Duplicate).where(Duplicate.image_id.in_(ids)))
            rows = [{"image_id": image, "group_id": group} for image, group in groups.items() if image not in left]
            for chunk in chunks(rows):
                connection.execute(insert(Duplicate), chunk)
            self._decide_anew(connection, CLEAN, DUPLICATE, verdicts, left)

    def duplicate_groups(self) -> dict[str, int]:
        """The group of every image that has duplicates, by its hash, whether it stays or not."""
        query = select(Image.sha256, Duplicate.group_id).join(Image, Image.id == Duplicate.image_id).order_by(Image.id)
        with self.session() as connection:
            return dict(connection.execute(query).all())
