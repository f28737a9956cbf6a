"""Finding one image by what a person calls it, and what is known of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select

from ganvas.catalog.columns import storable
from ganvas.catalog.database import Database
from ganvas.catalog.images import ITEM_FIELDS
from ganvas.catalog.records import ItemRow
from ganvas.catalog.schema import Image, Item, ItemImage

MEMBER_ENDS = ("#", "=")  # what may follow a member's name in a key: its stamp, its label
IMAGE_FACTS = ("sha256", "format", "width", "height", "mode", "frames", "bytes", "added_at")


class FindingQueries(Database):
    """What of a Catalog concerns single images."""

    def hashes_beginning(self, prefix: str, at_most: int = 3) -> list[str]:
        """The hashes that begin so, a few of them; unreadable images too."""
        query = select(Image.sha256).where(Image.sha256.startswith(prefix, autoescape=True))
        with self.session() as connection:
            return list(connection.scalars(query.order_by(Image.sha256).limit(at_most)))

    def hashes_called(self, name: str) -> list[str]:
        """The images whose item has this title or key, or whose file has this name or path (its end will do)."""
        wanted = storable(name)
        places = [Item.key.contains(f"{mark}{wanted}", autoescape=True) for mark in ("!", "/")]
        query = (
            select(Image.sha256, Item.key, Item.title)
            .join(ItemImage, ItemImage.image_id == Image.id)
            .join(Item, Item.id == ItemImage.item_id)
            .where(or_(Item.title == wanted, Item.key == wanted, *places))
            .order_by(Image.id)
        )
        with self.session() as connection:
            rows = connection.execute(query).all()
        exact = [sha256 for sha256, key, title in rows if wanted in (title, key) or _is_called(key, wanted)]
        return list(dict.fromkeys(exact))

    def names(self, at_most: int) -> list[str]:
        """Some titles and file names that images go by, for saying what is near a wrong one."""
        query = select(Item.key, Item.title).order_by(Item.id.desc()).limit(at_most)
        with self.session() as connection:
            rows = connection.execute(query).all()
        return sorted({title or _member(key).rpartition("/")[2] for key, title in rows})

    def image_facts(self, sha256: str) -> dict[str, Any]:
        """The row of one image that is in the catalog, readable or not."""
        query = select(*(getattr(Image, name) for name in IMAGE_FACTS)).where(Image.sha256 == sha256)
        with self.session() as connection:
            return dict(connection.execute(query).one()._mapping)

    def items_of(self, sha256: str) -> list[ItemRow]:
        """The items an image belongs to, in the order of finding."""
        query = (
            select(Item.source, Item.key, *(getattr(Item, name) for name in ITEM_FIELDS))
            .join(ItemImage, ItemImage.item_id == Item.id)
            .join(Image, Image.id == ItemImage.image_id)
            .where(Image.sha256 == sha256)
            .order_by(Item.id)
        )
        with self.session() as connection:
            return [ItemRow(**row._mapping) for row in connection.execute(query)]


def _is_called(key: str, name: str) -> bool:
    """Whether the key's member is this name or ends in it at a slash. SQLite's LIKE takes A for a, so both look."""
    _, _, rest = key.partition("!")
    for mark, within in (("!", key), ("/", rest)):
        _, found, after = within.rpartition(mark + name)
        if found and (not after or after[0] in MEMBER_ENDS):
            return True
    return False


def _member(key: str) -> str:
    member = key.partition("!")[2] or key
    return min((member.partition(end)[0] for end in MEMBER_ENDS), key=len)
