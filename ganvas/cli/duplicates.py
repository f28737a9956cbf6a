"""`ganvas duplicates`: pictures that show the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ganvas.cli.opening import AsJson, DryRun, Opening, print_json
from ganvas.errors import InputError

if TYPE_CHECKING:
    from ganvas.curate.duplicates import DuplicateSummary


def duplicates(
    context: typer.Context,
    radius: Annotated[int, typer.Option("--radius", help="How many of a hash's 64 bits may differ, 0 to 16.")] = 8,
    alike: Annotated[
        float | None, typer.Option("--alike", metavar="COSINE", help="Features so alike are the same, too, as .97.")
    ] = None,
    encoder: Annotated[str | None, typer.Option("--encoder", help="What --alike looks through.")] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Drop pictures that show the same as a better one. The largest stays, then the sharpest; a sheet shows them."""
    if encoder is not None and alike is None:
        raise InputError("--encoder is what --alike looks through: add --alike COSINE")
    opening: Opening = context.obj
    found = opening.studio().duplicates(radius, alike=alike, encoder=encoder, dry_run=dry_run)
    if as_json:
        print_json(found.to_json())
    else:
        _print(found, "would be dropped" if dry_run else "dropped")


def _print(found: DuplicateSummary, what: str) -> None:
    print(f"{found.pictures:,} pictures, {len(found.groups):,} groups that show the same: {found.dropped:,} {what}")
    if found.by_bits:
        print("bits off the one that stays: " + ", ".join(f"{bits}: {n:,}" for bits, n in found.by_bits.items()))
    if found.sheet is not None:
        print(found.sheet)
