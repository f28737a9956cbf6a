"""The source "urls": pictures whose addresses are in a list, `ganvas collect urls list.csv --label-column model`.

Every row is an item, known by its address (and its label): a list that has grown gives only what is new. A row whose
address cannot be one becomes an item all the same, and its fetch says why; rows without any are counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field, field_validator

from ganvas.catalog.wanted import Item, Page, Picture, is_web, same_address
from ganvas.collect.called import ARTIST, ATTRIBUTION, LABEL, LICENCE, SPLIT, TITLE, first_said, no_lists
from ganvas.collect.labels import split_named
from ganvas.collect.lists.bytes_in import STDIN, briefly, lasting, named
from ganvas.collect.lists.columns import URL, addresses, choose_columns
from ganvas.collect.lists.row_list import RowList, open_list
from ganvas.collect.sources.data_uri import written_in
from ganvas.collect.sources.source import NotTheAnswer, Source, source
from ganvas.collect.sources.source import Options as SourceOptions
from ganvas.collect_settings import CollectSettings
from ganvas.counted import counted
from ganvas.progress import Progress

MOST_DETAILS = 100  # columns kept of a row
LONGEST_DETAIL = 4000  # characters kept of one of them
ASKED = (URL, LABEL, TITLE, ARTIST, LICENCE, ATTRIBUTION)  # columns that options may name
LONGEST_ADDRESS = 20_000  # more than can be asked for: cut, it is refused all the same


@source("urls")
class Urls(Source):
    """A file with an address a row: csv, tsv, txt, jsonl, all of these packed by gzip, and Parquet."""

    is_api = False
    mixes_hosts = True

    class Options(SourceOptions):
        list: str = Field(
            description="File with an address a row: csv, tsv, txt, jsonl (each also .gz), parquet; - for stdin.",
            json_schema_extra={"argument": True},
        )
        url_column: str | None = Field(default=None, description="Column with the addresses; found if not given.")
        label_column: str | None = Field(
            default=None,
            description="Column with the labels; one called label, class, class_name or category if not given.",
        )
        title_column: str | None = Field(default=None, description="Column with the titles.")
        artist_column: str | None = Field(default=None, description="Column with the artists or photographers.")
        licence_column: str | None = Field(default=None, description="Column with the licences.")
        attribution_column: str | None = Field(default=None, description="Column that says whom to credit.")

        @field_validator("list")
        @classmethod
        def absolute(cls, path: str) -> str:
            """The same list is the same collection, from whatever folder."""
            return path if path == STDIN else lasting(path)

    def __init__(self, options: Any, settings: CollectSettings, progress: Progress) -> None:
        """Raises InputError for a list that cannot be used, before anything is written."""
        super().__init__(options, settings, progress)
        self.listed: RowList = open_list(options.list)
        asked = {what: getattr(options, f"{what}_column") for what in ASKED}
        self.columns = choose_columns(asked, self.listed.columns, self.listed.sample, named(options.list))

    def start(self) -> Iterable[Page | Item]:
        """An item for each row, in the order of the list."""
        if self.listed.form != "lines":
            taken = "; ".join(f"{what} from column {' or '.join(columns)}" for what, columns in self.columns.items())
            self.progress.note(f"{briefly(self.options.list)}: {taken}")
        empty, cut, first = 0, 0, 0
        for number, row in enumerate(self.listed.rows(self.progress.note), 1):
            found = addresses(row.get(self.columns[URL][0]))
            if not found:
                empty, first = empty + 1, first or number
                continue
            item, was_cut = self._item(found, row)
            cut += was_cut
            yield item
        if empty:
            rows = counted(empty, "row has no address and was", "rows have no address and were")
            self.progress.note(f"{rows} passed over, the first is row {first:,}")
        if cut:
            self.progress.note(
                f"of {counted(cut, 'row')} not all is kept: {MOST_DETAILS} columns of {LONGEST_DETAIL:,} characters are"
            )

    def _item(self, found: list[str], row: dict[str, Any]) -> tuple[Item, bool]:
        described = {what: columns for what, columns in self.columns.items() if what != URL}
        if LABEL in described and self.options.label_column is None:
            described[LABEL] = no_lists(row, described[LABEL])
        said = {what: one for what, columns in described.items() if (one := first_said(row, columns))}
        words: dict[str, Any] = {what: said[what][1][:LONGEST_DETAIL] for what in ASKED if what in said}
        split = split_named(said[SPLIT][1]) if SPLIT in said else None
        taken = {self.columns[URL][0], *(said[what][0] for what in words)}
        details, was_cut = _details({name: value for name, value in row.items() if name not in taken})
        label = words.get(LABEL)
        pictures = tuple(_picture(address) for address in found)
        key = same_address(pictures[0].url)
        item = Item(
            key=key if label is None else f"{key}={label}",
            pictures=pictures,
            split=split,
            link=key if is_web(key) else None,
            details=details,
            **words,
        )
        return item, was_cut


def _details(row: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """What a row says beside, and whether some of it was cut away."""
    kept: dict[str, Any] = {}
    cut = False
    for name, value in row.items():
        if value is None or value == "":
            continue
        if len(kept) == MOST_DETAILS:
            return kept, True
        if not isinstance(value, int | float) and len(value if isinstance(value, str) else str(value)) > LONGEST_DETAIL:
            value, cut = str(value)[:LONGEST_DETAIL], True
        kept[name] = value
    return kept, cut


def _picture(address: str) -> Picture:
    """A picture by its address, or by its bytes where the address holds them."""
    try:
        data = written_in(address)
    except NotTheAnswer:
        return Picture(address[:LONGEST_ADDRESS])
    kind = address.partition(",")[0]
    return Picture(f"{kind[:200]};sha256={hashlib.sha256(data).hexdigest()}", data=data)
