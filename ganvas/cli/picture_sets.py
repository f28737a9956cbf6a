"""`ganvas set`: freeze and pack a selection of pictures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganvas.cli.opening import AsJson, DryRun, Opening, print_facts, print_json, print_table
from ganvas.errors import InputError

if TYPE_CHECKING:
    from ganvas.curate.plan import SetOptions

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
    split: Annotated[
        str, typer.Option("--split", help="Shares: train/held-out or train/validation/held-out; or given, or auto.")
    ] = "auto",
    seed: Annotated[int, typer.Option("--seed", help="What the split follows from.")] = 0,
    where: Annotated[
        str | None,
        typer.Option("--where", metavar="EXPR", help="Only those: \"aspect < 1 and title ilike '%vase%'\"."),
    ] = None,
    labels: Annotated[
        str | None, typer.Option("--labels", metavar="FIELD", help="The field that holds the labels, or cluster.")
    ] = None,
    min_per_label: Annotated[
        int | None, typer.Option("--min-per-label", metavar="N", help="Leave labels with fewer pictures out.")
    ] = None,
    max_per_label: Annotated[
        int | None, typer.Option("--max-per-label", metavar="N", help="Take so many of a label, by seed.")
    ] = None,
    dry_run: DryRun = False,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="Where --dry-run puts its sheet of a sample; in sets/ if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Freeze kept pictures under a name and pack them for training: all, or those that --where chooses."""
    from ganvas.curate import make_plan, make_set, planned_facts, preview_planned

    opening: Opening = context.obj
    studio = opening.studio()
    options: SetOptions = {
        "size": parse_size(size) if size is not None else None,
        "channels": channels,
        "fit": fit,
        "background": background,
        "split": split,
        "seed": seed,
        "where": where,
        "labels": labels,
        "min_per_label": min_per_label,
        "max_per_label": max_per_label,
    }
    if sheet is not None and not dry_run:
        raise InputError("--sheet belongs to --dry-run: of a set that is made, `ganvas set show` writes a page")
    if dry_run:
        plan = make_plan(studio.folder, name, **options)
        drawn = preview_planned(studio.folder, plan, sheet)
        _print({**planned_facts(plan), "sheet": str(drawn)}, as_json, "label_counts")
        return
    make_set(studio.folder, name, **options, progress=studio.progress)
    _print(studio.named_set(name).info(), as_json)


@app.command("show")
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The set's name.")],
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
    as_json: AsJson = False,
) -> None:
    """A set's facts and its page: labels, sizes, mean picture, samples, what the rules dropped."""
    opening: Opening = context.obj
    chosen = opening.studio().named_set(name)
    page = chosen.page()
    _print({**chosen.info(), "page": str(page)}, as_json)
    if open_it and not as_json:
        import webbrowser

        webbrowser.open(page.as_uri())


@app.command("renew")
def renew(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The set's name, or any of its versions.")],
    as_json: AsJson = False,
) -> None:
    """Make a set's next version by the same recipe from what is there now. Older ones stay as they are."""
    opening: Opening = context.obj
    _print(opening.studio().named_set(name).renew().info(), as_json)


@app.command("export")
def export(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The set's name.")],
    form: Annotated[str, typer.Option("--as", help="folder, zip, webdataset or parquet.")] = "folder",
    out: Annotated[Path | None, typer.Option("--out", help="Where to; NAME-FORM in this folder if not given.")] = None,
    originals: Annotated[bool, typer.Option("--originals", help="The originals in place of packed pictures.")] = False,
) -> None:
    """Write a set for others: pictures, metadata, a data set card, credits. `ganvas add` reads it again."""
    opening: Opening = context.obj
    print(opening.studio().named_set(name).export(form, out, originals=originals))


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


def _print(facts: dict[str, Any], as_json: bool, by_label: str = "labels") -> None:
    """Facts a line each, with labels and their splits as a table; `by_label` is where the counts are."""
    if as_json:
        print_json(facts)
        return
    counts: dict[str, dict[str, int]] = facts[by_label]
    shown = {key: value for key, value in facts.items() if key not in (by_label, "labels")}
    page: dict[str, Any] = {key: shown.pop(key) for key in ("sheet", "page") if key in shown}
    print_facts(shown)
    if counts:
        splits = list(next(iter(counts.values())))
        rows = [
            [label, f"{sum(each.values()):,}", *(f"{each[split]:,}" for split in splits)]
            for label, each in sorted(counts.items(), key=lambda pair: -sum(pair[1].values()))
        ]
        print_table(f"{len(rows):,} labels", ["label", "pictures", *splits], rows)
    print_facts(page)
