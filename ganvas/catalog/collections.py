"""What was asked of sources: collections, how far each is, what is to be tried again."""

from __future__ import annotations

from typing import Any

from ganvas.catalog.database import Database
from ganvas.catalog.fetch_records import CollectionRow, FetchRow


class CollectionQueries(Database):
    """What of a Catalog concerns collections as a whole, and what people ask about fetches."""

    def begin_collection(
        self, source: str, options: dict[str, Any], label: str | None, most: int | None
    ) -> CollectionRow:
        """The collection of this source, options and label, made where there is none; `most` replaces what it had."""
        raise NotImplementedError

    def collections(self) -> list[CollectionRow]:
        """Every collection, oldest first."""
        raise NotImplementedError

    def end_collection(self, id: int, state: str) -> None:
        """Say that a collection is OPEN or COMPLETE."""
        raise NotImplementedError

    def fetch_counts(self, collection_id: int | None = None) -> dict[int, dict[str, dict[str, int]]]:
        """{collection id: {kind: {state: how many}}}; every kind and state that there is."""
        raise NotImplementedError

    def error_counts(self, collection_id: int | None = None) -> list[tuple[int, str, str, str, int]]:
        """(collection id, state, error, host, how many) of fetches with an error, most first."""
        raise NotImplementedError

    def items_served(self, collection_id: int) -> int:
        """How many items of a collection have a picture that is there, under way or waiting."""
        raise NotImplementedError

    def fetches_of(self, url: str) -> list[FetchRow]:
        """What is known of an address (or of one that begins or ends so, where none is called exactly that)."""
        raise NotImplementedError

    def try_again(
        self,
        *,
        collection_id: int | None = None,
        error: str | None = None,
        host: str | None = None,
        url: str | None = None,
    ) -> int:
        """Set failed fetches back to waiting, attempts forgotten, hosts no longer cooling; returns how many.

        Refused ones only where `error` or `url` names them.
        """
        raise NotImplementedError

    def ask_anew(self, collection_id: int) -> int:
        """Set done fetches back to waiting, to be asked whether they changed; returns how many."""
        raise NotImplementedError
