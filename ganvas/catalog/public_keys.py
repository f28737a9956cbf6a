"""An item's key as others may read it: `public_key("folder", "/home/me/pots!a.png#9-9")` -> "pots!a.png#9-9"."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath

# keys are "/a/path!what is in it#stamp=label"; a test compares these with the sources that collect/ registers
FILE_SOURCES = ("folder", "archive", "arrays", "idx", "parquet", "picture")
STAMP_AND_LABEL = re.compile(r"#[0-9a-f-]+(=.*)?(#unread)?", re.DOTALL)
SHOWN_DIGITS = 8


def public_key(source: str, key: str) -> str:
    """The key without the folders of this machine, where its source reads files.

    Where folders or pictures have a "!" in their names, too, no key says at which the path ends: the last one is taken,
    so that no folder is told, and a digest of what is left out keeps apart what differs only there.
    """
    if source not in FILE_SOURCES or "!" not in key:
        return key
    what, rest = _parted(key)
    place, _, member = what.rpartition("!")
    shown = f"{PurePosixPath(place.replace(chr(92), '/')).name}!{member}{rest}"
    return f"{_digest(place)}/{shown}" if "!" in place else shown


def _parted(key: str) -> tuple[str, str]:
    """What comes before the stamp, and the stamp with the label: in a label everything may stand."""
    for mark in reversed([each.start() for each in re.finditer("#", key)]):
        if "!" in key[:mark] and STAMP_AND_LABEL.fullmatch(key, mark):
            return key[:mark], key[mark:]
    return key, ""


def _digest(place: str) -> str:
    return hashlib.sha256(place.encode(errors="surrogatepass")).hexdigest()[:SHOWN_DIGITS]
