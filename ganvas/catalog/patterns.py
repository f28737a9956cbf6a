"""LIKE's patterns: `matcher("%vase%", any_case=True)`. % is any text, _ one character, \\ before either itself."""

from __future__ import annotations

import re
from collections.abc import Callable


def letters(pattern: str) -> list[tuple[str, bool]]:
    """(letter, whether it stands for itself) of a pattern, its backslashes resolved."""
    found, place = [], 0
    while place < len(pattern):
        escaped = pattern[place] == "\\" and pattern[place + 1 : place + 2] in ("%", "_", "\\")
        place += escaped
        found.append((pattern[place], escaped or pattern[place] not in "%_"))
        place += 1
    return found


def matcher(pattern: str, any_case: bool) -> Callable[[str], bool]:
    """Whether a text is as the pattern says, as the databases have it, in time that grows with the text alone."""
    parts = _parts(pattern.lower() if any_case else pattern)
    match = _whole(parts[0]) if len(parts) == 1 else _in_order(parts)
    return (lambda text: match(text.lower())) if any_case else match


def _parts(pattern: str) -> list[re.Pattern[str]]:
    """What stands between the % signs. Each is of one length, so that looking for it never goes back."""
    parts = [""]
    for letter, itself in letters(pattern):
        if letter == "%" and not itself:
            parts.append("")
        else:
            parts[-1] += re.escape(letter) if itself else "."
    return [re.compile(part, re.DOTALL) for part in parts]


def _whole(part: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: part.fullmatch(text) is not None


def _in_order(parts: list[re.Pattern[str]]) -> Callable[[str], bool]:
    first, *middle, last = parts
    middle = [part for part in middle if part.pattern]
    ending = re.compile(f"{last.pattern}\\Z", re.DOTALL)

    def match(text: str) -> bool:
        found = first.match(text)
        for part in middle:
            if found is None:
                return False
            found = part.search(text, found.end())
        return found is not None and (not last.pattern or ending.search(text, found.end()) is not None)

    return match
