"""Freezing a selection of pictures and packing it for training: `make_set(studio, "fronts", size=(128, 96))`.

Everything is written to sets/.NAME.partial-… and renamed when it is whole, so that a kill leaves no half set. What a
killed one leaves behind is removed by the next.
"""

from __future__ import annotations

import errno
import hashlib
import json
import secrets
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from ganvas.catalog.records import MemberRow, SetRow
from ganvas.counted import counted
from ganvas.curate.facts import about_originals
from ganvas.curate.holding import hold, is_held
from ganvas.curate.pack import pack
from ganvas.curate.packer import Refusal
from ganvas.curate.plan import Plan, SetOptions, make_plan
from ganvas.curate.returned import PACK, take_back
from ganvas.errors import InputError
from ganvas.pictures.packed import HELD_OUT, IMAGES_FILE, SPLITS, TRAIN, VALIDATION, write_description
from ganvas.progress import Progress, Silent
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.catalog import ImageRow

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
BESIDE_BYTES = 160  # a line of members.csv and its row in the catalog


def make_set(
    studio: StudioFolder,
    name: str,
    *,
    progress: Progress | None = None,
    workers: int | None = None,
    **options: Unpack[SetOptions],
) -> SetRow:
    """Pack the kept pictures that `where` chooses into sets/NAME/ and record the set. `size` is (width, height) in px.

    `labels` names the field that holds their labels; those with too few pictures are left out, of those with too many
    a seeded part is taken. What is not given is chosen, and the choice noted with its reason. The same pictures and
    options give the same bytes, for any number of worker processes. An original that is gone or damaged is left out and
    becomes a decision.
    Raises InputError for a name that exists, an option that cannot be, no picture to pack, or a full disk.
    """
    progress = progress or Silent()
    take_back(studio)
    return make_planned(studio, make_plan(studio, name, **options), progress, workers)


def make_planned(studio: StudioFolder, plan: Plan, progress: Progress, workers: int | None = None) -> SetRow:
    """Pack and record what was planned. Raises as `make_set` does."""
    name = plan.name
    for reason in plan.reasons:
        progress.note(reason)
    try:
        studio.sets.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(studio, name)
        _check_space(studio.sets, plan)
        with _partial_folder(studio.sets, name) as folder:
            row, members = _written(studio, plan, folder, progress, workers)
            folder.rename(studio.sets / name)
    except OSError as error:
        raise InputError(_explained(error, studio.sets, plan)) from error
    try:
        studio.catalog.add_set(row, members)
    except BaseException:
        shutil.rmtree(studio.sets / name, ignore_errors=True)
        raise
    return row


def _written(
    studio: StudioFolder, plan: Plan, folder: Path, progress: Progress, workers: int | None
) -> tuple[SetRow, list[MemberRow]]:
    originals = [
        (str(studio.image_path(image.sha256)), image.sha256, plan.trims.get(image.sha256)) for image in plan.images
    ]
    with (folder / IMAGES_FILE).open("wb") as file:
        refused = pack(file, originals, plan.recipe, workers=workers, progress=progress, label=f"packing {plan.name}")
    images = [image for image, refusal in zip(plan.images, refused, strict=True) if refusal is None]
    _check_originals(studio, plan, images, refused, progress)
    splits, how = plan.splits(images)
    validation = f"{splits.count(VALIDATION):,} to validate with, " if VALIDATION in splits else ""
    progress.note(f"split {how}: {splits.count(TRAIN):,} to train on, {validation}{splits.count(HELD_OUT):,} held out")
    members = members_of(images, splits)
    row = _row(plan, members)
    description = asdict(row) | {
        "made_at": row.made_at.isoformat(),
        "fit": plan.recipe.fit,
        "background": plan.recipe.background,
        "splits": {part: splits.count(part) for part in SPLITS if part != VALIDATION or part in splits},
        **about_originals(studio, images),
    }
    write_description(folder, description, [(m.position, m.sha256, m.label, m.split) for m in members])
    return row, members


def _row(plan: Plan, members: Sequence[MemberRow]) -> SetRow:
    recipe = plan.recipe
    return SetRow(
        name=plan.name,
        height=recipe.height,
        width=recipe.width,
        channels=recipe.channels,
        count=len(members),
        labels=sorted({member.label for member in members if member.label}),
        recipe={
            "split": plan.split,
            "seed": plan.seed,
            "reasons": plan.reasons,
            **asdict(recipe),
            **plan.selection.asked(),
            **plan.before.recorded,
        },
        fingerprint=fingerprint(plan, members),
    )


def members_of(images: Sequence[ImageRow], splits: Sequence[str]) -> list[MemberRow]:
    """The rows of a set, in order."""
    return [
        MemberRow(position, image.sha256, image.label or None, split)
        for position, (image, split) in enumerate(zip(images, splits, strict=True))
    ]


def fingerprint(plan: Plan, members: Sequence[MemberRow]) -> str:
    """The SHA-256 over who is in the set, with which label and split, and how they were made: equal for equal bytes."""
    recipe = plan.recipe
    shape: list[Any] = [recipe.height, recipe.width, recipe.channels, recipe.fit, recipe.background]
    digest = hashlib.sha256(json.dumps(shape).encode())
    for member in members:
        trim = plan.trims.get(member.sha256)
        digest.update(json.dumps([member.sha256, member.label, member.split, *([trim] if trim else [])]).encode())
    return digest.hexdigest()


def _check_originals(
    studio: StudioFolder,
    plan: Plan,
    images: Sequence[ImageRow],
    refused: Sequence[Refusal | None],
    progress: Progress,
) -> None:
    lost = [(image, refusal) for image, refusal in zip(plan.images, refused, strict=True) if refusal is not None]
    if not images:  # a folder that is not mounted must not drop every picture there is
        raise InputError(
            f"none of the {len(lost):,} originals in {studio.images} can be read ({lost[0][1].reason}): "
            "see that the folder is there, or `ganvas add` the pictures again"
        )
    for rule, count in Counter(refusal.rule for _, refusal in lost).items():
        verdicts = [(image.sha256, False, None, why.reason) for image, why in lost if why.rule == rule]
        studio.catalog.decide(PACK, rule, verdicts)
        progress.note(f"{counted(count, 'picture')} left out: {rule} since added")


@contextmanager
def _partial_folder(sets: Path, name: str) -> Iterator[Path]:
    folder = sets / f".{name}.partial-{secrets.token_hex(4)}"
    folder.mkdir()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.enter_context(hold(folder))
        yield folder


def _remove_leftovers(studio: StudioFolder, name: str) -> None:
    for folder in studio.sets.glob(".*.partial-*"):
        if not is_held(folder):
            shutil.rmtree(folder, ignore_errors=True)
    whole = studio.sets / name
    if whole.exists():  # renamed, but the kill came before the catalog knew
        leftover = studio.sets / f".{name}.partial-{secrets.token_hex(4)}"
        whole.rename(leftover)
        shutil.rmtree(leftover, ignore_errors=True)


def _check_space(sets: Path, plan: Plan) -> None:
    if shutil.disk_usage(sets).free < plan.bytes + len(plan.images) * BESIDE_BYTES:
        raise OSError(errno.ENOSPC, "not enough space")


def _explained(error: OSError, sets: Path, plan: Plan) -> str:
    if error.errno in FULL:
        return (
            f"the disk of {sets} is full: set {plan.name} needs {plan.bytes / 1e6:,.1f} MB; "
            "free some space, or pack smaller with --size"
        )
    if error.errno == errno.ENOTEMPTY:
        return f"set {plan.name} was made by another process at the same time: choose another name"
    return f"set {plan.name} cannot be written in {sets}: {error.strerror or error}"
