"""`ganvas new`, `ganvas sample`, `ganvas add`: a studio, and pictures in it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganvas.cli.opening import AsJson, Opening, print_json

if TYPE_CHECKING:
    from ganvas.collect import Added


def new(context: typer.Context, folder: Annotated[Path, typer.Argument(help="The folder to make.")]) -> None:
    """Make a studio: a folder for one project's pictures, sets and runs."""
    from ganvas.studio import StudioFolder

    opening: Opening = context.obj
    studio = StudioFolder.create(folder, opening.database)
    _ = studio.catalog
    print(f"made {folder}: cd {folder} && ganvas add FOLDER-OR-ARCHIVE")


def sample(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Which sample: fashion (Fashion-MNIST, MIT licence).")],
    folder: Annotated[Path, typer.Argument(metavar="STUDIO", help="The studio to make.")],
    full: Annotated[
        bool, typer.Option("--full", help="All 70,000 pictures: 60,000 to train, 10,000 held out.")
    ] = False,
) -> None:
    """Make a studio with a packed, labelled set of sample pictures."""
    from ganvas.api import Studio
    from ganvas.cli.screen import screen

    opening: Opening = context.obj
    studio = Studio(folder, opening.database, screen())
    added = studio.add_sample(name, full)
    _print_added(added)
    made_before = studio.folder.catalog.set_named(name) is not None
    made = studio.set(name)
    facts = made.info()
    print(f"set {name}: {facts['images']:,} pictures, {facts['size']}, {len(facts['labels'])} labels")
    if made_before and added.new:
        print(f"set {name} was made before the new ones came, and sets are frozen: ganvas set make NAME packs them all")
    print(f"next: cd {folder} && ganvas train {name} --budget 3m")


def add(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A folder, zip, tar, IDX file, .npy or .npz.")],
    label: Annotated[str | None, typer.Option("--label", help="One label for all of them.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add pictures. Originals are copied once and never changed; adding again repeats nothing."""
    opening: Opening = context.obj
    added = opening.studio().add(path, label)
    if as_json:
        print_json(dataclasses.asdict(added))
    else:
        _print_added(added)


def _print_added(added: Added) -> None:
    line = f"{added.found:,} found: {added.new:,} new, {added.known:,} exact copies or known before"
    unreadable = sum(added.unreadable.values())
    if unreadable:
        reasons = "; ".join(f"{count:,} × {reason}" for reason, count in sorted(added.unreadable.items())[:5])
        line += f", {unreadable:,} unreadable ({reasons})"
    print(line)
