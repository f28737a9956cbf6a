"""The training loop: `train(studio, "fronts", {"budget": "10m"})` makes or continues a run and returns its folder."""

from __future__ import annotations

import copy
import datetime as dt
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ganvas.errors import GanvasError, TrainingStopped
from ganvas.networks import build
from ganvas.pictures.packed import PackedSet
from ganvas.progress import Progress, Silent, Task
from ganvas.studio import StudioFolder
from ganvas.train import alarms, checkpoint
from ganvas.train.begin import find_unfinished, new_run, settings_of
from ganvas.train.data import TrainingOrder, step_seed, to_network
from ganvas.train.losses import loss
from ganvas.train.plan import Plan, make_plan
from ganvas.train.run_folder import RunFolder, append_line, cut_lines
from ganvas.train.settings import train_settings
from ganvas.train.step import Players, StepResult, train_step
from ganvas.train.tick import Ticker

LOGS_A_TICK = 20


class Interrupted(Exception):
    """Ctrl-C or a polite kill: save, say how to go on, leave."""


def train(
    studio: StudioFolder,
    set_name: str,
    given: Mapping[str, Any] | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> RunFolder:
    """Train a GAN on a packed set; the same call goes on with an unfinished run of the same settings.

    Raises SettingsError for bad settings, InputError for a set or run that cannot be used, TrainingStopped when an
    alarm ended the training, and KeyboardInterrupt (after saving) when a person did.
    """
    progress = progress or Silent()
    packed = PackedSet.open(studio.sets / set_name)
    asked = dict(given or {})
    settings = train_settings(asked)
    unfinished = find_unfinished(studio, packed, name, asked)
    plan = make_plan(settings if unfinished is None else settings_of(unfinished, asked), packed)
    folder = unfinished or new_run(studio, packed, plan, asked, name)
    with folder.lock():
        if unfinished is None:
            for choice in plan.choices:
                progress.note(str(choice))
        _Training(studio, folder, packed, plan, progress).run()
    return folder


class _Training:
    """One process's work on one run, from its newest checkpoint to the end of its budget."""

    def __init__(
        self, studio: StudioFolder, folder: RunFolder, packed: PackedSet, plan: Plan, progress: Progress
    ) -> None:
        self.catalog = studio.catalog
        self.folder = folder
        self.packed = packed
        self.plan = plan
        self.settings = plan.settings
        self.progress = progress
        self.players = make_players(plan)
        self.order = TrainingOrder(packed.train, self.settings.seed)
        self.loss = loss(plan.loss)
        self.real_spread = alarms.real_spread(np.asarray(packed.images[packed.train[:512]]))
        self.sums: dict[str, Tensor] = {}
        self.summed = 0
        self.counted = time.perf_counter()

    def run(self) -> None:
        self._resume()
        self.ticker = Ticker(self.folder, self.catalog, self.packed, self.plan, self.progress)
        self.catalog.update_run(self.folder.name, state="training", reason=None)
        try:
            with _interruptible() as stop:
                self._steps(stop)
        except (Interrupted, KeyboardInterrupt):
            self._save()
            self._finish("interrupted", None)
            self.progress.note(
                f"stopped at {self.players.images:,} images, all saved: the same command goes on from there"
            )
            raise KeyboardInterrupt from None
        except TrainingStopped as stopped:
            self._finish("stopped", str(stopped))
            raise
        except GanvasError as error:
            self._finish("interrupted", str(error))
            raise
        self._finish("finished", None)
        self.progress.note(
            f"{self.folder.name}: {self.players.images:,} images, {self.players.seconds:,.0f} s of training steps; "
            f"{self.players.total_seconds:,.0f} s in all with sheets, judging and saving"
        )

    def _resume(self) -> None:
        source, damaged = checkpoint.load_latest(self.folder.checkpoints, self.players)
        for trouble in damaged:
            self.progress.note(f"passed over a damaged checkpoint ({trouble})")
        cut_lines(self.folder.metrics_file, self.players.images if source else -1)
        cut_lines(self.folder.ticks_file, self.players.images if source else -1)
        self.catalog.cut_ticks(self.folder.name, self.players.images if source else -1)
        if source:
            self.progress.note(f"{self.folder.name} goes on from {self.players.images:,} images")

    def _steps(self, stop: threading.Event) -> None:
        players, settings, budget = self.players, self.settings, self.plan.budget
        if players.tick < 0:
            self._tick(0)
        next_save = players.images + (self.plan.checkpoint_every or 0)
        with self.progress.task("training", budget.amount, "") as bar:
            bar.advance(budget.progress(players.images, players.seconds) * budget.amount)
            shown, before = players.images, budget.progress(players.images, players.seconds)
            begun = time.perf_counter() - players.seconds
            while (progress := budget.progress(players.images, players.seconds)) < 1:
                result = self._step(progress)
                players.seconds = time.perf_counter() - begun
                after = budget.progress(players.images, players.seconds)
                logs = settings.ticks * LOGS_A_TICK
                if int(after * logs) > int(before * logs) or after >= 1:
                    self._log(result, bar, players.images - shown, (after - before) * budget.amount)
                    shown, before = players.images, after
                due_tick = int(after * settings.ticks + 1e-9)
                due_save = self.plan.checkpoint_every is not None and players.images >= next_save
                if due_tick > players.tick or due_save or stop.is_set():
                    self._synchronize()
                    players.seconds = time.perf_counter() - begun
                    if due_tick > players.tick:
                        self._tick(due_tick)
                    if due_save:
                        self._save()
                        next_save += self.plan.checkpoint_every or 0
                    if stop.is_set():
                        raise Interrupted
                    begun = time.perf_counter() - players.seconds  # sheets, judging and saving are not training time
            if players.tick < settings.ticks:  # the clock ran out in the wait for the device at the tick before
                self._tick(settings.ticks)

    def _step(self, progress: float) -> StepResult:
        indices = self.order.batch(self.players.images, self.plan.batch)
        real = to_network(self.packed.images[indices], self.settings.device or "cpu")
        labels = None
        if self.plan.shape.labels:
            labels = torch.from_numpy(self.packed.labels[indices]).to(real.device)
        result = train_step(self.players, self.settings, self.loss, real, labels, progress)
        for name, value in result.metrics.items():
            self.sums[name] = self.sums.get(name, 0) + value
        self.summed += 1
        return result

    def _log(self, result: StepResult, bar: Task, images: int, amount: float) -> None:
        players = self.players
        means = {name: float(total) / self.summed for name, total in self.sums.items()}
        self.sums, self.summed = {}, 0
        alarms.check_finite(means, players.images)
        players.one_colour_count = alarms.one_colour_count(
            result.drawn, self.real_spread, self.settings.one_colour_sigma, players.one_colour_count
        )
        epoch = players.images / self.order.count
        record = {"images": players.images, "seconds": round(players.seconds, 3), "epoch": round(epoch, 4)}
        append_line(self.folder.metrics_file, {**record, **{k: round(v, 6) for k, v in means.items()}})
        rate = players.images / max(players.seconds, 1e-9)
        bar.describe(f"D {means['loss_d']:.2f}  G {means['loss_g']:.2f}  {rate:,.0f} images/s")
        bar.advance(amount)
        alarms.check_one_colour(players.one_colour_count, self.settings.one_colour_patience, players.images)

    def _tick(self, tick: int) -> None:
        self.players.tick = tick
        self.ticker.tick(self.players)
        if self.plan.checkpoint_every is None or tick in (0, self.settings.ticks):
            self._save()

    def _save(self) -> None:
        players = self.players
        self._count_total()
        networks = {"generator": players.generator, "discriminator": players.discriminator}
        alarms.check_weights(networks, players.images)
        self.ticker.calibrate(players)
        checkpoint.save(self.folder.checkpoints, self.players, self.settings.keep_checkpoints)
        # a kill must not leave `ganvas info` saying that nothing was done
        self.catalog.update_run(self.folder.name, images_seen=players.images, train_seconds=players.seconds)

    def _finish(self, state: str, reason: str | None) -> None:
        self._count_total()
        done = {name: getattr(self.players, name) for name in ("images", "seconds", "total_seconds")}
        self.folder.write_json("state.json", {"state": state, "reason": reason, **done})
        self.catalog.update_run(
            self.folder.name,
            state=state,
            reason=reason,
            images_seen=self.players.images,
            train_seconds=self.players.seconds,
            finished_at=dt.datetime.now(dt.UTC) if state != "interrupted" else None,
        )

    def _count_total(self) -> None:
        now = time.perf_counter()
        self.players.total_seconds += now - self.counted
        self.counted = now

    def _synchronize(self) -> None:
        if (self.settings.device or "cpu").startswith("cuda"):
            torch.cuda.synchronize()


def make_players(plan: Plan) -> Players:
    """Fresh networks and optimizers, their weights a function of the seed."""
    settings = plan.settings
    torch.manual_seed(step_seed(settings.seed, -1))
    pair = build(settings.network, plan.shape)
    generator, discriminator = (
        network.to(device=settings.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for network in pair
    )
    average = copy.deepcopy(generator).eval().requires_grad_(False)
    betas = (settings.beta1, settings.beta2)
    return Players(
        generator=generator,
        discriminator=discriminator,
        average=average,
        generator_optimizer=torch.optim.Adam(generator.parameters(), settings.generator_rate or 0.0, betas),
        discriminator_optimizer=torch.optim.Adam(discriminator.parameters(), settings.discriminator_rate or 0.0, betas),
    )


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """An event that Ctrl-C or SIGTERM sets, looked at between steps: no signal ever cuts a step or a file in two."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
