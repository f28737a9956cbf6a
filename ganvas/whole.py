"""Files that are written whole or not at all: `write_whole("report.html", data)`."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from ganvas.errors import InputError


def write_whole(path: str | Path, data: bytes) -> Path:
    """Write a file under a temporary name and rename it: a kill leaves what was there.

    Makes the folder it lies in. Raises InputError that says why it could not.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise InputError(f"{path} could not be written {why_not(error)}") from error
    return path


def why_not(error: OSError) -> str:
    """What kept a file from being written, and what to do about it."""
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return f"({error.strerror or type(error).__name__}): {'free space, or ' if is_full else ''}choose another place"
