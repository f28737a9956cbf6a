"""Collecting from the web: `collect(studio, "met", {"query": "vase"}, most=5000)`.

A source's pages and items go into the catalog, the fetcher asks for each address, decoders check and store each
picture, and every outcome is a row. Rows are written every second or so: a kill at any moment costs what was under way.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ganvas.catalog.fetch_records import COMPLETE, DONE, FAILED, LEASED, OPEN, REFUSED, WAITING, CollectionRow
from ganvas.catalog.wanted import LIST, PICTURE
from ganvas.collect.decoders import Decoders
from ganvas.collect.leases import take_over, worker_name
from ganvas.collect.originals import sweep
from ganvas.collect.sources.source import Source, source_named
from ganvas.collect_settings import CollectSettings
from ganvas.errors import InputError, SettingsError, did_you_mean
from ganvas.progress import Progress, Silent
from ganvas.studio import StudioFolder
from ganvas.workers import processors


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
    collection = studio.catalog.begin_collection(source, asked.options.model_dump(mode="json"), label, most)
    take_over(studio.catalog, progress)
    if refresh:
        studio.catalog.ask_anew(collection.id)
    before = studio.catalog.count_images()
    sweep(studio.images)
    try:
        asyncio.run(_run(studio, collection, asked, settings, dry_run, progress, workers))
    except KeyboardInterrupt:
        progress.note("stopped: what was fetched is recorded, and the same command goes on from there")
        raise
    collected = _standing(studio, collection, studio.catalog.count_images() - before)
    if not dry_run:
        studio.catalog.end_collection(collection.id, COMPLETE if collected.complete else OPEN)
        _check_lists(studio, collection, collected)
    return collected


async def _run(
    studio: StudioFolder,
    collection: CollectionRow,
    source: Source,
    settings: CollectSettings,
    dry_run: bool,
    progress: Progress,
    workers: int | None,
) -> None:
    from ganvas.collect.engine import Engine  # late: aiohttp is imported with it

    if threading.current_thread() is threading.main_thread():  # a polite kill is heard as Ctrl-C is
        with contextlib.suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)
    with Decoders(studio.images, workers or processors()) as decoders:
        await Engine(studio, collection, source, settings, worker_name(), decoders, progress).run(dry_run)


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


def _check_lists(studio: StudioFolder, collection: CollectionRow, collected: Collected) -> None:
    """A collection of nothing, because its source could not even be asked what there is, is an error."""
    lists = studio.catalog.fetch_counts(collection.id).get(collection.id, {}).get(LIST, {})
    if collected.items or lists.get(DONE) or not (lists.get(FAILED) or lists.get(REFUSED)):
        return
    _, _, error, host, _ = studio.catalog.error_counts(collection.id)[0]
    raise InputError(
        f"{collection.source}: {host} could not be asked what there is ({error}): "
        "`ganvas collect status` says more, `ganvas collect retry` tries again"
    )
