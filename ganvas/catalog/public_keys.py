"""An item's key as others may read it: `public_key("folder", "/home/me/pots!a.png#9-9")` -> "pots!a.png#9-9"."""

from __future__ import annotations

import hashlib

# keys are "/a/path!what is in it#stamp=label"; a test compares these with the sources that collect/ registers
FILE_SOURCES = ("folder", "archive", "arrays", "idx", "parquet", "picture")
SHOWN_DIGITS = 16


def public_key(source: str, key: str) -> str:
    """The key without the folders of this machine, where its source reads files.

    Folders, pictures and labels may have a "!" in their names, too, and then no key says at which the path ends. The
    last one is taken, so that no folder is told, and a digest of what is left out keeps apart what differs only there.
    """
    if source not in FILE_SOURCES or "!" not in key:
        return key
    end = key.rindex("!")
    name = 1 + max(key.rfind(slash, 0, end) for slash in "/\\")
    left_out, shown = key[:name], key[name:]
    return f"{_digest(left_out)}/{shown}" if "!" in left_out else shown


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:SHOWN_DIGITS]
