"""How the search page is read, as a dated data file: `read_selectors(None)` is ganvas's own, selectors.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote_plus, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ganvas.errors import InputError, SettingsError, did_you_mean

OWN_FILE = Path(__file__).with_name("selectors.toml")


class Look(BaseModel):
    """One way to find what plays a role, and when it was last known to work."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    selector: str = Field(min_length=1)
    seen: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    note: str = ""
    within: Literal["page", "tile", "preview"] = "page"
    attribute: str | None = None
    parameter: str | None = None


class Place(BaseModel):
    """A host with those below it, and how paths there begin."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    host: str
    path: str = "/"
    note: str = ""

    def has(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").rstrip(".")
        except ValueError:
            return False
        return is_below(host, self.host) and (parts.path or "/").startswith(self.path)


Looks = Annotated[list[Look], Field(min_length=1)]


class Roles(BaseModel):
    """What plays which part on the page, each a list of looks of which the first that matches is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    tile: Looks
    thumbnail: Looks
    original: Looks
    consent: list[Look] = []
    aside: list[Look] = []
    link: list[Look] = []
    title: list[Look] = []
    more: list[Look] = []
    end: list[Look] = []
    none: list[Look] = []
    captcha: list[Look] = []


class Selectors(BaseModel):
    """A search page: where it is, what it is made of, who plays which role."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    base_url: str = Field(pattern=r"^https?://[^/\s]+$")
    path: str = Field(pattern=r"^/.*\{query\}")
    safe: dict[Literal["on", "off"], str]
    hosts: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+$")]] = []
    pace_s: float = Field(default=0.5, ge=0)
    patience_s: float = Field(default=8.0, gt=0)
    own: list[Place] = []
    thumbnails: list[Place] = []
    roles: Roles

    def address(self, base_url: str | None, query: str, language: str, safe: Literal["on", "off"]) -> str:
        """Where a query is answered; `base_url` instead of the page's own."""
        given = {"query": query, "language": language, "safe": self.safe.get(safe, safe)}
        path = re.sub(r"\{(\w+)\}", lambda place: quote_plus(given.get(place[1], place[0])), self.path)
        return (base_url or self.base_url).rstrip("/") + path

    def is_own(self, url: str) -> bool:
        """Whether an address is the page's decoration, and no picture that was searched for."""
        return any(place.has(url) for place in self.own)

    def is_thumbnail(self, url: str) -> bool:
        return any(place.has(url) for place in self.thumbnails)

    def newest(self, role: str) -> str:
        """The month in which this role's newest selector was seen."""
        return max((look.seen for look in getattr(self.roles, role)), default="never")


def is_below(host: str, of: str) -> bool:
    """Whether a host is this one or one below it."""
    host, of = host.lower(), of.lower()
    return host == of or host.endswith("." + of)


def read_selectors(path: str | Path | None) -> Selectors:
    """The selectors in a file, or ganvas's own. Raises InputError or SettingsError that says which line is wrong."""
    file = Path(path) if path else OWN_FILE
    try:
        return Selectors.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}") from error
    except OSError as error:
        raise InputError(f"selectors file {file} cannot be read ({error.strerror}): copy {OWN_FILE}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(
            f"{file}: {_place(first['loc'])}: {_trouble(first['type'], first['msg'], first['loc'])}"
        ) from error


def _place(loc: tuple[int | str, ...]) -> str:
    """roles.tile, its third -> `roles.tile[2].seen`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


def _trouble(kind: str, message: str, loc: tuple[int | str, ...]) -> str:
    if kind != "extra_forbidden":
        return message
    known: type[BaseModel] = Place if loc[0] in ("own", "thumbnails") else Look
    if len(loc) < 3:
        known = Selectors if len(loc) == 1 else Roles
    return f"there is no such setting.{did_you_mean(str(loc[-1]), known.model_fields)}"
