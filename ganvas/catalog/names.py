"""The names an expression may use in this catalog, and what each stands for: `Names(connection).resolve(name, text)`.

Looked up in this order: 1. width height bytes format mode frames aspect pixels of the image, and kept, dropped_by,
cluster; 2. source key label title licence attribution split of its items; 3. a measure; 4. a rule or a taught word (its
score); 5. what collections say of their objects (artist object_name department culture period date begin_date end_date
medium classification link tags), or where an item says nothing there, the field of its metadata that is called so; 6.
thumbnail, true where an item shows one in place of its original; 7. a field of the items' metadata; `tags.term` also
where tags is a list of objects. `cluster.NAME`, `measure.NAME` and
`score.NAME` name these outright; a name in double quotes is a field of metadata. Case, spaces, - and _ do not matter
where that leaves one field only: object_name finds objectName and "Object Name". What 1, 2, 5 and thumbnail name is
known though no item says it; it then holds for none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    String,
    cast,
    exists,
    false,
    func,
    literal_column,
    select,
    text,
    type_coerce,
)

from ganvas.catalog.expression import Name
from ganvas.catalog.images import is_kept, standing_drop
from ganvas.catalog.schema import Clustering, ClusterMember, Decision, Image, Inspection, Item
from ganvas.catalog.thumbnails import MARK
from ganvas.catalog.tokens import wrong
from ganvas.catalog.values import Condition, Value, column_value, first_of, json_value
from ganvas.catalog.wanted import MUSEUM_TEXTS, MUSEUM_YEARS
from ganvas.errors import did_you_mean

IMAGE_NUMBERS = ("width", "height", "bytes", "frames")
IMAGE_TEXTS = ("format", "mode")
ITEM_TEXTS = ("source", "key", "label", "title", "licence", "attribution", "split")
OWN = (*IMAGE_NUMBERS, "aspect", "pixels", *IMAGE_TEXTS, "kept", "dropped_by", "cluster", *ITEM_TEXTS)
MUSEUM = (*MUSEUM_TEXTS, *MUSEUM_YEARS, "tags")
OUTRIGHT = ("cluster", "measure", "score")
SAMPLE = 500  # rows at either end whose metadata is read for names; all are read before a name is called unknown
ICU = "und-x-icu"
Path = tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """Where a name was found: image, item, kept, dropped_by, cluster, measure, score, museum, thumbnail or metadata.

    `beside`: the fields of metadata that a museum's column comes before.
    """

    where: str
    path: Path
    beside: tuple[Path, ...] = ()


class Names:
    """The names of one catalog, looked up while its connection is open."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.is_sqlite = connection.dialect.name == "sqlite"

    def resolve(self, name: Name, text: str) -> Value:
        """What the name stands for. Raises InputError with its place in the text and the nearest known name."""
        found = self.find(name, text)
        match found.where:
            case "image":
                return _image_value(found.path[0])
            case "item":
                column = getattr(Item, found.path[0])
                return Value(text=column, present=column.is_not(None))
            case "kept":
                return Value(boolean=is_kept(), present=literal_column("1") == literal_column("1"))
            case "dropped_by":
                return _rule_value()
            case "cluster":
                return self._cluster_value(found.path)
            case "measure":
                return json_value(Inspection.measures, found.path, self.is_sqlite)
            case "score":
                return _score_value(found.path[0])
            case "museum":
                return self._museum_value(found)
            case "thumbnail":
                return self._thumbnail_value()
        return json_value(Item.details, found.path, self.is_sqlite)

    def find(self, name: Name, text: str) -> Found:
        """Where the name is found. Raises InputError as `resolve` does."""
        found = None
        if not name.quoted:
            found = self._own(name) or self._outright(name) or self._measured(name) or self._museum(name)
            found = found or self._thumbnail(name)
        found = found or self._metadata(name, text) or self._not_said(name)
        if found is None:
            raise wrong(text, name.at, self._unknown(name))
        return found

    @cached_property
    def clusterings(self) -> dict[str, tuple[int, dict[str, list[int]]]]:
        """Name -> (id, names of its clusters with their numbers), oldest first."""
        rows = self.connection.execute(select(Clustering.name, Clustering.id, Clustering.names).order_by(Clustering.id))
        return {name: (id, _numbers_by_name(names)) for name, id, names in rows}

    @cached_property
    def measures(self) -> set[str]:
        query = select(Inspection.measures).order_by(Inspection.image_id.desc()).limit(SAMPLE)
        return {key for measures in self.connection.scalars(query) for key in measures}

    @cached_property
    def rules(self) -> set[str]:
        """Rules and taught words that gave a score to any image."""
        return set(self.connection.scalars(select(Decision.rule).where(Decision.score.is_not(None)).distinct()))

    @cached_property
    def sampled_paths(self) -> set[Path]:
        """Fields of the metadata of some items."""
        ends = [select(Item.details).order_by(order).limit(SAMPLE) for order in (Item.id, Item.id.desc())]
        return {path for query in ends for details in self.connection.scalars(query) for path in _paths(details)}

    @cached_property
    def paths(self) -> set[Path]:
        """Fields of the metadata of all items: half a second for 100,000 objects of a museum."""
        rows = self.connection.scalars(select(Item.details).execution_options(yield_per=1000))
        return {path for details in rows for path in _paths(details)}

    @cached_property
    def museum(self) -> set[str]:
        """The columns of museums' objects that any item has filled."""
        filled = [exists(select(Item.id).where(getattr(Item, name).is_not(None))).label(name) for name in MUSEUM]
        return {
            name for name, is_filled in self.connection.execute(select(*filled)).one()._mapping.items() if is_filled
        }

    @cached_property
    def unicode_collation(self) -> str | None:
        """PostgreSQL's collation that knows upper and lower case of all letters; None: the database's own has to do."""
        known = self.connection.scalar(text("SELECT 1 FROM pg_collation WHERE collname = :name"), {"name": ICU})
        return ICU if known else None

    def _own(self, name: Name) -> Found | None:
        own = name.parts[0].lower()
        if len(name.parts) > 1 or own not in OWN:
            return None
        if own in ("kept", "dropped_by"):
            return Found(own, ())
        if own == "cluster":
            return Found(own, ()) if self.clusterings else None
        return Found("item" if own in ITEM_TEXTS else "image", (own,))

    def _outright(self, name: Name) -> Found | None:
        if len(name.parts) != 2 or name.parts[0].lower() not in OUTRIGHT:
            return None
        kind = name.parts[0].lower()
        known = {"cluster": self.clusterings, "measure": self.measures, "score": self.rules}[kind]
        match = _only(name.parts[1], known)
        return Found(kind, (match,)) if match else None

    def _measured(self, name: Name) -> Found | None:
        if len(name.parts) > 1:
            return None
        for kind, known in (("measure", self.measures), ("score", self.rules)):
            if match := _only(name.parts[0], known):
                return Found(kind, (match,))
        return None

    def _museum(self, name: Name) -> Found | None:
        if len(name.parts) > 1 or name.parts[0].lower() not in self.museum:
            return None
        alike = sorted(path for path in self.sampled_paths if _folded(path) == _folded(name.parts))
        return Found("museum", (name.parts[0].lower(),), tuple(alike))

    def _thumbnail(self, name: Name) -> Found | None:
        return Found(MARK, (MARK,)) if tuple(part.lower() for part in name.parts) == (MARK,) else None

    def _not_said(self, name: Name) -> Found | None:
        """A museum's column that no item fills, and no metadata has: what asks for it is right all the same."""
        is_one = not name.quoted and len(name.parts) == 1 and name.parts[0].lower() in MUSEUM
        return Found("museum", (name.parts[0].lower(),)) if is_one else None

    def _metadata(self, name: Name, text: str) -> Found | None:
        for many in ("sampled_paths", "paths"):
            known: set[Path] = getattr(self, many)
            if name.parts in known:
                return Found("metadata", name.parts)
            if name.quoted:
                continue
            alike = sorted(path for path in known if _folded(path) == _folded(name.parts))
            if len(alike) > 1:
                both = " and ".join(map(_written, alike))
                raise wrong(text, name.at, f"{name} may be {both}: write the one that is meant")
            if alike:
                return Found("metadata", alike[0])
        return None

    def _unknown(self, name: Name) -> str:
        if name.parts == ("cluster",) and not name.quoted:
            return "there are no clusters yet: `ganvas cluster` makes some"
        fields = {_written(path) for path in self.paths}
        if name.quoted:
            hint = did_you_mean(_written(name.parts), fields)
            return f"no field of the metadata is called {name}.{hint} (A text stands in single quotes.)"
        outright = [f"cluster.{clustering}" for clustering in self.clusterings]
        known = {*OWN, MARK, *self.museum, *outright, *self.measures, *self.rules, *fields}
        hint = did_you_mean(str(name), known) or did_you_mean(str(name), {*known, *MUSEUM})
        return f"there is no field {str(name)!r}.{hint}"

    def _museum_value(self, found: Found) -> Value:
        value = column_value(getattr(Item, found.path[0]), self.is_sqlite)
        for path in found.beside:
            value = first_of(value, json_value(Item.details, path, self.is_sqlite))
        return value

    def _thumbnail_value(self) -> Value:
        """The mark, and no field of that name which a service has filled with something else."""
        marked = json_value(Item.details, (MARK,), self.is_sqlite).boolean
        return Value(boolean=func.coalesce(marked, false()), present=literal_column("1") == literal_column("1"))

    def _cluster_value(self, path: Path) -> Value:
        id, numbers = self.clusterings[path[0] if path else list(self.clusterings)[-1]]
        number = (
            select(ClusterMember.cluster)
            .where(ClusterMember.clustering_id == id, ClusterMember.image_id == Image.id)
            .correlate(Image)
            .scalar_subquery()
        )
        return Value(number=number, present=number.is_not(None), cluster_numbers=numbers)


def _image_value(name: str) -> Value:
    if name == "aspect":
        return _number(cast(Image.width, Float(53)) / Image.height)
    if name == "pixels":
        return _number(Image.width * Image.height)
    column = getattr(Image, name)
    return _number(column) if name in IMAGE_NUMBERS else Value(text=column, present=column.is_not(None))


def _number(column: ColumnElement[Any]) -> Value:
    return Value(number=column, present=column.is_not(None))


def _rule_value() -> Value:
    """The rules that drop an image, as a list of texts."""

    def any_rule(fulfils: Any) -> Condition:
        dropping = select(Decision.id).where(Decision.image_id == Image.id, standing_drop())
        return exists(dropping.where(fulfils(Value(text=type_coerce(Decision.rule, String)))).correlate(Image))

    dropped = exists(select(Decision.id).where(Decision.image_id == Image.id, standing_drop()).correlate(Image))
    return Value(present=dropped, any_element=any_rule)


def _score_value(rule: str) -> Value:
    scores = select(func.max(Decision.score)).where(
        Decision.image_id == Image.id, Decision.rule == rule, Decision.undone.is_(False)
    )
    return _number(scores.correlate(Image).scalar_subquery())


def _numbers_by_name(names: dict[str, Any]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, name in names.items():
        if number.isdecimal():
            found.setdefault(str(name), []).append(int(number))
    return found


def _paths(details: Any, above: Path = (), deep: int = 4) -> Iterator[Path]:
    if isinstance(details, dict) and deep:
        for key, value in details.items():
            yield (*above, key)
            yield from _paths(value, (*above, key), deep - 1)
    elif isinstance(details, list) and deep and above:
        for element in details:
            if isinstance(element, dict):
                yield from _paths(element, above, deep)


def _only(name: str, known: Iterable[str]) -> str | None:
    """The known name that this is, or the only one that it is but for case, spaces, - and _."""
    names = list(known)
    alike = [one for one in names if _folded((one,)) == _folded((name,))]
    return name if name in names else alike[0] if len(alike) == 1 else None


def _folded(path: Path) -> Path:
    return tuple(re.sub(r"[\s_-]", "", part).casefold() for part in path)


def _written(path: Path) -> str:
    """A path as an expression has it."""
    plain = all(re.fullmatch(r"[^\W\d]\w*", part) for part in path)
    return ".".join(path) if plain else ".".join('"' + part.replace('"', '""') + '"' for part in path)
