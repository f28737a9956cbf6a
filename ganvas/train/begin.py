"""Where a training starts from: a new run with its settings written down, or an unfinished one that goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from ganvas.catalog import RunRow
from ganvas.errors import InputError, SettingsError
from ganvas.pictures.packed import PackedSet
from ganvas.studio import StudioFolder, checked_name
from ganvas.train.checkpoint import checkpoints
from ganvas.train.machine import machine
from ganvas.train.plan import Plan
from ganvas.train.run_folder import RunFolder
from ganvas.train.settings import TrainSettings, train_settings

UNFINISHED = ("training", "interrupted")


def find_unfinished(
    studio: StudioFolder, packed: PackedSet, name: str | None, asked: dict[str, Any]
) -> RunFolder | None:
    """The run that the same command started on this set and that is not finished; None when a new one is wanted.

    Raises InputError for a `name` that is taken: by a finished run, a lost one, one of another set or other settings.
    """
    if name is not None:
        run = studio.catalog.run_named(name)
        return None if run is None else _that_goes_on(studio, run, packed, asked)
    for run in reversed(studio.catalog.runs()):
        folder = RunFolder(studio.runs / run.name)
        ours = (run.set_name, run.set_fingerprint) == (packed.name, packed.fingerprint)
        if not ours or run.state not in UNFINISHED or not folder.settings_file.exists():
            continue
        with suppress(InputError):  # a damaged one of long ago is no reason not to train
            if not _difference(folder.read_settings()["asked"], asked):
                return folder
    return None


def _that_goes_on(studio: StudioFolder, run: RunRow, packed: PackedSet, asked: dict[str, Any]) -> RunFolder:
    folder = RunFolder(studio.runs / run.name)
    if run.set_name != packed.name:
        raise InputError(f"run {run.name} was trained on set {run.set_name}, not {packed.name}: choose another --name")
    if run.state not in UNFINISHED:
        raise InputError(
            f"run {run.name} exists and is {run.state}: choose another --name, or --fork {run.name} to train it on"
        )
    if not folder.settings_file.exists():
        raise InputError(f"run {run.name} is in the catalog, but not in {folder.path}: choose another --name")
    if run.set_fingerprint != packed.fingerprint:
        raise InputError(f"set {packed.name} is not the one run {run.name} was trained on: choose another --name")
    if difference := _difference(folder.read_settings()["asked"], asked):
        raise InputError(
            f"run {run.name} is unfinished with other settings ({difference}): use those, another --name, "
            f"or --fork {run.name} for a new run that goes on from it"
        )
    return folder


def settings_of(run: RunFolder, asked: dict[str, Any]) -> TrainSettings:
    """The settings a run began with: another ganvas might by now choose others for what was left open.

    Device and number format are chosen anew unless they were asked for: the machine may be another.
    """
    anew = {name: asked.get(name) for name in ("device", "precision")}
    return train_settings({**run.read_settings()["settings"], **anew})


def forked_settings(parent: RunFolder, packed: PackedSet, asked: dict[str, Any]) -> TrainSettings:
    """The parent's settings, but for those asked for. Raises InputError or SettingsError where it cannot go on so."""
    record = parent.read_settings()
    if record["set"]["fingerprint"] != packed.fingerprint:
        raise InputError(
            f"run {parent.name} was trained on set {record['set']['name']}, and not as {packed.name} is now"
        )
    anew = {"device": None, "precision": None, "judge_every": record["asked"].get("judge_every")}
    before = {**record["settings"], **anew}
    network = asked.get("network") or {}
    whole = {**asked, "network": network if isinstance(network, Mapping) else {"name": network}}
    for name in ("network", "alarms", "alias"):
        whole[name] = {**before[name], **(whole.get(name) or {})}
    after = {**before, **whole}
    if fixed := [name for name in ("network", "condition", "ema_shares") if after[name] != before[name]]:
        raise SettingsError(f"--fork cannot change {', '.join(fixed)}: train a new run with --from {parent.name}")
    return train_settings(after)


def taught_settings(parent: RunFolder, asked: dict[str, Any]) -> TrainSettings:
    """The settings asked for, with the networks of the run it starts from unless others were asked for."""
    network = parent.read_settings()["settings"]["network"]
    inherited = {name: value for name, value in network.items() if name not in ("conv_layers", "levels")}
    return train_settings({**asked, "network": asked.get("network") or inherited})


def new_run(studio: StudioFolder, packed: PackedSet, plan: Plan, asked: dict[str, Any], name: str | None) -> RunFolder:
    """Make the folder and the catalog's row of a new run."""
    folder = RunFolder(studio.runs / (_next_name(studio, packed.name) if name is None else _free_name(studio, name)))
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.sheets.mkdir(exist_ok=True)
    settings = plan.settings.model_dump()
    plan.conditions.save(folder.path)
    folder.write_json("settings.json", _record(packed, plan, asked, settings))
    studio.catalog.add_run(
        RunRow(
            name=folder.name,
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
        },
        **machine(plan.settings.device),
    }


def _next_name(studio: StudioFolder, set_name: str) -> str:
    taken = {run.name for run in studio.catalog.runs()}
    names = (f"{set_name[:58]}-{i}" for i in count(1))
    return next(name for name in names if name not in taken and not _holds_work(studio.runs / name))


def _free_name(studio: StudioFolder, name: str) -> str:
    if checked_name("run", name) == "last":
        raise InputError("run name 'last' cannot be used: it stands for the newest run")
    if _holds_work(studio.runs / name):
        raise InputError(f"{studio.runs / name} holds a run that the catalog does not know: choose another --name")
    return name


def _holds_work(folder: Path) -> bool:
    # What a kill before the catalog's row leaves behind holds no checkpoint yet, and is written over.
    return bool(checkpoints(RunFolder(folder).checkpoints))


def _difference(before: dict[str, Any], now: dict[str, Any]) -> str:
    keys = sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
    return ", ".join(f"{key}: {before.get(key)} → {now.get(key)}" for key in keys)
