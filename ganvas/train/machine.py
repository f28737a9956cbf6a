"""Which machine and versions a run was made with: what its bits depend on."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
import torch

from ganvas.version import __version__


def machine(device: str | None) -> dict[str, dict[str, Any]]:
    """`versions` and `machine`, as settings.json keeps them."""
    return {
        "versions": {
            "ganvas": __version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "machine": {
            "system": platform.system(),
            "processor": platform.machine(),
            "threads": torch.get_num_threads(),
            "device": device,
        },
    }


def difference(record: dict[str, Any], device: str | None) -> str:
    """What of a run's record is other here and now; empty where its bits can be the same."""
    here = machine(device)
    pairs = [("versions", "torch"), *(("machine", name) for name in ("system", "processor", "threads", "device"))]
    changed = []
    for part, name in pairs:
        before, now = record.get(part, {}).get(name), here[part][name]
        if before != now:
            changed.append(f"{name} {before} → {now}")
    return ", ".join(changed)
