"""The table of a search, from its trials alone: `results(trials).frame()`, `.csv()`, `.write("table.parquet")`.

The words are scikit-learn's: param_*, mean_*, std_*, rank_*. A row is a point; score_* is what it is ranked by, the
mean over its seeds. `trial_results` has a row a trial instead.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from ganvas.errors import InputError, MissingExtra
from ganvas.scores.shown import BESIDE
from ganvas.search.directions import MAIN_SCORE, loss_of
from ganvas.search.groups import Group, groups_of
from ganvas.search.space import SET
from ganvas.search.trial import FAILED, FINISHED, PRUNED, RUNNING, STOPPED, WAITING, Trial
from ganvas.whole import write_whole

if TYPE_CHECKING:
    import pandas

Row = dict[str, Any]

ORDER = (FINISHED, PRUNED, STOPPED, RUNNING, WAITING, FAILED)
PARAMS = "params"  # a point as a whole, for who works on in Python; files have its settings one by one
LEFT_OPEN = "auto"  # a None of a point: chosen by the plan. An empty cell is an axis that was not there
NUMBERS = ("score_", "mean_", "std_", "light_")
WHOLE_NUMBERS = ("rank", "images", "number", "group", "seed", "finished")


@dataclass(frozen=True)
class Table:
    """Rows of plain values, best first; what a row does not have is None. `params` is in rows and frame alone."""

    columns: list[str]
    rows: list[Row]

    def csv(self) -> str:
        """As CSV: lists as JSON, an empty cell for what there is not."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([_cell(row[name]) for name in self.columns] for row in self.rows)
        return text.getvalue()

    def write(self, path: str | Path) -> Path:
        """Into a file whose name ends with .csv or .parquet. Raises InputError for another, MissingExtra."""
        path = Path(path)
        if path.suffix == ".csv":
            return write_whole(path, self.csv().encode())
        if path.suffix == ".parquet":
            return write_whole(path, self._parquet())
        raise InputError(f"{path}: a table is written as .csv or .parquet")

    def frame(self) -> pandas.DataFrame:
        """As a DataFrame, NaN where a score is not; `params` last, each a dict. Raises MissingExtra without pandas."""
        try:
            import pandas
        except ImportError as error:
            raise MissingExtra("a DataFrame", "search") from error
        frame = pandas.DataFrame(self.rows, columns=[*self.columns, PARAMS])
        kinds = {name: kind for name in self.columns if (kind := _kind(name)) is not None}
        return frame.astype(kinds)

    def _parquet(self) -> bytes:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise MissingExtra("Parquet", "parquet") from error
        columns = {name: _of_one_kind([row[name] for row in self.rows]) for name in self.columns}
        types = {name: pyarrow.float64() for name in self.columns if _kind(name) == "float64"}
        arrays = {name: pyarrow.array(values, types.get(name)) for name, values in columns.items()}
        file = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.table(arrays), file)
        return file.getvalue()


def results(trials: Iterable[Trial], score: str = MAIN_SCORE) -> Table:
    """A row a point, ranked by the score among those that finished on the same set; failed ones last.

    Points of which all seeds finished come before those of which some did not, whatever the mean of the others.
    """
    groups = groups_of(trials)
    params, scores = _params(groups), _scores(groups, score)
    ranks = {name: _ranks(groups, name) for name in dict.fromkeys([score, *scores]) if not name.endswith(BESIDE)}
    rows = [
        {
            "rank": ranks[score].get(group.number),
            PARAMS: dict(group.point),
            **_param_cells(group, params),
            **_score_cells(group, scores, ranks),
            f"light_{score}": _mean(trial.light.get(score) for trial in group.trials),
            **_told(group),
            "run": best_trial(group, score).run,
            "seeds": [trial.seed for trial in group.trials],
            "runs": [trial.run for trial in group.trials],
        }
        for group in _sorted(groups, score, ranks[score])
    ]
    return Table(_columns(rows), rows)


def trial_results(trials: Iterable[Trial], score: str = MAIN_SCORE) -> Table:
    """A row a trial, those of a point together, with the rank of their point."""
    groups = groups_of(trials)
    params, scores, ranks = _params(groups), _scores(groups, score), _ranks(groups, score)
    rows = [
        {
            "rank": ranks.get(group.number),
            "number": trial.number,
            "group": trial.group,
            "seed": trial.seed,
            PARAMS: dict(trial.point),
            **_param_cells(group, params),
            **{f"score_{name}": trial.scores.get(name) for name in scores},
            f"light_{score}": trial.light.get(score),
            "state": trial.state,
            "reason": trial.reason,
            "seconds": trial.seconds,
            "images": trial.images,
            "worker": trial.worker,
            "run": trial.run,
        }
        for group in _sorted(groups, score, ranks)
        for trial in group.trials
    ]
    return Table(_columns(rows), rows)


def _columns(rows: Sequence[Row]) -> list[str]:
    return [name for name in rows[0] if name != PARAMS] if rows else ["rank"]


def groups_in_order(trials: Iterable[Trial], score: str = MAIN_SCORE) -> list[Group]:
    """The points as `results` has them, best first."""
    groups = groups_of(trials)
    return _sorted(groups, score, _ranks(groups, score))


def best_groups(trials: Iterable[Trial], score: str = MAIN_SCORE) -> list[Group]:
    """The best point of each set; none while nothing has finished."""
    groups = groups_of(trials)
    ranks = _ranks(groups, score)
    best: dict[Any, Group] = {}
    for group in groups:
        if ranks.get(group.number) == 1:
            best.setdefault(group.point.get(SET), group)
    return list(best.values())


def best_trial(group: Group, score: str = MAIN_SCORE) -> Trial:
    """The trial of a point with the best score of its own, or its first."""
    scored = [trial for trial in group.finished if not math.isnan(loss_of(score, trial.scores.get(score)))]
    return min(scored, key=lambda trial: loss_of(score, trial.scores[score]), default=group.trials[0])


def _params(groups: Sequence[Group]) -> list[str]:
    return list(dict.fromkeys(name for group in groups for name in group.point))


def _scores(groups: Sequence[Group], score: str) -> list[str]:
    """The names of all scores there are, that which ranks first."""
    names = dict.fromkeys(name for group in groups for trial in group.trials for name in trial.scores)
    return [score, *(name for name in names if name != score)]


def _param_cells(group: Group, params: Sequence[str]) -> Row:
    missing = object()
    found = {f"param_{name}": group.point.get(name, missing) for name in params}
    return {name: None if value is missing else LEFT_OPEN if value is None else value for name, value in found.items()}


def _score_cells(group: Group, scores: Sequence[str], ranks: dict[str, dict[int, int]]) -> Row:
    cells: Row = {}
    shown = [trial for trial in group.trials if trial.state == FINISHED]
    for name in scores:
        values = [value for trial in shown if (value := trial.scores.get(name)) is not None and math.isfinite(value)]
        mean = fmean(values) if values else None
        cells[f"score_{name}"] = mean
        if not name.endswith(BESIDE):
            cells[f"mean_{name}"] = mean
            cells[f"std_{name}"] = stdev(values) if len(values) > 1 else None
            cells[f"rank_{name}"] = ranks[name].get(group.number)
    return cells


def _told(group: Group) -> Row:
    return {
        "state": group.state,
        "reason": group.reason,
        "finished": len(group.finished),
        "seconds": fmean(trial.seconds for trial in group.trials),
        "images": round(fmean(trial.images for trial in group.trials)),
    }


def _ranks(groups: Sequence[Group], score: str) -> dict[int, int]:
    """Of the groups that finished, by number: 1 is best, equals share the better rank. Each set has its own.

    Pruning takes the worse seeds out of a mean: fewer seeds without a score come before a better mean.
    """
    losses: dict[Any, list[tuple[int, float, int]]] = {}
    for group in groups:
        loss = loss_of(score, group.score(score)) if group.finished else math.nan
        if not math.isnan(loss):
            losses.setdefault(group.point.get(SET), []).append((group.unfinished, loss, group.number))
    ranks = {}
    for found in losses.values():
        first: dict[tuple[int, float], int] = {}
        for place, (unfinished, loss, number) in enumerate(sorted(found), 1):
            ranks[number] = first.setdefault((unfinished, loss), place)
    return ranks


def _sorted(groups: Sequence[Group], score: str, ranks: dict[int, int]) -> list[Group]:
    """Ranked ones first, then by what became of them; failed ones last."""

    def place(group: Group) -> tuple[float, int, float, int]:
        loss = loss_of(score, group.score(score))
        rank = ranks.get(group.number, math.inf)
        return rank, ORDER.index(group.state), math.inf if math.isnan(loss) else loss, group.number

    return sorted(groups, key=place)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None and math.isfinite(value)]
    return fmean(known) if known else None


def _kind(column: str) -> str | None:
    if column == "seconds" or column.startswith(NUMBERS):
        return "float64"
    return "Int64" if column in WHOLE_NUMBERS or column.startswith("rank_") else None


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict | bool) else value


def _of_one_kind(values: list[Any]) -> list[Any]:
    """A column of Parquet has one type: values of several become text."""
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) <= 1 and dict not in kinds or kinds == {int, float}:
        return values
    return [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
