"""An expression over the rows of a table: `row_condition(parse(text), text, columns)` -> whether a row fulfils it.

The language, and what it means, are those of `ganvas find --where` (catalog/expression.py, catalog/conditions.py): a
cell is text, also a number where it is written as one, also true or false where it says so. An empty cell is null, and
equals ''.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any

from ganvas.catalog import expression as ex
from ganvas.catalog.functions import as_number
from ganvas.catalog.patterns import matcher
from ganvas.catalog.tokens import wrong
from ganvas.errors import did_you_mean

Row = Sequence[str]
Fulfils = Callable[[Row], bool]
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TURNED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def row_condition(node: ex.Node, text: str, columns: Sequence[str]) -> Fulfils:
    """What the tree of `text` says of a row of these columns. Raises InputError with the place of what cannot be."""
    return _Compiler(text, columns).condition(node)


class _Compiler:
    def __init__(self, text: str, columns: Sequence[str]) -> None:
        self.text = text
        self.columns = columns

    def condition(self, node: ex.Node) -> Fulfils:
        match node:
            case ex.All(parts=parts):
                every = [self.condition(part) for part in parts]
                return lambda row: all(part(row) for part in every)
            case ex.Any(parts=parts):
                either = [self.condition(part) for part in parts]
                return lambda row: any(part(row) for part in either)
            case ex.Not(part=part):
                inner = self.condition(part)
                return lambda row: not inner(row)
            case ex.Compare():
                return self.compare(node.sign, node.left, node.right)
            case ex.Between(operand=operand, low=low, high=high):
                above, below = self.compare(">=", operand, low), self.compare("<=", operand, high)
                return lambda row: above(row) and below(row)
            case ex.In(operand=operand, values=values):
                equal = [self.compare("=", operand, value) for value in values]
                return lambda row: any(one(row) for one in equal)
            case ex.IsNull(operand=operand):
                place = self.place_of(operand, "a name is expected here: a value is never null")
                return lambda row: row[place] == ""
            case ex.Truth(name=name):
                return self.compare("=", name, ex.Literal(name.at, name.end, True))
        raise AssertionError(node)

    def compare(self, sign: str, left: ex.Operand, right: ex.Operand) -> Fulfils:
        if isinstance(left, ex.Literal) and isinstance(right, ex.Name) and sign in TURNED:
            return self.compare(TURNED[sign], right, left)
        place = self.place_of(left, "a name is expected here: this is the same for every row")
        if sign in ("like", "ilike"):
            return self.alike(place, right, sign == "ilike")
        if isinstance(right, ex.Name):
            return _two_cells(sign, place, self.place_of(right, ""))
        value = right.value
        if isinstance(value, bool):
            return self.is_said(sign, place, right, "true" if value else "false")
        return _text(sign, place, value) if isinstance(value, str) else _number(sign, place, value)

    def is_said(self, sign: str, place: int, right: ex.Literal, word: str) -> Fulfils:
        if sign != "=":
            raise wrong(self.text, right.at, "true and false have no order: compare them with = or !=")
        return lambda row: row[place].lower() == word

    def alike(self, place: int, pattern: ex.Operand, any_case: bool) -> Fulfils:
        if not isinstance(pattern, ex.Literal) or not isinstance(pattern.value, str):
            raise wrong(self.text, pattern.at, "a pattern is a text in single quotes, as '%vase%'")
        match = matcher(pattern.value, any_case)
        return lambda row: row[place] != "" and match(row[place])

    def place_of(self, operand: ex.Operand, otherwise: str) -> int:
        """The column's number. Case, spaces, - and _ do not matter in a name without quotes."""
        if isinstance(operand, ex.Literal):
            raise wrong(self.text, operand.at, otherwise)
        name = str(operand)
        if name in self.columns:
            return self.columns.index(name)
        alike = [place for place, column in enumerate(self.columns) if _folded(column) == _folded(name)]
        if len(alike) == 1 and not operand.quoted:
            return alike[0]
        hint = did_you_mean(name, self.columns)
        raise wrong(self.text, operand.at, f"no column is called {name}.{hint} (A text stands in single quotes.)")


def _two_cells(sign: str, first: int, second: int) -> Fulfils:
    """As numbers where both are, else as texts."""
    order = SIGNS[sign]

    def fulfils(row: Row) -> bool:
        one, two = as_number(row[first]), as_number(row[second])
        if one is not None and two is not None:
            return order(one, two)
        return (sign == "=" or bool(row[first] and row[second])) and order(row[first], row[second])

    return fulfils


def _text(sign: str, place: int, value: str) -> Fulfils:
    order = SIGNS[sign]
    if sign == "=":
        return lambda row: row[place] == value
    return lambda row: row[place] != "" and order(row[place], value)


def _number(sign: str, place: int, value: int | float) -> Fulfils:
    order = SIGNS[sign]

    def fulfils(row: Row) -> bool:
        number = as_number(row[place])
        return number is not None and order(number, value)

    return fulfils


def _folded(name: str) -> str:
    return re.sub(r"[\s_.-]", "", name).casefold()
