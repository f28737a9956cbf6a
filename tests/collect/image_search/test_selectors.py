"""The file that says how a search page is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganvas.collect.sources.search_page.selectors import OWN_FILE, Roles, read_selectors
from ganvas.errors import GanvasError


def test_every_role_of_ganvas_s_own_file_has_dated_looks_newest_first() -> None:
    selectors = read_selectors(None)
    for role in Roles.model_fields:
        looks = getattr(selectors.roles, role)
        assert looks, role
        assert selectors.newest(role) == max(look.seen for look in looks)
    assert [look.seen for look in selectors.roles.tile] == sorted(
        (look.seen for look in selectors.roles.tile), reverse=True
    )


def test_a_query_is_written_into_the_address_and_nothing_in_it_is_taken_for_a_place() -> None:
    selectors = read_selectors(None)
    address = selectors.address(None, "a&b=c {language} #1", "fr", "on")
    assert address == "https://www.google.com/search?q=a%26b%3Dc+%7Blanguage%7D+%231&udm=2&hl=fr&safe=active"
    assert (
        selectors.address("http://mirror:81/", "x", "en", "off") == "http://mirror:81/search?q=x&udm=2&hl=en&safe=off"
    )


@pytest.mark.parametrize(
    ("url", "own", "thumbnail"),
    [
        ("https://www.gstatic.com/images/branding/x.png", True, True),
        ("https://encrypted-tbn0.gstatic.com/images?q=tbn:x", True, True),
        ("https://fonts.gstatic.com/s/x.woff", True, False),
        ("https://www.google.com/images/branding/googlelogo.png", True, False),
        ("https://www.google.com/logos/doodles/x.gif", True, False),
        ("https://WWW.GSTATIC.COM./x.png", True, False),
        ("https://gstatic.com.example/images/a.jpg", False, False),
        ("https://example.com/gstatic.com/a.jpg", False, False),
        ("https://lh3.googleusercontent.com/p/a.jpg", False, False),
        ("http://[broken", False, False),
    ],
)
def test_the_pages_own_decoration_is_known_by_host_and_path(url: str, own: bool, thumbnail: bool) -> None:
    selectors = read_selectors(None)
    assert (selectors.is_own(url), selectors.is_thumbnail(url)) == (own, thumbnail)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('seen = "2024-11"', 'seen = "last year"'), r"roles\.\w+\[\d+\]\.seen: String should match"),
        (('attribute = "src"', 'attribut = "src"'), r"\.attribut: there is no such setting. Did you mean attribute\?"),
        (("tile = [", "tiles = ["), r"roles\.tile"),
        (("[roles]", "[roles]\nbuton = []"), r"roles\.buton: there is no such setting"),
        (('name = "google"', "name = google"), "is not valid TOML"),
        (("q={query}", "q=x"), "path: String should match"),
        (('note = "the logo"', 'not = "the logo"'), r"own\[1\]\.not: there is no such setting. Did you mean note\?"),
    ],
)
def test_a_file_of_ones_own_that_is_wrong_is_told_in_one_line(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    text = OWN_FILE.read_text(encoding="utf-8")
    assert change[0] in text
    file = tmp_path / "mine.toml"
    file.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(GanvasError, match=words) as caught:
        read_selectors(file)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there_is_told_and_which_to_copy(tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="cannot be read") as caught:
        read_selectors(tmp_path / "none.toml")
    assert str(OWN_FILE) in str(caught.value)
