"""The next version of a set: `renew_set(studio, "vases")` makes vases-2 by the same recipe from what is there now."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import count

from ganvas.catalog.records import SetRow
from ganvas.curate.make import fingerprint, make_planned, members_of
from ganvas.curate.plan import Before, Plan, make_plan
from ganvas.curate.returned import take_back
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
    first, root, newest = _family(studio, studio.catalog.existing_set(name))
    members = studio.catalog.members(newest.name)
    take_back(studio)
    new_name, version = _next_name(studio, first, newest)
    splits = {member.sha256: member.split for member in members}
    plan = _planned(studio, newest, new_name, Before(splits))
    if fingerprint(plan, members_of(plan.images, plan.splits(plan.images)[0])) == newest.fingerprint:
        progress.note(f"nothing has changed since {newest.name} was made: it is the newest version")
        return newest
    images = {image.sha256 for image in plan.images}
    added, removed = len(images - splits.keys()), len(splits.keys() - images)
    progress.note(f"{new_name}: version {version} of {first}, {added:,} pictures added and {removed:,} removed")
    recorded = {"of": first, "of_fingerprint": root, "version": version, "added": added, "removed": removed}
    return make_planned(studio, replace(plan, before=Before(splits, recorded)), progress, workers)


def _family(studio: StudioFolder, row: SetRow) -> tuple[str, str | None, SetRow]:
    """The first version's name and fingerprint, and the newest version: a name alone may be another set's by now."""
    first = str(row.recipe.get("of", row.name))
    named = studio.catalog.set_named(first)
    root = row.recipe.get("of_fingerprint", named.fingerprint if named else None)
    family = [
        one
        for one in studio.catalog.sets()
        if (one.name == first and one.fingerprint == root)
        or (one.recipe.get("of") == first and one.recipe.get("of_fingerprint", root) == root)
    ]
    return first, root, max(family, key=lambda one: int(one.recipe.get("version", 1)))


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
