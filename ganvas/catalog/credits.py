"""Whom the pictures of a set are owed to: `catalog.credits_of("vases")`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from ganvas.catalog.database import Database
from ganvas.catalog.schema import Image, Item, ItemImage, Membership, Set

FIELDS = ("source", "key", "title", "artist", "attribution", "licence", "link")


@dataclass(frozen=True)
class CreditRow:
    """What one item says of one picture of a set."""

    position: int
    sha256: str
    source: str
    key: str
    title: str | None
    artist: str | None
    attribution: str | None
    licence: str | None
    link: str | None


class CreditQueries(Database):
    """What of a Catalog concerns attribution."""

    def credits_of(self, set_name: str) -> list[CreditRow]:
        """A row for each item of each picture, pictures in the set's order, items in that of finding.

        None where there is no such set.
        """
        query = (
            select(Membership.position, Image.sha256, *(getattr(Item, name) for name in FIELDS))
            .join(Set, Set.id == Membership.set_id)
            .join(Image, Image.id == Membership.image_id)
            .join(ItemImage, ItemImage.image_id == Image.id)
            .join(Item, Item.id == ItemImage.item_id)
            .where(Set.name == set_name)
            .order_by(Membership.position, Item.id)
        )
        with self.session() as connection:
            return [CreditRow(*row) for row in connection.execute(query)]
