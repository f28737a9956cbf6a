"""Which studio a verb works in, and how a report is printed: what every verb's file needs."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganvas.errors import InputError

if TYPE_CHECKING:
    from ganvas.api import Studio

WIDE = 400
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and stop.")]


@dataclass(frozen=True)
class Opening:
    """What `ganvas --studio DIR --db URL` was given."""

    folder: Path
    database: str | None

    def studio(self) -> Studio:
        from ganvas.api import Studio
        from ganvas.cli.screen import screen

        return Studio.open(self.folder, self.database, screen())


def check_alone(context: typer.Context, switch: str, *beside: str) -> None:
    """Raises InputError for options that were typed with a switch and mean nothing there; `beside` names those that do.

    Both as parameters are called: `check_alone(context, "undo", "name")`.
    """
    idle = [
        param.opts[0]
        for param in context.command.params
        if param.name not in (switch, *beside, "as_json")
        and param.name is not None
        and getattr(context.get_parameter_source(param.name), "name", "") == "COMMANDLINE"
    ]
    if idle:
        raise InputError(f"--{switch} has no use for {', '.join(idle)}: leave it out, or leave out --{switch}")


def print_json(record: Any) -> None:
    print(json.dumps(record, indent=1, default=str))


def print_facts(facts: dict[str, Any], prefix: str = "") -> None:
    """A line a fact; what is nested by its dotted name."""
    for key, value in facts.items():
        if isinstance(value, dict):
            print_facts(value, f"{prefix}{key}.")
        else:
            text = "; ".join(map(str, value)) if isinstance(value, list) else value
            print(" ".join(f"{prefix}{key}: {'–' if text in (None, '') else text}".split()))


def print_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """A table on stdout; numbers (columns after the first) to the right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i == 0 else "right")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    print(title)
    # a pipe has no width, and a number cut short is another number
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(table)
