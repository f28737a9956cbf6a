"""The page of a set: what it says, that words from outside stay words, and that it opens in a browser."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import InputError
from ganvas.pictures.packed import write_description
from ganvas.report import write_set_page

HOSTILE = "<img src=x onerror=alert(1)>&\"'</script>"


def write_set(folder: Path, labels: list[str], **described: Any) -> Path:
    """A set of 40 gray pictures in `studio/sets/NAME`, by hand."""
    folder.mkdir(parents=True)
    images = np.random.default_rng(0).integers(0, 256, (40, 1, 12, 16), np.uint8)
    np.save(folder / "images.npy", images)
    splits = ["train", "train", "validation", "held-out"]
    members = [(n, f"{n:064x}", labels[n % len(labels)] if labels else None, splits[n % 4]) for n in range(40)]
    facts = {"name": folder.name, "height": 12, "width": 16, "channels": 1, "count": 40, "labels": sorted(labels)}
    write_description(folder, {**facts, "fingerprint": "f" * 64, "recipe": {}, **described}, members)
    return folder


def full(tmp_path: Path) -> Path:
    folder = write_set(
        tmp_path / "studio" / "sets" / "pets",
        ["cat", HOSTILE],
        recipe={"where": f"title = '{HOSTILE}'", "split": "50/25/25", "reasons": [f"left out: {HOSTILE}"]},
        originals={"aspects": {"0.8": 30, "1.3": 10}, "sides_px": {"64": 39, "4096": 1}},
        dropped={"blurry": 1234, HOSTILE: 1},
        made_at="2026-11-25T12:00:00",
    )
    clean = tmp_path / "studio" / "clean"
    clean.mkdir()
    Image.new("RGB", (300, 200), "teal").save(clean / "blurry.png")
    (clean / "dark.png").write_bytes(b"cut short")
    return folder


def test_the_page_says_what_is_in_the_set_and_what_was_dropped(tmp_path: Path) -> None:
    page = write_set_page(full(tmp_path))
    assert page.name == "show.html"
    text = page.read_text()
    assert re.search(r"blurry</dt><dd>1,234<", text)
    assert text.count("<details>") == 2  # the sheet that can be read, and the settings
    assert re.search(r'scope="row">cat</th><td>20</td><td>10</td>', text)
    assert "0.8: 30, 1.3: 10" in text
    assert len(re.findall(r"data:image/", text)) >= 5


def test_only_sheets_of_rules_that_dropped_a_picture_are_shown_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_set(tmp_path / "studio" / "sets" / "pets", [], dropped={"blurry": 3, "duplicate": 2})
    (tmp_path / "studio" / "clean").mkdir()
    for name in ("blurry", "border", "dark", "distribution", "duplicates"):
        Image.new("RGB", (300, 200), "teal").save(tmp_path / "studio" / "clean" / f"{name}.png")
    text = write_set_page(folder).read_text()
    shown = ["blurry", "duplicates", "The scores of every rule"]
    assert re.findall(r"<summary>([^<]*)</summary>", text)[:3] == shown
    assert "border" not in re.findall(r"<summary>([^<]*)</summary>", text)
    assert "of the last <code>ganvas clean</code>" in text
    monkeypatch.setattr("ganvas.report.picture_set.SHEETS_BYTES", 1)
    assert f"Too large for this page, in the studio's folder clean/: {', '.join(shown)}." in (
        write_set_page(folder).read_text()
    )


def test_labels_that_are_not_told_are_counted_and_one_label_has_no_rows(tmp_path: Path) -> None:
    one = write_set_page(write_set(tmp_path / "sets" / "one", ["cat"])).read_text()
    assert "a row a label" not in one
    many = write_set(tmp_path / "sets" / "many", [f"l{n}" for n in range(39)])
    members = (many / "members.csv").read_text().replace(",l38,", ",,").replace(",l0,", ",,")
    (many / "members.csv").write_text(members)
    text = write_set_page(many).read_text()
    assert "a row a label" in text
    assert "(no label)" in text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ganvas.report.picture_set.LABELS_TOLD", 30)
        assert "And 8 smaller labels" in write_set_page(many).read_text()


def test_words_from_outside_are_escaped(tmp_path: Path) -> None:
    text = write_set_page(full(tmp_path)).read_text()
    assert HOSTILE not in text
    assert "<img src=x" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_a_set_of_an_older_ganvas_has_a_page_too(tmp_path: Path) -> None:
    text = write_set_page(write_set(tmp_path / "sets" / "plain", [])).read_text()
    assert "Made before sizes of originals were kept" in text
    assert "No rule had dropped a picture" in text
    assert '<h2 id="labels">' not in text


def test_a_folder_that_is_no_set_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no set in"):
        write_set_page(tmp_path / "none")


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [1200, 390])
def test_the_page_opens_offline_at_any_width_and_runs_nothing(tmp_path: Path, width: int) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    page_file = write_set_page(full(tmp_path))
    said: list[str] = []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("console", lambda message: said.append(message.text))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.goto(page_file.as_uri())
        broken = page.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).length")
        wide = page.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert said == []
    assert broken == 0
    assert wide <= width
