"""What goes into a catalog and comes out of it: frozen dataclasses, no database objects. Times are in UTC."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any


def now() -> dt.datetime:
    """This moment in UTC, as every record keeps it."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class FoundPicture:
    """A picture that a source gave, its original stored already: an image, the item it belongs to, and what was read.

    `unreadable` holds the reason where it could not be read; width and what follows are then not kept.
    """

    sha256: str
    bytes: int
    format: str | None
    width: int | None
    height: int | None
    mode: str | None
    frames: int | None
    unreadable: str | None
    source: str
    key: str
    label: str | None = None
    split: str | None = None
    title: str | None = None
    artist: str | None = None
    licence: str | None = None
    attribution: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    position: int = 0


@dataclass(frozen=True)
class ImageRow:
    """A readable image; label and split are those of its first item that has one."""

    id: int
    sha256: str
    format: str
    width: int
    height: int
    mode: str
    frames: int
    bytes: int
    label: str | None
    split: str | None


@dataclass(frozen=True)
class HashedRow:
    """An inspected image, as far as it matters for who stays of those that show the same."""

    id: int
    sha256: str
    width: int
    height: int
    bytes: int
    measures: dict[str, Any]
    trim: tuple[int, int, int, int] | None
    kept_by_person: bool


@dataclass(frozen=True)
class DecisionRow:
    sha256: str
    stage: str
    rule: str
    score: float | None
    keep: bool
    reason: str | None
    undone: bool
    decided_at: dt.datetime


@dataclass(frozen=True)
class InspectionRow:
    """What one pass measured of an image. `trim`: (left, top, right, bottom) inside a solid border, in upright pixels.

    `phash`: 64 bits as a signed number; None for a picture of one colour. A measure that means nothing here is None.
    """

    sha256: str
    version: str
    phash: int | None
    measures: dict[str, float | None]
    trim: tuple[int, int, int, int] | None


@dataclass(frozen=True)
class ItemRow:
    """What a source said of one thing."""

    source: str
    key: str
    label: str | None
    split: str | None
    title: str | None
    artist: str | None
    licence: str | None
    attribution: str | None
    details: dict[str, Any]


@dataclass(frozen=True)
class SetRow:
    name: str
    height: int
    width: int
    channels: int
    count: int
    labels: list[str]
    recipe: dict[str, Any]
    fingerprint: str
    made_at: dt.datetime = field(default_factory=now)


@dataclass(frozen=True)
class MemberRow:
    """An image's row in a packed set."""

    position: int
    sha256: str
    label: str | None
    split: str


@dataclass(frozen=True)
class OriginRow:
    """Where a picture of a set comes from."""

    format: str
    title: str | None
    artist: str | None
    licence: str | None
    attribution: str | None
    source: str
    key: str


@dataclass(frozen=True)
class RunRow:
    name: str
    set_name: str
    set_fingerprint: str
    state: str
    reason: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    images_seen: int = 0
    train_seconds: float = 0.0
    made_at: dt.datetime = field(default_factory=now)
    finished_at: dt.datetime | None = None


@dataclass(frozen=True)
class TickRow:
    tick: int
    images_seen: int
    train_seconds: float
    metrics: dict[str, Any]


@dataclass(frozen=True)
class ScoreRow:
    """A score; `value` is NaN where it could not be computed."""

    checkpoint: str
    encoder: str
    n: int
    name: str
    value: float
    sd: float | None = None
    baseline: float | None = None
    judged_at: dt.datetime = field(default_factory=now)


@dataclass(frozen=True)
class ClusteringRow:
    """One division of images; `names` are what a person called its clusters, by their number as text."""

    name: str
    encoder: str
    k: int
    names: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    made_at: dt.datetime = field(default_factory=now)


@dataclass(frozen=True)
class ClusterMemberRow:
    """An image's cluster, its distance to that one's centre, and to its own k-th neighbour."""

    sha256: str
    cluster: int
    distance: float
    outlier: float
