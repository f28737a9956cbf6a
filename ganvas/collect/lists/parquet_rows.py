"""Rows of a Parquet file, a batch at a time. Needs pyarrow."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from ganvas.errors import InputError, MissingExtra

BATCH = 4096  # rows in memory at once


def parquet_columns(path: str) -> tuple[str, ...]:
    """The names of its columns. Raises InputError where it is damaged, MissingExtra without pyarrow."""
    with _opened(path) as file:
        return tuple(file.schema_arrow.names)


def parquet_rows(path: str, columns: tuple[str, ...], note: Callable[[str], None]) -> Generator[dict[str, Any]]:
    """{column: value} for each row; bytes are text where they are UTF-8, and else left out."""
    import pyarrow

    number = 0
    with _opened(path) as file:
        try:
            for batch in file.iter_batches(batch_size=BATCH, columns=list(columns)):
                for row in batch.to_pylist():
                    number += 1
                    yield {name: _plain(value) for name, value in row.items()}
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise InputError(
                f"{path} is damaged after row {number:,} ({_text(error)}): what came before is kept; get it again"
            ) from error


def _opened(path: str) -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise MissingExtra("a list in Parquet", "parquet") from error
    try:
        return pyarrow.parquet.ParquetFile(Path(path), memory_map=True)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise InputError(f"{path} is damaged or no Parquet file ({_text(error)}): get it again") from error


def _plain(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _text(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:100]
