"""The forms of an export: `with writer_of("zip", place) as writer: writer.add(example)`.

The same set gives the same bytes: no time, no owner, no order but the set's.
"""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Protocol, Self

from ganvas.curate.export_rows import Example
from ganvas.errors import MissingExtra

METADATA = "metadata.jsonl"
SHARD_BYTES = 2**30
SHARD_EXAMPLES = 10_000
ROW_GROUP = 500
ROW_GROUP_BYTES = 64 * 2**20  # originals of a museum have 20 MB each, and a reader takes a group at once
THE_BEGINNING = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
TEXTS = ("label", "split", "sha256", "title", "artist", "licence", "attribution", "source", "key")
SUFFIXES = {"zip": ".zip"}


class Writer(Protocol):
    """One form of export, to be used in a `with`."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...
    def text(self, name: str, text: str) -> None: ...
    def add(self, example: Example) -> None: ...


class _InFolder:
    """What is written into a folder of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __enter__(self) -> Self:
        self.place.mkdir()
        return self

    def text(self, name: str, text: str) -> None:
        (self.place / name).write_text(text, encoding="utf-8")


class FolderFiles(_InFolder):
    """A folder a split with the pictures and their metadata.jsonl: an ImageFolder."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.lines: dict[str, IO[str]] = {}

    def __exit__(self, *exception: object) -> None:
        for file in self.lines.values():
            file.close()

    def add(self, example: Example) -> None:
        folder = self.place / example.split
        if example.split not in self.lines:
            folder.mkdir()
            self.lines[example.split] = (folder / METADATA).open("w", encoding="utf-8")
        (folder / example.name).write_bytes(example.data)
        self.lines[example.split].write(_line(example))


class ZipFile:
    """The same folders in one zip; pictures are packed already, so nothing is compressed."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.lines: dict[str, list[str]] = {}

    def __enter__(self) -> Self:
        self.zip = zipfile.ZipFile(self.place, "x", zipfile.ZIP_STORED)
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            for split, lines in self.lines.items():
                self._put(f"{split}/{METADATA}", "".join(lines).encode())
        finally:
            self.zip.close()

    def text(self, name: str, text: str) -> None:
        self._put(name, text.encode())

    def add(self, example: Example) -> None:
        self._put(f"{example.split}/{example.name}", example.data)
        self.lines.setdefault(example.split, []).append(_line(example))

    def _put(self, name: str, data: bytes) -> None:
        info = zipfile.ZipInfo(name, THE_BEGINNING)
        info.external_attr = 0o100644 << 16
        self.zip.writestr(info, data)


class WebDataset(_InFolder):
    """Tar shards a split, each picture beside a JSON of the same name."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.shards: dict[str, _Shard] = {}

    def __exit__(self, *exception: object) -> None:
        for shard in self.shards.values():
            shard.close()

    def add(self, example: Example) -> None:
        self.shards.setdefault(example.split, _Shard(self.place, example.split)).add(example)


class _Shard:
    def __init__(self, place: Path, split: str) -> None:
        self.place, self.split = place, split
        self.number = self.examples = self.bytes = 0
        self.tar: tarfile.TarFile | None = None

    def add(self, example: Example) -> None:
        if self.tar is None or self.examples >= SHARD_EXAMPLES or self.bytes >= SHARD_BYTES:
            self.close()
            name = f"{self.split}-{self.number:06d}.tar"
            self.tar = tarfile.open(self.place / name, "x", format=tarfile.PAX_FORMAT)  # noqa: SIM115 closed by close()
            self.number, self.examples, self.bytes = self.number + 1, 0, 0
        stem = example.name.partition(".")[0]
        self._put(self.tar, example.name, example.data)
        self._put(self.tar, f"{stem}.json", json.dumps(example.row, ensure_ascii=False).encode())
        self.examples += 1
        self.bytes += len(example.data)

    def close(self) -> None:
        if self.tar is not None:
            self.tar.close()

    @staticmethod
    def _put(tar: tarfile.TarFile, name: str, data: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(data), 0o644
        tar.addfile(info, io.BytesIO(data))


class Parquet(_InFolder):
    """A Parquet file a split with the pictures' bytes inside, as Hugging Face's datasets write and read them."""

    def __init__(self, place: Path) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ModuleNotFoundError as error:
            raise MissingExtra("Parquet", "parquet") from error
        self.arrow: Any = pyarrow
        super().__init__(place)
        image = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
        features = {"image": {"_type": "Image"}} | {name: {"dtype": "string", "_type": "Value"} for name in TEXTS}
        self.schema = pyarrow.schema(
            [("image", image), *((name, pyarrow.string()) for name in TEXTS)],
            metadata={"huggingface": json.dumps({"info": {"features": features}})},
        )
        self.files: dict[str, Any] = {}
        self.rows: dict[str, list[Example]] = {}
        self.bytes: Counter[str] = Counter()

    def __exit__(self, *exception: object) -> None:
        for split, file in self.files.items():
            self._flush(split)
            file.close()

    def add(self, example: Example) -> None:
        if example.split not in self.files:
            path = self.place / f"{example.split}-00000-of-00001.parquet"
            self.files[example.split] = self.arrow.parquet.ParquetWriter(path, self.schema)
        rows = self.rows.setdefault(example.split, [])
        rows.append(example)
        self.bytes[example.split] += len(example.data)
        if len(rows) >= ROW_GROUP or self.bytes[example.split] >= ROW_GROUP_BYTES:
            self._flush(example.split)

    def _flush(self, split: str) -> None:
        rows = self.rows.pop(split, [])
        self.bytes[split] = 0
        if rows:
            arrow, kind = self.arrow, self.schema.field("image").type
            pictures = [
                arrow.array([row.data for row in rows], arrow.binary()),
                arrow.array([row.name for row in rows], arrow.string()),
            ]
            images = arrow.StructArray.from_arrays(pictures, fields=[kind.field(0), kind.field(1)])
            texts = [arrow.array([row.row.get(name) for row in rows], arrow.string()) for name in TEXTS]
            self.files[split].write_table(arrow.Table.from_arrays([images, *texts], schema=self.schema))


WRITERS: dict[str, Callable[[Path], Writer]] = {
    "folder": FolderFiles,
    "zip": ZipFile,
    "webdataset": WebDataset,
    "parquet": Parquet,
}
FORMS = tuple(WRITERS)


def writer_of(form: str, place: Path) -> Writer:
    """The writer of one of FORMS. Raises MissingExtra where it needs a package that is not installed."""
    return WRITERS[form](place)


def _line(example: Example) -> str:
    return json.dumps({"file_name": example.name, **example.row}, ensure_ascii=False) + "\n"
