"""Image search in the real Chromium, against a replica of a search page."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from ganvas.catalog.wanted import Item
from ganvas.errors import InputError, SettingsError
from tests.collect.image_search.conftest import Search
from tests.collect.image_search.replica import STYLES, SearchReplica, paint

KNOWN = sorted(set(STYLES) - {"unknown"})


def originals(items: list[Item]) -> list[str]:
    return [item.pictures[0].url for item in items]


def browsers(replica: SearchReplica) -> list[int]:
    """Process ids of the browsers that may reach this replica."""
    port = replica.url.rpartition(":")[2].encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"--host-resolver-rules=MAP 127.0.0.1:" + port in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("style", KNOWN)
def test_originals_are_found_whatever_the_classes_are_called(search: Search, style: str) -> None:
    with SearchReplica(style, tiles=4, a_batch=4) as replica:
        items = list(search(replica))
        assert originals(items) == [replica.original(number) for number in range(4)]
        assert [item.link for item in items] == [replica.source_page(number) for number in range(4)]
    assert [item.title for item in items] == [f"Picture {number}" for number in range(4)]
    assert [item.details for item in items] == [
        {"query": "vases", "engine": "google", "rank": rank} for rank in range(1, 5)
    ]
    for number, item in enumerate(items):
        thumbnail = item.pictures[0].instead
        assert thumbnail is not None
        if number % 2 == 0:
            assert thumbnail.data == paint(number, 80)
        else:
            assert thumbnail.data is None
            assert thumbnail.url == f"{replica.url}/thumbnail/{number}.jpg"
    assert len({item.key for item in items}) == 4


def test_scrolling_and_the_button_bring_more_until_the_end(search: Search) -> None:
    with SearchReplica("2024", tiles=14, a_batch=5, consent="overlay", twins={7: 2}) as replica:
        items = list(search(replica))
        assert originals(items) == [replica.original(number) for number in range(14) if number != 7]
        assert replica.paths("/more") == ["/more?batch=1", "/more?batch=2"]


def test_no_more_is_asked_for_than_is_wanted_and_any_thread_may_ask(search: Search) -> None:
    with SearchReplica("renamed", tiles=20) as replica:
        items = search(replica)
        for number in range(3):
            with ThreadPoolExecutor(1) as another:
                assert another.submit(next, items).result().title == f"Picture {number}"
        assert replica.paths("/detail") == [f"/detail?tile={number}" for number in range(3)]
        assert browsers(replica)
        items.close()  # type: ignore[attr-defined]
        assert browsers(replica) == []


def test_a_thumbnail_stands_in_where_no_original_is_shown(search: Search) -> None:
    with SearchReplica("renamed", tiles=5, a_batch=5, never=(1, 2), own=(3,)) as replica:
        items = list(search(replica, picture_timeout_s=0.5))
    assert originals(items)[0].endswith("/original/0.jpg")
    assert originals(items)[4].endswith("/original/4.jpg")
    assert [item.details.get("thumbnail") for item in items] == [None, True, True, True, None]
    assert [item.pictures[0].instead for item in items[1:4]] == [None, None, None]
    assert originals(items)[1] == f"{replica.url}/thumbnail/1.jpg"
    assert items[2].pictures[0].data == paint(2, 80)
    assert originals(items)[3] == f"{replica.url}/thumbnail/3.jpg"


def test_the_pages_own_decoration_never_counts(search: Search) -> None:
    with SearchReplica("2024", tiles=3, a_batch=3, own=(0, 1, 2), bare=True) as replica:
        with pytest.raises(InputError, match="3 tiles and no picture in any") as caught:
            list(search(replica, picture_timeout_s=0.5))
        assert replica.paths("/detail") == [f"/detail?tile={number}" for number in range(3)]
    assert "\n" not in str(caught.value)


def test_a_page_that_has_changed_is_saved_and_the_selectors_are_named(
    search: Search, saved_at: Path, hurried: Path
) -> None:
    with SearchReplica("unknown") as replica, pytest.raises(InputError) as caught:
        next(search(replica))
    said = str(caught.value)
    assert "selectors of `tile` (the newest of 2024-11) matches" in said
    assert str(hurried) in said
    (folder,) = saved_at.glob("ganvas-web-*")
    assert str(folder) in said
    assert "\n" not in said
    assert (folder / "page.png").read_bytes().startswith(b"\x89PNG")
    html = (folder / "page.html").read_text(encoding="utf-8")
    assert "Picture 3" in html
    assert html.index("default-src 'none'") < html.index("<script")


def test_a_page_that_has_changed_is_searched_with_a_file_of_ones_own(search: Search, hurried: Path) -> None:
    text = hurried.read_text(encoding="utf-8")
    start = text.index("[roles]")
    mended = """[roles]
tile = [{ selector = "#gone", seen = "2024-11" }, { selector = "#results > div", seen = "2025-02" }]
thumbnail = [{ within = "tile", selector = "a img", attribute = "src", seen = "2025-02" }]
original = [{ within = "preview", selector = "#shown > img:first-child", attribute = "src", seen = "2025-02" }]
consent = [{ selector = "[action$='/save'] button", seen = "2025-02" }]
"""
    hurried.write_text(text[:start] + mended, encoding="utf-8")
    with SearchReplica("unknown", tiles=2) as replica:
        items = list(search(replica))
        assert originals(items) == [replica.original(0), replica.original(1)]
    hurried.write_text(text[:start] + mended.replace("#gone", "div[["), encoding="utf-8")
    with SearchReplica("unknown", tiles=2) as replica, pytest.raises(SettingsError, match=r"'div\[\[' is no selector"):
        next(search(replica))


@pytest.mark.parametrize(
    ("query", "words"),
    [("nothing", "the page says that there is nothing"), ("captcha", "asks for a captcha after 0 pictures")],
)
def test_what_the_page_says_instead_of_pictures_is_told(search: Search, saved_at: Path, query: str, words: str) -> None:
    with SearchReplica() as replica, pytest.raises(InputError, match=words):
        next(search(replica, query))
    assert list(saved_at.glob("ganvas-web-*/page.png"))


@pytest.mark.parametrize(
    ("scrolls", "words"), [(0, "asks for a captcha after 3 pictures"), (1, "(429|captcha) after 3 pictures")]
)
def test_a_captcha_on_the_way_is_no_end_of_the_search(search: Search, scrolls: int, words: str) -> None:
    with SearchReplica(tiles=9, a_batch=3, scrolls=scrolls, captcha_after=1) as replica:
        items = search(replica)
        assert originals(list(islice(items, 3))) == [replica.original(number) for number in range(3)]
        with pytest.raises(InputError, match=words):
            next(items)


def test_language_and_safe_search_reach_the_page(search: Search) -> None:
    with SearchReplica(tiles=1, consent=None) as replica:
        next(search(replica, "vases & öl", language="pt-BR", safe_search="off"))
        method, path, headers = replica.asked[0]
    assert (method, path) == ("GET", "/search?q=vases+%26+%C3%B6l&udm=2&hl=pt-BR&safe=off")
    assert headers["Accept-Language"].startswith("pt-BR")


def test_the_page_reaches_its_own_host_and_no_other(search: Search) -> None:
    with SearchReplica() as secret, SearchReplica(tiles=3, originals="http://pictures.invalid") as replica:
        replica.script = SPY.replace("SECRET", secret.url).replace(
            "NAMED", secret.url.replace("127.0.0.1", "localhost")
        )
        items = list(search(replica))
        assert originals(items) == [f"http://pictures.invalid/{number}.jpg" for number in range(3)]
        assert replica.paths("/spied") == ["/spied"]
        assert replica.paths("/go")
        assert replica.paths("/worker") == []
    assert secret.asked == []


SPY = """
const go = "/go?to=" + encodeURIComponent("SECRET/redirected");
const tries = ["SECRET/direct", "NAMED/named", go, "http://169.254.169.254/latest/meta-data/", "http://[::1]/"];
for (const url of tries) results.before(make("img", { src: url }), make("iframe", { src: url, width: 1, height: 1 }));
const asked = tries.map(url => fetch(url, { mode: "no-cors" }).catch(() => null));
try { new WebSocket("SECRET/socket".replace("http", "ws")); } catch {}
navigator.sendBeacon("SECRET/beacon", "x");
results.before(make("a", { href: "SECRET/opened", target: "_blank", id: "out" }));
results.before(make("a", { href: "SECRET/file", download: "x", id: "down" }));
window.open("SECRET/window");
out.click(); down.click();
navigator.serviceWorker?.register("/worker.js").catch(() => null);
results.addEventListener("click", () => { location.href = "SECRET/away"; });
Promise.all(asked).then(() => fetch("/spied"));
"""


def test_a_browser_that_dies_is_one_line(search: Search) -> None:
    with SearchReplica() as replica:
        items = search(replica)
        next(items)
        for process in browsers(replica):
            os.kill(process, signal.SIGKILL)
        with pytest.raises(InputError, match="image search for 'vases' stopped: .*closed"):
            list(items)


def test_a_search_page_that_is_not_there_is_one_line(search: Search) -> None:
    with SearchReplica() as replica:
        pass
    with pytest.raises(InputError, match="stopped: .*ERR_CONNECTION_REFUSED") as caught:
        next(search(replica))
    assert "\n" not in str(caught.value)


def test_root_is_told_that_there_is_no_sandbox(search: Search, notes: Any) -> None:
    with SearchReplica(tiles=1) as replica:
        next(search(replica))
    assert any("without its sandbox" in line for line in notes.lines) == (os.geteuid() == 0)
