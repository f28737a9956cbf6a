"""The plural of an English word or phrase: `plural("ankle boot")` -> "ankle boots".

Word encoders look at a label both ways: "trousers" is a common word, "trouser" a rare one.
"""

from __future__ import annotations

import re

IRREGULAR = {
    "child": "children",
    "deer": "deer",
    "fish": "fish",
    "foot": "feet",
    "goose": "geese",
    "knife": "knives",
    "leaf": "leaves",
    "man": "men",
    "mouse": "mice",
    "person": "people",
    "sheep": "sheep",
    "shelf": "shelves",
    "tooth": "teeth",
    "wolf": "wolves",
    "woman": "women",
}


def plural(phrase: str) -> str:
    """Every alternative of "x or y" with its last word in the plural; what is no English noun stays as it is."""
    return " or ".join(_plural_of_last_word(part) for part in phrase.split(" or "))


def _plural_of_last_word(phrase: str) -> str:
    before, space, word = phrase.rpartition(" ")
    return f"{before}{space}{_plural(word)}"


def _plural(word: str) -> str:
    if word.lower() in IRREGULAR:
        return IRREGULAR[word.lower()]
    if re.search(r"([^a-zA-Z]|[^sS][sS])$", word) or not word:  # a number, another script, or "jeans" already
        return word
    if re.search(r"(s|x|z|ch|sh)$", word, re.IGNORECASE):
        return word + "es"
    if re.search(r"[^aeiou]y$", word, re.IGNORECASE):
        return word[:-1] + "ies"
    return word + "s"
