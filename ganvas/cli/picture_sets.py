"""`ganvas set`: freeze and pack a selection of pictures."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from ganvas.cli.opening import AsJson, DryRun, Opening, print_facts, print_json
from ganvas.errors import InputError

app = typer.Typer(help="Sets: frozen, packed selections of pictures.", no_args_is_help=True, rich_markup_mode=None)


@app.command("make")
def make(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The set's name.")],
    size: Annotated[
        str | None, typer.Option("--size", help="Width x height in pixels, as 128x96; proposed if not given.")
    ] = None,
    channels: Annotated[
        int | None, typer.Option("--channels", help="1 gray, 3 colour; from the pictures if not given.")
    ] = None,
    fit: Annotated[str, typer.Option("--fit", help="crop, pad or stretch to the size.")] = "crop",
    background: Annotated[
        str, typer.Option("--background", help="Colour under transparent pixels and padding.")
    ] = "white",
    split: Annotated[str, typer.Option("--split", help="train/held-out shares, or given, or auto.")] = "auto",
    seed: Annotated[int, typer.Option("--seed", help="What the split follows from.")] = 0,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Freeze all kept pictures under a name and pack them for training."""
    from ganvas.curate import make_set, plan_set

    opening: Opening = context.obj
    studio = opening.studio()
    options: dict[str, Any] = {
        "size": parse_size(size) if size is not None else None,
        "channels": channels,
        "fit": fit,
        "background": background,
        "split": split,
        "seed": seed,
    }
    if dry_run:
        _print(plan_set(studio.folder, name, **options), as_json)
        return
    make_set(studio.folder, name, **options, progress=studio.progress)
    _print(studio.named_set(name).info(), as_json)


@app.command("delete")
def delete(context: typer.Context, name: Annotated[str, typer.Argument(help="The set's name.")]) -> None:
    """Remove a set's packed copy. Originals and runs stay."""
    opening: Opening = context.obj
    opening.studio().named_set(name).delete()
    print(f"removed set {name}")


def parse_size(text: str) -> tuple[int, int]:
    """`128x96` as (width, height). Raises InputError for anything else."""
    match = re.fullmatch(r"(\d+)[x×](\d+)", text.strip()) or re.fullmatch(r"((\d+))", text.strip())
    if not match:
        raise InputError(f"--size {text!r} is not a size: write width x height in pixels, as 128x96")
    return int(match[1]), int(match[2])


def _print(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)
