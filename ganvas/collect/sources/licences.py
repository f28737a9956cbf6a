"""Names of free licences, short codes as services have them and as people write them, and choosing by such names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ganvas.errors import InputError, did_you_mean

PUBLIC_DOMAIN = "Public Domain Mark"
DEEDS = {"cc0": "CC0", "pdm": PUBLIC_DOMAIN}


def licence_name(code: str, version: str | None) -> str:
    """("by-sa", "4.0") -> "CC BY-SA 4.0"; ("cc0", "1.0") -> "CC0 1.0"."""
    name = DEEDS.get(code.lower()) or f"CC {code.upper()}"
    return f"{name} {version}" if version else name


def licence_family(name: str) -> str:
    """pd, cc0, by, by-sa, by-nc-nd… of "CC BY-SA 4.0", "cc-by-2.0-de", "Public domain"; "" for any other."""
    plain = re.sub(r"[\s_]+", "-", name.strip().lower())
    if plain.startswith("cc0") or plain.startswith("cc-zero"):
        return "cc0"
    if plain.startswith(("public-domain", "pd", "no-restrictions")):
        return "pd"
    found = re.match(r"(?:cc-)?(by(?:-nc)?(?:-sa|-nd)?)(?![a-z])", plain)
    return found[1] if found else ""


def checked(what: str, asked: Sequence[str], known: Sequence[str]) -> list[str]:
    """What was asked, in lower case. Raises InputError for a `what` (licence, size…) that there is not."""
    plain = [each.strip().lower() for each in asked]
    for each in plain:
        if each not in known:
            raise InputError(f"no {what} {each!r} to choose by.{did_you_mean(each, known)}")
    return plain
