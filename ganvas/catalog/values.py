"""What a field of an image is in SQL, as a number, as text, as true or false: `json_value(Item.details, ("artist",))`.

A field of metadata may hold anything. Each of its values is asked for what it is before it is used, so that none makes
a database stop: PostgreSQL ends a whole query over one cast that fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Integer,
    Numeric,
    String,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
)

from ganvas.catalog.functions import NUMBER, NUMBER_PATTERN

Column = ColumnElement[Any]
Condition = ColumnElement[bool]
PLAIN_KEY = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. :/()&,")
WHOLE = r"^-?[0-9]{1,18}$"
LARGEST_WHOLE = 10**18 - 1
MOST = "1e300"  # PostgreSQL refuses to compare what is larger with a float


@dataclass(frozen=True)
class Value:
    """A field, or one element of a list in it. What it cannot be is None; what it happens not to be is NULL.

    `any_element` makes, of a condition on a value, the condition that some element of its list fulfils it.
    `cluster_numbers` are the numbers that stand for a name, where the field is a cluster.
    """

    number: Column | None = None
    text: Column | None = None
    boolean: Column | None = None
    present: Condition | None = None
    any_element: Callable[[Callable[[Value], Condition]], Condition] | None = None
    cluster_numbers: dict[str, list[int]] | None = None

    @property
    def kinds(self) -> set[str]:
        """Of number, text and boolean those that it may be."""
        if self.any_element is not None and self.text is None:
            return {"text"}
        return {kind for kind in ("number", "text", "boolean") if getattr(self, kind) is not None}


def json_value(column: Any, path: tuple[str, ...], is_sqlite: bool) -> Value:
    """What lies at `path` in a column of JSON objects: a number (or a text that is one), a text (or a whole number),
    true or false, or a list of these. On the way to it may lie lists of objects: ("tags", "term") is any tag's term.
    """
    value = _sqlite(column, path) if is_sqlite else _postgres(column, path)
    for step in range(1, len(path)):
        value = _or_in_list(value, column, path[:step], path[step:], is_sqlite)
    return value


def column_value(column: Any, is_sqlite: bool) -> Value:
    """A column of texts, of whole numbers, or of lists of texts, as `json_value` would give the same from metadata."""
    if isinstance(column.type, JSON):
        return json_value(column, (), is_sqlite)
    never, is_number = cast(null(), Boolean), isinstance(column.type, Integer)
    present: Condition = column.is_not(None)
    if is_number:
        return Value(column, cast(column, String), never, present)
    if is_sqlite:
        return Value(getattr(func, NUMBER)(column), column, never, present)
    return Value(case((column.regexp_match(NUMBER_PATTERN), cast(column, Numeric))), column, never, present)


def first_of(one: Value, other: Value) -> Value:
    """The one where it is there, else the other; both are such as `json_value` gives."""

    def any_element(fulfils: Callable[[Value], Condition]) -> Condition:
        return case((_is(one.present), over(one, fulfils)), else_=over(other, fulfils))

    number, text, boolean = (
        case((_is(one.present), getattr(one, kind)), else_=getattr(other, kind))
        for kind in ("number", "text", "boolean")
    )
    return Value(number, text, boolean, or_(_is(one.present), _is(other.present)), any_element)


def _sqlite(column: Any, path: tuple[str, ...]) -> Value:
    value, kind = _sqlite_node(column, path)
    listed: Column = case((kind == "array", value))
    elements = func.json_each(listed).table_valued("value", "type")
    return _with_elements(_sqlite_value(value, kind), kind, elements, _sqlite_value(elements.c.value, elements.c.type))


def _sqlite_node(column: Any, path: tuple[str, ...]) -> tuple[Column, Column]:
    """(value, kind) at the path. A path with other letters than plain ones goes step by step: SQLite before 3.45 finds
    no key that is written with escapes, and no version one with a quote in it.
    """
    if all(set(key) <= PLAIN_KEY for key in path):
        place = literal("$" + "".join(f'."{key}"' for key in path), String)
        return func.json_extract(column, place), func.json_type(column, place)
    for key in path[:-1]:
        step = func.json_each(column).table_valued("key", "value", "type", name="step")
        column = select(step.c.value).where(step.c.key == key, step.c.type == "object").scalar_subquery()
    last = func.json_each(column).table_valued("key", "value", "type", name="step")
    value = select(last.c.value).where(last.c.key == path[-1]).limit(1).scalar_subquery()
    kind = select(last.c.type).where(last.c.key == path[-1]).limit(1).scalar_subquery()
    return value, kind


def _sqlite_value(value: Column, kind: Column) -> Value:
    whole = (func.typeof(value) == "integer") & value.between(-LARGEST_WHOLE, LARGEST_WHOLE)
    number: Column = case(
        (kind.in_(("integer", "real")), value), (kind == "text", getattr(func, NUMBER)(value)), else_=None
    )
    text: Column = case((kind == "text", value), ((kind == "integer") & whole, cast(value, String)))
    boolean: Column = case((kind == "true", true()), (kind == "false", false()))
    return Value(number, text, boolean, func.coalesce(kind != "null", false()))


def _postgres(column: Any, path: tuple[str, ...]) -> Value:
    node = _postgres_node(column, path)
    kind = func.json_typeof(node)
    listed: Column = case((kind == "array", node), else_=literal_column("'[]'::json", JSON))
    elements = func.json_array_elements(listed).table_valued("value")
    one = elements.c.value
    return _with_elements(_postgres_value(node, kind), kind, elements, _postgres_value(one, func.json_typeof(one)))


def _postgres_node(column: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        column = column.op("->", return_type=JSON())(literal(key, String))
    return column


def _postgres_value(node: Column, kind: Column) -> Value:
    said: Column = node.op("#>>", return_type=String())(literal_column("'{}'"))
    held = func.least(func.greatest(cast(said, Numeric), literal_column(f"-{MOST}")), literal_column(MOST))
    number: Column = case(
        (kind == "number", held),
        ((kind == "string") & said.regexp_match(NUMBER_PATTERN), cast(said, Numeric)),
    )
    text: Column = case((kind == "string", said), ((kind == "number") & said.regexp_match(WHOLE), said))
    boolean: Column = case((kind == "boolean", said == "true"))
    return Value(number, text, boolean, func.coalesce(kind != "null", false()))


def _or_in_list(value: Value, column: Any, path: tuple[str, ...], rest: tuple[str, ...], is_sqlite: bool) -> Value:
    """The value, or what lies at `rest` in any object of a list at `path`."""
    if is_sqlite:
        node, kind = _sqlite_node(column, path)
        listed: Column = case((kind == "array", node))
        elements = func.json_each(listed).table_valued("value", "type")
        element: Column = case((elements.c.type == "object", elements.c.value))
    else:
        node = _postgres_node(column, path)
        listed = case((func.json_typeof(node) == "array", node), else_=literal_column("'[]'::json", JSON))
        elements = func.json_array_elements(listed).table_valued("value")
        element = elements.c.value
    inside = json_value(element, rest, is_sqlite)

    def in_list(condition: Condition) -> Condition:
        return exists(select(literal_column("1")).select_from(elements).where(condition))

    def any_element(fulfils: Callable[[Value], Condition]) -> Condition:
        return or_(_is(over(value, fulfils)), in_list(over(inside, fulfils)))

    present = or_(_is(value.present), in_list(_is(inside.present)))
    return Value(value.number, value.text, value.boolean, present, any_element)


def over(value: Value, fulfils: Callable[[Value], Condition]) -> Condition:
    """The condition on a value, or that some element of its list fulfils it."""
    return fulfils(value) if value.any_element is None else value.any_element(fulfils)


def _is(condition: Condition | None) -> Condition:
    """The condition, false where it is unknown."""
    return func.coalesce(condition, false(), type_=Boolean)


def _with_elements(whole: Value, kind: Column, elements: Any, inside: Value) -> Value:
    def any_element(fulfils: Callable[[Value], Condition]) -> Condition:
        some = exists(select(literal_column("1")).select_from(elements).where(fulfils(inside)))
        return case((kind == "array", some), else_=fulfils(whole))

    return Value(whole.number, whole.text, whole.boolean, whole.present, any_element)
