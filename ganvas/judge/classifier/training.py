"""The lessons of a classifier, one after another: `Training(network, examples, plan, progress, keeper).run()`.

Every random number follows from (seed, lesson, step) and the order of pictures from (seed, lesson, epoch): what was
kept after a check or at Ctrl-C is all there is to go on from.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ganvas.device import make_deterministic, synchronize
from ganvas.errors import TrainingStopped
from ganvas.interrupt import interruptible
from ganvas.judge.classifier.augment import augmented
from ganvas.judge.classifier.calibration import cross_entropies, cross_entropy
from ganvas.judge.classifier.examples import Examples, Indices
from ganvas.judge.classifier.features import Features, FrozenParts, features_of
from ganvas.judge.classifier.feed import Order, step_seed, to_network
from ganvas.judge.classifier.network import Lesson, Network, one_cycle
from ganvas.judge.classifier.plan import Plan, encoding_until
from ganvas.judge.classifier.seeing import logits_of
from ganvas.judge.classifier.state import Keeper, State, Tensors
from ganvas.judge.classifier.tensors import optimizer_tensors, portable, put_optimizer
from ganvas.progress import Progress

LEAST = 0.1  # of the budget, for any lesson
SOONEST = 0.02  # of a lesson: no check follows another sooner, however short the epochs
FEWEST_CHECKS = 4  # without a lower validation loss, before a lesson ends early


class Training:
    """One network's way through its lessons; afterwards it holds the weights of the lowest validation loss."""

    def __init__(
        self, network: Network, examples: Examples, plan: Plan, progress: Progress, keeper: Keeper | None = None
    ) -> None:
        self.examples, self.plan, self.settings = examples, plan, plan.settings
        self.network = network.to(plan.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.progress, self.keeper, self.lessons = progress, keeper, network.lessons()
        self.state, self.best = State(), portable(network.state_dict())
        self.targets = torch.from_numpy(examples.labels)
        self.label_weights = _label_weights(examples) if self.settings.class_weights else None
        self.weights = None if self.label_weights is None else torch.from_numpy(self.label_weights).to(plan.device)

    def run(self) -> None:
        """Raises KeyboardInterrupt (after saving) for Ctrl-C, TrainingStopped where the loss is no number."""
        make_deterministic(self.plan.device)
        kept = self.keeper.kept() if self.keeper else None
        remembered = self._go_on(*kept) if kept else {}
        self.begun = time.perf_counter() - self.state.seconds
        with torch.random.fork_rng(), interruptible() as stop:
            for number in range(self.state.lesson, len(self.lessons)):
                if number != self.state.lesson:
                    self._begin(number)
                if not self.state.over:
                    self._learn(self.lessons[number], remembered, stop)
                remembered = {}
                self.network.load_state_dict(self.best)
        self.network.eval()

    def _begin(self, number: int) -> None:
        before = self.state
        began = self.plan.budget.progress(before.images, before.seconds)
        self.state = State(number, images=before.images, seconds=before.seconds, began=began, history=before.history)
        self.state.best_loss = before.best_loss

    def _go_on(self, tensors: Tensors, state: dict[str, Any]) -> dict[str, Tensor]:
        """Take up what was kept; returns what the optimizer remembers."""
        self.network.load_state_dict(tensors["network"])
        self.best, self.state = tensors["best"], State(**state)
        self.progress.note(f"goes on from {self.state.images:,} pictures, {self.state.seconds:,.0f} s")
        return tensors["optimizer"]

    def _learn(self, lesson: Lesson, remembered: dict[str, Tensor], stop: threading.Event) -> None:
        groups = self.network.learning(lesson)
        self.rates = [group["lr"] for group in groups]
        self.optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=self.settings.weight_decay)
        put_optimizer(self.optimizer, remembered)
        pool, features = self._material(lesson, stop)
        order = Order(len(pool), self.settings.seed, self.state.lesson)
        with self.progress.task(lesson.name, 1.0) as bar:
            shown = 0.0
            while True:
                now = self._now(lesson, len(pool))
                if self._due(lesson, len(pool), now):
                    self._check(lesson, now, features)
                    bar.describe(_told(self.state.history[-1]))
                    if self.state.over:
                        return
                bar.advance(now - shown)
                shown = now
                if stop.is_set():
                    self._interrupted()
                self._step(lesson, now, pool, order, features)

    def _material(self, lesson: Lesson, stop: threading.Event) -> tuple[Indices, Features | None]:
        """The pictures a lesson learns from; of a frozen one also their features, validation first, as time allows."""
        if not lesson.frozen:
            return self.examples.train, None
        s, plan = self.settings, self.plan
        parts = FrozenParts(self.network, f"{s.backbone}-{s.size_px}px-levels", plan.device, str(s.precision))
        shuffled = np.random.default_rng(s.seed).permutation(self.examples.train)
        seen_by_validation = features_of(parts, self.examples, self.examples.validation, self.progress)

        def more(made: int) -> bool:
            if stop.is_set():
                self._interrupted()
            return plan.budget.kind == "images" or self._seconds() < encoding_until(s) * plan.budget.amount

        features = features_of(parts, self.examples, shuffled, self.progress, more)
        if len(features) < len(shuffled):
            self.progress.note(
                f"the head learns from {len(features):,} of {len(shuffled):,} pictures: what there is time to look at"
            )
        if not self.state.step:  # however long looking took, the head gets its time
            self.state.began = plan.budget.progress(self.state.images, self._seconds())
        return shuffled[: len(features)], np.concatenate([seen_by_validation, features])

    def _now(self, lesson: Lesson, pool: int) -> float:
        """The share of the lesson that is over: of its budget, or of its most epochs."""
        state = self.state
        state.seconds = self._seconds()
        spent = self.plan.budget.progress(state.images, state.seconds)
        by_budget = (spent - state.began) / max(lesson.until - state.began, LEAST)
        return min(1.0, max(by_budget, state.seen / (pool * lesson.most_epochs)))

    def _seconds(self) -> float:
        return time.perf_counter() - self.begun

    def _due(self, lesson: Lesson, pool: int, now: float) -> bool:
        state = self.state
        if not state.step:
            return False  # however late it begins, a lesson takes a step
        since = now - state.checked_at
        epoch_over = state.seen - state.checked_seen >= pool
        return now >= 1 or since >= lesson.check_every or (epoch_over and since >= SOONEST)

    def _step(self, lesson: Lesson, now: float, pool: Indices, order: Order, features: Features | None) -> None:
        state, device = self.state, self.plan.device
        torch.manual_seed(step_seed(self.settings.seed, state.lesson, state.step))
        places = order.batch(state.seen, min(int(self.settings.batch or 2), len(pool)))
        targets = self.targets[pool[places]].to(device)
        self.network.train()
        with torch.autocast(device.partition(":")[0], torch.bfloat16, self.settings.precision == "bf16"):
            if features is not None:
                x = torch.from_numpy(features[places + len(self.examples.validation)]).to(device)
                logits = self.network.classified(x)
            else:
                pictures = to_network(self.examples.pictures[pool[places]], device)
                x = augmented(pictures, self.settings.augment or [])
                logits = self.network(x.contiguous(memory_format=torch.channels_last))
        logits = logits.float()
        loss = F.cross_entropy(logits, targets, self.weights, label_smoothing=self.settings.label_smoothing)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * one_cycle(now)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        lost = F.cross_entropy(logits.detach(), targets, self.weights)  # without smoothing, as the validation's
        seen = (float(lost) * len(places), float((logits.argmax(1) == targets).sum()), len(places))
        state.sums = [total + part for total, part in zip(state.sums, seen, strict=True)]
        state.step, state.seen, state.images = state.step + 1, state.seen + len(places), state.images + len(places)

    def _check(self, lesson: Lesson, now: float, features: Features | None) -> None:
        """Look at the validation pictures, note down, keep the best."""
        state, validation = self.state, self.examples.validation
        if not math.isfinite(state.sums[0]):
            raise TrainingStopped("stopped: the loss is no number any more; train again with a lower --set rate=")
        synchronize(self.plan.device)
        seen = None if features is None else features[: len(validation)]
        logits = logits_of(self.network, self.examples.pictures, validation, self.settings, seen)
        truth = self.examples.labels[validation]
        loss = cross_entropy(logits, truth, weights=self.label_weights)
        error = float(cross_entropies(logits, truth).std() / math.sqrt(len(truth)))
        state.checks_since_best += 1
        state.best_loss = min(state.best_loss, loss)
        if loss <= state.best_loss + error:  # of a hundred pictures the lowest loss is luck; later weights know more
            state.best_at, state.checks_since_best = now, 0
            self.best = portable(self.network.state_dict())
        state.seconds = self._seconds()
        state.history.append(
            {
                "lesson": lesson.name,
                "images": state.images,
                "seconds": round(state.seconds, 2),
                "train_loss": round(state.sums[0] / state.sums[2], 5),
                "train_accuracy": round(state.sums[1] / state.sums[2], 5),
                "validation_loss": round(loss, 5),
                "validation_error": round(error, 5),
                "validation_accuracy": round(float((logits.argmax(1) == truth).mean()), 5),
            }
        )
        state.checked_at, state.checked_seen, state.sums = now, state.seen, [0.0, 0.0, 0.0]
        state.over = now >= 1 or self._hopeless(lesson, now)
        self._keep()

    def _hopeless(self, lesson: Lesson, now: float) -> bool:
        state, patience = self.state, self.settings.patience
        if not patience or now - state.best_at < patience or state.checks_since_best < FEWEST_CHECKS:
            return False
        self.progress.note(f"{lesson.name}: ended early, no lower validation loss for {now - state.best_at:.0%} of it")
        return True

    def _keep(self) -> None:
        if self.keeper:
            tensors = {"network": portable(self.network.state_dict()), "best": self.best}
            self.keeper.keep({**tensors, "optimizer": optimizer_tensors(self.optimizer)}, asdict(self.state))

    def _interrupted(self) -> None:
        self.state.seconds = self._seconds()
        if self.keeper:
            self._keep()
            seen = f"{self.state.images:,} pictures"
            self.progress.note(f"stopped at {seen}, all kept: the same command goes on from there")
        raise KeyboardInterrupt


def _label_weights(examples: Examples) -> NDArray[np.float32]:
    """Weights of the labels: each weighs the same as a whole, the mean weight of a picture being 1."""
    counts = examples.counts
    weights: NDArray[np.float32] = (counts.sum() / (len(counts) * counts)).astype(np.float32)
    return weights


def _told(row: dict[str, Any]) -> str:
    return f"validation loss {row['validation_loss']:.3f}, {row['validation_accuracy']:.1%} right"
