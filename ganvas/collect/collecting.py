"""Collecting from the web: `collect(studio, "met", {"query": "vase"}, most=5000)`.

A source's pages and items go into the catalog, the fetcher asks for each address, decoders check and store each
picture, and every outcome is a row. Rows are written every second or so: a kill at any moment costs what was under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ganvas.catalog.fetch_records import COMPLETE, DONE, FAILED, LEASED, OPEN, REFUSED, WAITING, CollectionRow
from ganvas.catalog.wanted import KINDS, LIST, PAGE, PICTURE
from ganvas.collect.decoders import Decoders
from ganvas.collect.garbage import seldom_looked_for
from ganvas.collect.leases import take_over, worker_name
from ganvas.collect.originals import sweep
from ganvas.collect.sources.source import Source, source_named
from ganvas.collect_settings import CollectSettings
from ganvas.errors import InputError, SettingsError, did_you_mean
from ganvas.progress import Progress, Silent
from ganvas.studio import StudioFolder
from ganvas.workers import processors

PATIENCE_S = 60.0  # for other processes' locks: half of a lease, so that none ends meanwhile


@dataclass(frozen=True)
class Collected:
    """How a collection stands: items with pictures, pictures, those new to the studio, what was not had, by error."""

    collection: int
    items: int
    pictures: int
    new: int
    failed: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    complete: bool = True


def collect(
    studio: StudioFolder,
    source: str,
    options: Mapping[str, Any],
    *,
    label: str | None = None,
    most: int | None = None,
    refresh: bool = False,
    dry_run: bool = False,
    settings: CollectSettings | None = None,
    progress: Progress = Silent(),  # noqa: B008 stateless
    workers: int | None = None,
) -> Collected:
    """Collect from a source until `most` items have pictures, or all that it names.

    The same call again goes on: nothing that is done is fetched twice. `refresh` asks of all that is done whether it
    has changed; `dry_run` asks the source's lists only, and says what would be fetched and how long it takes.
    `settings` are instead of the studio's. Raises InputError or SettingsError for options the source does not have.
    """
    if most is not None and most < 1:
        raise InputError(f"a limit of {most} items collects nothing: give 1 or more, or none for all there are")
    settings = settings or studio.settings.collect
    asked = _source(source, options, settings, progress)
    catalog = studio.catalog
    options = _identity(asked)
    recorded = _recorded(catalog.collections(), asked, options, label)
    if dry_run and recorded is not None:
        options, recorded = recorded, None
    collection = catalog.begin_collection(source, options, label, most, only_look=dry_run, recorded=recorded)
    take_over(catalog, progress)
    _let_in_what_is_allowed_now(studio, collection, settings)
    asked_anew = 0
    if refresh and dry_run:
        progress.note(f"{_done(studio, collection, *KINDS):,} answers would be asked whether they have changed")
    elif refresh:
        asked_anew = _done(studio, collection, LIST, PAGE)
        catalog.ask_anew(collection.id)
    before = catalog.count_images()
    sweep(studio.images)
    try:
        with catalog.patient(PATIENCE_S):
            asyncio.run(_run(studio, collection, asked, settings, dry_run, asked_anew, progress, workers))
    except KeyboardInterrupt:
        progress.note("stopped: what was fetched is recorded, and the same command goes on from there")
        raise
    collected = _standing(studio, collection, catalog.count_images() - before)
    if not dry_run:
        catalog.end_collection(collection.id, COMPLETE if collected.complete and collected.items else OPEN)
    _check_there_is_something(studio, collection, collected)
    return collected


def _identity(source: Source) -> dict[str, Any]:
    """What makes a collection the same as another: what was asked, and of whom where that is not the usual place."""
    options: dict[str, Any] = source.options.model_dump(mode="json")
    elsewhere = source.base_url != type(source).base_url.rstrip("/")
    return options | {"base_url": source.base_url} if elsewhere else options


def _recorded(
    collections: Sequence[CollectionRow], source: Source, options: dict[str, Any], label: str | None
) -> dict[str, Any] | None:
    """The options as an older ganvas wrote them of the same collection: with fewer of them, or another form of a path.

    None where they stand as they are written now, or nowhere.
    """
    alike = [row.options for row in collections if (row.source, row.label) == (source.name, label)]
    return None if options in alike else next((one for one in alike if _read(one, source) == options), None)


def _read(recorded: dict[str, Any], source: Source) -> dict[str, Any] | None:
    """Recorded options as they would be written now; None for those that the source no longer takes."""
    base_url = {name: recorded[name] for name in ("base_url",) if name in recorded}
    given = {name: value for name, value in recorded.items() if name not in base_url}
    try:
        return source.Options.model_validate(given).model_dump(mode="json") | base_url
    except Exception:  # whatever a plug-in's own checks raise
        return None


def _let_in_what_is_allowed_now(studio: StudioFolder, collection: CollectionRow, settings: CollectSettings) -> None:
    """What was refused by a rule that no longer stands is looked at again; nothing is asked for that."""
    lifted = {"address": bool(settings.allow_hosts), "robots": not settings.robots, "opt-out": not settings.opt_outs}
    for error, is_lifted in lifted.items():
        if is_lifted:
            studio.catalog.try_again(collection_id=collection.id, error=error)


def _done(studio: StudioFolder, collection: CollectionRow, *kinds: str) -> int:
    counts = studio.catalog.fetch_counts(collection.id).get(collection.id, {})
    return sum(counts.get(kind, {}).get(DONE, 0) for kind in kinds)


async def _run(
    studio: StudioFolder,
    collection: CollectionRow,
    source: Source,
    settings: CollectSettings,
    dry_run: bool,
    asked_anew: int,
    progress: Progress,
    workers: int | None,
) -> None:
    if threading.current_thread() is threading.main_thread():  # a polite kill is heard as Ctrl-C is
        with contextlib.suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)
    with Decoders(studio.images, workers or processors()) as decoders:
        if not dry_run:
            decoders.start()
        from ganvas.collect.engine import Engine  # late: aiohttp is imported with it, while decoders start

        engine = Engine(studio, collection, source, settings, worker_name(), decoders, progress)
        with seldom_looked_for():
            await engine.run(dry_run, asked_anew)


def _source(name: str, options: Mapping[str, Any], settings: CollectSettings, progress: Progress) -> Source:
    cls = source_named(name)
    called = {field.rstrip("_"): field for field in cls.Options.model_fields}  # `not` is the field `not_`
    try:
        checked = cls.Options.model_validate({called.get(option, option): value for option, value in options.items()})
    except ValidationError as error:
        errors = error.errors()
        first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
        option = ".".join(map(str, first["loc"])).rstrip("_")
        unknown = first["type"] == "extra_forbidden"
        what = f"there is no such option.{did_you_mean(option, called)}" if unknown else first["msg"]
        raise SettingsError(f"{name}: {option}: {what.removeprefix('Value error, ')}") from error
    return cls(checked, settings, progress)


def _standing(studio: StudioFolder, collection: CollectionRow, new: int) -> Collected:
    kinds = studio.catalog.fetch_counts(collection.id).get(collection.id, {})
    items = studio.catalog.items_served(collection.id)
    failed: dict[str, int] = {}
    refused: dict[str, int] = {}
    for _, state, error, _, count in studio.catalog.error_counts(collection.id):
        counts = {FAILED: failed, REFUSED: refused}.get(state)
        if counts is not None:
            counts[error] = counts.get(error, 0) + count
    enough = collection.most is not None and items >= collection.most
    left = [PICTURE] if enough else list(kinds)
    waiting = sum(kinds.get(kind, {}).get(state, 0) for kind in left for state in (WAITING, LEASED))
    pictures = kinds.get(PICTURE, {}).get(DONE, 0)
    return Collected(collection.id, items, pictures, new, failed, refused, waiting, complete=not waiting)


def _check_there_is_something(studio: StudioFolder, collection: CollectionRow, collected: Collected) -> None:
    """A collection of nothing, because nothing could be had, is an error: it says the first reason, and what to do."""
    if collected.items or collected.waiting or not (collected.failed or collected.refused):
        return
    errors = [error for error in studio.catalog.error_counts(collection.id) if error[1] in (FAILED, REFUSED)]
    _, state, error, host, _ = errors[0]
    reason = studio.catalog.reason_of(collection.id, error, host) or error
    more = sum(count for *_, count in errors) - 1
    others = f" (and {more:,} more)" if more else ""
    again = f"`ganvas collect retry --error {error}`" if state == REFUSED else "`ganvas collect retry`"
    raise InputError(f"{collection.source}: nothing could be had of {host}: {reason}{others}. {again} tries again")
