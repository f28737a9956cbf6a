"""The bytes of a list: a file, packed by gzip or not, or standard input, which is kept in a temporary file."""

from __future__ import annotations

import atexit
import gzip
import os
import shutil
import sys
import tempfile
import zlib
from functools import cache
from pathlib import Path
from typing import BinaryIO, cast

from ganvas.errors import InputError

STDIN = "-"
HEAD_BYTES = 65_536
DAMAGED = (EOFError, zlib.error, OSError)  # what reading a packed file that is cut short or damaged raises


def open_bytes(path: str) -> BinaryIO:
    """Opened from its beginning, unpacked. Raises InputError that says why it cannot be."""
    place = kept_input() if path == STDIN else Path(path)
    try:
        return cast(BinaryIO, gzip.open(place)) if is_gzip(place) else open(place, "rb")
    except FileNotFoundError as error:
        raise InputError(f"no such list: {path}") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder: give a list of addresses, or `ganvas add` the folder") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): see that it is a file you may read") from error


def head_of(path: str) -> bytes:
    """The first bytes, unpacked. Raises InputError where it cannot be read or unpacked."""
    with open_bytes(path) as file:
        try:
            return file.read(HEAD_BYTES)
        except DAMAGED as error:
            raise InputError(f"{path} is packed and damaged ({error}): get it again") from error


def is_gzip(path: str | Path) -> bool:
    with open(path, "rb") as file:
        return file.read(2) == b"\x1f\x8b"


def lasting(path: str) -> str:
    """The same path for the same file, from whatever folder and by whatever links to folders."""
    folder, name = os.path.split(os.path.expanduser(path))
    return os.path.join(os.path.realpath(folder), name)


def named(path: str) -> str:
    """How an error names a list."""
    return "standard input" if path == STDIN else path


def briefly(path: str) -> str:
    """How a note names a list."""
    return "standard input" if path == STDIN else Path(path).name


@cache
def kept_input() -> Path:
    """Standard input in a file, so that it can be looked at before it is read, and read again."""
    with tempfile.NamedTemporaryFile(prefix="ganvas-list-", delete=False) as file:
        place = Path(file.name)
        atexit.register(place.unlink, missing_ok=True)
        shutil.copyfileobj(sys.stdin.buffer, file)
    return place
