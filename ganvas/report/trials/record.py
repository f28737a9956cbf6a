"""What a search's page is made of. The trials are handed in as plain values; of their runs the folders are read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ganvas.report.record import Json, number, read_lines, read_object, read_sheets
from ganvas.report.words import plain
from ganvas.scores.shown import BESIDE, LOWER_IS_BETTER, shown

STATES = FINISHED, PRUNED, *_ = ("finished", "pruned", "stopped", "failed", "running", "waiting")
DEFAULT_TICKS = 20.0
SET = "set"  # the axis whose values are judged by different pictures


@dataclass(frozen=True)
class TrialRecord:
    """One trial: what trials.jsonl says of it, `rank` of its point among all (None: unranked), and its run's folder.

    `mean` and `sd` are of the score over the point's seeds, where there are several.
    """

    number: int
    group: int
    run: str
    folder: Path
    state: str
    point: Mapping[str, Any]
    seed: int = 0
    reason: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    light: Mapping[str, float] = field(default_factory=dict)
    images: int = 0
    seconds: float = 0.0
    worker: str | None = None
    rank: int | None = None
    mean: float | None = None
    sd: float | None = None

    @cached_property
    def ticks(self) -> list[Json]:
        """The judged ones of its run, from the first."""
        return [tick for tick in read_lines(self.folder / "ticks.jsonl") if number(tick, "kid") is not None]

    @cached_property
    def tick_count(self) -> float:
        """How many ticks its budget has."""
        settings = read_object(self.folder / "settings.json").get("settings")
        return number(settings, "ticks") or DEFAULT_TICKS if isinstance(settings, dict) else DEFAULT_TICKS

    @cached_property
    def sheet(self) -> Path | None:
        """Its newest sheet."""
        return next(reversed(read_sheets(self.folder / "sheets").values()), None)

    def has(self, name: str) -> bool:
        return (self.folder / name).is_file()

    def score(self, name: str) -> float | None:
        """A finite score of its scorecard. A trial that did not finish has none: it had another budget."""
        value = self.scores.get(name) if self.state == FINISHED else None
        return float(value) if value is not None and math.isfinite(value) else None

    def told(self, names: Iterable[str]) -> str:
        """network.generator_filters 32 · batch 16: those of the settings that it has."""
        return " · ".join(f"{name} {short(self.point[name])}" for name in names if name in self.point)


@dataclass(frozen=True)
class SearchRecord:
    """A search: `asked` as search.json has it; trials best first, then the others by number; shares of importance.

    `rungs` are shares of the budget at which trials were pruned, none where they were not. `why` are lines on what was
    chosen for the user, each with its reason.
    """

    name: str
    folder: Path
    asked: Mapping[str, Any]
    trials: Sequence[TrialRecord]
    score: str = "kid"
    importance: Mapping[str, float] = field(default_factory=dict)
    rungs: Sequence[float] = ()
    why: Sequence[str] = ()

    @cached_property
    def sets(self) -> list[Any]:
        """The sets that are compared, each judged by its own pictures; [None] where all trials have the search's."""
        return list(dict.fromkeys(trial.point.get(SET) for trial in self.trials)) or [None]

    @cached_property
    def bests(self) -> list[TrialRecord]:
        """The best trial of each set that has one."""
        found: dict[Any, TrialRecord] = {}
        for trial in self.trials:
            if trial.score(self.score) is not None:
                found.setdefault(trial.point.get(SET), trial)
        return list(found.values())

    def seeds(self, trial: TrialRecord) -> int:
        """Over how many seeds its point's mean is."""
        return sum(other.group == trial.group and other.score(self.score) is not None for other in self.trials)

    @property
    def lower_is_better(self) -> bool:
        return self.score in LOWER_IS_BETTER

    @cached_property
    def parameters(self) -> list[str]:
        """Every setting of any point, in the order in which the points have them."""
        return list(dict.fromkeys(name for trial in self.trials for name in trial.point))

    @cached_property
    def varied(self) -> list[str]:
        """The settings in which points differ; of one point, all."""
        if len({trial.group for trial in self.trials}) < 2:
            return self.parameters
        values = {name: {repr(trial.point.get(name)) for trial in self.trials} for name in self.parameters}
        return [name for name in self.parameters if len(values[name]) > 1]

    @cached_property
    def common(self) -> dict[str, Any]:
        """The settings that are the same for all, where there is more than one point."""
        same = [name for name in self.parameters if name not in self.varied]
        return {name: self.trials[0].point[name] for name in same}

    @cached_property
    def repeated(self) -> bool:
        """Whether any point ran under several seeds."""
        return len({trial.group for trial in self.trials}) < len(self.trials)

    @cached_property
    def score_names(self) -> list[str]:
        """Scores that any trial has, the one that was sought first; without baselines and spreads."""
        found = dict.fromkeys(name for trial in self.trials for name in trial.scores)
        kept = [name for name in found if not name.endswith(BESIDE) and name != self.score]
        return [*([self.score] if self.score in found else []), *kept]

    def baseline(self, name: str, set_name: Any = None) -> float | None:
        """What real pictures of a set get against real ones: the best trial's; all of a set are judged alike."""
        for trial in self.trials:
            if trial.point.get(SET) != set_name:
                continue
            if (value := trial.score(f"{name}_baseline")) is not None:
                return value
        return None

    def goodness(self, trial: TrialRecord) -> float | None:
        """1 for the best score of its set, 0 for the worst, by place: a few outliers must not make all others alike."""
        value = trial.score(self.score)
        return None if value is None else self._places[trial.point.get(SET)].get(value)

    def best_last(self, trials: Iterable[TrialRecord]) -> list[TrialRecord]:
        """In the order in which lines are drawn: the best above all others."""
        return sorted(trials, key=lambda trial: -1.0 if (good := self.goodness(trial)) is None else good)

    @cached_property
    def _places(self) -> dict[Any, dict[float, float]]:
        scored = [(trial.point.get(SET), trial.score(self.score)) for trial in self.trials]
        return {one: self._placed({v for of, v in scored if of == one and v is not None}) for one in self.sets}

    def _placed(self, scores: Iterable[float]) -> dict[float, float]:
        values = sorted(scores, reverse=not self.lower_is_better)
        return {value: 1 - i / max(1, len(values) - 1) for i, value in enumerate(values)}


def shown_score(name: str, value: float | None) -> str:
    return "–" if value is None else shown(name, value)


def short(value: Any) -> str:
    """A setting's value, a number with three digits: the whole one is in the table's file."""
    return f"{value:.3g}" if isinstance(value, float) else plain(value)
