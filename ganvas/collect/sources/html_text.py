"""What a person reads of a piece of HTML, in which some services describe: `html_text("<b>Ada</b>")` -> "Ada"."""

from __future__ import annotations

import re
from html.parser import HTMLParser

UNSEEN = ("script", "style", "head", "template")
HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
VOID = ("br", "img", "hr", "input", "wbr", "meta", "link")
APART = ("br", "p", "div", "li", "tr", "td", "th", "dd", "dt", "hr")  # tags that part words


def html_text(html: str) -> str:
    """The visible text in one line, entities resolved."""
    if "<" not in html and "&" not in html:
        return " ".join(html.split())
    reader = _Visible()
    reader.feed(html)
    reader.close()
    return " ".join("".join(reader.seen).split())


class _Visible(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self._open: list[tuple[str, bool]] = []  # tags not yet closed, and whether each hides what is in it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in APART:
            self.seen.append(" ")
        if tag not in VOID:
            style = dict(attrs).get("style") or ""
            self._open.append((tag, tag in UNSEEN or bool(HIDDEN.search(style))))

    def handle_endtag(self, tag: str) -> None:
        if tag in APART:
            self.seen.append(" ")
        at = max((i for i, (name, _) in enumerate(self._open) if name == tag), default=None)
        if at is not None:
            del self._open[at:]

    def handle_data(self, data: str) -> None:
        if not any(hides for _, hides in self._open):
            self.seen.append(data)
