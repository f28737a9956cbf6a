"""What an archive may cost before it is taken for a bomb."""

from __future__ import annotations

from dataclasses import dataclass

from ganvas.pictures.read import Limits


@dataclass(frozen=True)
class ArchiveLimits:
    """`ratio` is unpacked to packed bytes, and counts only where more than `small_bytes` are unpacked."""

    members: int = 2_000_000
    total_bytes: int = 512 * 2**30
    member_bytes: int = Limits.max_bytes
    ratio: float = 200.0
    small_bytes: int = 32 * 2**20
    metadata_bytes: int = 256 * 2**20


ARCHIVE_LIMITS = ArchiveLimits()
