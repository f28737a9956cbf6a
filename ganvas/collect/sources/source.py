"""What a source is: a class with `start` and `read`, registered by `@source("name")`.

    @source("cats")
    class Cats(Source):
        class Options(Options):
            breed: str

        base_url = "https://cats.example/api"

        def start(self):
            yield Page(f"{self.base_url}/search?breed={quote(self.options.breed)}", is_list=True)

        def read(self, page, answer):
            for cat in answer.json()["cats"]:
                yield Item(key=cat["id"], title=cat["name"], pictures=(Picture(cat["photo"]),), details=cat)

A source never fetches: it names addresses and reads answers. The collector fetches them, politely, keeps every row, and
goes on after a kill with what is left. Both methods may yield pages and items, in any number, and may be called again.
"""

from __future__ import annotations

import datetime as dt
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ganvas.catalog.wanted import Item, Page
from ganvas.collect_settings import CollectSettings, ServiceSettings
from ganvas.errors import GanvasError, SettingsError, did_you_mean
from ganvas.progress import Progress
from ganvas.registry import Registry

PLUGINS = "ganvas.sources"
BUILT_IN = ("met", "urls", "commons", "openverse", "web")  # a module each


class NotTheAnswer(GanvasError):
    """What came is not what was asked for; `error`, one of fetch.outcome.ERRORS, says whether another try may do."""

    def __init__(self, reason: str, error: str = "not-understood") -> None:
        super().__init__(reason)
        self.error = error


@dataclass(frozen=True)
class Answer:
    """What a page's address gave. `fetched_at` may be some time ago: another collection may have asked before."""

    url: str
    status: int
    body: bytes
    content_type: str | None
    fetched_at: dt.datetime

    def json(self) -> Any:
        """The JSON in it. Raises NotTheAnswer: a challenge where it is a web page, else not understood."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            if self.body.lstrip()[:1] == b"<":
                raise NotTheAnswer("a web page instead of JSON", "challenge") from error
            raise NotTheAnswer(f"no JSON: {error}") from error


class Options(BaseModel):
    """What a person asks of a source. Every field needs a description: it is the help of `ganvas collect`."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(ABC):
    """`start` says where to begin, `read` what an answer holds. Attributes below may be overridden."""

    name: ClassVar[str]
    Options: ClassVar[type[Options]]
    base_url: str = ""
    rate_per_s: float | None = None  # how often the host of `base_url` may be asked; None: the settings' own
    rates: Mapping[str, float] = {}  # how often other hosts may be asked, those of its pictures
    mixes_hosts: bool = False  # pictures of many hosts: they are fetched in no order, so that none waits for another
    is_api: bool = True  # made for programs: robots.txt, which is for crawlers, is not asked about its pages

    def __init__(self, options: Any, settings: CollectSettings, progress: Progress) -> None:
        """`options` is an instance of the class's own Options."""
        self.options = options
        self.settings = settings
        self.progress = progress
        service = getattr(settings, self.name, None)
        if not isinstance(service, ServiceSettings):
            service = _of_plugin(self.name, settings)
        self.base_url = (service.base_url or self.base_url).rstrip("/")
        self.rate_per_s = service.rate_per_s or self.rate_per_s

    @abstractmethod
    def start(self) -> Iterable[Page | Item]:
        """Where to begin. Runs in a thread of its own and may take its time: asked for more only as more is wanted."""

    def read(self, page: Page, answer: Answer) -> Iterable[Page | Item]:
        """What an answer (a status of 2xx) holds. A source without pages has no need of it.

        Raises NotTheAnswer, which costs this page, or InputError for options that cannot be, which ends the collection.
        """
        raise NotImplementedError(f"source {self.name} yields pages and cannot read them")

    def missing(self, page: Page, status: int, body: bytes) -> bool:
        """Whether a 4xx says for certain that there is nothing: by default 404 and 410 do."""
        return status in (404, 410)


SOURCES: Registry[type[Source]] = Registry("source")


def source(name: str) -> Callable[[type[Source]], type[Source]]:
    """Register a class as the source of this name. Raises SettingsError where another module has one called so."""

    def register(cls: type[Source]) -> type[Source]:
        other = SOURCES.get(name)
        if other is not None and other.__module__ != cls.__module__:
            raise SettingsError(f"{other.__module__} has a source {name!r} already: choose another name")
        cls.name = name
        SOURCES[name] = cls
        return cls

    return register


def source_named(name: str) -> type[Source]:
    """The source of this name. Raises SettingsError with the nearest one, and with the plug-ins that do not work."""
    broken = load_sources()
    if name in SOURCES:
        return SOURCES[name]
    troubles = "".join(f" The plug-in {plugin} does not work: {trouble}." for plugin, trouble in broken.items())
    raise SettingsError(f"no source called {name!r}.{did_you_mean(name, SOURCES)}{troubles}")


def load_sources() -> dict[str, str]:
    """Import every source, those of other packages too; returns those that cannot be imported, and why."""
    broken = {}
    for name in BUILT_IN:
        import_module(f"ganvas.collect.sources.{name}")
    for plugin in entry_points(group=PLUGINS):
        try:
            plugin.load()
        except Exception as error:  # whatever another package does, the rest goes on
            broken[plugin.name] = f"{type(error).__name__}: {error}"
        else:
            if plugin.name not in SOURCES:
                broken[plugin.name] = f"{plugin.value} registers no source called {plugin.name}"
    return broken


def _of_plugin(name: str, settings: CollectSettings) -> ServiceSettings:
    """What `[collect.plugins.NAME]` says of address and pace; the rest is the plug-in's own affair."""
    own = settings.plugins.get(name, {})
    try:
        return ServiceSettings(base_url=own.get("base_url"), rate_per_s=own.get("rate_per_s"))
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(f"collect.plugins.{name}.{first['loc'][0]}: {first['msg']}") from error
