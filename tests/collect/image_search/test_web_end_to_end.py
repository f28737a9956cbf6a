"""`ganvas collect web` from the command line, against the replica: the browser, the engine, the studio."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ganvas.studio import StudioFolder
from tests.collect.image_search.replica import SearchReplica, browsers, paint
from tests.waiting import wait_for

Call = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="no Chromium on this machine")


@pytest.fixture
def studio(tmp_path: Path, hurried: Path) -> StudioFolder:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    folder = StudioFolder.create(tmp_path / "studio")
    with open(folder.root / "ganvas.toml", "a") as file:
        file.write(f"[collect.web]\nselectors = {json.dumps(str(hurried))}\npicture_timeout_s = 5.0\n")
    return folder


def arguments(studio: StudioFolder, replica: SearchReplica, *more: object) -> list[object]:
    place = ["-C", studio.root, "collect", "web", "--base-url", replica.url, "--allow-host", "127.0.0.1", "--json"]
    return [*place, *more]


def stored(studio: StudioFolder) -> set[str]:
    return {path.name for path in studio.images.rglob("*") if len(path.name) == 64}


def hashes(*numbers: int, width: int = 320) -> set[str]:
    return {hashlib.sha256(paint(number, width)).hexdigest() for number in numbers}


def test_so_many_pictures_are_collected_and_no_more_tiles_are_opened(studio: StudioFolder, call: Call) -> None:
    with SearchReplica(tiles=30, a_batch=5, never=(2,)) as replica:
        code, out, err = call(*arguments(studio, replica, "greek vases", "-n", 7))
        assert code == 0, err
        assert len(replica.paths("/detail")) < 30
    collected = json.loads(out)
    assert (collected["items"], collected["pictures"], collected["failed"]) == (7, 7, {})
    assert stored(studio) == hashes(0, 1, 3, 4, 5, 6) | hashes(2, width=80)


def test_each_line_of_a_file_is_searched_and_labels_what_it_finds(
    studio: StudioFolder, call: Call, tmp_path: Path
) -> None:
    (tmp_path / "models.txt").write_text("air jordan 1\n\nair jordan 2\n", encoding="utf-8")
    with SearchReplica(tiles=3) as replica:
        code, out, err = call(*arguments(studio, replica, "--each", tmp_path / "models.txt", "-n", 2))
        assert code == 0, err
        asked = replica.paths("/search")
    assert {line: each["items"] for line, each in json.loads(out).items()} == {"air jordan 1": 2, "air jordan 2": 2}
    assert any("q=air+jordan+1&" in path for path in asked)
    assert any("q=air+jordan+2&" in path for path in asked)


def test_what_was_found_before_a_captcha_is_collected(studio: StudioFolder, call: Call) -> None:
    with SearchReplica(tiles=9, a_batch=3, scrolls=0, captcha_after=1) as replica:
        code, _, err = call(*arguments(studio, replica, "greek vases"))
    assert code == 1
    assert "captcha after 3 pictures" in " ".join(err.split())
    assert stored(studio) == hashes(0, 1, 2)


def test_ctrl_c_closes_the_browser_in_its_turn(studio: StudioFolder) -> None:
    with SearchReplica(tiles=60, a_batch=60, silent_from=3) as replica:
        command = [sys.executable, "-m", "ganvas", *map(str, arguments(studio, replica, "greek vases"))]
        process = subprocess.Popen(
            command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        wait_for(lambda: len(replica.paths("/detail")) > 3 or process.poll() is not None, "the fourth picture")
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all that runs in it
        _, said = process.communicate(timeout=120)
        assert process.returncode == 130, said
        assert "Exception" not in said
        wait_for(lambda: not browsers(replica), "the browser gone")


def test_nothing_found_is_one_line_that_says_where_the_page_is(
    studio: StudioFolder, call: Call, saved_at: Path
) -> None:
    with SearchReplica("unknown") as replica:
        code, _, err = call(*arguments(studio, replica, "greek vases"))
    assert code == 1
    assert "`tile`" in err
    assert "Traceback" not in err
    (folder,) = saved_at.glob("ganvas-web-*")
    assert str(folder) in " ".join(err.split())
