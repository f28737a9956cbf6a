"""From an expression's tree to a condition on images: `condition(tree, text, names)`.

Every value is a bound parameter. Two-valued, unlike SQL: a comparison with what is missing is false, and its opposite
(`not …`, `!=`, `not in`) true.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any as Whatever

from sqlalchemy import Boolean, Numeric, String, and_, collate, false, func, literal, not_, or_

from ganvas.catalog import expression as ex
from ganvas.catalog.columns import storable
from ganvas.catalog.functions import LOWER
from ganvas.catalog.names import Names
from ganvas.catalog.patterns import letters
from ganvas.catalog.tokens import wrong
from ganvas.catalog.values import Condition, Value, over
from ganvas.errors import did_you_mean

ORDER: dict[str, Callable[[Whatever, Whatever], Condition]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
TURNED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
KINDS = {"number": "a number", "text": "text", "boolean": "true or false"}


def condition(node: ex.Node, text: str, names: Names) -> Condition:
    """The condition on an image and one of its items. Raises InputError for a name or a comparison that cannot be."""
    return _Compiler(text, names).condition(node)


class _Compiler:
    def __init__(self, text: str, names: Names) -> None:
        self.text = text
        self.names = names

    def condition(self, node: ex.Node) -> Condition:
        match node:
            case ex.All(parts=parts):
                return and_(*(self.condition(part) for part in parts))
            case ex.Any(parts=parts):
                return or_(*(self.condition(part) for part in parts))
            case ex.Not(part=part):
                return not_(func.coalesce(self.condition(part), false(), type_=Boolean))
            case ex.Compare():
                return self.compare(node.sign, node.left, node.right)
            case ex.Between(operand=operand, low=low, high=high):
                return and_(self.compare(">=", operand, low), self.compare("<=", operand, high))
            case ex.In(operand=operand, values=values):
                return self.is_in(operand, values)
            case ex.IsNull(operand=operand):
                return self.is_null(operand)
            case ex.Truth(name=name):
                return self.is_true(name)
        raise AssertionError(node)

    def compare(self, sign: str, left: ex.Operand, right: ex.Operand) -> Condition:
        if isinstance(left, ex.Literal) and isinstance(right, ex.Name) and sign in TURNED:
            return self.compare(TURNED[sign], right, left)
        if isinstance(left, ex.Literal):
            raise wrong(self.text, left.at, "a name is expected here: this is the same for every picture")
        field = self.names.resolve(left, self.text)
        if sign in ("like", "ilike"):
            return self.alike(field, left, right, sign == "ilike")
        if isinstance(right, ex.Name):
            other = self.names.resolve(right, self.text)
            return over(field, lambda one: over(other, lambda two: self.ordered(sign, one, two, left, right)))
        if field.cluster_numbers is not None and isinstance(right.value, str):
            return self.in_cluster(sign, field, right)
        value = self.value_of(right)
        return over(field, lambda one: self.ordered(sign, one, value, left, right))

    def ordered(self, sign: str, one: Value, two: Value, left: ex.Name, right: ex.Operand) -> Condition:
        shared = one.kinds & two.kinds
        if sign != "=":
            shared -= {"boolean"}
        if not shared:
            raise wrong(self.text, right.at, _unlike(left, one, right, two, sign))
        conditions = []
        for kind in sorted(shared):
            first, second = getattr(one, kind), getattr(two, kind)
            if kind == "text" and sign != "=" and not self.names.is_sqlite:
                first = collate(first, "C")  # by code points, as SQLite does
            conditions.append(ORDER[sign](first, second))
        return or_(*conditions)

    def alike(self, field: Value, left: ex.Name, pattern: ex.Operand, any_case: bool) -> Condition:
        if not isinstance(pattern, ex.Literal) or not isinstance(pattern.value, str):
            raise wrong(self.text, pattern.at, "a pattern is a text in single quotes, as '%vase%'")
        if "text" not in field.kinds:
            raise wrong(self.text, left.at, f"{left} is {_kinds(field)}, and a pattern is for text")
        written = storable(pattern.value)
        if self.names.is_sqlite:
            glob = literal(_glob(written.lower() if any_case else written), String)
            return over(field, lambda one: _lowered(one.text, any_case).op("GLOB", is_comparison=True)(glob))
        like = literal(_like(written), String)
        if not any_case:
            return over(field, lambda one: one.text.like(like))  # type: ignore[union-attr]
        collation = self.names.unicode_collation
        return over(field, lambda one: (collate(one.text, collation) if collation else one.text).ilike(like))  # type: ignore[union-attr, arg-type]

    def is_in(self, operand: ex.Operand, values: tuple[ex.Literal, ...]) -> Condition:
        """One list for each kind of value: a term for each is too deep a tree for SQLite from some 490 on."""
        if isinstance(operand, ex.Literal):
            raise wrong(self.text, operand.at, "a name is expected here: this is the same for every picture")
        field = self.names.resolve(operand, self.text)
        listed: dict[str, list[Whatever]] = {}
        for value in values:
            if field.cluster_numbers is not None and isinstance(value.value, str):
                listed.setdefault("number", []).extend(self.cluster_numbers(field, value))
                continue
            bound = self.value_of(value)
            [kind] = bound.kinds
            if kind not in field.kinds:
                raise wrong(self.text, value.at, _unlike(operand, field, value, bound, "="))
            listed.setdefault(kind, []).append(getattr(bound, kind))
        return over(field, lambda one: or_(*(getattr(one, kind).in_(those) for kind, those in listed.items())))

    def is_null(self, operand: ex.Operand) -> Condition:
        if isinstance(operand, ex.Literal):
            raise wrong(self.text, operand.at, "a name is expected here: a value is never null")
        present = self.names.resolve(operand, self.text).present
        assert present is not None
        return not_(func.coalesce(present, false(), type_=Boolean))

    def is_true(self, name: ex.Name) -> Condition:
        field = self.names.resolve(name, self.text)
        if "boolean" not in field.kinds:
            raise wrong(self.text, name.end, f"{name} is {_kinds(field)}: compare it with something")
        return over(field, lambda one: one.boolean)  # type: ignore[arg-type, return-value]

    def in_cluster(self, sign: str, field: Value, right: ex.Literal) -> Condition:
        if sign != "=":
            raise wrong(self.text, right.at, "clusters have no order: compare them with =, != or in")
        assert field.number is not None
        return field.number.in_(self.cluster_numbers(field, right))

    def cluster_numbers(self, field: Value, name: ex.Literal) -> list[int]:
        known = field.cluster_numbers or {}
        if name.value not in known:
            more = did_you_mean(str(name.value), known) if known else " None has a name yet: write its number."
            raise wrong(self.text, name.at, f"no cluster is called {name.value!r}.{more}")
        return known[str(name.value)]

    def value_of(self, given: ex.Literal) -> Value:
        value = given.value
        if isinstance(value, bool):
            return Value(boolean=literal(value, Boolean))
        if isinstance(value, str):
            return Value(text=literal(storable(value), String))
        if self.names.is_sqlite:
            return Value(number=literal(value))
        return Value(number=literal(Decimal(repr(value)), Numeric))


def _unlike(left: ex.Name, one: Value, right: ex.Operand, two: Value, sign: str) -> str:
    if sign != "=" and "boolean" in one.kinds & two.kinds:
        return "true and false have no order: compare them with = or !="
    said = str(right) if isinstance(right, ex.Name) else repr(right.value)
    hint = ""
    if isinstance(right, ex.Literal) and "text" in one.kinds and not isinstance(right.value, str):
        hint = f", write '{right.value}'"
    return f"{left} is {_kinds(one)} and {said} is {_kinds(two)}{hint}"


def _kinds(value: Value) -> str:
    return " or ".join(KINDS[kind] for kind in KINDS if kind in value.kinds)


def _lowered(text: Whatever, lowered: bool) -> Whatever:
    return getattr(func, LOWER)(text, type_=String) if lowered else text


def _glob(pattern: str) -> str:
    """The pattern as SQLite's GLOB has it: LIKE ignores case there, and has no escapes."""
    wild = {"%": "*", "_": "?"}
    return "".join(
        (f"[{letter}]" if letter in "*?[" else letter) if itself else wild[letter]
        for letter, itself in letters(pattern)
    )


def _like(pattern: str) -> str:
    return "".join(f"\\{letter}" if itself and letter in "%_\\" else letter for letter, itself in letters(pattern))
