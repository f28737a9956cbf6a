"""Sets and which images are in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, delete, insert, select

from ganvas.catalog.database import Database
from ganvas.catalog.images import chunks, image_ids
from ganvas.catalog.records import MemberRow, OriginRow, SetRow
from ganvas.catalog.schema import Image, Item, ItemImage, Membership, Set
from ganvas.errors import CatalogError, InputError, did_you_mean

FIELDS = ("name", "height", "width", "channels", "count", "labels", "recipe", "fingerprint", "made_at")


class SetQueries(Database):
    """What of a Catalog concerns sets."""

    def add_set(self, row: SetRow, members: Sequence[MemberRow]) -> None:
        """Record a set with its members, all or nothing. Raises CatalogError where the name is taken."""
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            if connection.scalar(select(Set.id).where(Set.name == row.name)) is not None:
                raise CatalogError(f"catalog {self} has a set {row.name} already: choose another name")
            values = {name: getattr(row, name) for name in FIELDS}
            set_id = connection.scalar(insert(Set).values(values).returning(Set.id))
            ids = image_ids(connection, dict.fromkeys(member.sha256 for member in members))
            for chunk in chunks(members):
                rows = [
                    {
                        "set_id": set_id,
                        "position": member.position,
                        "image_id": ids[member.sha256],
                        "label": member.label,
                        "split": member.split,
                    }
                    for member in chunk
                ]
                connection.execute(insert(Membership), rows)

    def sets(self) -> list[SetRow]:
        """Every set, oldest first."""
        with self.session() as connection:
            return [SetRow(*row) for row in connection.execute(_sets().order_by(Set.id))]

    def set_named(self, name: str) -> SetRow | None:
        """The set with this name, or None."""
        with self.session() as connection:
            row = connection.execute(_sets().where(Set.name == name)).one_or_none()
            return None if row is None else SetRow(*row)

    def existing_set(self, name: str) -> SetRow:
        """The set with this name. Raises InputError with the nearest name where there is none."""
        row = self.set_named(name)
        if row is None:
            known = [row.name for row in self.sets()]
            more = did_you_mean(name, known) if known else " Make one with `ganvas set make NAME`."
            raise InputError(f"no set called {name!r}.{more}")
        return row

    def members(self, name: str) -> list[MemberRow]:
        """A set's members in the order of its packed array; none where there is no such set."""
        query = (
            select(Membership.position, Image.sha256, Membership.label, Membership.split)
            .join(Image, Image.id == Membership.image_id)
            .join(Set, Set.id == Membership.set_id)
            .where(Set.name == name)
            .order_by(Membership.position)
        )
        with self.session() as connection:
            return [MemberRow(*row) for row in connection.execute(query)]

    def origins(self, name: str) -> dict[str, OriginRow]:
        """Hash -> where each picture of a set comes from: its first item's words, and its original's format."""
        fields = (getattr(Item, field) for field in ("title", "artist", "licence", "attribution", "source", "key"))
        query = (
            select(Image.sha256, Image.format, *fields)
            .join(Membership, Membership.image_id == Image.id)
            .join(Set, Set.id == Membership.set_id)
            .join(ItemImage, ItemImage.image_id == Image.id)
            .join(Item, Item.id == ItemImage.item_id)
            .where(Set.name == name)
            .order_by(Item.id.desc())
        )
        with self.session() as connection:
            return {sha256: OriginRow(*row) for sha256, *row in connection.execute(query)}

    def delete_set(self, name: str) -> None:
        """Forget a set. Its images and the runs trained on it stay."""
        with self.session(write=True) as connection:
            connection.execute(delete(Set).where(Set.name == name))


def _sets() -> Select[Any]:
    return select(*(getattr(Set, name) for name in FIELDS))
