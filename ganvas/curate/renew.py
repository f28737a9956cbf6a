"""The next version of a set: `renew_set(studio, "vases")` makes vases-2 by the same recipe from what is there now."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import count

from ganvas.catalog.records import SetRow
from ganvas.curate.make import make_planned, take_back
from ganvas.curate.plan import Before, Plan, make_plan
from ganvas.curate.sets import existing_set
from ganvas.progress import Progress, Silent
from ganvas.studio import StudioFolder


def renew_set(
    studio: StudioFolder, name: str, *, progress: Progress | None = None, workers: int | None = None
) -> SetRow:
    """Make and record the next version of a set, by the recipe of its newest; older ones stay as they are.

    `name` is any of its versions. A picture of the version before keeps its split. Where nothing has changed, no new
    version is made, and the newest is returned. Raises InputError where there is no such set, and as `make_set` does.
    """
    progress = progress or Silent()
    first = str(existing_set(studio, name).recipe.get("of", name))
    newest = _newest(studio, first)
    members = studio.catalog.members(newest.name)
    take_back(studio)
    new_name, version = _next_name(studio, first, newest)
    splits = {member.sha256: member.split for member in members}
    plan = _planned(studio, newest, new_name, Before(splits))
    before = {(member.sha256, member.label, member.split) for member in members}
    labels = ((image.sha256, image.label or None) for image in plan.images)
    now = {(sha256, label, split) for (sha256, label), split in zip(labels, plan.splits(plan.images)[0], strict=True)}
    if now == before:
        progress.note(f"nothing has changed since {newest.name} was made: it is the newest version")
        return newest
    images = {image.sha256 for image in plan.images}
    added, removed = len(images - splits.keys()), len(splits.keys() - images)
    progress.note(f"{new_name}: version {version} of {first}, {added:,} pictures added and {removed:,} removed")
    recorded = {"of": first, "version": version, "added": added, "removed": removed}
    return make_planned(studio, replace(plan, before=Before(splits, recorded)), progress, workers)


def _newest(studio: StudioFolder, first: str) -> SetRow:
    family = [row for row in studio.catalog.sets() if row.name == first or row.recipe.get("of") == first]
    return max(family, key=lambda row: int(row.recipe.get("version", 1)))


def _next_name(studio: StudioFolder, first: str, newest: SetRow) -> tuple[str, int]:
    taken = {row.name for row in studio.catalog.sets()}
    start = int(newest.recipe.get("version", 1)) + 1
    stem = re.sub(r"[._-]+$", "", first[:58]) or first
    version = next(number for number in count(start) if f"{stem}-{number}" not in taken)
    return f"{stem}-{version}", version


def _planned(studio: StudioFolder, newest: SetRow, name: str, before: Before) -> Plan:
    recipe = newest.recipe
    return make_plan(
        studio,
        name,
        size=(newest.width, newest.height),
        channels=newest.channels,
        fit=str(recipe["fit"]),
        background=str(recipe["background"]),
        split=str(recipe["split"]),
        seed=int(recipe["seed"]),
        where=recipe.get("where"),
        labels=recipe.get("labels_from"),
        min_per_label=recipe.get("min_per_label"),
        max_per_label=recipe.get("max_per_label"),
        before=before,
    )
