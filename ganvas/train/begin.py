"""Where a training starts from: a new run with its settings written down, or an unfinished one that goes on."""

from __future__ import annotations

import datetime as dt
import platform
from typing import Any

import numpy as np

from ganvas.catalog import Catalog, RunRow
from ganvas.errors import InputError
from ganvas.pictures.packed import PackedSet
from ganvas.studio import StudioFolder, checked_name
from ganvas.train.plan import Plan
from ganvas.train.run_folder import RunFolder
from ganvas.version import __version__

UNFINISHED = ("training", "interrupted")


def find_unfinished(studio: StudioFolder, set_name: str, name: str | None, asked: dict[str, Any]) -> RunFolder | None:
    """The run that the same command started and that is not finished; None when a new one is wanted.

    Raises InputError for a `name` that is taken by a finished run, or by an unfinished one with other settings.
    """
    runs = [run for run in studio.catalog.runs() if run.set_name == set_name and (name is None or run.name == name)]
    if name is not None and not runs:
        other = studio.catalog.run_named(name)
        if other is not None:
            raise InputError(f"run {name} was trained on set {other.set_name}, not {set_name}: choose another --name")
    for run in reversed(runs):
        folder = RunFolder(studio.runs / run.name)
        if run.state not in UNFINISHED or not folder.settings_file.exists():
            continue
        difference = _difference(folder.read_settings()["asked"], asked)
        if not difference:
            return folder
        if name is not None:
            raise InputError(
                f"run {name} is unfinished with other settings ({difference}): use those, or another --name"
            )
    if name is not None and runs and (studio.runs / name / "settings.json").exists():
        raise InputError(f"run {name} exists and is {runs[-1].state}: choose another --name")
    return None


def new_run(studio: StudioFolder, packed: PackedSet, plan: Plan, asked: dict[str, Any], name: str | None) -> RunFolder:
    """Make the folder and the catalog's row of a new run."""
    name = checked_name("run", name) if name is not None else _next_name(studio.catalog, packed.name)
    folder = RunFolder(studio.runs / name)
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.sheets.mkdir(exist_ok=True)
    settings = plan.settings.model_dump()
    folder.write_json("settings.json", _record(packed, plan, asked, settings))
    studio.catalog.add_run(
        RunRow(
            name=name,
            set_name=packed.name,
            set_fingerprint=packed.fingerprint,
            state="training",
            reason=None,
            settings=settings,
            images_seen=0,
            train_seconds=0.0,
            made_at=dt.datetime.now(dt.UTC),
            finished_at=None,
        )
    )
    return folder


def _record(packed: PackedSet, plan: Plan, asked: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    import torch

    counts = [int((packed.labels[packed.train] == i).sum()) for i in range(len(packed.label_names))]
    return {
        "settings": settings,
        "asked": asked,
        "choices": [{"name": c.name, "value": c.value, "reason": c.reason} for c in plan.choices],
        "set": {
            "name": packed.name,
            "fingerprint": packed.fingerprint,
            "height": packed.height,
            "width": packed.width,
            "channels": packed.channels,
            "train": len(packed.train),
            "held_out": len(packed.held_out),
            "labels": list(packed.label_names),
            "label_shares": [count / max(1, sum(counts)) for count in counts],
        },
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
            "device": plan.settings.device,
        },
    }


def _next_name(catalog: Catalog, set_name: str) -> str:
    taken = {run.name for run in catalog.runs()}
    return next(name for i in range(1, len(taken) + 2) if (name := f"{set_name[:58]}-{i}") not in taken)


def _difference(before: dict[str, Any], now: dict[str, Any]) -> str:
    keys = sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
    return ", ".join(f"{key}: {before.get(key)} → {now.get(key)}" for key in keys)
