"""Runs, their ticks and their scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from ganvas.catalog.database import Database
from ganvas.catalog.records import RunRow, ScoreRow, TickRow
from ganvas.catalog.schema import Run, Score, Tick
from ganvas.errors import CatalogError, InputError, did_you_mean

FIELDS = (
    "name",
    "set_name",
    "set_fingerprint",
    "state",
    "reason",
    "settings",
    "images_seen",
    "train_seconds",
    "made_at",
    "finished_at",
)
TICK_FIELDS = ("images_seen", "train_seconds", "metrics")
SCORE_KEY = ("checkpoint", "encoder", "n", "name")
SCORE_VALUES = ("value", "sd", "baseline", "judged_at")


class RunQueries(Database):
    """What of a Catalog concerns runs."""

    def add_run(self, row: RunRow) -> None:
        """Record a run. Raises CatalogError where the name is taken."""
        with self.session(write=True) as connection:
            self.one_at_a_time(connection)
            if connection.scalar(select(Run.id).where(Run.name == row.name)) is not None:
                raise CatalogError(f"catalog {self} has a run {row.name} already: choose another name")
            connection.execute(insert(Run).values({name: getattr(row, name) for name in FIELDS}))

    def update_run(self, name: str, **fields: Any) -> None:
        """Change some fields of a run, named as in RunRow. Raises CatalogError where there is no such run."""
        unknown = fields.keys() - set(FIELDS)
        if unknown:
            raise TypeError(f"a run has no {', '.join(sorted(unknown))}")
        with self.session(write=True) as connection:
            connection.execute(update(Run).where(Run.id == _run_id(connection, name)).values(fields))

    def runs(self) -> list[RunRow]:
        """Every run, oldest first."""
        with self.session() as connection:
            return [RunRow(*row) for row in connection.execute(_runs().order_by(Run.id))]

    def run_named(self, name: str) -> RunRow | None:
        """The run with this name, or None."""
        with self.session() as connection:
            row = connection.execute(_runs().where(Run.name == name)).one_or_none()
            return None if row is None else RunRow(*row)

    def existing_run(self, name: str) -> RunRow:
        """The run with this name; `last` is the newest. Raises InputError with the nearest name where there is none."""
        runs = self.runs()
        found = runs[-1:] if name == "last" else [run for run in runs if run.name == name]
        if not found:
            more = did_you_mean(name, [run.name for run in runs]) if runs else " Train one with `ganvas train SET`."
            raise InputError(f"no run called {name!r}.{more}")
        return found[0]

    def delete_run(self, name: str) -> None:
        """Forget a run with its ticks and scores."""
        with self.session(write=True) as connection:
            connection.execute(delete(Run).where(Run.name == name))

    def add_tick(self, run: str, row: TickRow) -> None:
        """Record what a run measured at a tick, in place of what the same tick measured before."""
        values = {name: getattr(row, name) for name in TICK_FIELDS}
        statement = self.insert(Tick)
        statement = statement.on_conflict_do_update(
            index_elements=["run_id", "tick"], set_={name: statement.excluded[name] for name in TICK_FIELDS}
        )
        with self.session(write=True) as connection:
            connection.execute(statement, {"run_id": _run_id(connection, run), "tick": row.tick} | values)

    def ticks(self, run: str) -> list[TickRow]:
        """A run's ticks in order; none where there is no such run."""
        query = select(Tick.tick, Tick.images_seen, Tick.train_seconds, Tick.metrics).join(Run, Run.id == Tick.run_id)
        with self.session() as connection:
            return [TickRow(*row) for row in connection.execute(query.where(Run.name == run).order_by(Tick.tick))]

    def cut_ticks(self, run: str, after_images: int) -> None:
        """Forget the ticks beyond a checkpoint: training goes on from there and measures them again."""
        with self.session(write=True) as connection:
            connection.execute(
                delete(Tick).where(Tick.run_id == _run_id(connection, run), Tick.images_seen > after_images)
            )

    def save_scores(self, run: str, rows: Sequence[ScoreRow]) -> None:
        """Record scores, in place of those with the same checkpoint, encoder, n and name."""
        statement = self.insert(Score)
        statement = statement.on_conflict_do_update(
            index_elements=["run_id", *SCORE_KEY], set_={name: statement.excluded[name] for name in SCORE_VALUES}
        )
        with self.session(write=True) as connection:
            run_id = _run_id(connection, run)
            for row in rows:
                numbers = {name: _number(getattr(row, name)) for name in ("value", "sd", "baseline")}
                key = {name: getattr(row, name) for name in SCORE_KEY}
                connection.execute(statement, {"run_id": run_id, "judged_at": row.judged_at} | key | numbers)

    def scores(self, run: str) -> list[ScoreRow]:
        """A run's scores in the order of their first saving."""
        fields = (getattr(Score, name) for name in SCORE_KEY + SCORE_VALUES)
        query = select(*fields).join(Run, Run.id == Score.run_id).where(Run.name == run).order_by(Score.id)
        with self.session() as connection:
            rows = [row._asdict() for row in connection.execute(query)]
        return [ScoreRow(**row | {"value": math.nan if row["value"] is None else row["value"]}) for row in rows]


def _runs() -> Select[Any]:
    return select(*(getattr(Run, name) for name in FIELDS))


def _run_id(connection: Connection, name: str) -> int:
    found = connection.scalar(select(Run.id).where(Run.name == name))
    if found is None:
        raise CatalogError(f"no run {name} in the catalog: `ganvas info` lists the runs there are")
    return found


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)
