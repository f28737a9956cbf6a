"""What a search was asked for, and whether a folder holds the same: the same command goes on, another is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from ganvas.budget import parse_budget
from ganvas.counted import counted
from ganvas.errors import InputError, did_you_mean
from ganvas.pictures.packed import PackedSet
from ganvas.search.fitting import check_fits
from ganvas.search.present import check_devices, check_runs
from ganvas.search.search_folder import SEARCH_FILE, SearchFolder
from ganvas.studio import StudioFolder, checked_name

if TYPE_CHECKING:
    from ganvas.search.space import Space

FIXED = ("set", "fingerprint", "space", "sampler", "budget", "repeat", "seed", "judge_n", "prune", "score")
SCORES = ("kid", "fd", "precision", "recall", "density", "coverage", "authenticity", "copies", "nearer_trained")
LONGEST_NAME = 57  # its runs are called NAME-007 or NAME-1000, and a run's name has 64 letters
NEW_TRIALS = "trials"  # may differ: a larger number goes on


def asked_for(studio: StudioFolder, space: Space, options: Mapping[str, Any], here: bool = True) -> dict[str, Any]:
    """What search.json is to hold of it. Raises InputError or SettingsError where it cannot be searched.

    Trials that run `here` need their devices on this machine.
    """
    parse_budget(options["budget"], images_per_epoch=1000)
    trials, repeat = options["trials"], options["repeat"]
    if repeat < 1 or (trials is not None and trials < repeat):
        raise InputError(
            f"{counted(trials or 0, 'trial does', 'trials do')} not hold one point under {counted(repeat, 'seed')}: "
            "give more --trials"
        )
    asked = {**options, "space": space.as_json()}
    if planned(space, asked) is None:
        raise InputError(f"a {options['sampler']} search never comes to an end: say how many trials with --trials")
    if options["score"] not in SCORES:
        raise InputError(f"no score called {options['score']!r}.{did_you_mean(options['score'], SCORES)}")
    sets = [PackedSet.open(studio.sets / name) for name in space.sets() or [options["set"]]]
    for packed in sets:
        check_fits(space, packed)
    check_runs(space, studio)
    if here:
        check_devices(space)
    return {**asked, "fingerprint": {packed.name: packed.fingerprint for packed in sets}}


def planned(space: Space, asked: Mapping[str, Any]) -> int | None:
    """How many trials there will be, in whole points; None where nothing limits them."""
    repeat = asked["repeat"]
    points = space.count() if asked["sampler"] == "grid" else None
    limits = [points, None if asked["trials"] is None else asked["trials"] // repeat]
    known = [limit for limit in limits if limit is not None]
    return min(known) * repeat if known else None


def find_search(studio: StudioFolder, asked: Mapping[str, Any], name: str | None) -> SearchFolder:
    """The folder of the search that was asked for: that of this name, the newest that was asked the same, or a new one.

    Raises InputError for a name that cannot be used, or is that of another search.
    """
    if name is not None:
        if len(checked_name("search", name)) > LONGEST_NAME:
            raise InputError(f"search name {name!r} is longer than {LONGEST_NAME} letters: its runs are named after it")
        return SearchFolder(studio.searches / name)
    folders = [SearchFolder(path.parent) for path in studio.searches.glob(f"*/{SEARCH_FILE}")]
    for folder in sorted(folders, key=lambda one: (one.path / SEARCH_FILE).stat().st_mtime, reverse=True):
        with suppress(InputError):  # a damaged one of long ago is no reason not to search
            if not difference(folder.read_asked(), asked):
                return folder
    taken = {run.name for run in studio.catalog.runs()}
    names = (f"{asked['set'][: LONGEST_NAME - 12]}-search-{i}" for i in count(1))
    free = (one for one in names if not (studio.searches / one).exists())
    return SearchFolder(studio.searches / next(one for one in free if not _runs_of(one, taken)))


def begin(studio: StudioFolder, folder: SearchFolder, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What search.json says from now on; its caller holds the folder.

    Raises InputError where the search is another one, or where its runs' names are taken.
    """
    if not (folder.path / SEARCH_FILE).exists():
        if taken := _runs_of(folder.name, {run.name for run in studio.catalog.runs()}):
            raise InputError(f"run {taken[0]} exists and is not this search's: choose another --name")
        now = dict(asked)
    else:
        before = folder.read_asked()
        if changed := difference(before, asked):
            raise InputError(f"search {folder.name} is another one ({changed}): use its settings, or another --name")
        now = {**before, NEW_TRIALS: asked[NEW_TRIALS]}
    folder.write_asked(now)
    return now


def difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What was asked for then and is not now, in words; empty where it is the same search."""
    changed = [name for name in FIXED if before.get(name) != now.get(name)]
    return ", ".join(_said(name, before.get(name), now.get(name)) for name in changed)


def _said(name: str, before: Any, now: Any) -> str:
    if name == "fingerprint":
        return "the set holds other pictures by now"
    if name != "space":
        return f"{name}: {before} → {now}"
    axes = [{axis: values for part in space or [] for axis, values in part.items()} for space in (before, now)]
    changed = sorted(axis for axis in {**axes[0], **axes[1]} if axes[0].get(axis) != axes[1].get(axis))
    return f"space: {', '.join(changed)}" if changed else "space: its alternatives"


def _runs_of(name: str, runs: set[str]) -> list[str]:
    return sorted(run for run in runs if re.fullmatch(rf"{re.escape(name)}-\d{{3,}}", run))
