"""Which images an expression chooses: `catalog.matching("title ilike '%vase%' and aspect < 1")`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, exists, literal_column, select

from ganvas.catalog.conditions import condition
from ganvas.catalog.database import Database
from ganvas.catalog.expression import Name, Node, parse, parse_name, top_terms
from ganvas.catalog.names import Found, Names
from ganvas.catalog.schema import ClusterMember, Image, Inspection, Item, ItemImage
from ganvas.errors import InputError


class SelectionQueries(Database):
    """What of a Catalog concerns expressions. Their language: expression.py; their names: names.py."""

    def matching(self, expression: str) -> set[int]:
        """The ids of the readable images, dropped ones too, that the expression holds for.

        It is asked of an image together with each of its items: an image matches if it does with any of them.
        Raises InputError, one line with the place, for an expression that cannot be.
        """
        tree = parse(expression)
        with self.session() as connection:
            return _matching(connection, tree, expression, Names(connection))

    def matching_terms(self, expression: str) -> list[tuple[str, set[int]]]:
        """Each of the terms that `and` joins at the top, with the ids of the images it alone holds for."""
        terms = top_terms(parse(expression))
        with self.session() as connection:
            names = Names(connection)
            return [(expression[term.at : term.end], _matching(connection, term, expression, names)) for term in terms]

    def values(self, field: str) -> dict[int, str]:
        """Image id -> the value of a field as text, of the first of its items that has one: what `--labels` asks.

        A column of images or items, `cluster`, or a field of metadata; a list counts by its first element. What is
        empty is left out. Raises InputError for an unknown field and for scores.
        """
        with self.session() as connection:
            names = Names(connection)
            found = self._found(field, names)
            if found.where == "cluster":
                return _cluster_labels(connection, names, found)
            if found.where in ("metadata", "thumbnail"):
                return _metadata_values(connection, found.path)
            if found.where == "museum":
                return _museum_values(connection, found)
            if found.where == "image" and found.path[0] not in ("aspect", "pixels"):
                query = select(Image.id, getattr(Image, found.path[0]))
            elif found.where == "item":
                query = _items(getattr(Item, found.path[0]))
            else:
                raise InputError(f"--labels {field} cannot be: a label is a column, a field of metadata or cluster")
            return {id: label for id, value in connection.execute(query) if (label := _label(value))}

    def _found(self, field: str, names: Names) -> Found:
        if (field,) in names.sampled_paths and not field.isidentifier():
            return Found("metadata", (field,))  # a field with spaces, written as it is
        name: Name = parse_name(field)
        try:
            return names.find(name, field)
        except InputError as error:
            raise InputError(str(error).replace("--where", "--labels", 1)) from error


def _matching(connection: Connection, tree: Node, text: str, names: Names) -> set[int]:
    # correlated, so that only what the images' own columns leave is looked up among the items
    item: Select[Any] = (
        select(literal_column("1"))
        .select_from(ItemImage)
        .join(Item, Item.id == ItemImage.item_id)
        .where(ItemImage.image_id == Image.id, condition(tree, text, names))
        .correlate(Image, Inspection)
    )
    query = (
        select(Image.id)
        .outerjoin(Inspection, Inspection.image_id == Image.id)
        .where(Image.width.is_not(None), exists(item))
    )
    return set(connection.scalars(query))


def _items(*columns: Any) -> Any:
    """Of the last item first, so that the first one's value is what stays."""
    query = select(ItemImage.image_id, *columns).join(Item, Item.id == ItemImage.item_id)
    return query.order_by(Item.id.desc())


def _metadata_values(connection: Connection, path: tuple[str, ...]) -> dict[int, str]:
    values = {}
    for id, details in connection.execute(_items(Item.details).execution_options(yield_per=1000)):
        if label := _label(_at(details, path)):
            values[id] = label
    return values


def _museum_values(connection: Connection, found: Found) -> dict[int, str]:
    values: dict[int, str] = {}
    for path in reversed(found.beside):
        values |= _metadata_values(connection, path)
    rows = connection.execute(_items(getattr(Item, found.path[0])))
    return values | {id: label for id, value in rows if (label := _label(value))}


def _at(value: Any, path: tuple[str, ...]) -> Any:
    """What lies at a path; of a list on the way, what lies there in its objects."""
    if not path:
        return value
    if isinstance(value, list):
        return [_at(element, path) for element in value if isinstance(element, dict)]
    return _at(value.get(path[0]), path[1:]) if isinstance(value, dict) else None


def _cluster_labels(connection: Connection, names: Names, found: Found) -> dict[int, str]:
    id, numbers = names.clusterings[found.path[0] if found.path else list(names.clusterings)[-1]]
    called = {number: name for name, those in numbers.items() for number in those}
    query = select(ClusterMember.image_id, ClusterMember.cluster).where(ClusterMember.clustering_id == id)
    return {image: called.get(cluster, f"cluster {cluster}") for image, cluster in connection.execute(query)}


def _label(value: Any) -> str | None:
    if isinstance(value, list):
        return next((label for label in map(_label, value) if label), None)
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(str(value).split()) or None if isinstance(value, str | int | float) else None
