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
from ganvas.train.players import Players

FORMAT = 2
BEST = "best"
REPLACED = ".replaced-"
NETWORKS = ("generator", "discriminator")
OPTIMIZERS = ("generator_optimizer", "discriminator_optimizer")
COUNTERS = (
    *("step", "images", "seconds", "total_seconds", "tick"),
    *("chosen", "strength", "rate_factor", "counts", "summed", "micro_batch"),
)


def save(folder: Path, players: Players, keep: int) -> Path:
    """Write a checkpoint of the players into `folder` and keep the newest `keep`. Raises InputError on a full disk."""
    tensors, counters = contents(players)
    return _write(folder, f"{players.images:09d}", tensors, counters, keep)


def put_in_place(whole: Path, target: Path, keep: int) -> None:
    """Rename a whole checkpoint, and keep the newest `keep` up to it; `best` is one of its own. Raises OSError."""
    folder, replaced = target.parent, target.with_name(f"{REPLACED}{target.name}")
    if target.exists():  # as good as the new one, or damaged; renamed, for a kill while removing it would cost both
        shutil.rmtree(replaced, ignore_errors=True)
        target.rename(replaced)
    whole.rename(target)
    shutil.rmtree(replaced, ignore_errors=True)
    if target.name == BEST:
        return
    found = checkpoints(folder)
    now = found.index(target)
    for old in (*found[: max(0, now + 1 - keep)], *found[now + 1 :]):  # what is newer was passed over as damaged
        shutil.rmtree(old, ignore_errors=True)


def contents(players: Players) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
    """All that the players have come to: tensors by file, and counters."""
    tensors = {name: _portable(getattr(players, name).state_dict()) for name in NETWORKS}
    tensors |= {_average(i): _portable(average.state_dict()) for i, average in enumerate(players.averages)}
    tensors |= {name: _optimizer_tensors(getattr(players, name)) for name in OPTIMIZERS}
    counters = {name: getattr(players, name) for name in COUNTERS}
    return tensors, {**counters, "sums": {name: float(total) for name, total in players.sums.items()}}


def put(players: Players, what: tuple[dict[str, dict[str, Tensor]], dict[str, Any]]) -> None:
    """The reverse of `contents`, for players of the same shape."""
    tensors, counters = what
    for name in NETWORKS:
        getattr(players, name).load_state_dict(tensors[name])
    for i, average in enumerate(players.averages):
        average.load_state_dict(tensors[_average(i)])
    for name in OPTIMIZERS:
        _load_optimizer(getattr(players, name), tensors[name])
    for name in (*COUNTERS, "sums"):
        setattr(players, name, counters[name])


def save_best(folder: Path, players: Players, facts: dict[str, Any]) -> Path:
    """Keep the chosen average as checkpoints/best, with the facts that made it the best."""
    tensors = {_average(0): _portable(players.average.state_dict())}
    return _write(folder, BEST, tensors, {"images": players.images, "tick": players.tick, "chosen": 0, **facts}, 1)


def _write(folder: Path, name: str, tensors: dict[str, dict[str, Tensor]], facts: dict[str, Any], keep: int) -> Path:
    target = folder / name
    partial = folder / f".partial-{os.getpid()}"
    try:
        mend(folder)
        partial.mkdir(parents=True)
        for stem, content in tensors.items():
            save_file(content, partial / f"{stem}.safetensors")
        state: dict[str, Any] = {"format": FORMAT, **facts}
        state["sha256"] = {file.name: _sha256(file) for file in sorted(partial.glob("*.safetensors"))}
        _write_durably(partial / "state.json", json.dumps(state, indent=1).encode())
        put_in_place(partial, target, keep)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise InputError(
            f"could not write the checkpoint {target}: {error}; free some space and train again to go on"
        ) from error
    return target


def mend(folder: Path) -> None:
    """Clear up after a kill: only one process at a time trains a run."""
    for left in folder.glob(".partial-*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in folder.glob(f"{REPLACED}*"):
        if (folder / left.name.removeprefix(REPLACED)).exists():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.rename(folder / left.name.removeprefix(REPLACED))


def _average(i: int) -> str:
    return f"average-{i}"


def checkpoints(folder: Path) -> list[Path]:
    """Every checkpoint of a run, oldest first."""
    return sorted(path for path in folder.glob("[0-9]*") if path.is_dir()) if folder.exists() else []


def load_latest(folder: Path, players: Players) -> tuple[Path | None, list[str]]:
    """Put the newest whole checkpoint into the players; returns it (None: there is none) and what was passed over."""
    damaged: list[str] = []
    mend(folder)
    for path in reversed(checkpoints(folder)):
        trouble = damage(path)
        if trouble is None:
            load(path, players)
            return path, damaged
        damaged.append(f"{path.name}: {trouble}")
    return None, damaged


def newest_whole(folder: Path, to_draw: bool = False) -> Path:
    """The newest whole checkpoint, or the newest that can be drawn from. Raises InputError where there is none."""
    found = checkpoints(folder)
    for path in reversed(found):
        if damage(path, to_draw) is None:
            return path
    if found:
        raise InputError(f"no checkpoint in {folder} is whole ({damage(found[-1])}): train the run again")
    raise InputError(f"no checkpoint in {folder} yet: train the run for longer")


def named(folder: Path, name: str) -> Path:
    """`best` by the light judge (the last where nothing was judged), `last`, or a number of images.

    Raises InputError for one that is not there or not whole.
    """
    if name == "last" or (name == BEST and not (folder / BEST).exists()):
        return newest_whole(folder, to_draw=True)
    path = folder / (name if name == BEST else f"{int(name):09d}" if name.isdecimal() else name)
    if not path.is_dir() and _is_best(folder, name):
        path, name = folder / BEST, BEST
    if not path.is_dir() or name not in (BEST, path.name, path.name.lstrip("0") or "0"):
        kept = ", ".join(str(int(p.name)) for p in checkpoints(folder)) or "none"
        raise InputError(f"no checkpoint {name!r} in {folder}: there is best, last, and by images {kept}")
    if trouble := damage(path, to_draw=True):
        raise InputError(f"checkpoint {path} cannot be used ({trouble}): choose another with --checkpoint")
    return path


def _is_best(folder: Path, name: str) -> bool:
    """Whether so many images are those of the best checkpoint, which is kept when newer ones take its place."""
    best = folder / BEST
    return name.isdecimal() and damage(best, to_draw=True) is None and state_of(best)["images"] == int(name)


def state_of(path: Path) -> dict[str, Any]:
    """What a whole checkpoint says beside its tensors: images, seconds, the chosen average and the other counters."""
    state: dict[str, Any] = json.loads((path / "state.json").read_text())
    return state


def damage(path: Path, to_draw: bool = False) -> str | None:
    """What is wrong with a checkpoint's files, by their checksums; None when they are whole."""
    try:
        state = state_of(path)
        expected = {str(name): str(digest) for name, digest in state["sha256"].items()}
        if state["format"] != FORMAT:
            return f"it is of format {state['format']}, and this ganvas reads {FORMAT}"
        if to_draw:
            drawn_from = f"{_average(state['chosen'])}.safetensors"
            expected = {drawn_from: expected[drawn_from]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "state.json is missing or cut short"
    for name, digest in expected.items():
        file = path / name
        if not file.is_file() or _sha256(file) != digest:
            return f"{file.name} is missing or cut short"
    return None


def average_tensors(path: Path) -> dict[str, Tensor]:
    """The weights of a checkpoint's chosen average."""
    return network_tensors(path, _average(state_of(path)["chosen"]))


def fill(generator: nn.Module, path: Path) -> None:
    """Put a checkpoint's chosen average into a generator. Raises InputError where it is another network's."""
    try:
        generator.load_state_dict(average_tensors(path))
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise InputError(f"checkpoint {path} does not fit the run's settings ({reason})") from error


def network_tensors(path: Path, name: str) -> dict[str, Tensor]:
    """The weights of one network of a checkpoint."""
    return load_file(path / f"{name}.safetensors")


def load(path: Path, players: Players) -> None:
    """Put a whole checkpoint into the players. Raises InputError where their shapes are others."""
    names = (*NETWORKS, *OPTIMIZERS, *(_average(i) for i in range(len(players.averages))))
    try:
        tensors = {name: network_tensors(path, name) for name in names}
        put(players, (tensors, state_of(path)))
    except (OSError, RuntimeError, KeyError) as error:
        reason = str(error).splitlines()[-1].strip()
        raise InputError(f"checkpoint {path} does not fit the run's settings ({reason})") from error


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
        optimizer.state[parameter][key] = value.to(parameter.device)


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
