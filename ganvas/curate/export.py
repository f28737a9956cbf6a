"""A set as files that others can read: `export_set(studio, "vases", "folder")`.

Written beside the place under another name and renamed when whole: there is all of an export, or nothing.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ganvas.curate.card import card
from ganvas.curate.export_files import FORMS, SUFFIXES, Writer, writer_of
from ganvas.curate.export_rows import Example, examples
from ganvas.curate.sets import describe_set
from ganvas.errors import InputError, did_you_mean
from ganvas.pictures.packed import PackedSet
from ganvas.progress import Progress, Silent
from ganvas.studio import StudioFolder
from ganvas.whole import why_not

__all__ = ["export_set"]


def export_set(
    studio: StudioFolder,
    name: str,
    form: str = "folder",
    out: str | Path | None = None,
    *,
    credits: Mapping[str, str],
    licences: Sequence[tuple[str, int]],
    originals: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write a set as a folder or zip (as Hugging Face's ImageFolder), as WebDataset shards or Parquet files.

    The packed pictures as PNG, or with `originals` the files they were made from; beside each its label, split, hash,
    title, artist, licence, attribution and source; a data set card with the pictures of each of the `licences`, and
    `credits`, texts by the names of their files. `ganvas add` reads every form. `out`: NAME-FORM (NAME.zip) in the
    current folder if not given. Raises InputError where the set or the form does not exist, `out` does, an original is
    gone, or the disk is full; MissingExtra for Parquet without pyarrow.
    """
    progress = progress or Silent()
    if form not in FORMS:
        raise InputError(f"--as {form!r} is none of {', '.join(FORMS)}.{did_you_mean(form, FORMS)}")
    facts = describe_set(studio, name)
    packed = PackedSet.open(studio.sets / name)
    if packed.fingerprint != facts["fingerprint"]:
        raise InputError(f"set {name} in {packed.folder} is not the one of the catalog: delete it and make it again")
    place = Path(out) if out is not None else Path(f"{name}{SUFFIXES.get(form, f'-{form}')}")
    if place.exists():
        raise InputError(f"{place} exists, and nothing is written over: name another place with --out, or remove it")
    partial = place.with_name(f".{place.name}.partial-{secrets.token_hex(4)}")
    origins = studio.catalog.origins(name)
    texts = {"README.md": card(facts, licences, form, originals), **credits}
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with writer_of(form, partial) as writer:
            _write(writer, texts, examples(studio, packed, origins, originals), len(packed), progress)
        partial.rename(place)
    except OSError as error:
        raise InputError(f"{place} could not be written {why_not(error)}") from error
    finally:
        _remove(partial)
    return place


def _write(writer: Writer, texts: dict[str, str], found: Iterator[Example], count: int, progress: Progress) -> None:
    with progress.task("exporting", count, "pictures") as task:
        for file, text in texts.items():
            writer.text(file, text)
        for example in found:
            writer.add(example)
            task.advance()


def _remove(partial: Path) -> None:
    if partial.is_dir():
        shutil.rmtree(partial, ignore_errors=True)
    else:
        with suppress(OSError):
            partial.unlink()
