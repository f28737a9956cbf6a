"""Searches of a studio: `studio.search("vases", space, trials=40)`; as scikit-learn does, `Search(space).fit(set)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.errors import InputError, SettingsError, did_you_mean
from ganvas.progress import Progress
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    import pandas

    from ganvas.api.picture_set import PictureSet
    from ganvas.api.run import Run
    from ganvas.api.studio import Studio
    from ganvas.search.engine import Engine
    from ganvas.search.forecast import Forecast
    from ganvas.search.search_folder import SearchFolder
    from ganvas.search.space import Space
    from ganvas.search.table import Table
    from ganvas.search.trial import Trial

SpaceLike = str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]]
PAGES = 20  # runs whose own pages are written with the search's


class Searching:
    """What of a Studio concerns searches."""

    folder: StudioFolder
    progress: Progress

    def search(
        self,
        set_name: str,
        space: SpaceLike,
        *,
        settings: Mapping[str, Any] | None = None,
        ray: str | None = None,
        threads: int | None = None,
        gpus: float | None = None,
        **options: Any,
    ) -> Searched:
        """Try points of a space on a set, or go on with the search that was asked the same.

        `space` is a TOML file, a dict of axes or a list of alternatives; `settings` (dotted names) are common to all
        trials; `ray` is auto, local or a cluster's address, and each trial has `threads` (1) and `gpus` (1 where there
        are any; 0.5 for half of one) there. The options: trials, sampler (grid, random, tpe), budget, jobs,
        repeat, score, judge_n, prune, keep, seed, name, retry_failed, as in `ganvas search --help`.
        """
        from ganvas.search.driver import search

        studio = _studio(self)
        chosen = studio.named_set(set_name)
        whole = space_of(space, settings)
        engine = _ray_engine(self.folder, ray, threads, gpus, options, self.progress)
        folder = search(self.folder, chosen.name, whole, engine=engine, progress=self.progress, **options)
        return Searched(studio, folder.name)

    def plan_search(
        self, set_name: str, space: SpaceLike, settings: Mapping[str, Any] | None = None, **options: Any
    ) -> Forecast:
        """What `search` would do: how many trials, which points, about how long. No trial is run, nothing written.

        Where a budget in images meets a set that nothing was trained on, a probe trains for some seconds.
        """
        from ganvas.search.forecast import forecast

        chosen = _studio(self).named_set(set_name)
        return forecast(self.folder, chosen.name, space_of(space, settings), progress=self.progress, **options)

    def searches(self) -> list[Searched]:
        """Every search, the one that was last worked on last."""
        from ganvas.search.search_folder import SEARCH_FILE

        found = sorted(self.folder.searches.glob(f"*/{SEARCH_FILE}"), key=lambda path: path.stat().st_mtime_ns)
        return [Searched(_studio(self), path.parent.name) for path in found]

    def named_search(self, name: str = "last") -> Searched:
        """An existing search; `last` is the newest. Raises InputError with the nearest name where there is none."""
        found = self.searches()
        if not found:
            raise InputError("no search has been made yet: `ganvas search SET SPACE.toml` makes one")
        if name == "last":
            return found[-1]
        names = [search.name for search in found]
        if name not in names:
            raise InputError(f"no search called {name!r}.{did_you_mean(name, names)}")
        return found[names.index(name)]


@dataclass(frozen=True)
class Searched:
    """A search of a studio, whether it has ended or not: all of it is read from its files."""

    studio: Studio
    name: str

    @property
    def files(self) -> SearchFolder:
        from ganvas.search.search_folder import SearchFolder

        return SearchFolder(self.studio.folder.searches / self.name)

    @property
    def asked(self) -> dict[str, Any]:
        """What it was asked for: set, space, sampler, budget and the rest."""
        return self.files.read_asked()

    def trials(self) -> list[Trial]:
        """Every trial by number."""
        return self.files.trials()

    def results(self, *, by_run: bool = False) -> Table:
        """A row a point, best first, or a row a run: `.frame()` is a DataFrame, `.write("table.parquet")` a file."""
        from ganvas.search.table import results, trial_results

        return (trial_results if by_run else results)(self.trials(), self._score())

    def best(self) -> list[dict[str, Any]]:
        """Of each set the best point: params, run, its score (the mean over seeds), sd, baseline, and how many seeds.

        Empty while no trial has finished.
        """
        from ganvas.search.space import SET
        from ganvas.search.table import best_groups, best_trial

        score, said = self._score(), []
        for group in best_groups(self.trials(), score):
            best = best_trial(group, score)
            said.append(
                {
                    "set": group.point.get(SET, self.asked["set"]),
                    "params": dict(group.point),
                    "run": best.run,
                    "score": score,
                    "value": group.score(score),
                    "baseline": best.scores.get(f"{score}_baseline"),
                    "seeds": len(group.finished),
                }
            )
        return said

    def best_run(self) -> Run:
        """The run of the best point (of several sets: the first's). Raises InputError while none has finished."""
        found = self.best()
        if not found:
            raise InputError(f"no trial of {self.name} has finished and been judged: see `ganvas search status`")
        return self.studio.run(found[0]["run"])

    def status(self) -> dict[str, Any]:
        """How many trials are in which state, which run now and how far they are, the best so far."""
        from ganvas.search.status import status

        return {**status(self.studio.folder, self.files), "best": self.best()}

    def report(self, pages: int = PAGES) -> Path:
        """Write the search's page, and those of its best runs that have none of their newest state; where it is."""
        from ganvas.api.search_page import search_page

        return search_page(self, pages)

    def _score(self) -> str:
        return str(self.asked.get("score") or "kid")


class Search:
    """A search as scikit-learn's GridSearchCV would be: `Search({"batch": [16, 32]}).fit(studio.set("vases"))`.

    The options are those of `studio.search`. After `fit`: results_ (a DataFrame: param_*, score_*, mean_*, std_*,
    rank, state, reason, seconds), best_params_, best_score_ (KID is not multiplied), best_index_ (the row), best_run_.
    """

    results_: pandas.DataFrame
    best_params_: dict[str, Any]
    best_score_: float
    best_index_: int
    best_run_: Run
    searched_: Searched

    def __init__(
        self,
        space: SpaceLike,
        sampler: str = "grid",
        budget: str = "10m",
        *,
        trials: int | None = None,
        repeat: int = 1,
        score: str = "kid",
        jobs: int | None = None,
        ray: str | None = None,
        threads: int | None = None,
        gpus: float | None = None,
        seed: int = 0,
        settings: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.space = space
        self.ray = ray
        self.threads, self.gpus = threads, gpus
        self.settings = settings
        self.options: dict[str, Any] = {"sampler": sampler, "budget": budget, "trials": trials, "repeat": repeat}
        self.options |= {"score": score, "jobs": jobs, "seed": seed, **options}

    def fit(self, pictures: PictureSet) -> Search:
        """Search on a set. Raises InputError where no trial could be finished and judged; results_ says why."""
        self.searched_ = pictures.studio.search(
            pictures.name,
            self.space,
            settings=self.settings,
            ray=self.ray,
            threads=self.threads,
            gpus=self.gpus,
            **self.options,
        )
        self.results_ = self.searched_.results().frame()
        found = self.searched_.best()
        if not found:
            raise InputError(f"no trial of {self.searched_.name} finished and could be judged: results_ says why")
        best = found[0]
        self.best_params_, self.best_score_ = best["params"], best["value"]
        self.best_index_ = int(self.results_["run"].tolist().index(best["run"]))
        self.best_run_ = pictures.studio.run(best["run"])
        return self

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.options.items() if value is not None)
        return f"Search({self.space!r}, {given})"


def space_of(space: SpaceLike, settings: Mapping[str, Any] | None = None) -> Space:
    """The space, each of `settings` an axis of one value. Raises SettingsError for one that is an axis already."""
    from ganvas.search.space import Space

    whole = Space.read(space) if isinstance(space, str | Path) else Space.of(space)
    if not settings:
        return whole
    if both := [name for name in settings if name in whole.names()]:
        raise SettingsError(f"{both[0]} is an axis of the space, and the same for all trials: leave one of them out")
    common = {name: [value] for name, value in settings.items()}
    return Space.of([{**common, **part} for part in whole.as_json()])


def _studio(studio: Any) -> Studio:
    return studio  # type: ignore[no-any-return]  # Searching is a part of Studio, and of nothing else


def _ray_engine(
    studio: StudioFolder,
    address: str | None,
    threads: int | None,
    gpus: float | None,
    options: Mapping[str, Any],
    progress: Progress,
) -> Engine | None:
    if address is None:
        if threads is not None or gpus is not None:
            raise SettingsError(
                "threads and gpus are of a trial on a Ray cluster, and here --jobs shares the processors out: "
                "leave --threads and --gpus out, or give --ray"
            )
        return None
    if options.get("jobs") is not None:
        raise SettingsError("jobs are of this machine, and a Ray cluster shares out its own: leave --jobs or --ray out")
    from ganvas.search.ray_engine import RayEngine

    return RayEngine(studio, address, 1 if threads is None else threads, gpus, progress=progress)
