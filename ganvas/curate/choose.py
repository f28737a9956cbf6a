"""Which kept pictures go into a set, and what their labels are: `choose(studio, Selection(where="aspect < 1"))`."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ganvas.counted import counted
from ganvas.curate.returned import kept_images
from ganvas.errors import InputError
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.catalog import ImageRow

NAMED = 12  # labels that a line names


@dataclass(frozen=True)
class Selection:
    """What a set is chosen by: an expression, the field that holds the labels, how many pictures a label must and may
    have. None: all kept pictures, their items' labels, any number.
    """

    where: str | None = None
    labels: str | None = None
    min_per_label: int | None = None
    max_per_label: int | None = None

    def __post_init__(self) -> None:
        for option, value in (("--min-per-label", self.min_per_label), ("--max-per-label", self.max_per_label)):
            if value is not None and value < 1:
                raise InputError(f"{option} {value} cannot be: it is a number of pictures from 1")
        if (self.max_per_label or 1) < (self.min_per_label or 1) and self.max_per_label is not None:
            raise InputError(f"--max-per-label {self.max_per_label} is below --min-per-label {self.min_per_label}")

    @property
    def by_label(self) -> bool:
        """Whether only pictures with a label are wanted."""
        return (self.labels, self.min_per_label, self.max_per_label) != (None, None, None)

    def asked(self) -> dict[str, Any]:
        """What was given, as a set's recipe keeps it."""
        named = {**vars(self), "labels_from": self.labels}
        return {key: value for key, value in named.items() if value is not None and key != "labels"}


def choose(studio: StudioFolder, selection: Selection, seed: int = 0) -> tuple[list[ImageRow], list[str]]:
    """The chosen of the kept pictures, labelled, in the order of finding; and a line about each thing left out.

    Raises InputError for an expression or a field that cannot be, and where nothing is left, with the reason.
    """
    images = _kept(studio)
    reasons: list[str] = []
    if selection.where is not None:
        matching = studio.catalog.matching(selection.where)
        chosen = [image for image in images if image.id in matching]
        if not chosen:
            raise InputError(_why_none(studio, selection.where, images))
        reasons.append(f"{len(chosen):,} of {len(images):,} kept pictures match: {selection.where}")
        images = chosen
    if selection.labels is not None:
        values = studio.catalog.values(selection.labels)
        images = [replace(image, label=values.get(image.id)) for image in images]
    else:
        reasons += _conflicts(studio, images)
    if selection.by_label:
        return _of_labels(images, selection, seed, reasons)
    unlabelled = sum(not image.label for image in images)
    if 0 < unlabelled < len(images):
        reasons.append(f"{unlabelled:,} of {len(images):,} pictures have no label")
    return images, reasons


def balance(counts: Counter[str]) -> str:
    """How even the labels are: the largest and the smallest, and one to the other."""
    (most, largest), *_, (least, smallest) = counts.most_common() * 2
    return f"{most} {largest:,}, {least} {smallest:,}: {largest / smallest:.3g} to 1"


def _of_labels(
    images: Sequence[ImageRow], selection: Selection, seed: int, reasons: list[str]
) -> tuple[list[ImageRow], list[str]]:
    labelled = [image for image in images if image.label]
    if not labelled:
        field = f"field {selection.labels}" if selection.labels else "label"
        raise InputError(f"none of the {len(images):,} chosen pictures has a {field}: name another with --labels")
    if len(labelled) < len(images):
        reasons.append(f"{len(images) - len(labelled):,} pictures without a label are left out")
    counts = Counter(image.label or "" for image in labelled)
    few = {label for label, count in counts.items() if count < (selection.min_per_label or 1)}
    if len(few) == len(counts):
        label, count = counts.most_common(1)[0]
        raise InputError(
            f"no label has {selection.min_per_label:,} pictures: {label!r} has most, {count:,}. Ask for fewer"
        )
    if few:
        lost = sum(counts[label] for label in few)
        reasons.append(
            f"{len(few):,} labels with fewer than {selection.min_per_label:,} pictures are left out "
            f"({lost:,} pictures): {_named(few, counts)}"
        )
    chosen = [image for image in labelled if image.label not in few]
    if selection.max_per_label is not None:
        chosen = _at_most(chosen, selection.max_per_label, seed, reasons)
    return chosen, reasons


def _at_most(images: Sequence[ImageRow], most: int, seed: int, reasons: list[str]) -> list[ImageRow]:
    """By tickets, as in splits: the same picture is chosen again when others are added, mostly."""
    tickets: dict[str, list[str]] = {}
    for image in images:
        tickets.setdefault(image.label or "", []).append(_ticket(image, seed))
    last = {label: sorted(own)[:most][-1] for label, own in tickets.items()}
    chosen = [image for image in images if _ticket(image, seed) <= last[image.label or ""]]
    if len(chosen) < len(images):
        cut = sum(len(own) > most for own in tickets.values())
        reasons.append(
            f"{len(images) - len(chosen):,} pictures of {cut:,} labels are left out: at most {most:,} each, seed {seed}"
        )
    return chosen


def _ticket(image: ImageRow, seed: int) -> str:
    return hashlib.sha256(f"most {seed}:{image.sha256}".encode()).hexdigest()


def _named(labels: set[str], counts: Counter[str]) -> str:
    ordered = sorted(labels, key=lambda label: (-counts[label], label))
    said = ", ".join(f"{label} {counts[label]:,}" for label in ordered[:NAMED])
    return said + (f" and {len(ordered) - NAMED:,} more" if len(ordered) > NAMED else "")


def _kept(studio: StudioFolder) -> list[ImageRow]:
    images = kept_images(studio)
    if not images:
        dropped = sum(studio.catalog.dropped().values())
        why = f"all that were found are dropped ({dropped:,})" if dropped else "none was added"
        raise InputError(
            f"no pictures to make a set of in {studio.root}: {why}; `ganvas add FOLDER-OR-ARCHIVE` adds some"
        )
    return images


def _conflicts(studio: StudioFolder, images: Sequence[ImageRow]) -> list[str]:
    conflicts = len(studio.catalog.label_conflicts() & {image.sha256 for image in images})
    carry = counted(conflicts, "picture carries", "pictures carry")
    return [f"{carry} more than one label: the first one found counts"] if conflicts else []


def _why_none(studio: StudioFolder, where: str, images: Sequence[ImageRow]) -> str:
    """Which term alone leaves nothing, with the counts of all."""
    kept = {image.id for image in images}
    terms = [(" ".join(term.split()), ids) for term, ids in studio.catalog.matching_terms(where)]
    counts = [(term, len(ids & kept), len(ids)) for term, ids in terms]
    said = "; ".join(f"{term}: {count:,}" for term, count, _ in counts)
    none = next((f"{term!r} excludes everything" for term, count, _ in counts if not count), None)
    if none and (found := max(every for _, count, every in counts if not count)):
        none += f" ({found:,} that it holds for are dropped)"
    return f"none of {len(images):,} kept pictures matches: {none or 'no part alone, only all together'}. {said}"
