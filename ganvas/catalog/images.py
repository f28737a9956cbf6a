"""Images and the items they belong to: what a source found, what is there to work with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, func, not_, select, update

from ganvas.catalog.columns import as_given, storable
from ganvas.catalog.database import CHUNK, Database
from ganvas.catalog.records import FoundPicture, ImageRow, now
from ganvas.catalog.schema import Decision, Image, Item, ItemImage
from ganvas.errors import CatalogError

T = TypeVar("T")
READ, TEACH = "read", "teach"
STAGES = (READ, "pack", "clean", TEACH, "density")  # in this order: none builds on what a later one says
PERSON = "person"  # the stage of what somebody said of an image, by the one rule of that name
UNREADABLE = "unreadable"
PICTURE_FIELDS = ("format", "width", "height", "mode", "frames")
IMAGE_FIELDS = ("id", "sha256", *PICTURE_FIELDS, "bytes")
ITEM_FIELDS = ("label", "split", "title", "artist", "licence", "attribution", "details")


class ImageQueries(Database):
    """What of a Catalog concerns images and items."""

    def add_found(self, pictures: Sequence[FoundPicture]) -> int:
        """Record pictures, their items and, for those that cannot be read, why. Returns how many images were new.

        One transaction; recording the same again changes nothing. An item found again with other words takes those.
        """
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            return sum(self._add_chunk(connection, chunk) for chunk in chunks(pictures))

    def known_keys(self, source: str) -> set[str]:
        """The keys of this source's items that are recorded already."""
        with self.session() as connection:
            return {as_given(key) for key in connection.scalars(select(Item.key).where(Item.source == source))}

    def images(self, kept: bool = True, but_for: tuple[str, str] | None = None) -> list[ImageRow]:
        """Every readable image in the order of finding; `kept`: without the dropped ones, what the rule `but_for`
        (stage, name) says left aside.
        """
        query = select(*(getattr(Image, name) for name in IMAGE_FIELDS))
        query = query.where(Image.width.is_not(None)).order_by(Image.id)
        if kept:
            query = query.where(is_kept(said_by(*but_for) if but_for else None))
        with self.session() as connection:
            labels = _first_of_each(connection, "label")
            splits = _first_of_each(connection, "split")
            rows = connection.execute(query)
            return [ImageRow(**row._mapping, label=labels.get(row.id), split=splits.get(row.id)) for row in rows]

    def count_images(self, kept: bool = False) -> int:
        """How many readable images there are, dropped ones included; `kept`: without them."""
        query = select(func.count()).select_from(Image).where(Image.width.is_not(None))
        with self.session() as connection:
            return connection.scalar(query.where(is_kept()) if kept else query) or 0

    def label_conflicts(self) -> set[str]:
        """The hashes of images whose items carry different labels."""
        query = (
            select(Image.sha256)
            .join(ItemImage, ItemImage.image_id == Image.id)
            .join(Item, Item.id == ItemImage.item_id)
            .group_by(Image.sha256)
            .having(func.count(Item.label.distinct()) > 1)
        )
        with self.session() as connection:
            return set(connection.scalars(query))

    def _add_chunk(self, connection: Connection, pictures: Sequence[FoundPicture]) -> int:
        new = insert_images(self, connection, pictures)
        ids = image_ids(connection, {picture.sha256 for picture in pictures})
        items = self._upsert_items(connection, pictures)
        links = {
            (items[storable(picture.source), storable(picture.key)], ids[picture.sha256]): picture.position
            for picture in pictures
        }
        connection.execute(
            self.insert(ItemImage).on_conflict_do_nothing(),
            [{"item_id": item, "image_id": image, "position": position} for (item, image), position in links.items()],
        )
        self._note_unreadable(connection, pictures, ids)
        return new

    def _upsert_items(self, connection: Connection, pictures: Sequence[FoundPicture]) -> dict[tuple[str, str], int]:
        added_at = now()
        rows = {(storable(picture.source), storable(picture.key)): picture for picture in pictures}
        statement = self.insert(Item)
        statement = statement.on_conflict_do_update(
            index_elements=["source", "key"], set_={name: statement.excluded[name] for name in ITEM_FIELDS}
        ).returning(Item.source, Item.key, Item.id)
        values = [
            {"source": source, "key": key, "added_at": added_at}
            | {name: getattr(picture, name) for name in ITEM_FIELDS}
            for (source, key), picture in rows.items()
        ]
        return {(source, key): id for source, key, id in connection.execute(statement, values)}

    def _note_unreadable(self, connection: Connection, pictures: Sequence[FoundPicture], ids: dict[str, int]) -> None:
        decided_at = now()
        rows = [
            {
                "image_id": ids[picture.sha256],
                "stage": READ,
                "rule": UNREADABLE,
                "score": None,
                "keep": False,
                "reason": picture.unreadable,
                "decided_at": decided_at,
            }
            for picture in pictures
            if picture.unreadable is not None
        ]
        if rows:
            connection.execute(self.insert(Decision).on_conflict_do_nothing(), rows)


def insert_images(database: Database, connection: Connection, pictures: Sequence[FoundPicture]) -> int:
    """Images that are not there yet; what could not be read before and now can is mended. Returns how many are new."""
    rows = {picture.sha256: _image_values(picture) for picture in pictures}
    statement = database.insert(Image).on_conflict_do_nothing(index_elements=["sha256"]).returning(Image.sha256)
    new = set(connection.scalars(statement, list(rows.values())))
    known = [sha256 for sha256, row in rows.items() if sha256 not in new and row["width"] is not None]
    unread = select(Image.sha256).where(Image.sha256.in_(known), Image.width.is_(None))
    for sha256 in connection.scalars(unread).all() if known else ():
        _now_readable(connection, rows[sha256])
    return len(new)


def standing_drop() -> Any:
    """The condition on a decision that drops its image and was not undone."""
    return Decision.keep.is_(False) & Decision.undone.is_(False)


def is_kept(but_for: Any = None) -> Any:
    """The condition on an image that no standing decision drops; a person's word stands above every rule's.

    `but_for`, a condition on decisions: as if those had not been taken.
    """
    person = (Decision.stage == PERSON) & Decision.undone.is_(False)
    dropped = select(Decision.image_id).where(standing_drop(), Decision.stage != PERSON)
    if but_for is not None:
        dropped = dropped.where(not_(but_for))
    kept_by_person = select(Decision.image_id).where(person, Decision.keep.is_(True))
    dropped_by_person = select(Decision.image_id).where(person, Decision.keep.is_(False))
    return Image.id.not_in(dropped_by_person) & (Image.id.not_in(dropped) | Image.id.in_(kept_by_person))


def said_by(stage: str, rule: str) -> Any:
    """The condition on decisions that this rule took."""
    return (Decision.stage == stage) & (Decision.rule == rule)


def said_by_or_after(stage: str, rule: str) -> Any:
    """The condition on decisions that this rule must not build on: its own, other lessons', those of later stages."""
    later = list(STAGES[STAGES.index(stage) + 1 :]) if stage in STAGES else []
    apart = [*later, TEACH] if stage == TEACH else later
    return said_by(stage, rule) | Decision.stage.in_(apart)


def image_ids(connection: Connection, sha256s: Iterable[str]) -> dict[str, int]:
    """Hash -> id. Raises CatalogError for a hash that is not in the catalog."""
    wanted = list(sha256s)
    found = known_ids(connection, wanted)
    missing = next((sha256 for sha256 in wanted if sha256 not in found), None)
    if missing is not None:
        raise CatalogError(f"no image {missing} in the catalog: `ganvas add` its source again")
    return found


def known_ids(connection: Connection, sha256s: Iterable[str]) -> dict[str, int]:
    """Hash -> id of those that are in the catalog."""
    found: dict[str, int] = {}
    for chunk in chunks(list(sha256s)):
        rows = connection.execute(select(Image.sha256, Image.id).where(Image.sha256.in_(chunk)))
        found.update((sha256, id) for sha256, id in rows)
    return found


def chunks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """The rows, as many at a time as one statement may take."""
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def _image_values(picture: FoundPicture) -> dict[str, Any]:
    seen = picture.unreadable is None
    values: dict[str, Any] = {name: getattr(picture, name) if seen else None for name in PICTURE_FIELDS}
    return values | {"sha256": picture.sha256, "bytes": picture.bytes, "format": picture.format, "added_at": now()}


def _now_readable(connection: Connection, row: dict[str, Any]) -> None:
    # an older ganvas, or a machine short of memory, may have failed where this one did not
    fields = {name: row[name] for name in PICTURE_FIELDS}
    mended = update(Image).where(Image.sha256 == row["sha256"]).values(fields).returning(Image.id)
    refusal = update(Decision).where(Decision.stage == READ, Decision.rule == UNREADABLE).values(undone=True)
    connection.execute(refusal.where(Decision.image_id == connection.scalar(mended)))


def _first_of_each(connection: Connection, field: str) -> dict[int, str]:
    column = getattr(Item, field)
    query = (
        select(ItemImage.image_id, column)
        .join(Item, Item.id == ItemImage.item_id)
        .where(column.is_not(None))
        .order_by(Item.id.desc())
    )
    return dict(connection.execute(query).all())
