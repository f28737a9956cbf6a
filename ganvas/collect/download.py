"""One known file from a public address into a cache folder, checked by size and hash: `fetch(url, place, known)`."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import os
import urllib.error
import urllib.request
import zlib
from dataclasses import dataclass
from pathlib import Path

from ganvas.errors import InputError
from ganvas.progress import Progress

TIMEOUT_S = 30.0
MOST_BYTES = 64 * 2**20
PIECE_BYTES = 2**18


@dataclass(frozen=True)
class Known:
    """What a gzipped file unpacks to: gzip itself may differ between mirrors."""

    bytes: int
    sha256: str


def fetch(url: str, place: Path, known: Known, progress: Progress, timeout_s: float = TIMEOUT_S) -> Path:
    """Download `url` to `place` unless it lies there sound. Raises InputError: no network, or not the known file."""
    if place.is_file() and _is_known(place, known):
        return place
    temporary = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _download(url, temporary, progress, timeout_s)
        if not _is_known(temporary, known):
            raise InputError(f"{url} is not the file it should be (size or SHA-256 differ): nothing was kept of it")
        os.replace(temporary, place)
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        reason = getattr(error, "reason", None) or error
        raise InputError(f"{url} cannot be had ({reason}): check the network and run again") from error
    finally:
        temporary.unlink(missing_ok=True)
    return place


def _download(url: str, place: Path, progress: Progress, timeout_s: float) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "ganvas"})
    with urllib.request.urlopen(request, timeout=timeout_s) as answer, open(place, "wb") as file:
        length = answer.headers.get("Content-Length", "")
        total = int(length) if length.isdigit() else None
        with progress.task(f"downloading {place.name.split('.')[1]}", total, "bytes") as task:
            received = 0
            while piece := answer.read(PIECE_BYTES):
                received += len(piece)
                if received > MOST_BYTES:
                    raise InputError(f"{url} is larger than the file it should be: nothing was kept of it")
                file.write(piece)
                task.advance(len(piece))


def _is_known(path: Path, known: Known) -> bool:
    try:
        with gzip.open(path) as stream:
            return _size_and_hash(stream, known.bytes) == (known.bytes, known.sha256)
    except (OSError, EOFError, zlib.error):
        return False


def _size_and_hash(stream: gzip.GzipFile, most: int) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while size <= most and (piece := stream.read(PIECE_BYTES)):
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()
