"""Collecting from the web: `collect(studio, "met", {"query": "vase"}, most=5000)`.

A source's pages and items go into the catalog, the fetcher asks for each address, decoders check and store each
picture, and every outcome is a row. Rows are written every second or so: a kill at any moment costs what was under way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ganvas.collect_settings import CollectSettings
from ganvas.progress import Progress, Silent
from ganvas.studio import StudioFolder


@dataclass(frozen=True)
class Collected:
    """What a `collect` did: items with pictures, pictures done and of these new to the studio, what failed by error."""

    collection: int
    items: int
    pictures: int
    new: int
    bytes: int
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
    raise NotImplementedError
