"""The words of an expression: `tokens("width >= 100 and title ilike '%vase%'")`, and where in it something is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ganvas.errors import InputError

KEYWORDS = {"and", "or", "not", "between", "in", "like", "ilike", "is", "null", "true", "false"}
LONGEST = 10_000  # characters of an expression
AROUND = 24  # characters of it that an error shows on either side
Kind = Literal["name", "quoted", "text", "number", "keyword", "sign", "end"]
PATTERN = re.compile(
    r"""(?P<space>\s+)
    |(?P<text>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")*")
    |(?P<number>-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<name>[^\W\d]\w*)
    |(?P<sign><>|!=|<=|>=|[=<>(),.])""",
    re.VERBOSE,
)
HINTS = {
    "'": "a text that begins here has no closing quote (a quote inside a text is written twice: 'it''s')",
    '"': "a name that begins here has no closing quote",
    ";": "a semicolon has no meaning here: one expression, its parts joined by and, or, not",
    "‘": "this quote is no ': write texts as 'vase'",
    "’": "this quote is no ': write texts as 'vase'",
    "“": 'this quote is no ": write texts as \'vase\', names as "Object Name"',
    "”": 'this quote is no ": write texts as \'vase\', names as "Object Name"',
}


@dataclass(frozen=True)
class Token:
    """A word of the expression: `value` as it is meant, quotes taken off; `at` and `end` count characters from 0."""

    kind: Kind
    value: str
    at: int
    end: int


def tokens(text: str) -> list[Token]:
    """The expression's words, the last of kind "end". Raises InputError with the place of what is no word."""
    if len(text) > LONGEST:
        raise InputError(f"--where has {len(text):,} characters, and {LONGEST:,} are the most: say it shorter")
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = PATTERN.match(text, at)
        if match is None:
            raise wrong(text, at, HINTS.get(text[at]) or f"{text[at]!r} has no meaning here")
        if match.lastgroup != "space":
            found.append(_token(match, at))
        at = match.end()
    return [*found, Token("end", "", at, at)]


def wrong(text: str, at: int, what: str) -> InputError:
    """The error about the place `at` (from 0) of an expression, in one line that shows it."""
    before, after = text[max(0, at - AROUND) : at], text[at : at + AROUND]
    shown = f"{'…' * (at > AROUND)}{before}▸{after}{'…' * (at + AROUND < len(text))}"
    plain = "".join(letter if letter.isprintable() else " " for letter in shown)
    return InputError(f"--where, at character {at + 1}: {what} ({plain})")


def _token(match: re.Match[str], at: int) -> Token:
    kind, value = match.lastgroup, match[0]
    if kind in ("text", "quoted"):
        quote = value[0]
        value = value[1:-1].replace(quote * 2, quote)
    elif kind == "name" and value.lower() in KEYWORDS:
        kind, value = "keyword", value.lower()
    return Token(kind, value, at, match.end())  # type: ignore[arg-type]
