"""An installed Chromium with a page that can reach the search page, nothing else: `with open_browser(…) as page`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.collect.sources.search_page.fence import Fence
from ganvas.errors import InputError, MissingExtra
from ganvas.progress import Progress

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEBIANS = "/usr/bin/chromium"
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-gpu",
    "--disable-sync",
    "--mute-audio",
    "--no-first-run",
)
# What goes past requests and names, straight to addresses; and windows of its own.
WITHOUT = """
delete window.RTCPeerConnection;
delete window.webkitRTCPeerConnection;
window.open = () => null;
"""


@contextmanager
def open_browser(path: str | None, headless: bool, language: str, fence: Fence, progress: Progress) -> Iterator[Page]:
    """One empty page; all is closed at the end. Raises MissingExtra or InputError where no browser starts."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise MissingExtra("image search in a browser", "browser") from error
    with sync_playwright() as playwright:
        program = find_chromium(path, playwright)
        try:
            browser = playwright.chromium.launch(
                executable_path=program, headless=headless, args=[*FLAGS, *_sandbox(progress), *fence.flags()]
            )
        except Error as error:
            raise InputError(f"{program} does not start: {first_line(error)}") from error
        try:
            context = browser.new_context(
                locale=language,
                viewport={"width": 1280, "height": 900},
                accept_downloads=False,
                service_workers="block",
                bypass_csp=True,  # a page that forbids scripts from outside must be readable all the same
            )
            yield _fenced_page(context, fence)
        finally:
            with suppress(Error):
                browser.close()


def find_chromium(path: str | None, playwright: Playwright) -> str:
    """The browser that the settings name, else an installed one, else Playwright's own."""
    if path:
        if not shutil.which(path):
            raise InputError(f"no browser at {path}: mend `browser` in [collect.web], or leave it out")
        return path
    found = [DEBIANS, *(shutil.which(program) for program in PROGRAMS), playwright.chromium.executable_path]
    for program in found:
        if program and Path(program).is_file():
            return program
    raise InputError(
        f"no browser found (looked for {', '.join(PROGRAMS)} and Playwright's own): install Chromium, "
        "for example with `playwright install chromium`, or name its path as `browser` in [collect.web]"
    )


def first_line(error: Exception) -> str:
    """What an error of Playwright's says, without its call log."""
    lines = [line.strip(" ╔╗║═╝╚") for line in str(error).splitlines()]
    return next((line for line in lines if line), type(error).__name__)


def _sandbox(progress: Progress) -> tuple[str, ...]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return ()
    progress.note("Chromium runs without its sandbox, as it must for root: better collect as an ordinary user")
    return ("--no-sandbox",)


def _fenced_page(context: BrowserContext, fence: Fence) -> Page:
    context.add_init_script(WITHOUT)
    page = context.new_page()
    context.on("page", lambda other: other.close())
    fence.put_around(context, page)
    return page
