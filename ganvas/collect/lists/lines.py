"""Lines of text, whatever their encoding, and lists with an address a line; what begins with # is a comment."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Generator, Iterator
from typing import Any, BinaryIO

from ganvas.collect.lists.bytes_in import DAMAGED, HEAD_BYTES, briefly, named, open_bytes
from ganvas.counted import counted
from ganvas.errors import InputError

LONGEST_BYTES = 16 * 2**20  # of a line: what has longer ones is no list
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CONTROL = bytes(set(range(1, 32)) - set(b"\t\n\r\x0b\x0c\x1a\x1b\x1f"))
ADDRESS = re.compile(r"\s*(https?:)?//[^\s/]", re.IGNORECASE)


def line_rows(path: str, note: Callable[[str], None]) -> Generator[dict[str, Any]]:
    """{"url": …} for each line that is neither blank nor a comment."""
    for line in text_lines(path, note):
        text = line.strip()
        if text and not text.startswith("#"):
            yield {"url": text}


def text_lines(path: str, note: Callable[[str], None]) -> Iterator[str]:
    """Every line with its end, NULs left out. A line that is not UTF-8 is read as Latin-1, and counted in a note.

    Raises InputError where the file is cut short, or has a line too long for a list.
    """
    number = 0
    try:
        with open_bytes(path) as file:
            for line in _lines(file, path, note):
                number += 1
                yield line.replace("\0", "") if "\0" in line else line
    except DAMAGED as error:
        raise InputError(
            f"{named(path)} is damaged after line {number:,} ({error}): what came before is kept; get it again"
        ) from error


def decoded(head: bytes) -> str:
    """The first bytes of a list as text."""
    return head.decode(_encoding(head) or "utf-8", "replace").lstrip("\ufeff").replace("\0", "")


def is_text(head: bytes) -> bool:
    """Whether the first bytes can be text in any encoding: text has hardly a control character."""
    control = len(head) - len(head.translate(None, delete=CONTROL))
    return _encoding(head) is not None or 100 * control <= len(head)


def begins_with_address(text: str) -> bool:
    """Whether the first line that says something begins with an address."""
    said = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    return bool(ADDRESS.match(next(said, "")))


def _lines(file: BinaryIO, path: str, note: Callable[[str], None]) -> Iterator[str]:
    head = file.read(HEAD_BYTES)
    file.seek(0)
    encoding = _encoding(head)
    if encoding is not None and encoding != "utf-8":
        note(f"{briefly(path)} is read as {encoding.upper()}")
        yield from _text(file, encoding, "\n")
        return
    file.seek(3 if encoding else 0)
    if b"\r" in head and b"\n" not in head:
        yield from _text(file, "utf-8", None)  # lines end as on old Macs
        return
    strange = 0
    while line := file.readline(LONGEST_BYTES):
        if len(line) == LONGEST_BYTES:
            raise InputError(f"{named(path)} has a line of more than {LONGEST_BYTES >> 20} MiB: it is no list")
        try:
            yield line.decode()
        except UnicodeDecodeError:
            strange += 1
            yield line.decode("latin-1")
    if strange:
        lines = counted(strange, "line is not UTF-8 and was", "lines are not UTF-8 and were")
        note(f"{briefly(path)}: {lines} read as Latin-1")


def _text(file: BinaryIO, encoding: str, newline: str | None) -> Iterator[str]:
    with io.TextIOWrapper(file, encoding, errors="replace", newline=newline) as text:
        while line := text.readline(LONGEST_BYTES):
            yield line


def _encoding(head: bytes) -> str | None:
    """What a byte order mark says, or NULs at every second place; None where nothing says anything."""
    for mark, name in BOMS:
        if head.startswith(mark):
            return name
    zeros = head[:4096].count(0)
    if 4 * zeros <= len(head[:4096]):
        return None
    return "utf-16-be" if head[0:4096:2].count(0) > zeros / 2 else "utf-16-le"
