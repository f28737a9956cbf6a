"""Zip and tar alike: `members()` in order, `read(member, most)` as a stream, and every way to fail turned into ours."""

from __future__ import annotations

import lzma
import stat
import tarfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from ganvas.collect.limits import ArchiveLimits
from ganvas.collect.registry import DamagedSource
from ganvas.pictures.sniff import UnreadablePicture

BAD_BYTES = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError)
BLOCK = 512
LONGEST_HEADER = 2**20
EXTENDED_HEADERS = {
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
}
ENCRYPTED = 0x1


@dataclass(frozen=True)
class Member:
    name: str
    size: int
    stamp: str
    handle: Any


class PackedFile(ABC):
    """An open archive, to be used in a `with`."""

    def __init__(self, path: Path, limits: ArchiveLimits) -> None:
        self.path = path
        self.limits = limits

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def members(self) -> Iterator[Member]:
        """Its regular files in order. Raises DamagedSource where it ends too early."""

    @abstractmethod
    def read(self, member: Member, most: int, only_the_start: bool = False) -> bytes:
        """The bytes of the member last given. Raises UnreadablePicture: over `most`, encrypted, damaged."""


class ZipPacked(PackedFile):
    def __init__(self, path: Path, limits: ArchiveLimits) -> None:
        super().__init__(path, limits)
        try:
            self._zip = zipfile.ZipFile(path)
        except BAD_BYTES as error:
            raise DamagedSource(f"{path} is damaged and cannot be opened ({_text(error)}): get it again") from error

    def close(self) -> None:
        self._zip.close()

    def members(self) -> Iterator[Member]:
        for info in self._zip.infolist():
            mode = info.external_attr >> 16
            if not info.is_dir() and (stat.S_IFMT(mode) in (0, stat.S_IFREG)):
                yield Member(info.filename, info.file_size, f"{info.CRC:08x}", info)

    def read(self, member: Member, most: int, only_the_start: bool = False) -> bytes:
        info: zipfile.ZipInfo = member.handle
        if info.flag_bits & ENCRYPTED:
            raise UnreadablePicture("encrypted in the archive")
        if not only_the_start:
            self._check_size(info, most)
        try:
            with self._zip.open(info) as stream:
                return stream.read(most) if only_the_start else _whole(stream, most)
        except (NotImplementedError, RuntimeError) as error:  # a compression that zipfile does not know
            raise UnreadablePicture(f"packed in a way that is not read: {_text(error)}") from error
        except BAD_BYTES as error:
            raise UnreadablePicture(f"damaged in the archive: {_text(error)}") from error

    def _check_size(self, info: zipfile.ZipInfo, most: int) -> None:
        if info.file_size > most:
            raise UnreadablePicture(f"larger than {most / 2**20:.4g} MiB")
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > self.limits.small_bytes and ratio > self.limits.ratio:
            raise UnreadablePicture(f"packed more than {self.limits.ratio:.4g} times: a bomb?")


class _Header(tarfile.TarInfo):
    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        header = super().frombuf(buf, encoding, errors)
        if header.type in EXTENDED_HEADERS and header.size > LONGEST_HEADER:  # tarfile would read it into memory
            raise tarfile.ReadError("a header longer than any header")
        return header


class TarPacked(PackedFile):
    def __init__(self, path: Path, limits: ArchiveLimits) -> None:
        super().__init__(path, limits)
        self._packed_bytes = path.stat().st_size
        try:
            self._tar = tarfile.open(path, "r:*", tarinfo=_Header)  # noqa: SIM115 closed by close()
        except BAD_BYTES as error:
            raise DamagedSource(f"{path} is damaged or no archive ({_text(error)}): get it again") from error

    def close(self) -> None:
        self._tar.close()

    def members(self) -> Iterator[Member]:
        try:
            while (info := self._tar.next()) is not None:
                self._check_ratio(info)
                if info.isreg():
                    yield Member(info.name, info.size, f"{info.size}-{int(info.mtime)}", info)
                vars(self._tar)["members"].clear()  # else tarfile keeps every header it has seen
            self._check_end()
        except BAD_BYTES as error:
            raise DamagedSource(_text(error)) from error

    def read(self, member: Member, most: int, only_the_start: bool = False) -> bytes:
        if member.size > most and not only_the_start:
            raise UnreadablePicture(f"larger than {most / 2**20:.4g} MiB")
        stream = self._tar.extractfile(member.handle)
        assert stream is not None
        try:
            return stream.read(most) if only_the_start else _whole(stream, most)
        except BAD_BYTES as error:
            raise UnreadablePicture(f"damaged in the archive: {_text(error)}") from error

    def _check_ratio(self, info: tarfile.TarInfo) -> None:
        unpacked = info.offset_data + info.size
        if unpacked > 32 * self.limits.small_bytes and unpacked > self.limits.ratio * self._packed_bytes:
            raise DamagedSource(f"packed more than {self.limits.ratio:.4g} times: a bomb?")

    def _check_end(self) -> None:
        # tarfile takes any header that it cannot read for the end; the real end is a block of zeros, or nothing.
        stream = self._tar.fileobj
        assert stream is not None
        stream.seek(self._tar.offset)
        if stream.read(BLOCK).strip(b"\0"):
            raise DamagedSource("unexpected end of data")


def _whole(stream: IO[bytes], most: int) -> bytes:
    data = stream.read(most + 1)
    if len(data) > most:
        raise UnreadablePicture(f"larger than {most / 2**20:.4g} MiB")
    return data


def _text(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:100].rstrip(":")
