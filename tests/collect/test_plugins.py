"""The source on the page for plug-ins is installed as one and collects; plug-ins that do not work are named."""

from __future__ import annotations

import dataclasses
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ganvas.catalog.wanted import Item, Page, Picture
from ganvas.collect.collecting import collect
from ganvas.collect.sources import SOURCES, Source
from ganvas.collect.sources.source import PLUGINS, load_sources, source_named
from ganvas.collect_settings import CollectSettings
from ganvas.errors import SettingsError
from ganvas.studio import StudioFolder
from tests.collect.loopback import Loopback, Reply, Request

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
BUILT_IN = ("commons", "met", "openverse", "urls", "web")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path where a test may put what an installed package consists of."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in set(SOURCES) - set(BUILT_IN):
        del SOURCES[name]
    for name in [name for name in sys.modules if name.startswith("ganvas_")]:
        del sys.modules[name]


def install(folder: Path, entry: str, code: str, module: str = "") -> None:
    module = module or f"ganvas_{entry}"
    (folder / f"{module}.py").write_text(code, encoding="utf-8")
    facts = folder / f"{module}-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
    (facts / "entry_points.txt").write_text(f"[{PLUGINS}]\n{entry} = {module}\n")


def block(kind: str) -> str:
    """The first block of this kind on the page."""
    found = re.search(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def cats(photos: dict[str, bytes]) -> Callable[[Request], Reply]:
    """The service of the page's example, with two pages of a cat each."""

    def answer(request: Request) -> Reply:
        if request.path != "/api":
            photo = photos.get(request.path)
            return Reply(photo, 200, "image/png") if photo else Reply(b"gone", 404, "text/plain")
        number = int(request.query["page"])
        cat = {
            "id": f"cat-{number}",
            "name": f"Tom {number}",
            "breed": request.query["breed"],
            "licence": "CC BY 4.0",
            "photographer": "Ada",
            "photos": [f"http://{request.headers['Host']}/{n}.png" for n in (number, number + 2)],
            "kittens": request.query["kittens"],
        }
        return Reply({"cats": [cat], "more": number < 2})

    return answer


def test_the_source_on_the_page_is_installed_and_collects(
    tmp_path: Path, installed: Path, notes: Any, paint: Any
) -> None:
    named = tomllib.loads(block("toml"))["project"]["entry-points"][PLUGINS]
    assert named == {"cats": "ganvas_cats"}
    install(installed, "cats", block("python"))
    studio = StudioFolder.create(tmp_path / "studio")
    with Loopback(cats({f"/{n}.png": paint(n) for n in (1, 2, 4)})) as server:
        own = {"cats": {"base_url": server.base_url, "rate_per_s": 200, "more": "is the plug-in's own"}}
        settings = CollectSettings(allow_hosts=["127.0.0.1"], plugins=own)
        options = {"breed": "siamese", "kittens": True}
        done = collect(studio, "cats", options, settings=settings, progress=notes, workers=1)
    assert (done.items, done.pictures, done.failed) == (2, 3, {"gone": 1})
    found = {item.key: item for image in studio.catalog.images() for item in studio.catalog.items_of(image.sha256)}
    assert set(found) == {"cat-1", "cat-2"}
    assert (found["cat-1"].label, found["cat-1"].licence) == ("siamese", "CC BY 4.0")
    assert found["cat-1"].attribution == "Tom 1 by Ada, CC BY 4.0"
    assert found["cat-1"].details["kittens"] == "True"
    studio.catalog.close()


def test_the_source_on_the_page_is_some_40_lines() -> None:
    assert len(block("python").splitlines()) <= 45


@pytest.mark.parametrize("kind", [Page, Item, Picture])
def test_every_field_is_on_the_page(kind: Any) -> None:
    fields = [field.name for field in dataclasses.fields(kind)]
    assert [name for name in fields if not re.search(rf"[`(, ]{name}[`), ]", PAGE)] == []


def test_every_attribute_of_a_source_is_on_the_page() -> None:
    settable = [name for name in Source.__annotations__ if name not in ("name", "Options")]
    assert [name for name in settable if f"| `{name}` |" not in PAGE] == []


def test_a_plugin_that_does_not_work_is_named_where_a_source_is_missed(installed: Path) -> None:
    install(installed, "dogs", "raise RuntimeError('no bones')")
    install(installed, "birds", "wings = 2")
    assert source_named("urls").name == "urls"
    with pytest.raises(
        SettingsError, match=r"no source called 'dog'.*The plug-in dogs does not work: RuntimeError: no b"
    ):
        source_named("dog")
    assert load_sources()["birds"] == "ganvas_birds registers no source called birds"


def test_a_plugin_cannot_take_the_name_of_another_source(installed: Path) -> None:
    install(installed, "urls", block("python").replace('@source("cats")', '@source("urls")'), "ganvas_thief")
    assert "has a source 'urls' already" in load_sources()["urls"]
    assert source_named("urls").__module__ == "ganvas.collect.sources.urls"


def test_an_address_or_pace_of_a_plugin_that_cannot_be_is_told(installed: Path, notes: Any) -> None:
    install(installed, "cats", block("python"))
    cats_source = source_named("cats")
    settings = CollectSettings(plugins={"cats": {"rate_per_s": -1}})
    with pytest.raises(SettingsError, match=r"collect\.plugins\.cats\.rate_per_s: "):
        cats_source(cats_source.Options(breed="x"), settings, notes)
