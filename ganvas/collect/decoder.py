"""The worker program: reads, checks and stores pictures. `python -m ganvas.collect.decoder IMAGES`.

It is a program of its own, not a forked copy: whatever a malicious picture does to its decoder happens here, where
there is no catalog and a memory cap. Requests: a JSON line, then the bytes it tells of. Replies: a line for what was
read within a moment.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from ganvas.collect.originals import store
from ganvas.pictures.read import LIMITS, Limits, UnreadablePicture, check_picture

MEMORY_BYTES = 6 * 2**30  # a frame of 200 megapixels, its 16-bit or RGBA form and one more copy
READY = b'{"ready": true}\n'
TOLD_AFTER_S = 0.05  # each line wakes whoever asked; what takes longer than this is not told with others


def main() -> None:
    """Serve until the other end closes."""
    images = Path(sys.argv[1])
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be taken for a reply
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _cap_memory()
    replies.write(READY)
    replies.flush()
    while line := requests.readline():
        jobs = json.loads(line)
        contents = [requests.read(job["bytes"]) if "bytes" in job else Path(job["path"]) for job in jobs]
        _answer(replies, contents, images)


def decode(content: bytes | Path, images: Path, limits: Limits = LIMITS) -> dict[str, Any]:
    """What is to be known of one picture, its original stored. `reason` says why it could not be read."""
    try:
        data = content if isinstance(content, bytes) else _read_file(content, limits)
    except UnreadablePicture as error:
        return {"reason": str(error)}
    except MemoryError:
        return {"reason": "needs more memory than there is"}
    sha256 = hashlib.sha256(data).hexdigest()
    known = {"sha256": sha256, "bytes": len(data)}
    try:
        info = check_picture(data, limits=limits)
    except UnreadablePicture as error:
        return known | {"reason": str(error)}
    try:
        store(images / sha256[:2] / sha256, data)
    except OSError as error:
        return {"failed": f"{images} cannot be written to ({error.strerror}): make room or give access, and run again"}
    return known | vars(info)


def _read_file(path: Path, limits: Limits) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(limits.max_bytes + 1)
    except OSError as error:
        raise UnreadablePicture(f"cannot be opened: {error.strerror}") from error
    if len(data) > limits.max_bytes:
        raise UnreadablePicture(f"larger than {limits.max_bytes / 2**20:.4g} MiB")
    return data


def _answer(replies: IO[bytes], contents: Sequence[bytes | Path], images: Path) -> None:
    untold: list[dict[str, Any]] = []
    begun = time.monotonic()
    for number, content in enumerate(contents, 1):
        untold.append(decode(content, images))
        if number == len(contents) or time.monotonic() - begun > TOLD_AFTER_S:
            replies.write(json.dumps(untold).encode() + b"\n")
            replies.flush()
            untold, begun = [], time.monotonic()


def _cap_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):  # no such limit on this system
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, hard))


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
