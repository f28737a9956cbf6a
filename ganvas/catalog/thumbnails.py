"""Which items show a thumbnail where the original could not be had: {"thumbnail": true} in their details.

What a forgotten collection had is known by the mark alone: with it, a picture that no fetch gave is a thumbnail until
an original is had; without it, an original.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, String, cast, select, update

from ganvas.catalog.fetch_records import DONE
from ganvas.catalog.images import chunks
from ganvas.catalog.schema import Fetch, Image, Item, ItemFetch, ItemImage

MARK = "thumbnail"


def mark_thumbnails(connection: Connection, items: Iterable[int], were_marked: Iterable[int] = ()) -> None:
    """Set the mark of these items, or take it away. `were_marked`: before what is said of them was written anew."""
    for chunk in chunks(sorted(set(items))):
        before = marked(connection, Item.id.in_(chunk)) | set(were_marked).intersection(chunk)
        thumbs = _thumbs(connection, chunk)
        _add(thumbs, _unexplained(connection, before) if before else {})
        had = originals(connection, thumbs.keys(), before) if thumbs else {}
        shown = {item for item, places in thumbs.items() if places - had.get(item, set())}
        _write(connection, thumbs.keys(), shown)


def marked(connection: Connection, condition: Any) -> set[int]:
    """Those of the items that have the mark."""
    about = cast(Item.details, String).contains(f'"{MARK}"')
    rows = connection.execute(select(Item.id, Item.details).where(condition, about))
    return {id for id, details in rows if details.get(MARK) is True}


def originals(connection: Connection, items: Iterable[int], marked: set[int]) -> dict[int, set[int]]:
    """Item -> positions at which the original was had; `marked`: those of the items that have the mark."""
    had = _places(connection, _done(items).where(Fetch.stand_in_for.is_(None)))
    _add(had, _unexplained(connection, set(items) - marked))
    return had


def _thumbs(connection: Connection, items: Iterable[int]) -> dict[int, set[int]]:
    """Item -> positions at which it has a thumbnail."""
    image_of = (Image, Image.sha256 == Fetch.sha256)
    has_it = (ItemImage.item_id == ItemFetch.item_id) & (ItemImage.image_id == Image.id)
    query = _done(items).where(Fetch.stand_in_for.is_not(None)).join(*image_of).join(ItemImage, has_it)
    return _places(connection, query)


def _unexplained(connection: Connection, items: Iterable[int]) -> dict[int, set[int]]:
    """Item -> positions at which it has a picture that no fetch gave it."""
    given = _done(items).where(ItemFetch.item_id == ItemImage.item_id, Fetch.sha256 == Image.sha256).exists()
    query = select(ItemImage.item_id, ItemImage.position).join(Image, Image.id == ItemImage.image_id)
    return _places(connection, query.where(ItemImage.item_id.in_(list(items)), ~given))


def _done(items: Iterable[int]) -> Any:
    query = select(ItemFetch.item_id, ItemFetch.position).join(Fetch, Fetch.id == ItemFetch.fetch_id)
    return query.where(ItemFetch.item_id.in_(list(items)), Fetch.state == DONE)


def _places(connection: Connection, query: Any) -> dict[int, set[int]]:
    places: dict[int, set[int]] = {}
    for item, position in connection.execute(query):
        places.setdefault(item, set()).add(position)
    return places


def _add(places: dict[int, set[int]], more: dict[int, set[int]]) -> None:
    for item, positions in more.items():
        places.setdefault(item, set()).update(positions)


def _write(connection: Connection, items: Iterable[int], shown: set[int]) -> None:
    rows = connection.execute(select(Item.id, Item.details).where(Item.id.in_(list(items)))).all()
    for id, details in rows:
        if id in shown and details.get(MARK) is not True:
            connection.execute(update(Item).where(Item.id == id).values(details=details | {MARK: True}))
        elif id not in shown and details.get(MARK) is True:
            rest = {key: value for key, value in details.items() if key != MARK}
            connection.execute(update(Item).where(Item.id == id).values(details=rest))
