"""What Wikimedia Commons gives: pictures of a usable width, with licence and attribution, page after page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ganvas.collect.sources import NotTheAnswer, Page
from ganvas.collect.sources.commons import Commons
from ganvas.collect.sources.html_text import html_text
from ganvas.collect.sources.licences import licence_family
from ganvas.collect_settings import CollectSettings, ServiceSettings
from ganvas.errors import InputError, SettingsError
from tests.collect.commons_replica import CommonsReplica, described
from tests.collect.reading import answer, read_all


def commons(replica: CommonsReplica, notes: Any, **options: Any) -> Commons:
    settings = CollectSettings(contact="tests@example.org", commons=ServiceSettings(base_url=replica.base_url))
    return Commons(Commons.Options(**options), settings, notes)


def test_every_file_of_every_answer_comes_in_the_order_of_the_search(notes: Any) -> None:
    with CommonsReplica([described(n) for n in range(120)]) as replica:
        pages, items = read_all(commons(replica, notes, query="greek vases"))
    assert [item.title for item in items] == [f"Vase {n}" for n in range(120)]
    assert [page.is_list for page in pages] == [True, False, False]
    assert notes.lines == ["Commons finds more than 50: how many, only its last answer shows"]
    asked = replica.asked[0].query
    assert asked["gsrsearch"] == "greek vases filetype:bitmap"
    assert (asked["gsrnamespace"], asked["maxlag"], asked["formatversion"]) == ("6", "5", "2")


def test_a_file_comes_with_licence_author_and_an_attribution_ready_to_print(notes: Any) -> None:
    with CommonsReplica([described(7)]) as replica:
        item = read_all(commons(replica, notes, query="vase"))[1][0]
    assert (item.key, item.title, item.licence, item.artist) == ("1007", "Vase 7", "CC BY-SA 4.0", "Ada L.")
    assert item.attribution == (
        "“Vase 7” by Ada L., CC BY-SA 4.0 (https://creativecommons.org/licenses/by-sa/4.0), via Wikimedia Commons"
    )
    assert (item.date, item.tags) == ("circa 1890", ("Vases", "Greek pottery"))
    assert item.link == "https://commons.wikimedia.org/wiki/File:Vase_7.jpg"
    assert item.details["ImageDescription"] == "<p>A vase &amp; its shadow</p>"
    assert (item.details["width"], item.details["mime"]) == (4000, "image/jpeg")


def test_the_authors_own_wording_of_an_attribution_wins_and_an_author_may_be_unknown(notes: Any) -> None:
    bare = {"Artist": None, "Credit": None, "LicenseShortName": None, "License": None, "LicenseUrl": None}
    with CommonsReplica([described(1, Attribution="<i>Photo:</i> Ada"), described(2, **bare)]) as replica:
        first, second = read_all(commons(replica, notes, query="vase"))[1]
    assert str(first.attribution).startswith("“Vase 1” by Photo: Ada, CC BY-SA 4.0")
    assert second.attribution == "“Vase 2” by unknown author, licence not stated, via Wikimedia Commons"
    assert (second.licence, second.artist) == (None, None)


@pytest.mark.parametrize(
    ("asked", "addresses"),
    [
        (1280, ["thumb/1280px-Vase_1.jpg"]),
        (1000, ["thumb/1280px-Vase_1.jpg"]),
        (300, ["thumb/330px-Vase_1.jpg"]),
        (0, ["commons/Vase_1.jpg", "thumb/1280px-Vase_1.jpg"]),
    ],
)
def test_a_width_that_wikimedia_keeps_is_fetched(notes: Any, asked: int, addresses: list[str]) -> None:
    with CommonsReplica([described(1)]) as replica:
        picture = read_all(commons(replica, notes, query="vase", width=asked))[1][0].pictures[0]
    named = [each.url.split("/") for each in (picture, picture.instead) if each]
    assert [f"{'thumb' if 'thumb' in parts else 'commons'}/{parts[-1]}" for parts in named] == addresses


def test_a_picture_smaller_than_the_width_is_fetched_as_it_is(notes: Any) -> None:
    with CommonsReplica([described(1, width=800)]) as replica:
        for width in (0, 1280):
            picture = read_all(commons(replica, notes, query="vase", width=width))[1][0].pictures[0]
            assert picture.url.endswith("/Vase_1.jpg")
            assert picture.instead is None


def test_only_pictures_are_taken_not_drawings_papers_sounds(notes: Any) -> None:
    kinds = ["image/svg+xml", "application/pdf", "video/webm", "audio/ogg", "image/png", "image/tiff"]
    with CommonsReplica([described(n, mime=kind) for n, kind in enumerate(kinds)]) as replica:
        items = read_all(commons(replica, notes, query="vase"))[1]
    assert [item.details["mime"] for item in items] == ["image/png", "image/tiff"]


def test_pictures_are_chosen_by_their_licence(notes: Any) -> None:
    licences = {"cc-by-sa-4.0": "CC BY-SA 4.0", "cc-by-2.0": "CC BY 2.0", "pd": "Public domain", "cc0": "CC0", "": ""}
    files = [described(n, License=code, LicenseShortName=name) for n, (code, name) in enumerate(licences.items())]
    with CommonsReplica(files) as replica:
        items = read_all(commons(replica, notes, query="vase", licence=["pd", "CC0"]))[1]
        assert [item.licence for item in items] == ["Public domain", "CC0"]
        with pytest.raises(InputError, match="no licence 'cc-by'"):
            commons(replica, notes, query="vase", licence=["cc-by"])


def test_a_category_is_listed_and_searched_in(notes: Any) -> None:
    with CommonsReplica([described(n) for n in range(60)]) as replica:
        assert len(read_all(commons(replica, notes, category="Category:Greek vases"))[1]) == 60
        assert replica.asked[0].query["gcmtitle"] == "Category:Greek vases"
        read_all(commons(replica, notes, query="red", category='Greek "vases"'))
        assert replica.asked[-1].query["gsrsearch"] == 'red incategory:"Greek vases" filetype:bitmap'


def test_nothing_found_is_said(notes: Any) -> None:
    with CommonsReplica([]) as replica:
        assert read_all(commons(replica, notes, query="xyzzy"))[1] == []
    assert notes.lines == ["Commons has nothing for 'xyzzy'"]


def test_ten_thousand_is_where_a_search_ends(notes: Any) -> None:
    with CommonsReplica([]) as replica:
        source = commons(replica, notes, query="vase")
        last = answer("", json.dumps({"continue": {"gsroffset": 10000, "continue": "gsroffset||"}}).encode())
        assert list(source.read(Page("x"), last)) == []
    assert "10,000 files at most" in notes.lines[0]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("maxlag", "unavailable"),
        ("readonly", "unavailable"),
        ("ratelimited", "throttled"),
        ("internal_api_error_DBQueryError", "server-error"),
        ("badvalue", "not-understood"),
    ],
)
def test_an_error_of_status_200_is_no_answer_and_says_whether_to_try_again(notes: Any, code: str, error: str) -> None:
    with CommonsReplica([described(1)]) as replica:
        replica.error = {"code": code, "info": "Waiting for a database server: 7 seconds lagged."}
        source = commons(replica, notes, query="vase")
        with pytest.raises(NotTheAnswer, match=code) as refused:
            read_all(source)
        assert refused.value.error == error
        assert len(read_all(source)[1]) == 1


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"{}", b'{"warnings": {}}'])
def test_an_answer_that_is_none_is_not_understood(notes: Any, body: bytes) -> None:
    with CommonsReplica([]) as replica, pytest.raises(NotTheAnswer, match="not an answer of MediaWiki's"):
        list(commons(replica, notes, query="vase").read(Page("x"), answer("", body)))


@pytest.mark.parametrize(
    "body", [b'{"query": [], "continue": 3}', b'{"query": {"pages": [1, {}, {"imageinfo": [{}]}]}}']
)
def test_an_answer_of_another_shape_breaks_nothing(notes: Any, body: bytes) -> None:
    with CommonsReplica([]) as replica:
        assert list(commons(replica, notes, query="vase").read(Page("x"), answer("", body))) == []


def test_an_odd_file_costs_neither_its_page_nor_the_next(notes: Any) -> None:
    odd = [described(1), described(2, title=7), described(3, mime={})]
    odd[0]["extmetadata"] |= {"X": None, "Y": 3, "Z": {"value": None}}
    with CommonsReplica(odd + [described(n) for n in range(4, 70)]) as replica:
        items = read_all(commons(replica, notes, query="vase"))[1]
    assert [int(item.key) - 1000 for item in items] == [1, 2, *range(4, 70)]
    listed: list[Any] = [{"imageinfo": 5}, {"imageinfo": [{"mime": "image/png", "url": 3}], "pageid": 1, "index": "x"}]
    said = {"query": {"pages": listed}, "continue": {"gsroffset": 50}}
    with CommonsReplica([]) as replica:
        found = list(commons(replica, notes, query="vase").read(Page("x"), answer("", json.dumps(said).encode())))
    assert [type(one) for one in found] == [Page]
    assert notes.lines[-1].startswith("passed over 2 files that could not be read, the first for TypeError: ")


def test_wikimedia_is_not_asked_without_a_contact_nor_for_nothing(notes: Any) -> None:
    with pytest.raises(SettingsError, match=r"--contact you@example.org"):
        Commons(Commons.Options(query="vase"), CollectSettings(), notes)
    with pytest.raises(InputError, match="nothing to search for"):
        Commons(Commons.Options(), CollectSettings(contact="a@b.example"), notes)


def test_html_is_read_as_a_person_sees_it() -> None:
    assert html_text('<div>A<br>B</div><style>p {}</style><p>C <span style="display:none">no</span></p>') == "A B C"
    assert html_text("<td>one</td><td>two</td> &lt;3 </b></i> unclosed <b>x") == "one two <3 unclosed x"
    assert html_text("plain   text") == "plain text"


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("CC BY-SA 4.0", "by-sa"),
        ("cc-by-2.0-de", "by"),
        ("CC BY-NC-ND 3.0", "by-nc-nd"),
        ("cc-zero", "cc0"),
        ("Public domain", "pd"),
        ("PD-old-100", "pd"),
        ("GFDL", ""),
        ("bytes", ""),
    ],
)
def test_licences_belong_to_families(name: str, family: str) -> None:
    assert licence_family(name) == family
