"""A person's word on single images, and everything known of one: `keep`, `drop`, `take_back`, `why`.

A person's word stands above every rule's, whatever later runs of `clean` say, until it is undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ganvas.catalog.images import PERSON
from ganvas.curate.which import which_images
from ganvas.errors import InputError
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.catalog import DecisionRow


def keep(studio: StudioFolder, names: Iterable[str], because: str | None = None) -> list[str]:
    """Keep images, whatever the rules say; returns their hashes. Raises InputError as `which_images`.

    An image that cannot be read cannot be kept either: InputError.
    """
    hashes = which_images(studio, names)
    for sha256 in hashes:
        if studio.catalog.image_facts(sha256)["width"] is None:
            raise InputError(f"{sha256[:12]} cannot be read, so it cannot be kept: `ganvas why {sha256[:12]}` says why")
    studio.catalog.decide(PERSON, PERSON, [(sha256, True, None, because) for sha256 in hashes])
    return hashes


def drop(studio: StudioFolder, names: Iterable[str], because: str | None = None) -> list[str]:
    """Drop images, whatever the rules say; returns their hashes. Raises InputError as `which_images`."""
    hashes = which_images(studio, names)
    studio.catalog.decide(PERSON, PERSON, [(sha256, False, None, because) for sha256 in hashes])
    return hashes


def take_back(studio: StudioFolder, names: Iterable[str], kept: bool | None = None) -> list[str]:
    """Leave images to the rules again; returns their hashes.

    With `kept`, only what was kept (True) or dropped (False) by a person: InputError for any that was not.
    """
    hashes = which_images(studio, names)
    if kept is not None:
        for sha256 in hashes:
            _check_said(studio, sha256, kept)
    studio.catalog.undo(PERSON, PERSON, hashes)
    return hashes


def _check_said(studio: StudioFolder, sha256: str, kept: bool) -> None:
    verb, other = ("kept", "drop") if kept else ("dropped", "keep")
    said = next((row for row in studio.catalog.decisions(sha256) if row.stage == PERSON and not row.undone), None)
    if said is None:
        raise InputError(f"{sha256[:12]} was not {verb} by anybody: there is nothing to take back")
    if said.keep != kept:
        raise InputError(f"{sha256[:12]} was not {verb}: `ganvas {other} {sha256[:12]} --undo` takes that word back")


def why(studio: StudioFolder, name: str) -> dict[str, Any]:
    """Everything known of one image, ready for JSON; `verdict` says in a line whether it is kept, and why."""
    [sha256] = which_images(studio, [name])
    catalog = studio.catalog
    facts = catalog.image_facts(sha256)
    decisions = catalog.decisions(sha256)
    inspection = catalog.inspection(sha256)
    kept, verdict = _verdict(decisions)
    return {
        **{key: value for key, value in facts.items() if key != "added_at"},
        "added_at": facts["added_at"].isoformat(),
        "file": str(studio.image_path(sha256)),
        "items": [asdict(item) for item in catalog.items_of(sha256)],
        "measures": inspection.measures if inspection else {},
        "trim": list(inspection.trim) if inspection and inspection.trim else None,
        "decisions": [_decision(row) for row in decisions],
        "kept": kept,
        "verdict": verdict,
    }


def _decision(row: DecisionRow) -> dict[str, Any]:
    state = "undone" if row.undone else "keeps" if row.keep else "drops"
    return {
        "stage": row.stage,
        "rule": row.rule,
        "state": state,
        "score": row.score,
        "reason": row.reason,
        "decided_at": row.decided_at.isoformat(),
    }


def _verdict(decisions: Sequence[DecisionRow]) -> tuple[bool, str]:
    standing = [row for row in decisions if not row.undone]
    drops = [row for row in standing if not row.keep and row.stage != PERSON]
    rules = "; ".join(row.reason or row.rule for row in drops)
    person = next((row for row in standing if row.stage == PERSON), None)
    if person is not None:
        said = f"a person said so{f' ({person.reason})' if person.reason else ''}"
        against = f", over {rules}" if person.keep and rules else ""
        return person.keep, f"{'kept' if person.keep else 'dropped'}: {said}{against}"
    return (False, f"dropped: {rules}") if drops else (True, "kept: no rule drops it")
