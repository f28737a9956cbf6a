"""A studio folder: create, open, settings, where things lie.

`StudioFolder.create("houses")` makes `ganvas.toml`, `images/`, `sets/` and `runs/`; the catalog is made on first use.
"""

from __future__ import annotations

import json
import re
import tomllib
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ganvas.collect_settings import CollectSettings
from ganvas.errors import GanvasError, InputError, SettingsError, did_you_mean

if TYPE_CHECKING:
    from ganvas.catalog import Catalog

SETTINGS_FILE = "ganvas.toml"
PARTS = ("images", "sets", "runs")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
RELATIVE_SQLITE = re.compile(r"(?P<scheme>sqlite(\+\w+)?:///)(?P<path>[^/:].*)")
TEMPLATE = """# Settings of this studio. Every line is optional; the values shown are the defaults.

[catalog]
# url = "postgresql+psycopg://user@host/database"   # default: catalog.db in this folder

# [collect]
# contact = "you@example.org"   # sent to servers, so that they can reach you; docs/collect.md has the other settings
"""


class CatalogSettings(BaseModel):
    """`[catalog]`: where the catalog is kept."""

    model_config = ConfigDict(extra="forbid")
    url: str | None = Field(
        default=None, description="SQLAlchemy address of a database; catalog.db in the studio when not given"
    )


class StudioSettings(BaseModel):
    """`ganvas.toml`."""

    model_config = ConfigDict(extra="forbid")
    catalog: CatalogSettings = CatalogSettings()
    collect: CollectSettings = CollectSettings()


class StudioFolder:
    """A folder with `ganvas.toml`, `catalog.db`, `images/`, `sets/` and `runs/`."""

    def __init__(self, root: Path, settings: StudioSettings) -> None:
        self.root = root
        self.settings = settings

    @classmethod
    def create(cls, folder: str | Path, database: str | None = None) -> StudioFolder:
        """Make a studio in a folder that does not exist or is empty, with its catalog in `database` if that is given.

        Raises InputError where it would hide another, CatalogError for a database that cannot be used; nothing is left.
        """
        root = Path(folder).resolve()
        database = _from_here(database, Path.cwd())
        outer = _studio_above(root.parent)
        if (root / SETTINGS_FILE).exists():
            raise InputError(f"{root} is a studio already: open it, or choose another name")
        if outer is not None:
            raise InputError(f"{root} would lie inside the studio {outer}: make it elsewhere, for example beside it")
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise InputError(f"{root} exists and is not an empty folder: choose another name")
        studio = cls(root, StudioSettings(catalog=CatalogSettings(url=database)))
        text = TEMPLATE if database is None else f"[catalog]\nurl = {json.dumps(database)}\n"
        try:
            for part in PARTS:
                (root / part).mkdir(parents=True, exist_ok=True)
            if database is not None:
                _ = studio.catalog
            (root / SETTINGS_FILE).write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"no studio can be made in {root} ({error.strerror}): choose another folder") from error
        except GanvasError:
            for part in (*PARTS, ""):
                with suppress(OSError):
                    (root / part).rmdir()
            raise
        return studio

    @classmethod
    def open(cls, folder: str | Path = ".", database: str | None = None) -> StudioFolder:
        """The studio in this folder or the nearest one above it; `database` overrides the address in its settings."""
        start = Path(folder).resolve()
        root = _studio_above(start)
        if root is None:
            raise InputError(f"no studio in {start} or above it: make one with `ganvas new NAME`, or go into one")
        settings = _read_settings(root / SETTINGS_FILE)
        if database is not None:
            settings.catalog.url = _from_here(database, Path.cwd())
        return cls(root, settings)

    @cached_property
    def catalog(self) -> Catalog:
        from ganvas.catalog import Catalog

        return Catalog.open(self.settings.catalog.url or self.root / "catalog.db")

    @property
    def images(self) -> Path:
        return self.root / "images"

    @property
    def sets(self) -> Path:
        return self.root / "sets"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def classifiers(self) -> Path:
        """Made with the first classifier."""
        return self.root / "classifiers"

    @property
    def searches(self) -> Path:
        """Made with the first search."""
        return self.root / "searches"

    @property
    def features(self) -> Path:
        """What encoders saw in the originals; made when one first looks."""
        return self.root / "features"

    @property
    def clusters(self) -> Path:
        """Sheets, a folder for each clustering."""
        return self.root / "clusters"

    @property
    def thinned(self) -> Path:
        """The sheet of `ganvas thin`."""
        return self.root / "thin"

    @property
    def taught(self) -> Path:
        """Examples and sheets, a folder for each thing that was taught."""
        return self.root / "teach"

    def image_path(self, sha256: str) -> Path:
        """Where the original with this hash lies: images/ab/abcdef… (65,536 folders would be too many, one too few)."""
        return self.images / sha256[:2] / sha256


def checked_name(kind: str, name: str) -> str:
    """A set's or run's name that is safe as a folder's; raises InputError that says what a name may hold."""
    if not NAME.fullmatch(name):
        raise InputError(
            f"{kind} name {name!r} cannot be used: 64 letters, digits, '.', '_', '-' at most, a letter or digit first"
        )
    return name


def _studio_above(start: Path) -> Path | None:
    return next((folder for folder in (start, *start.parents) if (folder / SETTINGS_FILE).is_file()), None)


def _read_settings(path: Path) -> StudioSettings:
    try:
        settings = StudioSettings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        settings.catalog.url = _from_here(settings.catalog.url, path.parent)
        return settings
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): see who owns it") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        unknown = first["type"] == "extra_forbidden"
        what = f"there is no such setting.{did_you_mean(name, _setting_names())}" if unknown else first["msg"]
        raise SettingsError(f"{path}: {name}: {what}") from error


def _from_here(database: str | None, folder: Path) -> str | None:
    """An SQLite file's relative path made absolute: the same file, from whatever folder ganvas is called."""
    if database is None or not (match := RELATIVE_SQLITE.fullmatch(database)):
        return database
    return f"{match['scheme']}{folder.resolve() / match['path']}"


def _setting_names() -> list[str]:
    return [
        f"{section}.{name}"
        for section, field in StudioSettings.model_fields.items()
        for name in field.annotation.model_fields  # type: ignore[union-attr]
    ]
