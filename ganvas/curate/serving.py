"""What a worker program does: answers requests on its standard input until that ends. `serve(answer)`.

It says first that it has started. A request is a JSON line, a list. The reply is a JSON line with an entry for each of
the list, then bytes, as many as those entries say. `ganvas.curate.workers` is the other end.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

READY = b"ready\n"
Reply = tuple[list[Any], list[bytes]]


def serve(answer: Callable[[Sequence[Any]], Reply]) -> None:
    """Answer request after request until the other end closes."""
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be taken for a reply
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    replies.write(READY)
    replies.flush()
    while line := requests.readline():
        entries, payload = answer(json.loads(line))
        replies.write(json.dumps(entries).encode() + b"\n")
        replies.writelines(payload)
        replies.flush()
