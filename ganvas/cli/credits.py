"""`ganvas credits`: the licences and attributions of a set."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli.opening import AsJson, Opening, print_facts, print_json, print_table
from ganvas.counted import counted


def credits(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="SET", help="The set's name.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for both files; the set's own if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write whom a set's pictures are owed to, by licence: CREDITS.md to print, credits.json to read."""
    opening: Opening = context.obj
    written = opening.studio().named_set(name).credits(out)
    if as_json:
        print_json(dataclasses.asdict(written))
        return
    title = counted(written.pictures, "picture")
    print_table(title, ["licence", "pictures"], [[licence, f"{count:,}"] for licence, count in written.rows])
    print_facts({"markdown": written.markdown, "json": written.json})
