"""Which files of a folder or an archive are looked at, by their names alone: `kind_of("a/b.jpg")` -> "picture".

What is no picture by its name (a licence, a table, a script) is passed over, unless its bytes say otherwise; what
claims to be a picture and is not becomes a row with its reason.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

Kind = Literal["picture", "archive", "metadata", "hidden", "other"]

PICTURES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif", ".avif", ".tif", ".tiff", ".bmp"}
PICTURES_NOT_READ = {".heic", ".heif", ".svg", ".eps", ".psd", ".jp2", ".jxl", ".ico", ".tga", ".ppm", ".cr2", ".nef"}
ARCHIVES = {".zip", ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz", ".7z", ".rar", ".npz"}
SYSTEM_FILES = {"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r"}
SYSTEM_FOLDERS = {"__macosx", "@eadir", "$recycle.bin", "system volume information"}
METADATA = "metadata.jsonl"


def kind_of(member: str) -> Kind:
    """What to do with a file, by its path inside the source."""
    parts = PurePosixPath(member.replace("\\", "/")).parts
    named = [part.lower() for part in parts if part not in ("/", ".", "..")]
    if not named or any(part.startswith(".") or part in SYSTEM_FOLDERS for part in named) or named[-1] in SYSTEM_FILES:
        return "hidden"
    if named[-1] == METADATA:
        return "metadata"
    suffix = PurePosixPath(named[-1]).suffix
    if suffix in PICTURES or suffix in PICTURES_NOT_READ:
        return "picture"
    return "archive" if suffix in ARCHIVES else "other"
