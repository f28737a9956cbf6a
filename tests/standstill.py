"""A process that stands still at a point of its work: what is done to it comes neither too soon nor too late.

The process is made to stop itself, `stops_after(3, Catalog, "add_found")`; the test waits for that, `stands_still(it)`.
"""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Any


def stops_after(calls: int, owner: Any, name: str) -> None:
    """Stop this process, as Ctrl-Z does, at the end of that call of the owner's function."""
    real, made = getattr(owner, name), 0

    def called(*given: Any, **named: Any) -> Any:
        nonlocal made
        result, made = real(*given, **named), made + 1
        if made == calls:
            os.kill(os.getpid(), signal.SIGSTOP)
        return result

    setattr(owner, name, called)


def stands_still(process: subprocess.Popen[Any]) -> None:
    """Return once it has stopped itself; SIGCONT lets it go on."""
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), f"it ended instead: {process.communicate()}"
