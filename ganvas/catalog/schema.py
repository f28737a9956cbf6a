"""The tables of a catalog (SQLAlchemy 2), the same on SQLite and PostgreSQL. Changed only together with a migration."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, MetaData, UniqueConstraint, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ganvas.catalog.columns import Moment, Text

NAMES = {  # migrations must be able to name every constraint
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {
        str: Text,
        dt.datetime: Moment,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[int]: JSON(none_as_null=True),
    }


class Item(Base):
    """One thing a source described: a file of a folder, a museum object, a search hit."""

    __tablename__ = "items"
    __table_args__ = (UniqueConstraint("source", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    key: Mapped[str]
    label: Mapped[str | None]
    split: Mapped[str | None]
    title: Mapped[str | None]
    licence: Mapped[str | None]
    attribution: Mapped[str | None]
    link: Mapped[str | None]
    artist: Mapped[str | None]
    object_name: Mapped[str | None]
    department: Mapped[str | None]
    culture: Mapped[str | None]
    period: Mapped[str | None]
    date: Mapped[str | None]
    begin_date: Mapped[int | None]
    end_date: Mapped[int | None]
    medium: Mapped[str | None]
    classification: Mapped[str | None]
    tags: Mapped[list[str] | None]
    details: Mapped[dict[str, Any]]
    added_at: Mapped[dt.datetime]


class Image(Base):
    """One original by the hash of its bytes; width and what follows are empty where it could not be read."""

    __tablename__ = "images"
    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    format: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    mode: Mapped[str | None]
    frames: Mapped[int | None]
    added_at: Mapped[dt.datetime]


class ItemImage(Base):
    """Which pictures an item has, in its own order."""

    __tablename__ = "item_images"
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(default=0)


class Collection(Base):
    """What one `collect` asked of a source; `fingerprint` is that of source, options and label.

    One that was forgotten keeps its row, so that its number, which collectors and people remember, is never another's.
    """

    __tablename__ = "collections"
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    options: Mapped[dict[str, Any]]
    label: Mapped[str | None]
    most: Mapped[int | None]
    fingerprint: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    made_at: Mapped[dt.datetime]


class Fetch(Base):
    """One address of one collection, and what became of it.

    `digest` is of the address: PostgreSQL indexes no text of more than 2.7 kB. `next_try` is in seconds since 1970;
    below 1 it is the place in line of what was never tried. `stand_in_for`: whose failure makes it wanted.
    """

    __tablename__ = "fetches"
    __table_args__ = (
        UniqueConstraint("digest", "collection_id"),
        Index(None, "collection_id", "kind", "state", "next_try"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id"))
    digest: Mapped[str]
    kind: Mapped[str]
    url: Mapped[str]
    host: Mapped[str]
    what: Mapped[str]
    note: Mapped[dict[str, Any]]
    max_age_s: Mapped[float | None]
    stand_in_for: Mapped[int | None] = mapped_column(ForeignKey("fetches.id"), index=True)
    state: Mapped[str]
    next_try: Mapped[float]
    leased_by: Mapped[str | None]
    leased_until: Mapped[float | None]
    attempts: Mapped[int]
    status: Mapped[int | None]
    error: Mapped[str | None]
    reason: Mapped[str | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None]
    content_type: Mapped[str | None]
    etag: Mapped[str | None]
    modified: Mapped[str | None]
    final_url: Mapped[str | None]
    seconds: Mapped[float | None]
    fetched_at: Mapped[dt.datetime | None]


class Body(Base):
    """The bytes of a page (compressed) or of a picture that its source gave itself (as they are)."""

    __tablename__ = "bodies"
    fetch_id: Mapped[int] = mapped_column(ForeignKey("fetches.id"), primary_key=True)
    body: Mapped[bytes]


class ItemFetch(Base):
    """Which fetches are the pictures of an item, in its own order."""

    __tablename__ = "item_fetches"
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    fetch_id: Mapped[int] = mapped_column(ForeignKey("fetches.id"), primary_key=True, index=True)
    position: Mapped[int]


class Host(Base):
    """A host that asked for a pause: nothing is asked of it until then, in whatever process."""

    __tablename__ = "hosts"
    host: Mapped[str] = mapped_column(primary_key=True)
    cool_until: Mapped[float]
    reason: Mapped[str | None]


class Decision(Base):
    """Why an image was kept or dropped. Undoing one keeps the row and sets `undone`."""

    __tablename__ = "decisions"
    __table_args__ = (UniqueConstraint("image_id", "stage", "rule"), Index(None, "stage", "rule"))
    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"))
    stage: Mapped[str]
    rule: Mapped[str]
    score: Mapped[float | None]
    keep: Mapped[bool]
    reason: Mapped[str | None]
    undone: Mapped[bool] = mapped_column(default=False, server_default=false())
    decided_at: Mapped[dt.datetime]


class Inspection(Base):
    """What was measured of one image: measures by name, a perceptual hash (64 bits, signed), the box inside borders."""

    __tablename__ = "inspections"
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), primary_key=True)
    version: Mapped[str]
    phash: Mapped[int | None] = mapped_column(BigInteger)
    measures: Mapped[dict[str, Any]]
    trim: Mapped[list[int] | None]
    inspected_at: Mapped[dt.datetime]


class Duplicate(Base):
    """Which images show the same: the group is named by its lowest image id. Who stays in it is a decision."""

    __tablename__ = "duplicates"
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(index=True)


class Clustering(Base):
    """One division of images into k clusters; `names` are what a person called some of them, {"2": "exteriors"}."""

    __tablename__ = "clusterings"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    encoder: Mapped[str]
    k: Mapped[int]
    names: Mapped[dict[str, Any]]
    details: Mapped[dict[str, Any]]
    made_at: Mapped[dt.datetime]


class ClusterMember(Base):
    """One image's cluster (from 0), its distance to that one's centre, and to its own k-th neighbour (outlier)."""

    __tablename__ = "cluster_members"
    clustering_id: Mapped[int] = mapped_column(ForeignKey("clusterings.id", ondelete="CASCADE"), primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), primary_key=True, index=True)
    cluster: Mapped[int]
    distance: Mapped[float]
    outlier: Mapped[float]


class Set(Base):
    """A frozen, named selection of images, packed in sets/NAME/."""

    __tablename__ = "sets"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    height: Mapped[int]
    width: Mapped[int]
    channels: Mapped[int]
    count: Mapped[int]
    labels: Mapped[list[str]]
    recipe: Mapped[dict[str, Any]]
    fingerprint: Mapped[str]
    made_at: Mapped[dt.datetime]


class Membership(Base):
    """One image's place in a set: the row of the packed array, its label and its split."""

    __tablename__ = "memberships"
    set_id: Mapped[int] = mapped_column(ForeignKey("sets.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id"), index=True)
    label: Mapped[str | None]
    split: Mapped[str]


class Run(Base):
    """One training, runs/NAME/. The set is named, not only referred to: a run outlives a deleted set."""

    __tablename__ = "runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    set_name: Mapped[str]
    set_fingerprint: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]
    settings: Mapped[dict[str, Any]]
    images_seen: Mapped[int] = mapped_column(BigInteger, default=0)
    train_seconds: Mapped[float] = mapped_column(default=0.0)
    made_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]


class Tick(Base):
    """What a run measured at one of its ticks."""

    __tablename__ = "ticks"
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    tick: Mapped[int] = mapped_column(primary_key=True)
    images_seen: Mapped[int] = mapped_column(BigInteger)
    train_seconds: Mapped[float]
    metrics: Mapped[dict[str, Any]]


class Score(Base):
    """A number about a run's pictures, beside that between two halves of the real ones. No value: none to be had."""

    __tablename__ = "scores"
    __table_args__ = (UniqueConstraint("run_id", "checkpoint", "encoder", "n", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    checkpoint: Mapped[str]
    encoder: Mapped[str]
    n: Mapped[int]
    name: Mapped[str]
    value: Mapped[float | None]
    sd: Mapped[float | None]
    baseline: Mapped[float | None]
    judged_at: Mapped[dt.datetime]
