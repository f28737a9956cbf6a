"""Which machine and versions a run was made with: what its bits depend on."""

from __future__ import annotations

import os
import platform
from typing import Any

import numpy as np
import torch

from ganvas.device import processor_model
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
            "processor": processor_model() or platform.machine(),
            "threads": torch.get_num_threads(),
            "device": torch.cuda.get_device_name(device) if (device or "").startswith("cuda") else device,
            "processes": int(os.environ.get("WORLD_SIZE", "1")),
        },
    }


def difference(record: dict[str, Any], device: str | None) -> str:
    """What of a run's record is other here and now; empty where its bits can be the same."""
    here = machine(device)
    pairs = [("versions", "torch"), ("versions", "numpy"), *(("machine", name) for name in here["machine"])]
    changed = []
    for part, name in pairs:
        before, now = record.get(part, {}).get(name), here[part][name]
        if before != now:
            changed.append(f"{name} {before} → {now}")
    return ", ".join(changed)
