"""A search page as it was when nothing was found on it, for whoever mends the selectors: `save_page(page)`."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

# what is opened from disk later is looked at and never run
INERT = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'\">"
)


def save_page(page: Page) -> str:
    """Save page.html and page.png in a new folder for passing files; returns where, as a sentence."""
    from playwright.sync_api import Error

    try:
        folder = Path(tempfile.mkdtemp(prefix="ganvas-web-"))
        with suppress(Error):
            (folder / "page.html").write_text(INERT + page.content(), encoding="utf-8", errors="replace")
        with suppress(Error):
            page.screenshot(path=folder / "page.png", timeout=5000)
    except OSError as error:
        return f"The page could not be saved ({error.strerror})"
    return f"The page is saved in {folder}"
