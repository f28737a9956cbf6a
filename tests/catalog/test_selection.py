"""Expressions over a made-up museum of eight images: the same answer on SQLite and on PostgreSQL."""

from __future__ import annotations

import dataclasses
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, make_url, text

from ganvas.catalog import Catalog, FoundPicture
from ganvas.catalog.records import now
from ganvas.catalog.schema import Clustering, ClusterMember, Inspection
from ganvas.errors import InputError

JAR: dict[str, Any] = {
    "objectName": "Jar with lid",
    "Object Date": "1890-05-01",
    "artist": {"name": "Étienne Ωmega", "born": 1850},
    "isHighlight": True,
    "year": 1890,
    "tags": ["vases", "Flowers", 3],
    "weight": "12.5",
    "café": "noir",
    'a"b': "quoted",
    "price": 1.25,
}
DETAILS: list[dict[str, Any]] = [
    JAR,
    {"objectName": "VASE, gilt", "year": "1850", "isHighlight": False, "tags": [], "weight": 12, "artist": None},
    {"objectName": "vase_fragment 100%", "year": "about 1900", "tags": "vases", "weight": [1, 2], "artist": "Anon"},
    {"objectName": "bowl", "year": None, "artist": {"name": "O'Brien; DROP TABLE", "born": "1700"}, "huge": 10**400},
    {"objectName": 7, "year": 1700.5, "dark": "metadata", "nul": "a\0b", "half": "\ud800", "tags": {"x": 1}},
    {},
    {"objectName": "größe ÉCLAIR", "year": -5, "weight": "1e999", "big": 2**70, "back": "a\\b", "star": "*[x]?"},
]
SIZES = [(80, 100), (100, 100), (100, 80), (640, 480), (30, 20), (1, 1), (4000, 10)]
TITLES = ["Jar", None, "Broken vase", "", "Krug", "jar", "Ärmel"]


def image(number: int, **changes: object) -> FoundPicture:
    picture = FoundPicture(f"{number:064x}", 100 + number, "PNG", 1, 1, "RGB", 1, None, "met", f"{number}.png")
    return dataclasses.replace(picture, **changes)  # type: ignore[arg-type]


def fill(catalog: Catalog) -> Catalog:
    pictures = [
        image(n, width=width, height=height, details=DETAILS[n], title=TITLES[n], label="ab"[n % 2], format=form)
        for n, ((width, height), form) in enumerate(zip(SIZES, ["PNG", "JPEG"] * 4, strict=False))
    ]
    second = image(
        1, width=100, height=100, format="JPEG", key="other.png", source="folder", title="Fragment", details={"year": 1}
    )
    unreadable = image(7, unreadable="cut short")
    catalog.add_found([*pictures, second, unreadable])
    catalog.decide("inspect", "blurry", [(image(n).sha256, n != 2, n / 10, None) for n in range(6)])
    catalog.decide("inspect", "low-information", [(image(n).sha256, n not in (2, 3), 0.5, None) for n in range(4)])
    catalog.decide("teach", "exteriors", [(image(n).sha256, True, n / 6, None) for n in range(7)])
    catalog.decide("person", "person", [(image(3).sha256, True, None, None)])
    ids = {row.sha256: row.id for row in catalog.images(kept=False)}
    with catalog.session(write=True) as connection:
        for n in range(5):
            row = {"image_id": ids[image(n).sha256], "version": "1", "phash": None, "trim": None}
            connection.execute(
                insert(Inspection).values(row | {"measures": {"dark": n / 4, "gray": n == 0}, "inspected_at": now()})
            )
        for number, (name, names) in enumerate([("first", {"0": "old"}), ("second", {"0": "plain", "2": "busy"})]):
            clustering = {"name": name, "encoder": "e", "k": 3, "names": names, "details": {}, "made_at": now()}
            id = connection.scalar(insert(Clustering).values(clustering).returning(Clustering.id))
            connection.execute(
                insert(ClusterMember),
                [
                    {
                        "clustering_id": id,
                        "image_id": ids[image(n).sha256],
                        "cluster": (n + number) % 3,
                        "distance": 0.0,
                        "outlier": 0.0,
                    }
                    for n in range(6)
                ],
            )
    return catalog


@pytest.fixture(scope="module")
def museums(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[dict[str, Catalog]]:
    """The same catalog on each database."""
    folder: Path = tmp_path_factory.mktemp("museum")
    url = make_url(request.getfixturevalue("postgres_url")).set(drivername="postgresql+psycopg")
    schema = f"test_{uuid.uuid4().hex}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
        address = url.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
        both = {"sqlite": Catalog.open(folder / "catalog.db"), "postgresql": Catalog.open(address)}
        for catalog in both.values():
            fill(catalog)
        yield both
        for catalog in both.values():
            catalog.close()
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def museum(request: pytest.FixtureRequest, museums: dict[str, Catalog]) -> Catalog:
    return museums[request.param]


def chosen(catalog: Catalog, expression: str) -> list[int]:
    numbers = {row.id: int(row.sha256, 16) for row in catalog.images(kept=False)}
    return sorted(numbers[id] for id in catalog.matching(expression))


EVERY = [0, 1, 2, 3, 4, 5, 6]
ANSWERS: dict[str, list[int]] = {
    # columns of the image
    "width = 100": [1, 2],
    "width != 100": [0, 3, 4, 5, 6],
    "WIDTH <> 100 AND height>=100": [0, 3],
    "100 < width": [3, 6],
    "width > height": [2, 3, 4, 6],
    "width = height or pixels = 600": [1, 4, 5],
    "aspect between 0.7 and 0.9": [0],
    "aspect not between 0.7 and 1.5": [6],
    "not aspect between 0.7 and 1.5": [6],
    "aspect = 0.8": [0],
    "aspect = 1.25 or pixels < 2": [2, 5],
    "bytes in (101, 103)": [1, 3],
    "bytes not in (101, 103)": [0, 2, 4, 5, 6],
    "frames = 1.0 and format = 'JPEG'": [1, 3, 5],
    "mode like 'rgb'": [],
    "mode ilike 'rgb'": EVERY,
    # items: any of an image's items, each asked as a whole
    "title = 'Fragment'": [1],
    "title is null": [1],
    "title is not null": [0, 1, 2, 3, 4, 5, 6],
    "not title ilike '%fragment%'": EVERY,
    "title = 'Fragment' and source = 'met'": [],
    "title = 'Fragment' and year = 1": [1],
    "title = 'Fragment' and year = '1850'": [],
    "title != 'Jar'": [1, 2, 3, 4, 5, 6],
    "title = ''": [3],
    "title in ('Jar', 'Krug', 'it''s')": [0, 4],
    "title > 'Jar' and title < 'a'": [4],
    "title >= 'Krug'": [4, 5, 6],
    "label = 'a'": [0, 2, 4, 6],
    "key = '3.png' or source = 'folder'": [1, 3],
    "title ilike 'ä%'": [6],
    "title like 'ä%'": [],
    "title ilike 'JAR'": [0, 5],
    # metadata
    "objectName ilike '%vase%'": [1, 2],
    "object_name ilike '%VASE%' and not object_name ilike '%fragment%'": [1],
    "\"objectName\" = 'bowl'": [3],
    "\"Object Date\" >= '1890' and object_date < '1891'": [0],
    "objectName like '%\\%'": [2],
    "objectName like 'vase\\_%'": [2],
    "objectName like '____'": [3],
    "objectName ilike 'GRÖSSE%'": [],
    "objectName ilike 'GRÖßE éclair'": [6],
    "objectName = 7": [4],
    "objectName = '7'": [4],
    "objectName in (7, 'bowl')": [3, 4],
    "year = 1890": [0],
    "year = '1890'": [0],
    "year = 1850": [1],
    "year between 1800 and 1900": [0, 1],
    "year < 0": [6],
    "year > 1700 and year < 1701": [4],
    "year is null": [3, 5],
    "year is not null and not year > 0": [2, 6],
    "artist.name ilike 'étienne ω%'": [0],
    "artist.born < 1800": [3],
    "artist.born between 1700 and 1850": [0, 3],
    "artist.name = 'O''Brien; DROP TABLE'": [3],
    "artist is null": [1, 4, 5, 6],
    "artist = 'Anon'": [2],
    "isHighlight": [0],
    "is_highlight = true": [0],
    "isHighlight = false": [1],
    "not isHighlight": [1, 2, 3, 4, 5, 6],
    "weight = 12.5": [0],
    "weight >= 12": [0, 1],
    "weight > 0": [0, 1, 2],
    "weight = 2": [2],
    "weight = '1e999'": [6],
    "tags = 'vases'": [0, 2],
    "tags ilike 'flow%'": [0],
    "tags = 3": [0],
    "tags is not null": [0, 1, 2, 4],
    "tags.x = 1": [4],
    "huge > 1e299": [3],
    "huge > aspect": [3],
    "big > 1180591620717411000000 and not big > 1180591620717412000000": [6],
    "back = 'a\\b'": [6],
    "star like '*[x]?'": [6],
    "star like '%[_]%'": [6],
    "café = 'noir'": [0],
    '"a""b" = \'quoted\'': [0],
    "price = 1.25": [0],
    "price > 1 and price < 1.3": [0],
    "nul is not null and half is not null": [4],
    "year > width": [0, 1, 4],
    # curating
    "cluster = 'plain'": [2, 5],
    "cluster = 0": [2, 5],
    "cluster != 'plain'": [0, 1, 3, 4, 6],
    "cluster in ('plain', 'busy')": [1, 2, 4, 5],
    "cluster is null": [6],
    "cluster.first = 'old'": [0, 3],
    "cluster.second = 'busy' and width = 100": [1],
    "dark > 0.4": [2, 3, 4],
    "dark <= 0.25 or dark is null": [0, 1, 5, 6],
    "gray": [0],
    "\"dark\" = 'metadata'": [4],
    "measure.dark = 1": [4],
    "exteriors >= 0.5": [3, 4, 5, 6],
    "blurry >= 0.4 and blurry < 0.6": [4, 5],
    "score.blurry < 0.2": [0, 1],
    "low_information = 0.5": [0, 1, 2, 3],
    "dropped_by = 'blurry'": [2],
    "dropped_by = 'low-information'": [2, 3],
    "dropped_by in ('blurry', 'dark')": [2],
    "dropped_by is null": [0, 1, 4, 5, 6],
    "dropped_by like 'low%'": [2, 3],
    "kept": [0, 1, 3, 4, 5, 6],
    "not kept": [2],
    "kept = false": [2],
    # how parts bind
    "width = 100 or width = 80 and height = 1": [1, 2],
    "(width = 100 or width = 80) and height = 100": [0, 1],
    "not width = 100 and not width = 80": [3, 4, 5, 6],
    "not (width = 100 or width = 80)": [3, 4, 5, 6],
    "not not width = 100": [1, 2],
}


@pytest.mark.parametrize("expression", ANSWERS)
def test_an_expression_chooses_the_same_images_on_each_database(museum: Catalog, expression: str) -> None:
    assert chosen(museum, expression) == ANSWERS[expression]


ERRORS = {
    "": "is empty",
    "   ": "is empty",
    "widht = 3": "at character 1: there is no field 'widht'. Did you mean width?",
    "object_nam = 'x'": "Did you mean objectName?",
    "exterior > 1": "Did you mean exteriors?",
    '"vase" = title': "no field of the metadata is called vase. (A text stands in single quotes.)",
    "cluster = 'plan'": "no cluster is called 'plan'. Did you mean plain?",
    "cluster.secnd = 1": "Did you mean cluster.second?",
    "cluster < 'plain'": "clusters have no order",
    "width = 'abc'": "at character 9: width is a number and 'abc' is text",
    "title = 5": "title is text and 5 is a number, write '5'",
    "width in (100, 3, 'abc')": "at character 19: width is a number and 'abc' is text",
    "5 in (5, 6)": "this is the same for every picture",
    "cluster in (1, 'plan')": "no cluster is called 'plan'. Did you mean plain?",
    "title = true": "title is text and True is true or false",
    "width = title": "width is a number and title is text",
    "width ilike '1%'": "width is a number, and a pattern is for text",
    "title like label": "a pattern is a text in single quotes",
    "isHighlight > true": "true and false have no order",
    "kept > 1": "kept is true or false and 1 is a number",
    "width": "width is a number: compare it with something",
    "1 = 1": "this is the same for every picture",
    "'a' is null": "a value is never null",
    "title in (label)": "a list holds texts and numbers, not names",
    "title = 'it's": "a quote inside a text is written twice",
    "title = 'vase": "has no closing quote",
    "title = 'vase'; drop table images": "at character 15: a semicolon has no meaning here",
    "title == 'x'": "at character 8: a name or a value is expected",
    "title = “x”": "this quote is no",
    "width = 3 width = 4": "and, or, or the end is expected here",
    "width >": "a name or a value is expected here",
    "(width = 3": ") is expected here",
    "not": "a name or a value is expected here",
    "width not 3": "between, in, like or ilike is expected after not",
    "width between 3": "and is expected here",
    "in = 3": 'a field of that name is written "in"',
    "width = 1e400": "too large",
    "width = 12abc": "has no meaning here",
    "a.": "a name is expected after the dot",
    "title = 'x' -- comment": "has no meaning here",
    "(" * 500 + "width = 1" + ")" * 500: "inside one another",
    "not " * 500 + "kept": "inside one another",
    " or ".join(["kept"] * 200): "more than 100 comparisons",
    f"width in ({', '.join('1' * 600)})": "more than 500 values",
    "title = '" + "x" * 20_000 + "'": "10,000 are the most",
    "width = 3 \x00": "has no meaning here",
}


@pytest.mark.parametrize("expression", ERRORS, ids=lambda text: repr(text[:40]))
def test_what_cannot_be_asked_is_one_line_that_says_where(museum: Catalog, expression: str) -> None:
    with pytest.raises(InputError) as error:
        museum.matching(expression)
    assert ERRORS[expression] in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400
    assert len(museum.images(kept=False)) == 7


WORDS = [
    "width",
    "title",
    "objectName",
    "year",
    "tags",
    "artist.name",
    "cluster",
    "kept",
    "dark",
    "exteriors",
    "aspect",
]
WORDS += ["dropped_by", "weight", "isHighlight", "huge", "café", "nosuch", '"Object Date"', "label", "artist"]
PARTS = [*WORDS, "and", "or", "not", "(", ")", "=", "!=", "<", ">=", "like", "ilike", "in", "between", "is", "null"]
PARTS += [
    "'a'",
    "'%a_'",
    "''",
    "'",
    '"',
    ";",
    "--",
    "1",
    "-2.5",
    "1e30",
    "true",
    ",",
    ".",
    "\\",
    "'\\'",
    "\0",
    "é",
    "☃",
]


def test_any_heap_of_words_is_an_answer_or_one_line_and_both_databases_say_the_same(
    museums: dict[str, Catalog],
) -> None:
    rng = random.Random(0)
    heaps = [" ".join(rng.choices(PARTS, k=rng.randint(1, 9))) for _ in range(150)]
    answers = [tuple(_answer(catalog, heap) for catalog in museums.values()) for heap in heaps]
    for heap, (first, second) in zip(heaps, answers, strict=True):
        assert first == second, heap
        assert "\n" not in first


def test_sensible_random_expressions_have_one_answer_on_both_databases(museums: dict[str, Catalog]) -> None:
    rng = random.Random(1)
    values = [
        "'a'",
        "'1850'",
        "'vase%'",
        "1850",
        "12.5",
        "0",
        "-5",
        "true",
        "'plain'",
        "''",
        "'É%'",
        "0.5",
        "7",
        "'Jar'",
    ]
    signs = ["=", "!=", "<", "<=", ">", ">=", "like", "ilike"]
    counts = {"rows": 0, "none": 0, "error": 0}

    def comparison() -> str:
        name = rng.choice(WORDS)
        kind = rng.randrange(6)
        if kind == 0:
            return f"{name} is {rng.choice(['', 'not '])}null"
        if kind == 1:
            return f"{name} {rng.choice(['', 'not '])}in ({', '.join(rng.choices(values, k=3))})"
        if kind == 2:
            return f"{name} between {rng.choice(values)} and {rng.choice(values)}"
        return f"{name} {rng.choice(signs)} {rng.choice(values + WORDS)}"

    def anything(deep: int) -> str:
        kind = rng.randrange(4) if deep else 3
        if kind == 3:
            return comparison()
        if kind == 2:
            return f"not ({anything(deep - 1)})"
        return f"({anything(deep - 1)} {('and', 'or')[kind]} {anything(deep - 1)})"

    for expression in (anything(2) for _ in range(200)):
        answers = [_answer(catalog, expression) for catalog in museums.values()]
        assert answers[0] == answers[1], expression
        counts["error" if isinstance(answers[0], str) else "rows" if answers[0] else "none"] += 1
    assert min(counts.values()) > 15, counts


def _answer(catalog: Catalog, expression: str) -> list[int] | str:
    try:
        return chosen(catalog, expression)
    except InputError as error:
        return str(error)


@pytest.mark.parametrize(
    ("name", "some", "expected"),
    [
        ("width", ["100", "9999"], [1, 2]),
        ("title", ["'Jar'", "'x'"], [0]),
        ("objectName", ["'bowl'", "7", "true"], [3, 4]),
        ("tags", ["'vases'", "9999"], [0, 2]),
        ("artist.born", ["1700.0", "'x'"], [3]),
        ("isHighlight", ["true", "'x'"], [0]),
        ("cluster", ["'plain'", "9999"], [2, 5]),
        ("dropped_by", ["'blurry'", "'x'"], [2]),
        ("kept", ["false"], [2]),
    ],
)
def test_a_list_may_be_long(museum: Catalog, name: str, some: list[str], expected: list[int]) -> None:
    listed = ", ".join((some * 500)[:500])
    assert chosen(museum, f"{name} in ({listed})") == expected
    assert chosen(museum, f"not {name} not in ({listed})") == expected


def test_each_top_term_says_what_it_alone_leaves(museum: Catalog) -> None:
    terms = museum.matching_terms("width = 100 and not (title = 'x' and kept) and (height = 7 or height = 8)")
    assert [(term, len(ids)) for term, ids in terms] == [
        ("width = 100", 2),
        ("not (title = 'x' and kept)", 7),
        ("(height = 7 or height = 8)", 0),
    ]


def test_a_field_gives_every_image_the_value_of_its_first_item_that_has_one(museum: Catalog) -> None:
    numbers = {row.id: int(row.sha256, 16) for row in museum.images(kept=False)}

    def values(field: str) -> dict[int, str]:
        return {numbers[id]: value for id, value in museum.values(field).items() if id in numbers}

    assert values("object_name") == {
        0: "Jar with lid",
        1: "VASE, gilt",
        2: "vase_fragment 100%",
        3: "bowl",
        4: "7",
        6: "größe ÉCLAIR",
    }
    assert values("Object Date") == values('"Object Date"') == values("object_date") == {0: "1890-05-01"}
    assert values("artist.born") == {0: "1850", 3: "1700"}
    assert values("tags") == {0: "vases", 2: "vases"}
    assert values("isHighlight") == {0: "true", 1: "false"}
    assert values("format")[1] == "JPEG"
    assert values("title")[1] == "Fragment"
    assert 3 not in values("title")
    assert values("cluster") == {0: "cluster 1", 1: "busy", 2: "plain", 3: "cluster 1", 4: "busy", 5: "plain"}
    assert values("cluster.first")[0] == "old"
    for wrong in ("blurry", "dark", "aspect", "nosuch", "width = 3", "", "kept"):
        with pytest.raises(InputError):
            museum.values(wrong)


def test_without_clusters_inspections_or_items_names_are_still_known(catalog: Catalog) -> None:
    assert catalog.matching("width > 1 and kept") == set()
    with pytest.raises(InputError, match="there are no clusters yet"):
        catalog.matching("cluster = 1")
    with pytest.raises(InputError, match="no field 'widht'"):
        catalog.matching("widht > 1")


def test_a_field_that_few_objects_have_is_found_among_many(catalog: Catalog) -> None:
    pictures = [image(n, details={"common": n}) for n in range(1400)]
    pictures[700] = image(700, details={"rare": {"deep": "yes"}})
    catalog.add_found(pictures)
    assert len(catalog.matching("rare.deep = 'yes'")) == 1
