"""Image search in the real Chromium, against a replica of a search page."""

from __future__ import annotations

import pytest

from tests.collect.image_search.conftest import Search
from tests.collect.image_search.replica import STYLES, SearchReplica, paint

KNOWN = sorted(set(STYLES) - {"unknown"})


@pytest.mark.parametrize("style", KNOWN)
def test_originals_are_found_whatever_the_classes_are_called(search: Search, style: str) -> None:
    with SearchReplica(style, tiles=8, a_batch=8) as replica:
        items = list(search(replica))
        assert [item.pictures[0].url for item in items] == [replica.original(number) for number in range(8)]
        assert [item.title for item in items] == [f"Picture {number}" for number in range(8)]
        thumbnails = [item.pictures[0].instead for item in items]
        assert all(thumbnails)
