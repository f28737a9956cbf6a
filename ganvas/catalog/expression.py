"""The expression that chooses images: `parse("title ilike '%vase%' and not aspect between 0.7 and 0.9")` -> a tree.

    expression := and-terms joined by `or`          term    := `not` term | `(` expression `)` | comparison | name
    and-terms  := terms joined by `and`             operand := name | number | 'text' | true | false
    comparison := operand (= != <> < <= > >= like ilike) operand
                | operand [not] between operand and operand
                | operand [not] in (literal, …)     | operand is [not] null
    name       := word[.word…], each a word or "words in double quotes"

`not` binds closer than `and`, `and` closer than `or`. Own words, no SQL: what is parsed here is compiled to bound
parameters by conditions.py. In patterns, % stands for any text, _ for one character, \\ before either for itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ganvas.catalog.tokens import Token, tokens, wrong
from ganvas.errors import InputError

DEEPEST = 40  # parentheses and nots inside one another
MOST_COMPARISONS = 100  # SQLite takes a thousand terms and a few thousand parameters; both are far off
MOST_VALUES = 500  # of all lists together
LARGEST = 1e300
COMPARISONS = ("=", "!=", "<>", "<", "<=", ">", ">=", "like", "ilike")


@dataclass(frozen=True)
class Node:
    """A part of the expression, from character `at` up to `end`."""

    at: int
    end: int


@dataclass(frozen=True)
class Name(Node):
    """What is asked about an image. `quoted`: its first word stood in double quotes."""

    parts: tuple[str, ...]
    quoted: bool = False

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True)
class Literal(Node):
    value: str | int | float | bool


Operand = Name | Literal


@dataclass(frozen=True)
class All(Node):
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Any(Node):
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Not(Node):
    part: Node


@dataclass(frozen=True)
class Compare(Node):
    sign: str
    left: Operand
    right: Operand


@dataclass(frozen=True)
class Between(Node):
    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True)
class In(Node):
    operand: Operand
    values: tuple[Literal, ...]


@dataclass(frozen=True)
class IsNull(Node):
    operand: Operand


@dataclass(frozen=True)
class Truth(Node):
    """A name that stands alone: whether it is true."""

    name: Name


def parse(text: str) -> Node:
    """The tree of an expression. Raises InputError, one line with the place, for whatever is none."""
    return _Parser(text).whole()


def parse_name(text: str) -> Name:
    """A field's name by itself, as `artist.name` or `"Object Name"`. Raises InputError for anything else."""
    parser = _Parser(text)
    if parser.now.kind not in ("name", "quoted"):
        raise InputError(f'{text!r} is no field\'s name: write one as width, artist.name or "Object Name"')
    name = parser.name()
    if not parser.at_end():
        raise InputError(f'{text!r} is more than one field\'s name: a name with spaces is written "Object Name"')
    return name


def top_terms(node: Node) -> tuple[Node, ...]:
    """The terms that `and` joins at the top: each alone says how much it leaves."""
    return node.parts if isinstance(node, All) else (node,)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.place = 0
        self.depth = 0
        self.comparisons = 0
        self.values = 0

    def whole(self) -> Node:
        if self.now.kind == "end":
            raise InputError('--where is empty: write an expression such as "aspect between 0.7 and 0.9"')
        node = self.either()
        if not self.at_end():
            quoted = self.tokens[self.place - 1].kind == "text" and self.before == self.now.at
            hint = " (a quote inside a text is written twice: 'it''s')" if quoted else ""
            raise self.wrong(f"and, or, or the end is expected here{hint}")
        return node

    def either(self) -> Node:
        parts = [self.both()]
        while self.take("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Any(parts[0].at, parts[-1].end, tuple(parts))

    def both(self) -> Node:
        parts = [self.term()]
        while self.take("and"):
            parts.append(self.term())
        return parts[0] if len(parts) == 1 else All(parts[0].at, parts[-1].end, tuple(parts))

    def term(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong(f"more than {DEEPEST} parentheses and nots inside one another")
        start = self.now.at
        if self.take("not"):
            part = self.term()
            node: Node = Not(start, part.end, part)
        elif self.take("("):
            node = self.either()
            self.expect(")")
            node = replace(node, at=start, end=self.before)
        else:
            node = self.comparison()
        self.depth -= 1
        return node

    def comparison(self) -> Node:
        self.comparisons += 1
        if self.comparisons > MOST_COMPARISONS:
            raise self.wrong(f"more than {MOST_COMPARISONS} comparisons")
        left = self.operand()
        if self.take("is"):
            negated = self.take("not")
            self.expect("null")
            return self.said(negated, IsNull(left.at, self.before, left))
        negated = self.take("not")
        if self.take("between"):
            low = self.operand()
            self.expect("and")
            high = self.operand()
            return self.said(negated, Between(left.at, high.end, left, low, high))
        if self.take("in"):
            values = self.list_of_values()
            return self.said(negated, In(left.at, self.before, left, values))
        if self.now.value in (("like", "ilike") if negated else COMPARISONS) and self.now.kind in ("sign", "keyword"):
            sign = self.next().value
            right = self.operand()
            node = Compare(left.at, right.end, "=" if sign in ("!=", "<>") else sign, left, right)
            return self.said(negated or sign in ("!=", "<>"), node)
        if negated or isinstance(left, Literal):
            raise self.wrong(_expected_after(self.now, negated))
        return Truth(left.at, left.end, left)

    def said(self, negated: bool, node: Node) -> Node:
        return Not(node.at, node.end, node) if negated else node

    def list_of_values(self) -> tuple[Literal, ...]:
        self.expect("(")
        values = []
        while True:
            value = self.operand()
            if not isinstance(value, Literal):
                raise wrong(self.text, value.at, "a list holds texts and numbers, not names: ('a', 'b')")
            values.append(value)
            self.values += 1
            if self.values > MOST_VALUES:
                raise self.wrong(f"more than {MOST_VALUES} values in lists")
            if not self.take(","):
                break
        self.expect(")")
        return tuple(values)

    def operand(self) -> Operand:
        token = self.now
        if token.kind in ("name", "quoted"):
            return self.name()
        if token.kind == "text":
            return Literal(token.at, self.next().end, token.value)
        if token.kind == "number":
            return Literal(token.at, self.next().end, self.number(token))
        if token.value in ("true", "false") and token.kind == "keyword":
            return Literal(token.at, self.next().end, token.value == "true")
        if token.kind == "keyword":
            raise self.wrong(f'a name or a value is expected here (a field of that name is written "{token.value}")')
        raise self.wrong("a name or a value is expected here")

    def name(self) -> Name:
        first = self.next()
        parts, end = [first.value], first.end
        while self.now.kind == "sign" and self.now.value == ".":
            self.next()
            if self.now.kind not in ("name", "quoted", "keyword"):
                raise self.wrong("a name is expected after the dot")
            parts.append(self.now.value)
            end = self.next().end
        if not all(parts):
            raise wrong(self.text, first.at, "a name is empty")
        return Name(first.at, end, tuple(parts), first.kind == "quoted")

    def number(self, token: Token) -> int | float:
        value = float(token.value)
        if not math.isfinite(value) or abs(value) > LARGEST:
            raise wrong(self.text, token.at, "this number is too large")
        whole = token.value.removeprefix("-").isdecimal() and abs(value) < 2**62
        return int(token.value) if whole else value

    @property
    def now(self) -> Token:
        return self.tokens[self.place]

    @property
    def before(self) -> int:
        return self.tokens[self.place - 1].end

    def at_end(self) -> bool:
        return self.now.kind == "end"

    def next(self) -> Token:
        self.place += 1
        return self.tokens[self.place - 1]

    def take(self, word: str) -> bool:
        if self.now.value != word or self.now.kind not in ("keyword", "sign"):
            return False
        self.place += 1
        return True

    def expect(self, word: str) -> None:
        if not self.take(word):
            raise self.wrong(f"{word} is expected here")

    def wrong(self, what: str) -> InputError:
        return wrong(self.text, self.now.at, what)


def _expected_after(token: Token, negated: bool) -> str:
    if negated:
        return "between, in, like or ilike is expected after not"
    return "a comparison is expected here" if token.kind == "end" else "a comparison (=, <, like, in…) is expected here"
