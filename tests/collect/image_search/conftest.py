"""The source `web`, pointed at a replica of a search page."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ganvas.catalog.wanted import Item
from ganvas.collect.sources.search_page.selectors import OWN_FILE
from ganvas.collect.sources.web import Web
from ganvas.collect_settings import CollectSettings
from tests.collect.image_search.replica import SearchReplica

Search = Callable[..., Iterator[Item]]


@pytest.fixture
def hurried(tmp_path: Path) -> Path:
    """ganvas's own selectors, with less patience than a person's network needs."""
    text = OWN_FILE.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^pace_s = \S+", "pace_s = 0.0", text)
    text = re.sub(r"(?m)^patience_s = \S+", "patience_s = 1.0", text)
    file = tmp_path / "selectors.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def saved_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where pages are saved."""
    folder = tmp_path / "saved"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def search(hurried: Path, saved_at: Path, notes: Any) -> Iterator[Search]:
    """Search a replica by the source; every search is closed at the end."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not shutil.which("chromium"):
        pytest.skip("no Chromium on this machine")
    begun: list[Any] = []

    def begin(replica: SearchReplica, query: str = "vases", **settings: Any) -> Iterator[Item]:
        web = {"base_url": replica.url, "selectors": str(hurried), "picture_timeout_s": 5.0, **settings}
        source = Web(Web.Options(query=query), CollectSettings.model_validate({"web": web}), notes)
        begun.append(source.start())
        return begun[-1]

    yield begin
    for items in begun:
        items.close()
