"""Sets that exist: `describe_set(studio, "fronts")`, `delete_set(studio, "fronts")`."""

from __future__ import annotations

import secrets
import shutil
from collections import Counter
from typing import Any

from ganvas.catalog.records import SetRow
from ganvas.curate.choose import balance
from ganvas.errors import InputError
from ganvas.pictures.colour import colour_of, hex_of
from ganvas.pictures.packed import SPLITS, VALIDATION
from ganvas.studio import StudioFolder

LABELS = "labels_from"
RECORDED = ("where", LABELS, "min_per_label", "max_per_label", "of", "version", "added", "removed")


def describe_set(studio: StudioFolder, name: str) -> dict[str, Any]:
    """A set's facts, ready for JSON: size, counts by split and by label, bytes on disk (0 where its folder is gone).

    Raises InputError where there is no such set.
    """
    row = studio.catalog.existing_set(name)
    members = studio.catalog.members(name)
    counts = Counter((member.label, member.split) for member in members)
    folder = studio.sets / name
    of_labels = Counter(member.label for member in members if member.label)
    splits = [split for split in SPLITS if split != VALIDATION or any(key[1] == split for key in counts)]
    return {
        "name": name,
        "images": row.count,
        "size": f"{row.width}x{row.height}",
        "width": row.width,
        "height": row.height,
        "channels": row.channels,
        "splits": {split: sum(count for key, count in counts.items() if key[1] == split) for split in splits},
        "labels": {label: {split: counts[label, split] for split in splits} for label in row.labels},
        "balance": balance(of_labels) if of_labels else None,
        "unlabelled": sum(member.label is None for member in members),
        "fit": row.recipe.get("fit"),
        "background": row.recipe.get("background"),
        "split": row.recipe.get("split"),
        "seed": row.recipe.get("seed"),
        **{key: row.recipe[key] for key in RECORDED if key in row.recipe},
        "bytes": sum(file.stat().st_size for file in folder.iterdir()) if folder.is_dir() else 0,
        "folder": str(folder),
        "fingerprint": row.fingerprint,
        "made_at": row.made_at.isoformat(),
    }


def check_recipe(row: SetRow, **asked: Any) -> None:
    """Raises InputError where a set was made otherwise than is asked, naming what differs; None asks for nothing."""
    made = row.recipe | {"size": (row.width, row.height), "channels": row.channels, "labels": row.recipe.get(LABELS)}
    if asked.get("background") is not None:
        asked["background"] = hex_of(colour_of(asked["background"]))
    for option, value in asked.items():
        if value is not None and made.get(option) != value:
            said = f"{option} {_said(made.get(option))}, not {_said(value)}"
            raise InputError(f"set {row.name} exists and was made with {said}; sets are frozen: choose another name")


def _said(value: Any) -> str:
    return f"{value[0]}x{value[1]}" if isinstance(value, tuple) else "none" if value is None else str(value)


def delete_set(studio: StudioFolder, name: str) -> None:
    """Remove a set's packed copy and its row; originals and runs stay. Raises InputError where there is no such set."""
    studio.catalog.existing_set(name)
    studio.catalog.delete_set(name)
    folder = studio.sets / name
    if folder.is_dir():
        leftover = studio.sets / f".{name}.partial-{secrets.token_hex(4)}"  # a kill half-way leaves no half set
        folder.rename(leftover)
        shutil.rmtree(leftover, ignore_errors=True)
