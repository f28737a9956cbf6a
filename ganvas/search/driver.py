"""The one process that drives a search: `search(studio, "vases", space, trials=40, budget="10m")`.

It asks the sampler for points, gives trials to an engine, hears of their judgements and ends, prunes, and writes each
change into trials.jsonl before it acts on it. The same call goes on after any kind of end: what ended stays, what ran
continues from its checkpoint.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ganvas.counted import counted
from ganvas.errors import GanvasError, InputError
from ganvas.interrupt import interruptible
from ganvas.progress import Progress, Silent
from ganvas.search.asking import asked_for, begin, find_search, planned
from ganvas.search.disk import KEPT, sweep
from ganvas.search.engine import Engine
from ganvas.search.forecast import Left, foretold
from ganvas.search.groups import Group, plan_trials, recall, tell
from ganvas.search.jobs import local_engine, record_of
from ganvas.search.light import read_light, ticks_of
from ganvas.search.outcome import read_outcome, trained
from ganvas.search.pruning import decide
from ganvas.search.samplers import Sampler, make_sampler
from ganvas.search.search_folder import SearchFolder
from ganvas.search.space import set_of, settings_of
from ganvas.search.standing import Standing, megabytes, varied
from ganvas.search.trial import ENDED, FAILED, FINISHED, PRUNED, RUNNING, WAITING, Ended, Tick, Trial, TrialSpec
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.search.space import Space

JUDGE_N = 1000
MOST_LOST = 3  # times in a row that a trial may be lost with its machine and come no further; then it has failed
WAIT_S = 0.5


def search(
    studio: StudioFolder,
    set_name: str,
    space: Space,
    *,
    sampler: str = "grid",
    trials: int | None = None,
    budget: str = "10m",
    jobs: int | None = None,
    repeat: int = 1,
    prune: bool = True,
    judge_n: int = JUDGE_N,
    score: str = "kid",
    seed: int = 0,
    name: str | None = None,
    engine: Engine | None = None,
    keep: int = KEPT,
    retry_failed: bool = False,
    progress: Progress | None = None,
) -> SearchFolder:
    """Try points of a space until it is exhausted or `trials` were made; the same call goes on with what is left.

    `trials` counts runs, points times `repeat`. Without an `engine`, which is closed in the end, trials are processes
    of this machine, `jobs` at a time (None: measured). Raises InputError or SettingsError for what cannot be searched,
    and KeyboardInterrupt, all saved, when a person stopped it; never for a trial that failed.
    """
    progress = progress or Silent()
    try:
        asked = asked_for(
            studio,
            space,
            {"set": set_name, "sampler": sampler, "budget": budget, "trials": trials, "repeat": repeat, "seed": seed}
            | {"judge_n": judge_n, "prune": prune, "score": score},
            here=engine is None,
        )
        if keep < 0:
            raise InputError(f"{keep} runs cannot keep their checkpoints: give 0 or more with --keep")
        proposing = make_sampler(sampler, space, seed, score)
        folder = find_search(studio, asked, name)
        with folder.lock():
            asked = begin(studio, folder, asked)
            driver = _Driver(studio, folder, space, proposing, asked, keep, progress)
            driver.resume(retry_failed)
            if (first := driver.first_spec()) is not None:
                if engine is None:
                    engine, asked["engine"] = local_engine(studio, folder, first, asked, jobs, driver.left(), progress)
                else:
                    asked["engine"] = record_of(engine, folder, asked)
                driver.foretell(engine)  # by how many ran at a time before, which the file says
                folder.write_asked(asked)
                driver.drive(engine)
            progress.note(driver.said_at_end())
        return folder
    finally:
        if engine is not None:
            engine.close()


class _Driver:
    """What is known of the trials, and what is done next. Every change of a trial goes through `_record`,
    but that what failed waits again: that is written when there is an engine to try it.
    """

    def __init__(
        self,
        studio: StudioFolder,
        folder: SearchFolder,
        space: Space,
        sampler: Sampler,
        asked: dict[str, Any],
        keep: int,
        progress: Progress,
    ) -> None:
        self._studio, self._folder, self._space, self._asked = studio, folder, space, asked
        self._keep, self._progress = keep, progress
        self._trials = {trial.number: trial for trial in folder.trials()}
        self._waiting: deque[int] = deque()
        self._active: set[int] = set()  # from their start until their end is heard of
        self._lost: dict[int, tuple[int, int]] = {}  # how often in a row, and how many images it had come to
        self._ticks: dict[int, list[Tick]] = {}
        self._total = planned(space, asked)
        self._sampler = sampler
        recall(self._sampler, self._trials.values())
        self._standing = Standing(folder.name, self._total, asked["score"], varied(space))

    def resume(self, retry_failed: bool) -> None:
        """What ran goes on first, then what waited, then what failed if that was asked for; what ended stays."""
        states = [RUNNING, WAITING, FAILED][: 3 if retry_failed else 2]
        again = [trial for state in states for trial in self._trials.values() if trial.state == state]
        self._waiting += [trial.number for trial in again]
        for trial in again:
            if trial.state == FAILED:
                self._trials[trial.number] = replace(trial, state=WAITING, reason=None, ended_at=None)
        for trial in self._trials.values():
            ticks = ticks_of(self._spec(trial).settings)
            self._ticks[trial.number] = read_light(self._studio.runs / trial.run, trial.number, ticks)
        if self._trials:
            ended = f"{self._ended()} of {self._total} trials have ended"
            self._progress.note(f"search {self._folder.name} goes on: {ended}")
        for trial in list(self._trials.values()):
            if trial.state == PRUNED and trial.ended_at is None:
                self._end_pruned(trial)
        self._sweep()

    def _end_pruned(self, trial: Trial) -> None:
        """What its engine told of its end was not heard: its run's own files say as much."""
        run, spec = self._studio.runs / trial.run, self._spec(trial)
        images, seconds = trained(run, spec)
        if ticks := self._ticks[trial.number]:
            images, seconds = max(images, ticks[-1].images), max(seconds, ticks[-1].seconds)
        ended = read_outcome(run, spec) or Ended(trial.number, PRUNED, trial.reason, {}, images, seconds)
        self._end(ended)

    def first_spec(self) -> TrialSpec | None:
        """The trial that comes first; None where nothing is left to do."""
        if not self._waiting and not self._make_trials():
            return None
        return self._spec(self._trials[self._waiting[0]])

    def left(self) -> Left:
        """What is to be done, where anything is."""
        plan = foretold(self._studio, self._space, self._asked, 1)
        left = max(1, plan.trials - self._ended())
        return Left(left, None if plan.seconds is None else plan.seconds * left / plan.trials)

    def foretell(self, engine: Engine) -> None:
        """Say how many trials there will be, and about how long they take all together."""
        record, slots = self._asked["engine"], max(1, engine.slots)
        rate, apart = record.get("images_a_second"), record.get("apart", slots)
        plan = foretold(self._studio, self._space, self._asked, slots, rate, apart)
        self._progress.note(f"search {self._folder.name}: {plan.count_said}")
        self._progress.note(plan.left_said(max(0, plan.trials - self._ended())))

    def _ended(self) -> int:
        return sum(trial.state in ENDED for trial in self._trials.values())

    def drive(self, engine: Engine) -> None:
        """Until all have ended. Raises KeyboardInterrupt, with every trial saved, when a person stopped it."""
        self._record(*(self._trials[number] for number in self._waiting))  # what failed, too, now that it can be tried
        with interruptible() as stop, self._progress.task("searching", self._total) as bar:
            try:
                while not stop.is_set():
                    nothing_left = self._fill(engine)
                    if nothing_left and not self._active:
                        return
                    for event in engine.wait(WAIT_S):
                        self._hear(event, engine)
                    self._standing.show(bar, self._trials, self._active, self._ticks)
                self._progress.note(f"stopping {counted(len(self._active), 'trial')}: each saves its checkpoint")
            finally:
                engine.close()
                self._record(*(replace(self._trials[n], state=WAITING) for n in self._running()))
        self._progress.note(f"search {self._folder.name} is stopped, all saved: the same command goes on from there")
        raise KeyboardInterrupt

    def said_at_end(self) -> str:
        return self._standing.said_at_end(self._trials.values())

    def _running(self) -> list[int]:
        return [number for number in self._active if self._trials[number].state == RUNNING]

    def _fill(self, engine: Engine) -> bool:
        """Start what there is room for; returns whether nothing is left to start."""
        while len(self._active) < engine.slots:
            if not self._waiting and not self._make_trials():
                return True
            self._start(self._trials[self._waiting.popleft()], engine)
        return False

    def _make_trials(self) -> bool:
        """The trials of one more point, recorded before anything runs; False where there is none."""
        number, repeat = len(self._trials), self._asked["repeat"]
        if self._total is not None and number + repeat > self._total:
            return False
        points = self._sampler.ask(1)
        made = plan_trials(self._folder.name, points, repeat, self._asked["seed"], list(self._trials.values()))
        if not made:
            self._total = number
            return False
        self._record(*made)
        self._waiting += [trial.number for trial in made]
        return True

    def _start(self, trial: Trial, engine: Engine) -> None:
        begun_at = trial.begun_at or _now()
        trial = replace(trial, state=RUNNING, reason=None, scores={}, begun_at=begun_at, ended_at=None, removed=())
        self._record(trial)
        self._ticks.setdefault(trial.number, [])
        try:
            worker = engine.start(self._spec(trial))
        except (GanvasError, OSError) as error:
            self._end(Ended(trial.number, FAILED, str(error), {}, trial.images, 0.0))
            return
        self._active.add(trial.number)
        self._record(replace(trial, worker=worker))

    def _spec(self, trial: Trial) -> TrialSpec:
        given = {"budget": self._asked["budget"], "seed": trial.seed, **settings_of(trial.point)}
        set_name = set_of(trial.point, self._asked["set"])
        threads = self._asked.get("engine", {}).get("threads", 1)
        return TrialSpec(trial.number, trial.run, set_name, given, self._asked["judge_n"], threads)

    def _hear(self, event: Tick | Ended, engine: Engine) -> None:
        if event.number not in self._active:
            return
        if isinstance(event, Ended):
            self._active.discard(event.number)
            self._end(event)
            return
        trial, known = self._trials[event.number], self._ticks[event.number]
        if known and event.images <= known[-1].images:
            return
        known.append(event)
        trial = replace(trial, light=event.scores, images=event.images)
        if trial.state != RUNNING:
            return
        reason = decide(self._comparable(trial), trial.number) if self._asked["prune"] else None
        if reason is None:
            self._record(trial)
        else:
            self._record(replace(trial, state=PRUNED, reason=reason))
            engine.stop(trial.number)

    def _comparable(self, trial: Trial) -> dict[int, list[Tick]]:
        """The judgements of all trials of the same set and budget."""
        fair = [trial.point.get(name) for name in ("set", "budget")]
        same = (t for t in self._trials.values() if [t.point.get(name) for name in ("set", "budget")] == fair)
        return {other.number: self._ticks.get(other.number, []) for other in same}

    def _end(self, ended: Ended) -> None:
        before = self._trials[ended.number]
        facts = replace(
            before,
            images=max(ended.images, before.images),
            seconds=ended.seconds,
            worker=ended.worker or before.worker,
        )
        if before.state == PRUNED and ended.state != FINISHED:
            self._finish(facts)
        elif ended.state == WAITING:
            times = self._lost_again(facts)
            if times < MOST_LOST:
                self._record(replace(facts, state=WAITING))
                self._waiting.appendleft(ended.number)
                if ended.reason:
                    self._progress.note(f"{facts.run}: {ended.reason}; it goes on from its last checkpoint")
            else:
                reason = f"lost {times} times in a row with what ran it, and came no further"
                self._finish(replace(facts, state=FAILED, reason=reason))
        else:
            self._finish(replace(facts, state=ended.state, reason=ended.reason, scores=ended.scores))

    def _lost_again(self, trial: Trial) -> int:
        """How often in a row by now: a trial that comes further each time comes to its end, too."""
        row = self._studio.catalog.run_named(trial.run)
        images = max(trial.images, row.images_seen if row else 0)  # judged, and saved
        times, before = self._lost.get(trial.number, (0, images))
        times = 1 if images > before else times + 1
        self._lost[trial.number] = times, images
        return times

    def _finish(self, trial: Trial) -> None:
        trial = replace(trial, ended_at=_now())
        self._record(trial)
        tell(self._sampler, Group(trial.group, trial.point, self._group(trial.group)))
        self._progress.note(self._standing.said(trial))
        self._sweep()

    def _sweep(self) -> None:
        """Make room on the disk, and say so."""
        trials, score = self._trials.values(), self._asked["score"]
        changed, freed = sweep(self._studio, trials, self._spec, self._keep, score, self._active)
        self._record(*changed)
        if freed:
            which = ", ".join(str(gone.number) for gone in changed)
            self._progress.note(
                f"removed the checkpoints of trial {which} ({megabytes(freed)}): "
                f"the best {max(1, self._keep)} of a set keep theirs"
            )

    def _group(self, number: int) -> tuple[Trial, ...]:
        return tuple(trial for trial in self._trials.values() if trial.group == number)

    def _record(self, *trials: Trial) -> None:
        self._folder.write_trials(trials)
        self._trials.update((trial.number, trial) for trial in trials)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
