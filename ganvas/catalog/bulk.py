"""Many rows in one statement: `connection.execute(insert_rows(database, Fetch, rows).on_conflict_do_nothing())`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, String, cast, column, func, literal, select, true

from ganvas.catalog.columns import to_json
from ganvas.catalog.database import Database


def insert_rows(database: Database, table: type[Any], rows: Sequence[Mapping[str, Any]]) -> Any:
    """This database's INSERT of rows, which travel as one JSON text. What a row leaves out is NULL.

    Values are what JSON has; times as `written` has them. With a parameter for each value, psycopg took five times as
    long over the statement's text as PostgreSQL did over the rows.
    """
    columns = table.__table__.c
    names = sorted(set().union(*rows))
    text = literal(to_json(rows), String)
    fields: list[Any]
    if database.is_sqlite:
        each = func.json_each(text).table_valued("value", name="given")
        fields = [func.json_extract(each.c.value, f"$.{name}") for name in names]
    else:
        typed = (column(name, columns[name].type) for name in names)
        given = func.json_to_recordset(cast(text, JSON)).table_valued(*typed, name="given")
        fields = list(given.render_derived(with_types=True).c)
    # SQLite needs the WHERE: without one it takes ON CONFLICT for the condition of a join
    return database.insert(table).from_select(names, select(*fields).where(true()))


def written(moment: dt.datetime) -> str:
    """A time as both databases read it."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
