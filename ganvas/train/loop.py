"""The training loop: one process's work on one run, from its newest checkpoint to the end of its budget."""

from __future__ import annotations

import datetime as dt
import threading
import time
from contextlib import suppress

import numpy as np
import torch
from torch import Tensor

from ganvas.device import synchronize
from ganvas.errors import GanvasError, InputError, TrainingStopped
from ganvas.interrupt import interruptible
from ganvas.pictures.packed import PackedSet
from ganvas.progress import Progress, Task
from ganvas.studio import StudioFolder
from ganvas.train import alarms, checkpoint
from ganvas.train.alarms import LOWER_RATE, NotANumber, Plateau, Watch, outlook
from ganvas.train.augment import next_strength
from ganvas.train.data import BalancedOrder, TrainingOrder, to_network
from ganvas.train.memory import is_out_of_memory
from ganvas.train.plan import Plan
from ganvas.train.players import Players
from ganvas.train.processes import Processes, ProcessLost, is_connection
from ganvas.train.run_folder import RunFolder, append_line, cut_lines, read_lines
from ganvas.train.step import Game, StepResult, train_step
from ganvas.train.tick import Ticker, calibrate

LOGS_A_TICK = 20
FULL_STRENGTH = 0.2  # of a run: the soonest the augmentation may go from none to full
FULL_STRENGTH_IMAGES = 500_000  # the same in images: Karras et al. 2020 (arXiv 2006.06676), section 3


class Interrupted(Exception):
    """Ctrl-C or a polite kill: save, say how to go on, leave."""


class Training:
    """`Training(studio, folder, packed, plan, players, processes, progress).run()`.

    With several processes each runs one; the leader alone writes, and what it decides reaches the others at every step
    (how far, stop), at every line of the log (alarms, strengths) and whenever a checkpoint is read.
    """

    def __init__(
        self,
        studio: StudioFolder,
        folder: RunFolder,
        packed: PackedSet,
        plan: Plan,
        players: Players,
        processes: Processes,
        progress: Progress,
    ) -> None:
        self.catalog, self.folder, self.packed, self.plan = studio.catalog, folder, packed, plan
        self.players, self.processes, self.progress = players, processes, progress
        self.settings = plan.settings
        self.game = Game.of(self.settings, processes)
        self.order = (
            BalancedOrder(packed.train, packed.labels, self.settings.seed)
            if self.settings.balance
            else TrainingOrder(packed.train, self.settings.seed)
        )
        self.table = torch.from_numpy(plan.conditions.table).to(self.device)
        self.real_spread = alarms.real_spread(np.asarray(packed.images[packed.train[:512]]))
        self.drawn = torch.empty(0)
        self.counted = time.perf_counter()

    @property
    def device(self) -> str:
        return self.settings.device or "cpu"

    def run(self) -> None:
        self._resume()
        self.watch = Watch(self.settings.alarms, self.players.counts, self.real_spread)
        if self.processes.leads:
            self.ticker = Ticker(self.folder, self.catalog, self.packed, self.plan, self.progress)
            self.catalog.update_run(self.folder.name, state="training", reason=None)
        try:
            with interruptible() as stop:
                self._train(stop)
        except (Interrupted, KeyboardInterrupt):
            try:
                self._save()
            finally:
                self._finish("interrupted", None)
            self.progress.note(
                f"stopped at {self.players.images:,} images, all saved: the same command goes on from there"
            )
            raise KeyboardInterrupt from None
        except Plateau as early:
            self._finish("finished", str(early))
            self.progress.note(str(early))
            return
        except TrainingStopped as stopped:
            self._finish("stopped", str(stopped))
            raise
        except ProcessLost as lost:
            self._survive(lost)
            raise
        except GanvasError as error:
            self._finish("interrupted", str(error))
            raise
        self._finish("finished", None)
        self.progress.note(
            f"{self.folder.name}: {self.players.images:,} images, {self.players.seconds:,.0f} s of training steps; "
            f"{self.players.total_seconds:,.0f} s in all with sheets, judging and saving"
        )
        if self.processes.leads and (likely := outlook(read_lines(self.folder.ticks_file))):
            self.progress.note(likely)

    def _resume(self) -> None:
        if self.processes.leads:
            source, damaged = checkpoint.load_latest(self.folder.checkpoints, self.players)
            for trouble in damaged:
                self.progress.note(f"passed over a damaged checkpoint ({trouble})")
            self._forget_after(self.players.images if source else -1)
            if source:
                self.progress.note(f"{self.folder.name} goes on from {self.players.images:,} images")
        self._follow_leader()
        players, now = self.players, self.plan.budget.progress(self.players.images, self.players.seconds)
        players.tick = min(players.tick, int(now * self.settings.ticks + 1e-9))  # a fork's budget is a longer one
        if self.settings.augment_strength is not None:
            players.strength = self.settings.augment_strength

    def _follow_leader(self) -> None:
        """Every process gets the leader's weights, optimizers and counters."""
        if self.processes.count > 1:
            checkpoint.put(self.players, self.processes.from_leader(checkpoint.contents(self.players)))

    def _forget_after(self, images: int) -> None:
        cut_lines(self.folder.metrics_file, images)
        cut_lines(self.folder.ticks_file, images)
        self.catalog.cut_ticks(self.folder.name, images)

    def _train(self, stop: threading.Event) -> None:
        """The steps; a loss or weight that is not a number is mended once from the last checkpoint."""
        while True:
            try:
                self._steps(stop)
                return
            except NotANumber as trouble:
                if self.players.rate_factor < 1 or not self._has_checkpoint():
                    raise
                self._roll_back(trouble)

    def _has_checkpoint(self) -> bool:
        return bool(self.processes.from_leader(bool(checkpoint.checkpoints(self.folder.checkpoints))))

    def _roll_back(self, trouble: NotANumber) -> None:
        if self.processes.leads:
            checkpoint.load_latest(self.folder.checkpoints, self.players)
            self.players.rate_factor = LOWER_RATE
            self._forget_after(self.players.images)
            self.progress.note(
                f"warning: {str(trouble).partition(';')[0].removeprefix('stopped ')}; back to the checkpoint of "
                f"{self.players.images:,} images, with {LOWER_RATE} times the learning rates, once"
            )
        self._follow_leader()
        self.watch = Watch(self.settings.alarms, self.players.counts, self.real_spread)

    def _steps(self, stop: threading.Event) -> None:
        players, settings, budget = self.players, self.settings, self.plan.budget
        every, logs = self.plan.checkpoint_every, settings.ticks * LOGS_A_TICK
        if players.tick < 0:
            self._tick(0)
        next_save = players.images + (every or 0)
        with self.progress.task("training", budget.amount, "") as bar:
            before = budget.progress(players.images, players.seconds)
            bar.advance(before * budget.amount)
            begun = time.perf_counter() - players.seconds
            while True:
                now, stopping = self._agreed(stop)
                if players.summed and (int(now * logs) > int(before * logs) or now >= 1):
                    self._log(bar, now, (now - before) * budget.amount)
                    before = now
                due_tick, due_save = int(now * settings.ticks + 1e-9), every is not None and players.images >= next_save
                if due_tick > players.tick or due_save or stopping or now >= 1:
                    synchronize(self.device)
                    players.seconds = time.perf_counter() - begun
                    if due_tick > players.tick:
                        self._tick(due_tick)
                    if due_save:
                        self._save()
                        next_save += every or 0
                    if now >= 1:
                        return
                    if stopping:
                        raise Interrupted
                    begun = time.perf_counter() - players.seconds  # sheets, judging and saving are not training time
                self._step(now)
                players.seconds = time.perf_counter() - begun

    def _agreed(self, stop: threading.Event) -> tuple[float, bool]:
        now = self.plan.budget.progress(self.players.images, self.players.seconds)
        return self.processes.agreed(now, stop.is_set())

    def _step(self, progress: float) -> None:
        shown = self.order.batch(self.players.images, self.plan.batch)[self.processes.share(self.plan.batch)]
        real = to_network(self.packed.images[shown], self.device)
        rows = torch.from_numpy(self.plan.conditions.rows_of(self.packed.labels[shown])).to(self.device)
        result = self._fitted_step(real, rows, progress)
        self.drawn = result.drawn
        for name, value in result.metrics.items():
            self.players.sums[name] = self.players.sums.get(name, 0) + value
        self.players.summed += 1

    def _fitted_step(self, real: Tensor, rows: Tensor, progress: float) -> StepResult:
        """A step in micro-batches that the memory holds: halved whenever it does not."""
        while True:
            try:
                return train_step(self.players, self.game, real, self.table[rows], rows, progress)
            except (RuntimeError, MemoryError) as error:
                if self.processes.count > 1 and is_connection(error):
                    raise self.processes.lost(error) from error
                if not is_out_of_memory(error):
                    raise
                size = min(self.players.micro_batch or len(real), len(real)) // 2
                if size < 1 or self.processes.count > 1:
                    raise InputError(
                        f"out of memory in a step of {len(real)} pictures: train again with --set micro_batch= or "
                        "--set batch= smaller, or narrower networks"
                    ) from error
                self.progress.note(f"out of memory: {size} pictures at once from here on, as many a step as before")
            # outside of `except`, whose traceback would keep the step's tensors alive
            torch.cuda.empty_cache()
            self.players.micro_batch = size

    def _log(self, bar: Task, progress: float, amount: float) -> None:
        players = self.players
        means = {name: float(total) / players.summed for name, total in players.sums.items()}
        players.sums, players.summed = {}, 0
        shown = players.images - int(players.counts.get("logged", 0))
        players.counts["logged"] = players.images
        trouble: TrainingStopped | None = None
        if self.processes.leads:
            epoch = players.images / self.order.count
            record = {"images": players.images, "seconds": round(players.seconds, 3), "epoch": round(epoch, 4)}
            rounded = {name: round(value, 6) for name, value in means.items()}
            append_line(self.folder.metrics_file, {**record, **rounded, "strength": round(players.strength, 4)})
            rate = players.images / max(players.seconds, 1e-9)
            losses = "  ".join(f"{name[-1].upper()} {value:.2f}" for name, value in means.items() if "loss" in name)
            bar.describe(f"{losses}  {rate:,.0f} images/s")
            bar.advance(amount)
            try:
                self.watch.check(means, self.drawn, players.images)
            except TrainingStopped as stopped:
                trouble = stopped
            players.strength = self._next_strength(means, shown)
        self._hear(trouble)

    def _next_strength(self, means: dict[str, float], images: int) -> float:
        adaptive = self.settings.augment_strength is None and bool(self.settings.augment)
        if not adaptive or "certainty" not in means:
            return self.players.strength
        players = self.players
        now = self.plan.budget.progress(players.images, players.seconds)
        to_full = min(FULL_STRENGTH_IMAGES, FULL_STRENGTH * players.images / now)
        return next_strength(players.strength, means["certainty"], images, self.settings.augment_target, to_full)

    def _hear(self, trouble: TrainingStopped | None) -> None:
        """What the leader decided: alarms are raised in every process."""
        players = self.players
        told = self.processes.from_leader((trouble, players.strength, players.chosen, players.counts))
        trouble, players.strength, players.chosen = told[:3]
        if not self.processes.leads:
            players.counts.update(told[3])
        if trouble is not None:
            raise trouble

    def _tick(self, tick: int) -> None:
        self.players.tick = tick
        trouble: TrainingStopped | None = None
        if self.processes.leads:
            scores = self.ticker.tick(self.players)
            try:
                high_rates = tick / self.settings.ticks < 1 - (self.settings.decay or 1.0)
                for warning in self.watch.check_tick(scores, self.players.images, high_rates):
                    self.progress.note(warning)
            except TrainingStopped as stopped:
                trouble = stopped
        if self.plan.checkpoint_every is None or tick in (0, self.settings.ticks):
            self._save()
        elif trouble is not None:
            with suppress(NotANumber):
                self._save()
        self._hear(trouble)

    def _save(self) -> None:
        """Write a checkpoint. Raises NotANumber, and that in every process: their weights are the same."""
        players = self.players
        networks = {"generator": players.generator, "discriminator": players.discriminator}
        alarms.check_weights(networks, players.images)
        if not self.processes.leads:
            return
        self._count_total()
        self.ticker.calibrate(players)
        checkpoint.save(self.folder.checkpoints, players, self.settings.keep_checkpoints)
        # a kill must not leave `ganvas info` saying that nothing was done
        self.catalog.update_run(self.folder.name, images_seen=players.images, train_seconds=players.seconds)

    def _survive(self, lost: ProcessLost) -> None:
        """Another process is gone: whoever holds the run's lock, or gets it because the leader died, saves."""
        if self.processes.leads:
            self._save()
            self._finish("interrupted", str(lost))
            return
        try:
            with self.folder.lock():
                saved = self.folder.checkpoints / f"{self.players.images:09d}"
                if saved.exists() and checkpoint.damage(saved) is None:
                    return
                calibrate(self.players, self.plan)
                checkpoint.save(self.folder.checkpoints, self.players, self.settings.keep_checkpoints)
                self.catalog.update_run(self.folder.name, state="interrupted", images_seen=self.players.images)
        except InputError:
            pass  # the leader lives, or another process was first

    def _finish(self, state: str, reason: str | None) -> None:
        if not self.processes.leads:
            return
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
