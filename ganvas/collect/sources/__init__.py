"""Sources of the web: each a small class that yields pages and items. What a plug-in imports."""

from __future__ import annotations

from ganvas.catalog.wanted import Item, Page, Picture
from ganvas.collect.sources.source import SOURCES, Answer, NotTheAnswer, Options, Source, source

__all__ = ["SOURCES", "Answer", "Item", "NotTheAnswer", "Options", "Page", "Picture", "Source", "source"]
