"""MetObjects.csv: read a row at a time, however large, and explained where it is not what it should be."""

from __future__ import annotations

import csv
import gzip
import io
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ganvas.catalog.wanted import Page
from ganvas.collect.collecting import collect
from ganvas.collect.sources.met import Met
from ganvas.collect.sources.met_csv import MetObjects
from ganvas.collect.sources.met_options import MetOptions
from ganvas.collect_settings import CollectSettings
from ganvas.errors import InputError
from ganvas.studio import StudioFolder
from tests.collect.conftest import Notes

COLUMNS = [
    *("Object Number", "Is Highlight", "Is Timeline Work", "Is Public Domain", "Object ID", "Gallery Number"),
    *("Department", "AccessionYear", "Object Name", "Title", "Culture", "Period", "Dynasty", "Reign", "Portfolio"),
    *("Constituent ID", "Artist Role", "Artist Prefix", "Artist Display Name", "Artist Display Bio", "Artist Suffix"),
    *("Artist Alpha Sort", "Artist Nationality", "Artist Begin Date", "Artist End Date", "Artist Gender"),
    *("Artist ULAN URL", "Artist Wikidata URL", "Object Date", "Object Begin Date", "Object End Date", "Medium"),
    *("Dimensions", "Credit Line", "Geography Type", "City", "State", "County", "Country", "Region", "Subregion"),
    *("Locale", "Locus", "Excavation", "River", "Classification", "Rights and Reproduction", "Link Resource"),
    *("Object Wikidata URL", "Metadata Date", "Repository", "Tags", "Tags AAT URL", "Tags Wikidata URL"),
]
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 317796485\n".format("5" * 64)


def row(number: int, **changes: str) -> dict[str, str]:
    """A row of the file; a column is named with _ for its spaces."""
    made = dict.fromkeys(COLUMNS, "") | {
        "Object Number": f"19.{number}",
        "Is Highlight": "False",
        "Is Public Domain": "True",
        "Object ID": str(number),
        "Department": "Greek and Roman Art",
        "Object Name": "Vase",
        "Title": f'Terracotta vase, called "the {number}th"',
        "Object Begin Date": "-535",
        "Object End Date": "-525",
        "Medium": "Terracotta;\r\nblack-figure",
        "Classification": "Vases",
        "Link Resource": f"http://www.metmuseum.org/art/collection/search/{number}",
        "Repository": "Metropolitan Museum of Art, New York, NY",
    }
    named = {name.replace("_", " "): value for name, value in changes.items()}
    assert set(named) <= set(made)
    return made | named


def written(rows: Iterable[dict[str, str]], columns: list[str] = COLUMNS) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode("utf-8-sig")


ROWS = [
    row(1),
    row(2, Object_Name="Vase fragment"),
    row(3, Title="Fragments of a vase", Classification="vase, fragment"),
    row(4, Is_Public_Domain="False", Department="Asian Art"),
    row(5, Object_Name="Krater", Is_Highlight="True", Object_Begin_Date="1690", Object_End_Date="1710"),
    row(6, Object_Name="vase\nwith lid", Culture="中国", Department="Asian Art"),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "MetObjects.csv"
    path.write_bytes(written(ROWS))
    return path


def numbers(path: Path, notes: Notes | None = None, **options: Any) -> list[int]:
    source = Met(MetOptions(csv=str(path), **options), CollectSettings(), notes or Notes())
    pages = list(source.start())
    assert all(isinstance(page, Page) and page.what == "object" and not page.is_list for page in pages)
    return [int(page.url.rpartition("/")[2]) for page in pages if isinstance(page, Page)]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"where": "\"Object Name\" ilike '%vase%'"}, [1, 2, 3, 4, 6]),
        ({"where": "\"Object Name\" ilike '%vase%' and \"Is Public Domain\" = 'True'"}, [1, 2, 3, 6]),
        ({"where": "Medium like 'Terracotta;%black-figure' and Culture is not null"}, [6]),
        ({"where": "Culture = '中国'", "name_like": "vase%"}, [6]),
        ({"name_like": "%vase%", "not_": ["fragment"], "public_domain": True}, [1, 6]),
        ({"title_like": '%"the 5th"'}, [5]),
        ({"highlights": True}, [5]),
        ({"date_begin": 1700, "date_end": 1705}, [5]),
        ({"department": ["asian art"]}, [4, 6]),
        ({"department": ["Asian Art", "Greek and Roman Art"], "name_like": "vase"}, [1, 3, 4]),
        ({"where": "Culture = 'none'"}, []),
    ],
)
def test_only_the_chosen_objects_are_asked_for(file: Path, options: dict[str, Any], found: list[int]) -> None:
    assert numbers(file, **options) == found


def test_a_person_is_told_how_many_there_are(file: Path, notes: Notes) -> None:
    numbers(file, notes, name_like="%vase%")
    assert notes.lines == [f"5 of 6 objects in {file} are what was asked for"]


def test_no_mark_other_line_ends_and_gzip_make_no_difference(tmp_path: Path) -> None:
    data = written(ROWS)
    for name, changed in {
        "a.csv": data.removeprefix(b"\xef\xbb\xbf"),
        "b.csv": data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
        "c.csv.gz": gzip.compress(data),
        "d.csv": data.rstrip(b"\n"),
    }.items():
        (tmp_path / name).write_bytes(changed)
        assert numbers(tmp_path / name, where="culture = '中国' or object_id = 1") == [1, 6], name


def test_a_file_of_any_length_is_read_in_the_same_memory(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.csv"
        path.write_bytes(written(row(number) for number in range(1, count + 1)))
        found = MetObjects(str(path)).chosen(MetOptions(csv=str(path), name_like="%vase%"), lambda line: None)
        tracemalloc.start()
        assert sum(1 for _ in found) == count
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    few = peak(200)
    assert peak(10_000) < few + 2**18 < 2**20


def test_a_pointer_of_git_lfs_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "MetObjects.csv"
    path.write_text(POINTER)
    with pytest.raises(InputError, match="is a Git LFS pointer, not the file itself: run `git lfs pull`") as raised:
        numbers(path)
    assert "or download https://media.githubusercontent.com/media/metmuseum/openaccess/" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", "its first line must name a column \"Object ID\" and begins with ''"),
        (b"url,label\nhttp://a,b\n", "begins with 'url, label'"),
        (b"Object ID;Title\n1;a\n", "begins with 'Object ID;Title'"),
        (b"Object ID\tTitle\n", "is no MetObjects.csv"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "is no MetObjects.csv"),
        (b"PK\x03\x04" + b"\0" * 99, "is no MetObjects.csv"),
        (b'"' + b"a" * 200_000, "is no MetObjects.csv (field larger than field limit"),
        (b"\x1f\x8b" + b"no gzip at all", "is no MetObjects.csv"),
        (gzip.compress(written(ROWS))[:40], "is no MetObjects.csv"),
        (written(ROWS).decode("utf-8-sig").encode("utf-16"), "is no MetObjects.csv"),
    ],
)
def test_another_file_is_told_in_one_line(tmp_path: Path, data: bytes, line: str) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes(data)
    with pytest.raises(InputError) as raised:
        numbers(path)
    assert line in str(raised.value)
    assert str(raised.value).isprintable()


def test_a_file_that_is_not_there_or_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        numbers(tmp_path / "no.csv")
    with pytest.raises(InputError, match="cannot be opened"):
        numbers(tmp_path)


@pytest.mark.parametrize(
    ("missing", "options"),
    [
        ("Object Name", {"name_like": "vase"}),
        ("Classification", {"not_": ["fragment"]}),
        ("Is Public Domain", {"public_domain": True}),
        ("Department", {"department": ["Asian Art"]}),
    ],
)
def test_a_column_that_is_asked_about_must_be_there(tmp_path: Path, missing: str, options: dict[str, Any]) -> None:
    path = tmp_path / "few.csv"
    path.write_bytes(written(ROWS, [name for name in COLUMNS if name != missing]))
    assert numbers(path) == [1, 2, 3, 4, 5, 6]
    with pytest.raises(InputError, match=f'has no column "{missing}"'):
        numbers(path, **options)


def test_an_expression_names_its_columns(file: Path) -> None:
    with pytest.raises(InputError, match="--where, at character 1: no column is called Objct.Name|Objct Name"):
        numbers(file, where="\"Objct Name\" = 'x'")


def test_a_department_is_named_not_numbered(file: Path) -> None:
    with pytest.raises(InputError, match="--department 6: MetObjects.csv has no numbers for them, write its name"):
        numbers(file, department=["6"])
    with pytest.raises(InputError, match=r"of a department 'Asian Arts'\. Did you mean Asian Art\?"):
        numbers(file, department=["Asian Arts"])


@pytest.mark.parametrize(
    ("content", "options"),
    [(None, {}), (POINTER.encode(), {}), (b"", {}), (True, {"where": "Titel = 'x'"}), (True, {"department": ["6"]})],
)
def test_what_cannot_be_is_refused_before_a_collection_begins(
    tmp_path: Path, file: Path, content: bytes | bool | None, options: dict[str, Any]
) -> None:
    path = file if content is True else tmp_path / "other.csv"
    if isinstance(content, bytes):
        path.write_bytes(content)
    studio = StudioFolder.create(tmp_path / "studio")
    with pytest.raises(InputError):
        collect(studio, "met", {"csv": str(path), **options})
    assert studio.catalog.collections() == []
    studio.catalog.close()


def test_a_file_that_was_cut_short_gives_what_it_has_and_says_so(file: Path, notes: Notes) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: data.index("中国".encode()) + 2])  # in the middle of a letter in the middle of a row
    assert numbers(file, notes) == [1, 2, 3, 4, 5]
    assert any("it was cut short" in line for line in notes.lines)


def test_a_packed_file_that_was_cut_short_gives_what_it_has_and_says_so(tmp_path: Path, notes: Notes) -> None:
    path = tmp_path / "MetObjects.csv.gz"
    data = gzip.compress(written(row(number, Culture=str(hash(str(number)))) for number in range(3000)))
    path.write_bytes(data[: len(data) // 2])
    found = numbers(path, notes)
    assert found == list(range(len(found)))
    assert 0 < len(found) < 3000
    assert any("it was cut short" in line for line in notes.lines)


def test_rows_that_are_none_are_passed_over_and_counted(file: Path, notes: Notes) -> None:
    odd = b"a,b,c\n\n" + b"\0\0\0\n" + b"," * 80 + b"\n"
    others = written([row(7, Object_ID="x"), row(7, Object_ID="7" * 5000), row(8, Title="a\0b")]).partition(b"\n")[2]
    file.write_bytes(file.read_bytes() + odd + others)
    assert numbers(file, notes, where="title like 'a%b'") == [8]
    [_, line] = notes.lines
    assert "5 rows (the first ends in line 15) have no number or not 54 cells: passed over" in line


def test_a_quote_that_is_not_closed_is_told_with_its_place(file: Path) -> None:
    data = file.read_bytes() + b'"open,' + written(row(n) for n in range(9, 900)).replace(b'"', b"")
    file.write_bytes(data)
    with pytest.raises(InputError, match=r"MetObjects.csv, line [\d,]+: field larger than .* a quote before it is not"):
        numbers(file)
