"""The Met source against a replica of the museum's service: what it asks for, and what it reads in the answers."""

from __future__ import annotations

import datetime as dt
import json
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from ganvas.catalog.wanted import Item, Page, Picture
from ganvas.collect.fetch.outcome import ERRORS
from ganvas.collect.sources.met import Met
from ganvas.collect.sources.met_options import MetOptions
from ganvas.collect.sources.source import Answer, NotTheAnswer
from ganvas.collect_settings import CollectSettings, ServiceSettings
from ganvas.errors import InputError
from ganvas.progress import Silent
from tests.collect.conftest import Notes
from tests.collect.museum import DEPARTMENTS, Museum, record

Collect = Callable[..., list[Item]]


def met(base_url: str = "", progress: Any = None, **options: Any) -> Met:
    settings = CollectSettings(met=ServiceSettings(base_url=base_url or None))
    return Met(MetOptions(**options), settings, progress or Silent())


def ask(page: Page) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(page.url, timeout=10) as reply:
            return int(reply.status), reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def answer(page: Page, body: bytes, status: int = 200) -> Answer:
    return Answer(page.url, status, body, "application/json", dt.datetime.now(dt.UTC))


@pytest.fixture
def collect(museum: Museum, notes: Notes) -> Collect:
    """Ask for everything that a source names, once, as the collector does; returns its items."""

    def everything(**options: Any) -> list[Item]:
        source = met(museum.base_url, notes, **options)
        items: list[Item] = []
        asked: set[str] = set()
        waiting = deque(source.start())
        while waiting:
            found = waiting.popleft()
            if isinstance(found, Item):
                items.append(found)
            elif found.url not in asked:
                asked.add(found.url)
                status, body = ask(found)
                if status == 200:
                    waiting.extend(source.read(found, answer(found, body)))
                else:
                    assert source.missing(found, status, body)
        return items

    return everything


def keys(items: list[Item]) -> set[str]:
    return {item.key.removeprefix("objects/") for item in items}


VASES = [
    record(1),
    record(2, title="Krater", objectName="Vase fragment", classification="Vases"),
    record(3, objectName="Bell-krater vase", isPublicDomain=False, primaryImage="", primaryImageSmall=""),
    record(4, title="View of a vase", objectName="Print", department="Drawings and Prints", classification="Prints"),
    record(5, title="Small VASE", objectName="VASE", department="Asian Art", objectBeginDate=1700, objectEndDate=1710),
    record(6, title="Armchair", objectName="Armchair", culture="French", classification="Seats", isHighlight=True),
]


def test_the_vases_of_the_issue(museum: Museum, collect: Collect) -> None:
    museum.add(*VASES)
    items = collect(query="vase", name_like="%vase%", not_=["fragment"], public_domain=True)
    assert keys(items) == {"1", "5"}
    assert museum.records_served() == dict.fromkeys(range(1, 6), 1)  # the sixth was not found
    assert parts_of(museum.asked[0]) == ("search", {"hasImages": "true", "q": "vase"})


def parts_of(target: str) -> tuple[str, dict[str, str]]:
    path, _, query = target.removeprefix("/public/collection/v1/").partition("?")
    return path, dict(part.split("=", 1) for part in query.split("&") if part)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({}, {"1", "2", "3", "4", "5", "6"}),
        ({"name_like": "vase"}, {"1", "5"}),
        ({"name_like": "VASE %"}, {"2"}),
        ({"name_like": "_ase"}, {"1", "5"}),
        ({"title_like": "%vase%"}, {"1", "3", "4", "5"}),
        ({"not_": ["print", "Krater"]}, {"1", "5", "6"}),
        ({"not_": ["frag", "vases"]}, {"4", "6"}),
        ({"not_": ["vase", "seat"]}, set()),
        ({"not_": ["frag", "arm"]}, {"1", "2", "3", "4", "5", "6"}),
        ({"public_domain": True}, {"1", "2", "4", "5", "6"}),
        ({"highlights": True}, {"6"}),
        ({"date_begin": 1705, "date_end": 1800}, {"5"}),
        ({"date_begin": -530, "date_end": 1700}, {"1", "2", "3", "4", "5", "6"}),
        ({"department": ["asian art"]}, {"5"}),
        ({"department": ["6", "Drawings and Prints"]}, {"4", "5"}),
        ({"query": "vase", "department": ["6", "9"]}, {"4", "5"}),
        ({"query": "french", "in_artist_or_culture": True}, {"6"}),
        ({"query": "vase", "in_title": True}, {"1", "3", "4", "5"}),
        ({"query": "vase", "in_tags": True}, set()),
        ({"query": "vase", "medium": ["Prints", "Photographs"]}, {"4"}),
        ({"query": "vase", "geo_location": ["Greece"], "highlights": True}, set()),
        ({"query": "vase", "on_view": True}, set()),
        ({"query": "vase", "date_begin": 1600, "date_end": 1800}, {"5"}),
        ({"query": "no such thing"}, set()),
    ],
)
def test_each_option_leaves_what_it_says(
    museum: Museum, collect: Collect, options: dict[str, Any], found: set[str]
) -> None:
    museum.add(*VASES)
    assert keys(collect(**options)) == found


@pytest.mark.parametrize("name", ["Vase fragment", "Vase fragments", "FRAGMENTS of a vase", "Vase, fragment", "Dishes"])
def test_a_word_that_is_left_out_is_left_out_in_the_plural_too(name: str) -> None:
    source = met(not_=["fragment", "dish"])
    assert read(source, "object", record(7, objectName=name)) == []
    assert len(read(source, "object", record(7, objectName="Fragmented dishwasher"))) == 1


def test_all_objects_are_asked_for_when_nothing_is_said(museum: Museum, collect: Collect, notes: Notes) -> None:
    museum.add(*(record(number) for number in range(1, 41)))
    assert len(collect()) == 40
    assert parts_of(museum.asked[0]) == ("objects", {})
    assert notes.lines == ["the museum names 40 objects"]


def test_what_the_search_is_told_is_what_the_service_calls_it(museum: Museum, collect: Collect) -> None:
    collect(
        query="blue & white",
        department=["6"],
        highlights=True,
        on_view=True,
        in_title=True,
        in_tags=True,
        in_artist_or_culture=True,
        medium=["Ceramics", "Vases"],
        geo_location=["New York"],
        date_begin=-100,
        date_end=0,
    )
    assert parts_of(museum.asked[0]) == ("departments", {})
    assert parts_of(museum.asked[1]) == (
        "search",
        {
            "departmentId": "6",
            "isHighlight": "true",
            "isOnView": "true",
            "title": "true",
            "tags": "true",
            "artistOrCulture": "true",
            "medium": "Ceramics|Vases",
            "geoLocation": "New%20York",
            "dateBegin": "-100",
            "dateEnd": "0",
            "hasImages": "true",
            "q": "blue%20%26%20white",
        },
    )


def test_what_changed_since_a_day_is_asked_for_anew(museum: Museum, collect: Collect) -> None:
    museum.add(
        record(1, metadataDate="2025-03-01T00:00:00Z"), record(2), record(3, metadataDate="2026-09-09T01:00:00Z")
    )
    assert keys(collect(since="2025-06-01", department=["13", "6"])) == {"2", "3"}
    assert parts_of(museum.asked[1]) == ("objects", {"departmentIds": "13|6", "metadataDate": "2025-06-01"})
    assert museum.records_served() == {2: 1, 3: 1}
    assert keys(collect(query="vase", since="2026-01-01")) == {"3"}  # the search knows no days
    assert len(read(met(since="2026-01-01"), "object", record(7))) == 1  # what the museum says has changed has
    ages = {page.max_age_s for page in read(met(since="2026-01-01"), "objects", {"total": 1, "objectIDs": [3]})}
    assert ages == {0.0}
    assert [page.max_age_s for page in read(met(), "objects", {"total": 1, "objectIDs": [3]})] == [None]


def read(source: Met, what: str, told: Any, url: str = "https://a.example/objects/7") -> list[Any]:
    page = Page(url, what)
    return list(source.read(page, answer(page, json.dumps(told).encode())))


def test_half_a_million_numbers_become_pages_one_by_one() -> None:
    source, page = met(), Page("https://a.example/objects", "objects")
    body = json.dumps({"total": 501_000, "objectIDs": list(range(1, 501_001))}).encode()
    pages = iter(source.read(page, answer(page, body)))
    assert next(pages) == Page("https://collectionapi.metmuseum.org/public/collection/v1/objects/1", "object")
    assert sum(1 for _ in pages) == 500_999


def test_lists_are_asked_for_again_and_records_are_not(museum: Museum) -> None:
    [objects] = met().start()
    [departments] = met(department=["6"]).start()
    assert isinstance(objects, Page)
    assert isinstance(departments, Page)
    assert objects.is_list
    assert departments.is_list
    assert not read(met(), "objects", {"total": 1, "objectIDs": [3]})[0].is_list


def test_an_item_has_the_usual_fields_and_keeps_all_the_others(museum: Museum, collect: Collect) -> None:
    full = record(
        7,
        additional=2,
        artistDisplayName="Exekias",
        title="Neck-amphora\n (jar)",
        tags=[{"term": "Horses", "AAT_URL": "", "Wikidata_URL": ""}, {"term": "Chariots"}, None, {"term": None}],
        measurements=[{"elementName": "Overall", "elementMeasurements": {"Height": 47.0}}],
    )
    museum.add(full)
    [item] = collect()
    assert item.key == "objects/7"
    assert item.details == museum.records[7]
    assert set(item.details) == set(full)
    assert (item.title, item.object_name, item.artist) == ("Neck-amphora (jar)", "Vase", "Exekias")
    assert (item.department, item.culture, item.period) == ("Greek and Roman Art", "Greek, Attic", "Archaic")
    assert (item.date, item.begin_date, item.end_date) == ("ca. 530 BCE", -535, -525)
    assert (item.medium, item.classification) == ("Terracotta; black-figure", "Vases")
    assert (item.tags, item.licence) == (("Horses", "Chariots"), "CC0 1.0")
    assert item.link == "https://www.metmuseum.org/art/collection/search/7"
    assert item.attribution == (
        "Exekias: Neck-amphora (jar), ca. 530 BCE. The Metropolitan Museum of Art, Rogers Fund, 1919"
    )
    here = f"{museum.address}/CRDImages/gr"
    assert item.pictures == (
        Picture(f"{here}/original/DP7.jpg", instead=Picture(f"{here}/web-large/DP7.jpg")),
        Picture(f"{here}/original/DP7_1.jpg"),
        Picture(f"{here}/original/DP7_2.jpg"),
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "Greek, Attic: Terracotta vase 7, ca. 530 BCE. The Metropolitan Museum of Art, Rogers Fund, 1919"),
        ({"culture": "", "title": "", "objectDate": ""}, "Vase. The Metropolitan Museum of Art, Rogers Fund, 1919"),
        ({"creditLine": None, "culture": None}, "Terracotta vase 7, ca. 530 BCE. The Metropolitan Museum of Art"),
        (
            {"objectDate": "18th c."},
            "Greek, Attic: Terracotta vase 7, 18th c. The Metropolitan Museum of Art, Rogers Fund, 1919",
        ),
    ],
)
def test_an_attribution_is_a_line_to_print(changes: dict[str, Any], line: str) -> None:
    [item] = read(met(), "object", record(7, **changes))
    assert item.attribution == line


def test_the_licence_of_what_is_not_in_the_public_domain_is_what_the_museum_says() -> None:
    rights = "© 2026 Artists Rights Society (ARS), New York"
    [item] = read(met(), "object", record(7, isPublicDomain=False, rightsAndReproduction=rights))
    assert item.licence == rights
    [item] = read(met(), "object", record(7, isPublicDomain=False))
    assert item.licence is None


def pictures(source: Met, **changes: Any) -> list[str]:
    [item] = read(source, "object", record(7, **changes))
    return [picture.url for picture in item.pictures]


def test_pictures_are_in_the_museums_order_and_each_once() -> None:
    again = ["b.jpg", "a.jpg", "", None, 5, " b.jpg ", "c.jpg#part", "c.jpg"]
    named = {"primaryImage": "a.jpg", "primaryImageSmall": "s.jpg", "additionalImages": again}
    assert pictures(met(), **named) == ["a.jpg", "b.jpg", "c.jpg"]
    assert pictures(met(primary_only=True), **named) == ["a.jpg"]
    assert pictures(met(), primaryImage="", primaryImageSmall="s.jpg", additionalImages=["b.jpg"]) == ["s.jpg", "b.jpg"]
    assert pictures(met(), primaryImage=None, primaryImageSmall=None, additionalImages=["b.jpg"]) == ["b.jpg"]


def test_small_pictures_are_those_in_web_size() -> None:
    assert pictures(met(small=True), additional=1) == [
        "/CRDImages/gr/web-large/DP7.jpg",
        "/CRDImages/gr/web-large/DP7_1.jpg",
    ]
    elsewhere = {"primaryImageSmall": "s.jpg", "additionalImages": ["/original/b.jpg"]}
    assert pictures(met(small=True), **elsewhere) == ["s.jpg", "/original/b.jpg"]
    assert pictures(met(small=True), primaryImageSmall="") == ["/CRDImages/gr/original/DP7.jpg"]


@pytest.mark.parametrize("nothing", ["", None, [], {}, 0, False])
def test_any_field_may_be_missing_or_of_another_kind(nothing: Any) -> None:
    [item] = read(met(), "object", dict.fromkeys(record(7), nothing) | {"objectID": 7})
    assert (item.key, item.pictures, item.tags) == ("objects/7", (), ())
    assert item.title in (None, "0", "False")
    [bare] = read(met(), "object", {})
    assert bare == Item("objects/7", attribution="The Metropolitan Museum of Art")


@pytest.mark.parametrize("year", ["about", 10**30, float("inf"), None, [1]])
def test_a_year_that_is_none_is_left_out(year: Any) -> None:
    [item] = read(met(), "object", record(7, objectBeginDate=year))
    assert (item.begin_date, item.end_date) == (None, -525)


def test_an_object_without_pictures_is_an_item_and_one_that_does_not_fit_is_nothing() -> None:
    bare = record(7, primaryImage="", primaryImageSmall="", additionalImages=None)
    assert [item.pictures for item in read(met(public_domain=True), "object", bare)] == [()]
    assert read(met(name_like="bowl"), "object", bare) == []


def test_a_page_for_people_in_place_of_an_answer_may_pass(museum: Museum) -> None:
    museum.add(record(7))
    page = Page(f"{museum.base_url}/objects/7", "object")
    museum.trouble("/public/collection/v1/objects/7", "challenge")
    with pytest.raises(NotTheAnswer) as raised:
        list(met().read(page, answer(page, ask(page)[1])))
    assert raised.value.error == "challenge"
    assert ERRORS[raised.value.error].passes
    assert [item.key for item in met().read(page, answer(page, ask(page)[1]))] == ["objects/7"]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("object", []),
        ("object", None),
        ("object", "ObjectID not found"),
        ("object", record(8)),
        ("object", {"message": "Not a valid object"}),
        ("objects", {"message": "internal error"}),
        ("objects", {"total": 3, "objectIDs": "many"}),
        ("objects", 7),
    ],
)
def test_json_that_is_no_answer_is_not_understood(what: str, told: Any) -> None:
    with pytest.raises(NotTheAnswer) as raised:
        read(met(), what, told)
    assert raised.value.error == "not-understood"
    assert "\n" not in str(raised.value)


def test_numbers_that_are_none_are_left_out_of_a_list_and_counted(notes: Notes) -> None:
    found = read(met(progress=notes), "objects", {"total": 4, "objectIDs": [5, None, "6", -1, 7.5, True, 9]})
    assert [page.url.rpartition("/")[2] for page in found] == ["5", "9"]
    assert notes.lines == ["the museum names 2 objects, and 5 that are no numbers, passed over"]
    assert read(met(), "objects", {"total": 0, "objectIDs": None}) == []


def test_only_the_museum_itself_can_say_that_an_object_is_not_there(museum: Museum) -> None:
    source = met(museum.base_url)
    for number in ("4711", "x"):
        page = Page(f"{museum.base_url}/objects/{number}", "object")
        status, body = ask(page)
        assert status == 404
        assert source.missing(page, status, body)
    elsewhere = Page(f"{museum.address}/elsewhere", "object")
    assert not source.missing(elsewhere, *ask(elsewhere))
    assert source.missing(Page("https://a.example/departments", "departments"), 404, b"<html>")
    assert not source.missing(elsewhere, 400, b"{}")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Asian Arts", "Did you mean Asian Art?"),
        ("greek", "Did you mean Greek and Roman Art?"),
        ("99", "'99'. A number or a name is meant, as 1 or 'American Decorative Arts'."),
        ("zzz", "'zzz'. A number or a name is meant, as 1 or 'American Decorative Arts'."),
    ],
)
def test_a_department_that_is_not_there(museum: Museum, collect: Collect, name: str, hint: str) -> None:
    with pytest.raises(InputError, match="the museum has no department") as raised:
        collect(query="vase", department=["Asian Art", name])
    assert str(raised.value).endswith(hint)
    assert museum.served == {"/public/collection/v1/departments": 1}


def test_the_list_of_departments_may_be_damaged() -> None:
    listed = [{"departmentId": n, "displayName": name} for n, name in DEPARTMENTS.items()]
    odd = {"departments": [None, {}, {"departmentId": "x", "displayName": "y"}, *listed]}
    assert len(read(met(department=["Asian Art"]), "departments", odd)) == 1
    with pytest.raises(NotTheAnswer):
        read(met(department=["6"]), "departments", {"departments": None})


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"date_begin": 1700}, "--date-begin and --date-end go together"),
        ({"date_end": 1700}, "--date-begin and --date-end go together"),
        ({"date_begin": 1800, "date_end": 1700}, "--date-begin 1800 is after --date-end 1700"),
        ({"since": "yesterday"}, "--since 'yesterday' is no day: write it as 2026-03-31"),
        ({"since": "2026-02-30"}, "is no day"),
        ({"where": "Title = 'x'"}, "add --csv with its path"),
        ({"csv": "a.csv", "query": "vase"}, "--query is for the museum's own search and --csv for its file"),
        ({"csv": "a.csv", "since": "2026-01-01"}, "--since is for the museum's own search"),
        ({"csv": "a.csv", "medium": ["Prints"]}, "--medium is for the museum's own search"),
        ({"medium": ["Prints"]}, "--medium needs --query"),
        ({"in_artist_or_culture": True}, "--in-artist-or-culture needs --query"),
        ({"query": " "}, "leave out what is empty"),
        ({"not_": [""]}, "--not needs a word"),
        ({"csv": "a.csv", "where": "Title ilike vase%"}, "--where, at character 17"),
        ({"csv": "a.csv", "where": "Title = "}, "--where, at character 9: a name or a value is expected here"),
    ],
)
def test_what_cannot_be_asked_is_one_line(options: dict[str, Any], line: str) -> None:
    with pytest.raises(InputError) as raised:
        MetOptions(**options)
    assert line in str(raised.value)
    assert "\n" not in str(raised.value)


def test_every_option_says_what_it_is_for() -> None:
    assert [name for name, field in MetOptions.model_fields.items() if not field.description] == []


def test_its_address_and_pace_are_settings() -> None:
    assert (met().base_url, met().rate_per_s) == ("https://collectionapi.metmuseum.org/public/collection/v1", 5.0)
    settings = CollectSettings(met=ServiceSettings(base_url="http://mirror.example/v1/", rate_per_s=20))
    mirror = Met(MetOptions(), settings, Silent())
    assert (mirror.base_url, mirror.rate_per_s) == ("http://mirror.example/v1", 20)
