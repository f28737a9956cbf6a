"""`train(studio, "fronts", {"budget": "10m"})` makes a run, goes on with an unfinished one, or forks another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganvas.device import make_deterministic
from ganvas.errors import InputError
from ganvas.networks.norm import synchronise
from ganvas.pictures.packed import PackedSet
from ganvas.progress import Progress, Silent
from ganvas.studio import StudioFolder
from ganvas.train.begin import find_unfinished, forked_settings, new_run, settings_of, taught_settings
from ganvas.train.checkpoint import checkpoints, newest_whole, state_of
from ganvas.train.condition import Conditions
from ganvas.train.loop import Training
from ganvas.train.machine import difference
from ganvas.train.plan import Plan, make_plan, sizes
from ganvas.train.players import make_players
from ganvas.train.processes import Processes, joined
from ganvas.train.run_folder import RunFolder
from ganvas.train.settings import train_settings
from ganvas.train.transfer import copy_checkpoint, start_from


def train(
    studio: StudioFolder,
    set_name: str,
    given: Mapping[str, Any] | None = None,
    name: str | None = None,
    fork: str | None = None,
    progress: Progress | None = None,
) -> RunFolder:
    """Train a GAN on a packed set; the same call goes on with an unfinished run of the same settings.

    `fork` names a run whose last checkpoint a new run goes on from, with its settings but for those given. Raises
    SettingsError for bad settings, InputError for a set or run that cannot be used, TrainingStopped when an alarm ended
    the training, ProcessLost when another process did, and KeyboardInterrupt (after saving) when a person did.
    """
    asked = dict(given or {})
    with joined(asked.get("device")) as processes:
        progress = progress if progress is not None and processes.leads else Silent()
        packed = PackedSet.open(studio.sets / set_name)
        begun = _begin(studio, packed, asked, name, fork, progress) if processes.leads else None
        begun = processes.from_leader(begun)
        assert begun is not None
        folder, plan = begun
        _check_batch(plan, processes)
        if processes.leads:
            with folder.lock():
                _train(studio, folder, packed, plan, processes, progress)
        else:
            _train(studio, folder, packed, plan, processes, progress)
    return folder


def _begin(
    studio: StudioFolder,
    packed: PackedSet,
    asked: dict[str, Any],
    name: str | None,
    fork: str | None,
    progress: Progress,
) -> tuple[RunFolder, Plan]:
    """The folder of the run, new or unfinished, and its plan."""
    settings = train_settings(asked)
    command = asked if fork is None else {**asked, "fork": fork}
    unfinished = find_unfinished(studio, packed, name, command)
    if unfinished is not None:
        plan = make_plan(settings_of(unfinished, asked), packed, Conditions.load(unfinished.path))
        if changed := difference(unfinished.read_settings(), plan.settings.device):
            progress.note(f"not the machine the run began on ({changed}): it goes on, but not bit for bit the same")
        return unfinished, plan
    if fork is not None:
        parent = _existing(studio, fork)
        plan = make_plan(forked_settings(parent, packed, asked), packed, Conditions.load(parent.path))
        _check_time_left(parent, plan)
        return new_run(studio, packed, plan, command, name), plan
    if settings.start_from is not None:
        plan = make_plan(taught_settings(_existing(studio, settings.start_from), asked), packed)
        start_from(_existing(studio, settings.start_from), make_players(plan))  # refused before there is a run
    else:
        plan = make_plan(settings, packed)
    for choice in plan.choices:
        progress.note(str(choice))
    progress.note(sizes(plan))
    return new_run(studio, packed, plan, command, name), plan


def _train(
    studio: StudioFolder,
    folder: RunFolder,
    packed: PackedSet,
    plan: Plan,
    processes: Processes,
    progress: Progress,
) -> None:
    make_deterministic(plan.settings.device or "cpu")
    players = make_players(plan)
    if processes.count > 1:
        synchronise(players.generator)
        synchronise(players.discriminator)
    if processes.leads and not checkpoints(folder.checkpoints):
        fork = folder.read_settings()["asked"].get("fork")
        if fork is not None:
            copy_checkpoint(_existing(studio, fork), folder)
            progress.note(f"{folder.name} goes on from {fork}, with its settings but for those given")
        elif plan.settings.start_from is not None:
            progress.note(start_from(_existing(studio, plan.settings.start_from), players))
    Training(studio, folder, packed, plan, players, processes, progress).run()


def _existing(studio: StudioFolder, name: str) -> RunFolder:
    if name == "last":
        raise InputError("--fork and --from need a run's name: `last` is another run when the same command goes on")
    return RunFolder(studio.runs / studio.catalog.existing_run(name).name)


def _check_time_left(parent: RunFolder, plan: Plan) -> None:
    state = state_of(newest_whole(parent.checkpoints))
    images, seconds = state["images"], state["seconds"]
    if plan.budget.progress(images, seconds) >= 1:
        raise InputError(
            f"run {parent.name} has used its budget of {plan.settings.budget} ({images:,} images, {seconds:,.0f} s): "
            "give the fork a larger --budget"
        )


def _check_batch(plan: Plan, processes: Processes) -> None:
    if plan.batch % processes.count:
        raise InputError(f"a batch of {plan.batch} does not divide among {processes.count} processes: --set batch=")
