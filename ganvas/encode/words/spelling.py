"""The words spelt most like another: `nearest_spellings("slpiper", vocabulary)` -> ["slipper", "slapper", …]."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

MOST_FREQUENT = 100_000
LENGTH_APART = 2
LIKE = 0.6
CANDIDATES = 40


def nearest_spellings(text: str, vocabulary: Iterable[str], n: int = 5) -> list[str]:
    """At most n words: the fewest slips away first, then those with the same first letter, then the commoner ones.

    Looked for among the first 100,000: files of vectors list frequent words first, and the rare ones of a big file are
    as likely to be misspellings themselves.
    """
    wanted = text.casefold().strip()
    lengths = range(len(wanted) - LENGTH_APART, len(wanted) + LENGTH_APART + 1)
    frequent = (word for word in islice(vocabulary, MOST_FREQUENT) if len(word) in lengths and word[:1].isalnum())
    places: dict[str, int] = {}
    for place, word in enumerate(frequent):
        places.setdefault(word.casefold(), place)
    alike = difflib.get_close_matches(wanted, places, n=max(n, CANDIDATES), cutoff=LIKE)
    return sorted(alike, key=lambda word: (slips(wanted, word), word[0] != wanted[0], places[word]))[:n]


def slips(a: str, b: str) -> int:
    """Letters left out, added, changed or swapped with their neighbour (Damerau 1964) to make one word of the other."""
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
