"""Labels and splits from the names of folders, as in ImageFolder: `label_paths(["cat/1.jpg", "dog/2.jpg"])`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

SPLITS = {
    "train": "train",
    "training": "train",
    "test": "held-out",
    "testing": "held-out",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "held-out": "held-out",
    "heldout": "held-out",
}


def label_paths(members: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """(label, split) of each path.

    Folders that all pictures share are looked through. If then every picture lies in a folder named like a split
    (train, test, val…), that is its split. The folder below is the label, if there are at least two such folders.
    """
    paths = [_folders(member) for member in members]
    depth = _shared_depth(paths)
    tops = {folders[depth] if len(folders) > depth else "" for folders in paths}
    splits: list[str | None] = [None] * len(paths)
    if tops and all(top.lower() in SPLITS for top in tops):
        splits = [SPLITS[folders[depth].lower()] for folders in paths]
        depth += 1
    labels = [folders[depth] if len(folders) > depth else None for folders in paths]
    if len(set(labels) - {None}) < 2:
        labels = [None] * len(paths)
    return list(zip(labels, splits, strict=True))


def split_named(name: str) -> str | None:
    """The split that a word such as "train", "t10k" or "validation" stands for."""
    return "held-out" if name.lower() == "t10k" else SPLITS.get(name.lower())


def _folders(member: str) -> tuple[str, ...]:
    parts = PurePosixPath(member.replace("\\", "/")).parts[:-1]
    return tuple(part for part in parts if part not in ("/", ".", ".."))


def _shared_depth(paths: Iterable[tuple[str, ...]]) -> int:
    shared: tuple[str, ...] | None = None
    for folders in paths:
        if shared is None:
            shared = folders
        same = 0
        while same < min(len(shared), len(folders)) and shared[same] == folders[same]:
            same += 1
        shared = shared[:same]
    depth = 0
    for folder in shared or ():
        if folder.lower() in SPLITS:
            break
        depth += 1
    return depth
