"""What a set will be, before anything is written: `make_plan(studio, "fronts")` holds it, `planned_facts` says it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict, get_args

from ganvas.counted import counted
from ganvas.curate.choose import Selection, balance, choose
from ganvas.curate.packer import Recipe, Trim
from ganvas.curate.rules.registry import BORDER, CLEAN
from ganvas.curate.sizes import checked_size, propose_size
from ganvas.curate.split import Candidate, check_split, split_pictures
from ganvas.errors import InputError, did_you_mean
from ganvas.pictures.colour import colour_of, hex_of
from ganvas.pictures.packed import SPLITS
from ganvas.pictures.resize import Fit
from ganvas.studio import StudioFolder, checked_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ganvas.catalog import ImageRow

GRAY_MODES = ("1", "L", "LA", "La", "I", "F")
COLOURS_CHANNELS = (1, 3)


class SetOptions(TypedDict, total=False):
    """What `make_set` and `make_plan` may be asked for; what is left open is chosen."""

    size: tuple[int, int] | None
    channels: int | None
    fit: str
    background: str
    split: str
    seed: int
    where: str | None
    labels: str | None
    min_per_label: int | None
    max_per_label: int | None


@dataclass(frozen=True)
class Before:
    """The older version of a set that is renewed: its splits by picture, and what the new recipe says of it."""

    splits: Mapping[str, str] = field(default_factory=dict)
    recorded: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A set's recipe, which pictures, how they are split, and why it was chosen so (a line each)."""

    name: str
    recipe: Recipe
    images: list[ImageRow]
    split: str
    seed: int
    reasons: list[str]
    selection: Selection = Selection()
    groups: Mapping[str, int] = field(default_factory=dict)
    trims: Mapping[str, Trim] = field(default_factory=dict)
    before: Before = Before()

    def splits(self, images: Sequence[ImageRow]) -> tuple[list[str], str]:
        """The split of each of these images, and how it came about."""
        candidates = [
            Candidate(
                image.sha256,
                image.label,
                image.split,
                self.groups.get(image.sha256),
                self.before.splits.get(image.sha256),
            )
            for image in images
        ]
        return split_pictures(candidates, self.split, self.seed)

    @property
    def bytes(self) -> int:
        """What the packed pictures take on disk."""
        return len(self.images) * self.recipe.bytes_each


def planned_facts(plan: Plan) -> dict[str, Any]:
    """A plan as facts to print."""
    splits, how = plan.splits(plan.images)
    recipe = plan.recipe
    counts = Counter(image.label for image in plan.images if image.label)
    each = Counter(zip((image.label for image in plan.images), splits, strict=True))
    found = [split for split in SPLITS if split in splits]
    return {
        "name": plan.name,
        "images": len(plan.images),
        "size": f"{recipe.width}x{recipe.height}",
        "channels": recipe.channels,
        "fit": recipe.fit,
        "background": recipe.background,
        "splits": {split: splits.count(split) for split in found},
        "labels": sorted(counts),
        "label_counts": {label: {split: each[label, split] for split in found} for label in sorted(counts)},
        "balance": balance(counts) if counts else None,
        "bytes": plan.bytes,
        "reasons": [*plan.reasons, f"split {how}"],
    }


def make_plan(
    studio: StudioFolder,
    name: str,
    *,
    size: tuple[int, int] | None = None,
    channels: int | None = None,
    fit: str = "crop",
    background: str = "white",
    split: str = "auto",
    seed: int = 0,
    where: str | None = None,
    labels: str | None = None,
    min_per_label: int | None = None,
    max_per_label: int | None = None,
    before: Before | None = None,
) -> Plan:
    """Check every option, then choose what was left open. Raises InputError for what cannot be."""
    selection = Selection(where, labels, min_per_label, max_per_label)
    checked_name("set", name)
    width, height = checked_size(size) if size is not None else (0, 0)
    if channels is not None and channels not in COLOURS_CHANNELS:
        raise InputError(f"--channels {channels} cannot be: 1 (gray) or 3 (colour)")
    if fit not in get_args(Fit):
        raise InputError(f"--fit {fit!r} is none of {', '.join(get_args(Fit))}.{did_you_mean(fit, get_args(Fit))}")
    colour = colour_of(background)
    check_split(split)
    if studio.catalog.set_named(name) is not None:
        raise InputError(
            f"set {name} exists, and sets are frozen: choose another name, or make its next version: "
            f"`ganvas set renew {name}`"
        )
    images, reasons = choose(studio, selection, seed)
    trims = studio.catalog.trims(CLEAN, BORDER)
    if trimmed := sum(image.sha256 in trims for image in images):
        reasons.append(f"{counted(trimmed, 'picture is', 'pictures are')} trimmed of a border first")
    if size is None:
        proposal = propose_size([_size(image, trims.get(image.sha256)) for image in images])
        width, height = proposal.width, proposal.height
        reasons.append(f"size {width}x{height}: {proposal.reason}")
    if channels is None:
        channels, reason = _channels(images, fit, colour)
        reasons.append(f"{counted(channels, 'channel')}: {reason}")
    recipe = Recipe(width, height, channels, fit, hex_of(colour))  # type: ignore[arg-type]
    groups = studio.catalog.duplicate_groups()
    inspected = studio.catalog.inspected()
    if unknown := sum(image.sha256 not in inspected for image in images):
        reasons.append(
            f"{counted(unknown, 'picture was', 'pictures were')} never compared for duplicates: `ganvas clean` does"
        )
    return Plan(name, recipe, images, split, seed, reasons, selection, groups, trims, before or Before())


def _size(image: ImageRow, trim: Trim | None) -> tuple[int, int]:
    if trim is None:
        return image.width, image.height
    left, top, right, bottom = trim
    return right - left, bottom - top


def _channels(images: Sequence[ImageRow], fit: str, background: tuple[int, int, int]) -> tuple[int, str]:
    coloured = sum(not _is_gray(image.mode) for image in images)
    if coloured:
        return 3, f"{coloured:,} of {len(images):,} pictures are in colour"
    shows = fit == "pad" or any(image.mode in ("LA", "La") for image in images)
    if shows and len(set(background)) > 1:
        return 3, "the background is coloured"
    return 1, "every picture is gray"


def _is_gray(mode: str) -> bool:
    return mode in GRAY_MODES or mode.startswith("I;16")
