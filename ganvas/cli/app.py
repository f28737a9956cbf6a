"""The verbs of `ganvas`, in the order a person meets them. Everything heavy is imported inside a verb."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ganvas.cli import (
    classify,
    cleaning,
    clustering,
    credits,
    data,
    drawing,
    duplicates,
    picture_sets,
    results,
    searching,
    training,
    words,
)
from ganvas.cli.collecting.app import app as collecting
from ganvas.cli.opening import Opening
from ganvas.version import __version__

app = typer.Typer(
    help="From a handful of pictures to a generator of new ones.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help in plain text: half of the start-up time was Rich's imports
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"ganvas {__version__}")
        raise typer.Exit


@app.callback()
def opening(
    context: typer.Context,
    studio: Annotated[
        Path, typer.Option("--studio", "-C", help="The studio's folder, or one inside it.", show_default=False)
    ] = Path(),
    db: Annotated[
        str | None, typer.Option("--db", help="Address of the catalog's database, as SQLAlchemy writes it.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True)] = False,
) -> None:
    context.obj = Opening(studio, db)


app.command("new")(data.new)
app.command("sample")(data.sample)
app.command("add")(data.add)
app.add_typer(collecting, name="collect")
app.command("clean")(cleaning.clean)
app.command("duplicates")(duplicates.duplicates)
app.command("why")(cleaning.why)
app.command("keep")(cleaning.keep)
app.command("drop")(cleaning.drop)
app.add_typer(clustering.app, name="cluster")
app.command("thin")(clustering.thin)
app.command("teach")(clustering.teach)
app.command("find")(clustering.find)
app.add_typer(picture_sets.app, name="set")
app.command("credits")(credits.credits)
app.command("train")(training.train)
app.command("doctor")(training.doctor)
app.add_typer(searching.app, name="search")
app.command("judge")(results.judge)
app.command("novelty")(results.novelty)
app.add_typer(classify.app, name="classify")
app.command("draw")(drawing.draw)
app.command("show")(results.show)
app.add_typer(words.app, name="words")
app.command("info")(results.info)
