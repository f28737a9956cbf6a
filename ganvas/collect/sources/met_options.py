"""What a person may ask of the Met: `ganvas collect met --query vase --name-like '%vase%' --not fragment`."""

from __future__ import annotations

import datetime as dt
from typing import Self

from pydantic import Field, field_validator, model_validator

from ganvas.catalog.expression import parse
from ganvas.collect.lists.bytes_in import lasting
from ganvas.collect.sources.source import Options
from ganvas.errors import InputError

ONLY_SEARCHED = ("in_title", "in_tags", "in_artist_or_culture", "on_view", "medium", "geo_location")
NOT_WITH_CSV = ("query", "since", *ONLY_SEARCHED)


class MetOptions(Options):
    """Whichever of these are given, an object must fulfil them all. Raises InputError for what cannot go together."""

    query: str | None = Field(
        default=None, description="Words the museum searches its objects for; all when not given."
    )
    csv: str | None = Field(
        default=None,
        description="Path of MetObjects.csv (or .csv.gz): chosen from it, and only those objects asked for.",
    )
    where: str | None = Field(
        default=None,
        description="With --csv: an expression on its columns, as \"Object Name\" ilike '%vase%' and Period is null.",
    )
    name_like: str | None = Field(
        default=None, description="A pattern of the object name: % is any text, _ one character, case aside."
    )
    title_like: str | None = Field(default=None, description="A pattern of the title, as in --name-like.")
    not_: list[str] = Field(
        default=[],
        description="Leave out objects with this word, or its plural (s, es), in title, object name or classification.",
    )
    public_domain: bool = Field(default=False, description="Only objects in the public domain (CC0).")
    highlights: bool = Field(default=False, description="Only what the museum calls its highlights.")
    department: list[str] = Field(default=[], description="A department, by its number or name.")
    date_begin: int | None = Field(default=None, description="Made in this year or after (negative: before our era).")
    date_end: int | None = Field(default=None, description="Made in this year or before; goes with --date-begin.")
    since: str | None = Field(default=None, description="Only what the museum changed since this day, as 2026-03-31.")
    in_title: bool = Field(default=False, description="Look for --query in titles only.")
    in_tags: bool = Field(default=False, description="Look for --query in tags only.")
    in_artist_or_culture: bool = Field(default=False, description="Look for --query in artists and cultures only.")
    on_view: bool = Field(default=False, description="With --query: only what is on view in the museum.")
    medium: list[str] = Field(default=[], description="With --query: a medium or kind of object, as Ceramics.")
    geo_location: list[str] = Field(default=[], description="With --query: where it comes from, as France.")
    primary_only: bool = Field(default=False, description="Of each object the first picture only, not its others.")
    small: bool = Field(default=False, description="Pictures in web size instead of the originals.")

    @field_validator("query", "where", "name_like", "title_like")
    @classmethod
    def _not_empty(cls, given: str | None) -> str | None:
        if given is not None and not given.strip():
            raise InputError("--query, --where, --name-like and --title-like need some text: leave out what is empty")
        return given

    @field_validator("not_")
    @classmethod
    def _words(cls, given: list[str]) -> list[str]:
        if not all(word.strip() for word in given):
            raise InputError("--not needs a word: leave it out, or write --not fragment")
        return given

    @field_validator("csv")
    @classmethod
    def _absolute(cls, given: str | None) -> str | None:
        return None if given is None else lasting(given)

    @field_validator("since")
    @classmethod
    def _a_day(cls, given: str | None) -> str | None:
        try:
            return None if given is None else dt.date.fromisoformat(given).isoformat()
        except ValueError:
            raise InputError(f"--since {given!r} is no day: write it as 2026-03-31") from None

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.date_begin is None) != (self.date_end is None):
            raise InputError("--date-begin and --date-end go together: give both, as --date-begin 1700 --date-end 1800")
        if self.date_begin is not None and self.date_end is not None and self.date_begin > self.date_end:
            raise InputError(f"--date-begin {self.date_begin} is after --date-end {self.date_end}: exchange them")
        if self.csv is not None:
            if given := self._given(NOT_WITH_CSV):
                raise InputError(f"{given} is for the museum's own search and --csv for its file: leave one out")
        elif self.where is not None:
            raise InputError("--where is about the columns of MetObjects.csv: add --csv with its path")
        elif self.query is None and (given := self._given(ONLY_SEARCHED)):
            raise InputError(f"{given} needs --query: only the museum's search knows it")
        if self.where is not None:
            parse(self.where)
        return self

    def _given(self, names: tuple[str, ...]) -> str:
        """The first of these options that is given, as it is written."""
        return next((f"--{name.replace('_', '-')}" for name in names if getattr(self, name)), "")
