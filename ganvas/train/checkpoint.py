"""Checkpoints: safetensors + JSON in runs/NAME/checkpoints/IMAGES/, written aside and renamed when whole.

`load_latest(folder, players)` goes on from the newest whole one; what a crash or a full disk cut short is passed over.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ganvas.errors import InputError
from ganvas.train.step import Players

FORMAT = 1
NETWORKS = ("generator", "discriminator", "average")
OPTIMIZERS = ("generator_optimizer", "discriminator_optimizer")
COUNTERS = ("step", "images", "seconds", "total_seconds", "tick", "one_colour_count")


def save(folder: Path, players: Players, keep: int) -> Path:
    """Write a checkpoint of the players into `folder` and keep the newest `keep`. Raises InputError on a full disk."""
    target = folder / f"{players.images:09d}"
    partial = folder / f".partial-{os.getpid()}"
    try:
        for left in folder.glob(".partial-*"):  # by a kill: only one process at a time trains a run
            shutil.rmtree(left, ignore_errors=True)
        partial.mkdir(parents=True)
        for name in NETWORKS:
            save_file(_portable(getattr(players, name).state_dict()), partial / f"{name}.safetensors")
        for name in OPTIMIZERS:
            save_file(_optimizer_tensors(getattr(players, name)), partial / f"{name}.safetensors")
        state: dict[str, Any] = {"format": FORMAT, **{name: getattr(players, name) for name in COUNTERS}}
        state["sha256"] = {file.name: _sha256(file) for file in sorted(partial.glob("*.safetensors"))}
        _write_durably(partial / "state.json", json.dumps(state, indent=1).encode())
        if target.exists():  # as good as the new one, or damaged; renamed, for a kill while removing it would cost both
            target.rename(folder / f".partial-{os.getpid()}-old")
        partial.rename(target)
        shutil.rmtree(folder / f".partial-{os.getpid()}-old", ignore_errors=True)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise InputError(
            f"could not write the checkpoint {target}: {error}; free some space and train again to go on"
        ) from error
    for old in checkpoints(folder)[:-keep]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def checkpoints(folder: Path) -> list[Path]:
    """Every checkpoint of a run, oldest first."""
    return sorted(path for path in folder.glob("[0-9]*") if path.is_dir()) if folder.exists() else []


def load_latest(folder: Path, players: Players) -> tuple[Path | None, list[str]]:
    """Put the newest whole checkpoint into the players; returns it (None: there is none) and what was passed over."""
    damaged: list[str] = []
    for path in reversed(checkpoints(folder)):
        trouble = damage(path)
        if trouble is None:
            _load(path, players)
            return path, damaged
        damaged.append(f"{path.name}: {trouble}")
    return None, damaged


def newest_whole(folder: Path) -> Path:
    """The newest whole checkpoint, to draw from. Raises InputError where there is none."""
    found = checkpoints(folder)
    for path in reversed(found):
        if damage(path, only=("average",)) is None:
            return path
    if found:
        raise InputError(f"no checkpoint in {folder} is whole ({damage(found[-1])}): train the run again")
    raise InputError(f"no checkpoint in {folder} yet: train the run for longer")


def damage(path: Path, only: tuple[str, ...] = (*NETWORKS, *OPTIMIZERS)) -> str | None:
    """What is wrong with a checkpoint's files, by their checksums; None when they are whole."""
    try:
        state = json.loads((path / "state.json").read_text())
        expected = {name: state["sha256"][f"{name}.safetensors"] for name in only}
    except (OSError, ValueError, KeyError, TypeError):
        return "state.json is missing or cut short"
    for name, digest in expected.items():
        file = path / f"{name}.safetensors"
        if not file.is_file() or _sha256(file) != digest:
            return f"{file.name} is missing or cut short"
    return None


def load_weights(path: Path, network: nn.Module, name: str = "average") -> None:
    """Put one network's weights from a checkpoint into a module of the same shape."""
    network.load_state_dict(load_file(path / f"{name}.safetensors"))


def _load(path: Path, players: Players) -> None:
    for name in NETWORKS:
        load_weights(path, getattr(players, name), name)
    for name in OPTIMIZERS:
        _load_optimizer(getattr(players, name), load_file(path / f"{name}.safetensors"))
    state = json.loads((path / "state.json").read_text())
    for name in COUNTERS:
        setattr(players, name, state[name])


def _optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    states = optimizer.state_dict()["state"]
    return _portable({f"{i}.{key}": value for i, state in states.items() for key, value in state.items()})


def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    parameters = optimizer.param_groups[0]["params"]
    optimizer.state.clear()
    for full_name, value in tensors.items():
        index, _, key = full_name.partition(".")
        parameter = parameters[int(index)]
        if value.shape == parameter.shape:
            value = torch.empty_like(parameter).copy_(value)  # in the parameter's own memory format
        optimizer.state[parameter][key] = value


def _portable(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
