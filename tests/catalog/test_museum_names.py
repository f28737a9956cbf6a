"""Expressions over objects of a museum, which fill columns, and pictures of a folder, whose metadata is alike."""

from __future__ import annotations

import pytest

from ganvas.catalog import Catalog, FoundPicture
from ganvas.catalog.fetch_records import DONE, Finished, StoredImage
from ganvas.catalog.wanted import KINDS, Item, Picture
from ganvas.errors import InputError

TAGS = [{"term": "Vases", "AAT_URL": "http://vocab.example/1"}, {"term": "Men"}]
OBJECTS = [
    Item(
        "1",
        (Picture("http://met.example/1.jpg"),),
        artist="Exekias",
        object_name="Amphora",
        culture="Greek, Attic",
        date="ca. 540 BCE",
        begin_date=-545,
        end_date=-535,
        tags=("Vases", "Men"),
        details={"objectName": "Amphora", "artistDisplayName": "Exekias", "tags": TAGS},
    ),
    Item("2", (Picture("http://met.example/2.jpg"),), object_name="Bowl", details={"objectName": "Bowl", "tags": None}),
]
LOCAL = [
    {
        "artist": "Exekias (copy)",
        "Object Name": "Vase",
        "date": "1900",
        "tags": ["Vases", "Copies"],
        "begin date": 1900,
    },
    {"artist": {"name": "Anon"}, "culture": "Greek", "tags": {"term": "Vases"}},
    {},
]


def image(number: int) -> dict[str, object]:
    facts = {"bytes": 9, "format": "PNG", "width": 8, "height": 8, "mode": "RGB", "frames": 1}
    return {"sha256": f"{number:064x}"} | facts


@pytest.fixture
def museum(catalog: Catalog) -> Catalog:
    """Images 1 and 2 are the museum's, 3 to 5 the folder's."""
    collection = catalog.begin_collection("met", {}, None, None).id
    catalog.want(collection, "met", OBJECTS)
    leased = catalog.lease(collection, "me", 9, KINDS, 0.5, 9.0)
    catalog.finish(
        collection,
        "met",
        "me",
        [Finished(one.id, DONE, image=StoredImage(**image(n))) for n, one in enumerate(leased, 1)],  # type: ignore[arg-type]
    )
    local = [
        FoundPicture(**image(n), unreadable=None, source="folder", key=str(n), details=details)  # type: ignore[arg-type]
        for n, details in enumerate(LOCAL, 3)
    ]
    catalog.add_found(local)
    return catalog


@pytest.mark.parametrize(
    ("expression", "images"),
    [
        ("artist = 'Exekias'", [1]),
        ("artist like 'Exekias%'", [1, 3]),
        ("artist is null", [2, 5]),
        ("artist.name = 'Anon'", [4]),
        ("object_name in ('Amphora', 'Vase')", [1, 3]),
        ("Object_Name ilike 'BOWL'", [2]),
        ("culture ilike '%greek%'", [1, 4]),
        ("culture != 'Greek'", [1, 2, 3, 5]),
        ("date = '1900' or date > 1800", [3]),
        ("date = artist", []),
        ("begin_date < 0", [1]),
        ("begin_date between 1000 and 2000", [3]),
        ("end_date = '-535'", [1]),
        ("tags = 'Vases'", [1, 3]),
        ("tags in ('Men', 'Copies')", [1, 3]),
        ("not tags = 'Vases'", [2, 4, 5]),
        ("tags.term = 'Vases'", [1, 4]),
        ("tags.term ilike 'm%'", [1]),
        ("tags.term is null", [2, 3, 5]),
        ("tags.aat_url is not null", [1]),
        ("tags.term = tags", [1]),
        ("\"Object Name\" = 'Vase'", [3]),
    ],
)
def test_a_museums_words_and_a_folders_are_asked_alike(museum: Catalog, expression: str, images: list[int]) -> None:
    numbers = {row.id: int(row.sha256, 16) for row in museum.images()}
    assert sorted(numbers[id] for id in museum.matching(expression)) == images


def test_labels_come_from_the_column_or_the_metadata_behind_it(museum: Catalog) -> None:
    numbers = {row.id: int(row.sha256, 16) for row in museum.images()}

    def labels(field: str) -> dict[int, str]:
        return {numbers[id]: label for id, label in museum.values(field).items()}

    assert labels("object_name") == {1: "Amphora", 2: "Bowl", 3: "Vase"}
    assert labels("tags") == {1: "Vases", 3: "Vases"}
    assert labels("tags.term") == {1: "Vases", 4: "Vases"}
    assert labels("begin_date") == {1: "-545", 3: "1900"}


@pytest.mark.parametrize(
    ("expression", "images"),
    [
        ("medium = 'Terracotta'", []),
        ("not Medium = 'Terracotta'", [1, 2, 3, 4, 5]),
        ("classification is null", [1, 2, 3, 4, 5]),
        ("not thumbnail", [1, 2, 3, 4, 5]),
        ("thumbnail", []),
    ],
)
def test_what_nobody_said_is_a_name_that_holds_for_none(museum: Catalog, expression: str, images: list[int]) -> None:
    numbers = {row.id: int(row.sha256, 16) for row in museum.images()}
    assert sorted(numbers[id] for id in museum.matching(expression)) == images
    assert museum.values("medium") == {}


def test_a_thumbnail_is_what_stands_in_for_an_original_whatever_a_service_calls_so(museum: Catalog) -> None:
    said = [{"thumbnail": True}, {"thumbnail": "http://a.example/t.jpg"}, {"thumbnail": None}]
    museum.add_found(
        [
            FoundPicture(**image(n), unreadable=None, source="web", key=str(n), details=details)  # type: ignore[arg-type]
            for n, details in enumerate(said, 6)
        ]
    )
    numbers = {row.id: int(row.sha256, 16) for row in museum.images()}
    assert {numbers[id] for id in museum.matching("Thumbnail")} == {6}
    assert {numbers[id] for id in museum.matching("thumbnail = false and source = 'web'")} == {7, 8}
    assert {numbers[id] for id in museum.matching("\"thumbnail\" like 'http%'")} == {7}


def test_a_misspelt_column_is_no_name(museum: Catalog) -> None:
    with pytest.raises(InputError, match="no field 'mediun'. Did you mean medium"):
        museum.matching("mediun = 'Terracotta'")
