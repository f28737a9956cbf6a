"""What somebody showed as examples, remembered in teach/NAME/examples.json: files by hash and name, nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ganvas.curate.cluster_names import members_of
from ganvas.errors import InputError
from ganvas.pictures.read import LIMITS
from ganvas.studio import StudioFolder
from ganvas.whole import write_whole

FILE = "examples.json"
MOST = 2000  # of a cluster, drawn by the seed: more only take longer
Side = dict[str, str]  # sha256 -> path, empty where it is an original of the studio


@dataclass(frozen=True)
class Shown:
    """What a person names for one side: folders or files, and clusters of a clustering by name or number."""

    paths: Sequence[str | Path] = ()
    clusters: Sequence[str] = ()


@dataclass
class Examples:
    """Both sides; a picture is on one of them."""

    like: Side = field(default_factory=dict)
    unlike: Side = field(default_factory=dict)

    def add(self, like: Side, unlike: Side) -> None:
        """Take more. What is shown now beats what was shown earlier; on both sides at once it is refused."""
        if both := like.keys() & unlike.keys():
            name = min((like[it] or it for it in both), key=str)
            raise InputError(
                f"{len(both):,} pictures are on both sides (as {Path(name).name}): an example is like it or is not"
            )
        self.like = {it: path for it, path in self.like.items() if it not in unlike} | like
        self.unlike = {it: path for it, path in self.unlike.items() if it not in like} | unlike

    def __len__(self) -> int:
        return len(self.like) + len(self.unlike)

    def only(self, readable: set[str]) -> Examples:
        """Those that could be looked at."""
        return Examples(
            {it: path for it, path in self.like.items() if it in readable},
            {it: path for it, path in self.unlike.items() if it in readable},
        )


def remembered(studio: StudioFolder, name: str) -> Examples:
    """The examples of earlier lessons; none where there were none. Raises InputError for a damaged file."""
    path = studio.taught / name / FILE
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return Examples(dict(stored["like"]), dict(stored["unlike"]))
    except FileNotFoundError:
        return Examples()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged ({type(error).__name__}): --afresh forgets the examples in it") from error


def remember(studio: StudioFolder, name: str, examples: Examples) -> None:
    """Write them down for the next lesson."""
    text = json.dumps({"like": examples.like, "unlike": examples.unlike}, indent=1)
    write_whole(studio.taught / name / FILE, text.encode("utf-8"))


def gathered(studio: StudioFolder, shown: Shown, clustering: str, seed: int) -> Side:
    """The files below the paths and the pictures of the clusters. Raises InputError for what is not there."""
    side: Side = {}
    for path in shown.paths:
        side |= _files(Path(path))
    for cluster in shown.clusters:
        members = members_of(studio, cluster, clustering)
        chosen = np.random.default_rng(seed).permutation(len(members))[:MOST]
        side |= {members[i]: "" for i in sorted(chosen)}
    return side


def _files(path: Path) -> Side:
    if not path.exists():
        raise InputError(f"{path} does not exist: name a folder of example pictures")
    files = [path] if path.is_file() else sorted(it for it in path.rglob("*") if it.is_file() and _seen(it, path))
    found: Side = {}
    for file in files:
        try:
            if file.stat().st_size <= LIMITS.max_bytes:
                found[hashlib.sha256(file.read_bytes()).hexdigest()] = str(file.resolve())
        except OSError:
            continue  # the folder is judged by what of it can be read
    if not found:
        raise InputError(f"no readable pictures in {path}: it is empty, or nothing in it may be opened")
    return found


def _seen(file: Path, folder: Path) -> bool:
    return not any(part.startswith(".") for part in file.relative_to(folder).parts)
