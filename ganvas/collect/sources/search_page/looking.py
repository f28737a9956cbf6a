"""Finding who plays a role on the page: `Looking(page, selectors).first("more")`."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from ganvas.collect.sources.search_page.browser import first_line
from ganvas.collect.sources.search_page.selectors import Look, Selectors
from ganvas.errors import SettingsError

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PRESS_S = 2.0
BETWEEN_LOOKS_S = 0.05
PRESS_INSIDE = "e => (e.querySelector('a, button, [role=button], img') ?? e).click()"
NO_SELECTOR = ("not a valid selector", "parsing css selector", "Unknown engine")
Found = TypeVar("Found")


class Looking:
    """The page as the selectors see it."""

    def __init__(self, page: Page, selectors: Selectors) -> None:
        self.page = page
        self.selectors = selectors

    def looks(self, role: str, within: str | None = None) -> list[Look]:
        found: list[Look] = getattr(self.selectors.roles, role)
        return [look for look in found if within in (None, look.within)]

    def first(self, role: str) -> Locator | None:
        """All that the first matching selector of a role matches."""
        for look in self.looks(role):
            locator = self.page.locator(look.selector)
            if self.asked(look.selector, locator.count, 0):
                return locator
        return None

    def asked(self, selector: str, question: Callable[[], Found], otherwise: Found) -> Found:
        """The page's answer; `otherwise` while it is being replaced. Raises SettingsError for what is no selector."""
        from playwright.sync_api import Error

        try:
            return question()
        except Error as error:
            if "context was destroyed" in str(error) or "navigat" in str(error):
                return otherwise
            if any(words in str(error) for words in NO_SELECTOR):
                raise SettingsError(f"{selector!r} is no selector: {first_line(error)}") from error
            raise

    def press(self, what: Locator) -> None:
        """Click, as a person would where nothing lies over it, else by script."""
        from playwright.sync_api import Error

        try:
            what.click(timeout=PRESS_S * 1000, no_wait_after=True)
        except Error:
            with suppress(Error):
                what.evaluate(PRESS_INSIDE, timeout=PRESS_S * 1000)

    def pause(self, seconds: float = BETWEEN_LOOKS_S) -> None:
        """Wait, while the browser goes on."""
        if seconds > 0:
            self.page.wait_for_timeout(seconds * 1000)


def time_left(until: float) -> float:
    return until - time.monotonic()
