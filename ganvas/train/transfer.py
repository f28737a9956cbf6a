"""Weights from another run: `--from RUN` starts anew from what it learned, `--fork RUN` goes on where it is."""

from __future__ import annotations

import shutil

from torch import nn

from ganvas.errors import InputError
from ganvas.record_folder import write_json
from ganvas.train import checkpoint
from ganvas.train.alarms import IN_A_ROW
from ganvas.train.players import Players
from ganvas.train.run_folder import RunFolder

FEWEST = 0.25  # of the tensors, below which it would be a training from nothing with a few odd numbers in it


def start_from(parent: RunFolder, players: Players) -> str:
    """Put the parent's weights into fresh players wherever name and shape agree; returns what was taken, as a line.

    The generator and its averages start from the parent's best average, the discriminator from its last checkpoint.
    Raises InputError where too little fits: another architecture, or other widths.
    """
    best = checkpoint.named(parent.checkpoints, checkpoint.BEST)
    last = checkpoint.newest_whole(parent.checkpoints)
    drawn, told = checkpoint.average_tensors(best), checkpoint.network_tensors(last, "discriminator")
    taken = [_fill(players.generator, drawn), _fill(players.discriminator, told)]
    for average in players.averages:
        _fill(average, drawn)
    names = ("generator", "discriminator")
    counts = [sum(1 for _ in getattr(players, name).parameters()) for name in names]
    parts = [f"{n} of {count} tensors of its {name}" for n, count, name in zip(taken, counts, names, strict=True)]
    if any(n < FEWEST * count for n, count in zip(taken, counts, strict=True)):
        raise InputError(
            f"too little of run {parent.name} fits these networks ({', '.join(parts)}): use its --network and settings"
        )
    return f"starts from {parent.name}: {', '.join(parts)}"


def copy_checkpoint(parent: RunFolder, child: RunFolder) -> None:
    """Give a new run the parent's newest whole checkpoint to go on from, its best one, and what was logged until then.

    How near an alarm was, and what was changed to save the parent, is forgotten: the child has its own settings.
    """
    source = checkpoint.newest_whole(parent.checkpoints)
    best = parent.checkpoints / checkpoint.BEST
    if best.exists():
        shutil.copytree(best, child.checkpoints / best.name, dirs_exist_ok=True)
    for file in (parent.metrics_file, parent.ticks_file):
        if file.exists():
            shutil.copy(file, child.path / file.name)
    shutil.copytree(parent.sheets, child.sheets, dirs_exist_ok=True)
    aside = child.checkpoints / f".partial-{source.name}"
    shutil.copytree(source, aside, dirs_exist_ok=True)
    state = checkpoint.state_of(aside)
    counts = {name: value for name, value in state["counts"].items() if name not in IN_A_ROW}
    own = {"rate_factor": 1.0, "counts": counts, "micro_batch": child.read_settings()["settings"]["micro_batch"]}
    write_json(aside / "state.json", {**state, **own})
    aside.rename(child.checkpoints / source.name)


def _fill(network: nn.Module, tensors: dict) -> int:  # type: ignore[type-arg]
    own = network.state_dict()
    fitting = {name: tensor for name, tensor in tensors.items() if name in own and own[name].shape == tensor.shape}
    network.load_state_dict(fitting, strict=False)
    parameters = dict(network.named_parameters())
    return sum(1 for name in fitting if name in parameters)
