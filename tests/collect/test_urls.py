"""What a list of addresses gives: whatever its form, nothing of it vanishes without a word."""

from __future__ import annotations

import base64
import contextlib
import gzip
import io
import json
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from ganvas.catalog.wanted import Item
from ganvas.collect.lists.bytes_in import kept_input
from ganvas.collect.sources.urls import Urls
from ganvas.collect_settings import CollectSettings
from ganvas.errors import InputError

A, B, C = (f"https://pictures.example/{name}.jpg" for name in "abc")


@pytest.fixture
def items(notes: Any) -> Any:
    """`items(path, label_column=…)`: all items of a list."""

    def all_of(path: Path | str, **options: str) -> list[Item]:
        source = Urls(Urls.Options(list=str(path), **options), CollectSettings(), notes)
        return list(source.start())

    return all_of


def addresses(found: list[Item]) -> list[str]:
    return [picture.url for item in found for picture in item.pictures]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def parquet(rows: list[dict[str, Any]]) -> bytes:
    stream = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), stream)
    return stream.getvalue()


ROWS = [{"n": 1, "image_url": A, "class": "cat"}, {"n": 2, "image_url": B, "class": "dog"}]
FORMS = {
    "list.csv": f"n,image_url,class\n1,{A},cat\n2,{B},dog\n",
    "semicolons.csv": f"n;image_url;class\r\n1;{A};cat\r\n2;{B};dog\r\n",
    "spreadsheet.csv": f"sep=;\nn;image_url;class\n1;{A};cat\n2;{B};dog\n",
    "list.tsv": f"n\timage_url\tclass\n1\t{A}\tcat\n2\t{B}\tdog\n",
    "bars.csv": f"n|image_url|class\n1|{A}|cat\n2|{B}|dog\n",
    "no-suffix": f"n,image_url,class\n1,{A},cat\n2,{B},dog\n",
    "list.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS),
    "json-without-a-name": "".join(json.dumps(row) + "\n" for row in ROWS),
    "list.parquet": parquet(ROWS),
    "parquet-by-another-name.csv": parquet(ROWS),
    "list.csv.gz": gzip.compress(f"n,image_url,class\n1,{A},cat\n2,{B},dog\n".encode()),
    "gzip-by-another-name.csv": gzip.compress(f"n,image_url,class\n1,{A},cat\n2,{B},dog\n".encode()),
    "list.jsonl.gz": gzip.compress("".join(json.dumps(row) + "\n" for row in ROWS).encode()),
    "with-bom.csv": b"\xef\xbb\xbf" + f"image_url,n,class\n{A},1,cat\n{B},2,dog\n".encode(),
    "utf16.csv": f"n,image_url,class\n1,{A},cat\n2,{B},dog\n".encode("utf-16"),
    "utf16-without-bom.csv": f"n,image_url,class\n1,{A},cat\n2,{B},dog\n".encode("utf-16-le"),
    "old-mac.csv": f"n,image_url,class\r1,{A},cat\r2,{B},dog\r",
}


@pytest.mark.parametrize("name", FORMS)
def test_the_same_rows_are_found_in_every_form(tmp_path: Path, items: Any, name: str) -> None:
    found = items(write(tmp_path / name, FORMS[name]))
    assert addresses(found) == [A, B]
    assert [item.label for item in found] == ["cat", "dog"]
    assert [str(item.details["n"]) for item in found] == ["1", "2"]
    assert [item.key for item in found] == [f"{A}=cat", f"{B}=dog"]
    assert [item.link for item in found] == [A, B]


@pytest.mark.parametrize("name", ["list.txt", "list.txt.gz", "no-suffix", "list.urls"])
def test_a_text_has_an_address_a_line_comments_and_blank_lines(tmp_path: Path, items: Any, name: str) -> None:
    text = f"# mine\n\n  {A}\n{B}\r\n\n#{C}\n{C}".encode()
    found = items(write(tmp_path / name, gzip.compress(text) if name.endswith("gz") else text))
    assert addresses(found) == [A, B, C]
    assert [item.key for item in found] == [A, B, C]


def test_standard_input_is_read_too(items: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{A}\n{B}\n".encode())))
    kept_input.cache_clear()
    try:
        assert addresses(items("-")) == [A, B]
    finally:
        kept_input().unlink()
        kept_input.cache_clear()


def test_columns_are_found_by_their_names_and_said(tmp_path: Path, items: Any, notes: Any) -> None:
    path = write(tmp_path / "list.csv", f"URL,link,TEXT,License,credit,size\nx.jpg,{A},a cat,CC0,Ada,9\n")
    item = items(path)[0]
    assert (item.title, item.licence, item.attribution, item.label) == ("a cat", "CC0", "Ada", None)
    assert item.pictures[0].url == A  # the column called URL holds no addresses
    assert item.details == {"URL": "x.jpg", "size": "9"}
    assert "url from column link; title from column TEXT" in notes.lines[0]


def test_of_several_columns_that_say_the_same_none_is_lost(tmp_path: Path, items: Any) -> None:
    rows = [{"url": A, "author": "Ada", "Artist": ["Bea", "Cy"], "split": "mine", "maker": {"id": 3}}]
    item = items(write(tmp_path / "list.jsonl", json.dumps(rows[0]) + "\n"))[0]
    assert (item.artist, item.split) == ("Bea, Cy", None)
    assert item.details == {"author": "Ada", "split": "mine", "maker": {"id": 3}}
    path = write(tmp_path / "list.csv", f"url,artist,maker\n{A},Ada,Dee\n")
    item = items(path, artist_column="maker")[0]
    assert (item.artist, item.details) == ("Dee", {"artist": "Ada"})
    path = write(tmp_path / "some.csv", f"url,label,class,artist,photographer\n{A},,cup,,Bob\n{B},jar,pot,Ada,Cy\n")
    first, second = items(path)
    assert (first.artist, first.label, first.details) == ("Bob", None, {"class": "cup"})
    assert (second.artist, second.label, second.details) == ("Ada", "jar", {"class": "pot", "photographer": "Cy"})


def test_a_list_of_labels_is_no_label_unless_its_column_is_asked_for(tmp_path: Path, items: Any) -> None:
    rows = [{"url": A, "category": ["a", "b"]}, {"url": B, "category": "c"}]
    for name, data in (("list.jsonl", "\n".join(map(json.dumps, rows)).encode()), ("list.parquet", parquet(rows[:1]))):
        first, *others = items(write(tmp_path / name, data))
        assert (first.key, first.label, first.details) == (A, None, {"category": ["a", "b"]})
        assert [other.label for other in others] == ["c"] * len(others)
        assert items(tmp_path / name, label_column="category")[0].label == "a, b"


@pytest.mark.parametrize(
    "column",
    [
        *(
            "artist：",
            "‘artist’",
            "«Artist»",
            "¿artist?",
            "artist €",
            "→artist",
            "artist\u200b",
            "\ufeffartist",
            "\u200eartist",
        ),
        *("artist–name", "artist\u3000name", "artist\u200bname", "Artist\tName", "ArtistName", "_artist__name_"),
    ],
)
def test_a_column_is_known_whatever_stands_about_and_between_its_words(tmp_path: Path, items: Any, column: str) -> None:
    path = write(tmp_path / "list.jsonl", json.dumps({"url": A, column: "Ada"}) + "\n")
    assert items(path)[0].artist == "Ada"


def test_names_of_any_script_are_told_apart(tmp_path: Path, items: Any) -> None:
    path = write(tmp_path / "list.csv", f"url,标题1,कि,می\u200cخواهم,ÄRZTE\n{A},Vase,x,y,Ada\n")
    for unlike in ("作者1", "की", "می_خواهم", "میخواهم", "#", "…"):
        with pytest.raises(InputError, match="has no column"):
            items(path, artist_column=unlike)
    assert items(path, artist_column="ärzte")[0].artist == "Ada"


def test_one_column_may_say_several_things(tmp_path: Path, items: Any) -> None:
    path = write(tmp_path / "list.csv", f"url,photographer\n{A},Ada\n")
    asked = {"artist": "photographer", "attribution": "photographer", "url": "url", "title": "url"}
    item = items(path, **{f"{what}_column": column for what, column in asked.items()})[0]
    assert (item.artist, item.attribution, item.title, item.details) == ("Ada", "Ada", A, {})


def test_columns_that_are_asked_for_win(tmp_path: Path, items: Any) -> None:
    path = write(tmp_path / "list.csv", f"url,big picture,model,class\n{A},{B},jordan 1,shoe\n")
    item = items(path, url_column="Big-Picture", label_column="model")[0]
    assert (item.pictures[0].url, item.label, item.details) == (B, "jordan 1", {"url": A, "class": "shoe"})


def test_a_table_without_a_header_is_one_all_the_same(tmp_path: Path, items: Any) -> None:
    path = write(tmp_path / "list.csv", f"cat,{A}\ndog,{B}\n")
    found = items(path, label_column="1")
    assert [(item.label, *addresses([item])) for item in found] == [("cat", A), ("dog", B)]


def test_an_address_with_a_comma_in_a_table_of_one_column_stays_whole(tmp_path: Path, items: Any) -> None:
    comma = "https://pictures.example/a,b.jpg"
    assert addresses(items(write(tmp_path / "list.csv", f"url\n{A}\n{comma}\n{B}\n"))) == [A, comma, B]
    assert addresses(items(write(tmp_path / "bare", f"{comma}\n{A}\n{B}\n{C}\n"))) == [comma, A, B, C]


def test_a_row_without_an_address_is_counted_and_one_with_a_bad_one_is_an_item(
    tmp_path: Path, items: Any, notes: Any
) -> None:
    path = write(tmp_path / "list.csv", f"url,class\n{A},x\n,x\n not an address ,x\n  ,x\n")
    assert addresses(items(path)) == [A, "not an address"]
    assert "2 rows have no address and were passed over, the first is row 2" in notes.lines


def test_the_same_address_with_two_labels_is_two_items_and_a_split_is_taken(tmp_path: Path, items: Any) -> None:
    path = write(tmp_path / "list.csv", f"url,label,split\n{A}#top,x,train\n{A},y,test\n")
    found = items(path)
    assert [item.key for item in found] == [f"{A}=x", f"{A}=y"]
    assert [item.split for item in found] == ["train", "held-out"]


def test_quotes_over_lines_ragged_rows_and_nuls_are_read(tmp_path: Path, items: Any, notes: Any) -> None:
    text = f'url,caption,n\n{A},"two\nlines, ""quoted""",1\n{B}\n{C},long,2,more,still\x00more\n'
    found = items(write(tmp_path / "list.csv", text))
    assert addresses(found) == [A, B, C]
    assert found[0].title == 'two\nlines, "quoted"'
    assert found[2].details == {"n": "2", "4": "more", "5": "stillmore"}
    assert any("2 rows have more or fewer cells" in line for line in notes.lines)


def test_latin_1_is_read_and_said(tmp_path: Path, items: Any, notes: Any) -> None:
    path = write(tmp_path / "list.csv", f"url,title\n{A},Käfer\n".encode("latin-1") + f"{B},Vögel\n".encode())
    assert [item.title for item in items(path)] == ["Käfer", "Vögel"]
    assert any("1 line is not UTF-8 and was" in line for line in notes.lines)


def test_huge_fields_and_many_columns_are_kept_up_to_a_cap_and_said(tmp_path: Path, items: Any, notes: Any) -> None:
    header = ",".join(["url", "text", *(f"c{i}" for i in range(150))])
    path = write(tmp_path / "list.csv", f"{header}\n{A},t,{'x' * 300_000},{','.join('1' * 149)}\n")
    details = items(path)[0].details
    assert len(details) == 100
    assert len(details["c0"]) == 4000
    assert any(line.startswith("of 1 row not all is kept") for line in notes.lines)


def test_a_quote_that_nothing_closes_costs_what_it_swallows_and_is_said(tmp_path: Path, items: Any, notes: Any) -> None:
    rows = "".join(f"https://pictures.example/{i}.jpg,t\n" for i in range(150_000))
    found = items(write(tmp_path / "list.csv", f'url,title\n{A},"open\n{rows}'))
    assert 1 < len(found) < 150_000
    assert any("look for a quote that nothing closes" in line for line in notes.lines)


def test_an_image_in_its_own_address_comes_with_its_bytes(tmp_path: Path, items: Any, paint: Any) -> None:
    encoded = base64.b64encode(paint(1)).decode()
    path = write(tmp_path / "list.jsonl", json.dumps({"url": f"data:image/png;base64,{encoded}"}) + "\n")
    picture = items(path)[0].pictures[0]
    assert picture.data == paint(1)
    assert picture.url.startswith("data:image/png;base64;sha256=")
    assert len(picture.url) < 200
    path = write(tmp_path / "bare.jsonl", json.dumps({"url": f"DATA:image/png; base64,{encoded.rstrip('=')}"}) + "\n")
    assert items(path)[0].pictures[0].data == paint(1)
    path = write(tmp_path / "bad.jsonl", json.dumps({"url": "data:image/png;base64,a***"}) + "\n")
    assert items(path)[0].pictures[0].data is None
    path = write(tmp_path / "half.jsonl", '{"url": "data:image/png,\\ud800"}\n' + json.dumps({"url": A}) + "\n")
    half, whole = items(path)
    assert (half.pictures[0].data, whole.pictures[0].url) == (None, A)


def test_json_may_hold_several_addresses_and_bad_lines_are_counted(tmp_path: Path, items: Any, notes: Any) -> None:
    lines = [json.dumps({"images": [A, {"url": B}], "id": 7}), "{cut short", "[1]", json.dumps(C), ""]
    found = items(write(tmp_path / "list.jsonl", "\n".join(lines)), url_column="images")
    assert [addresses([item]) for item in found] == [[A, B]]
    assert any("2 lines are no JSON objects and were passed over, the first is line 2" in line for line in notes.lines)
    assert any("1 row has no address and was" in line for line in notes.lines)


def test_a_parquet_list_keeps_numbers_lists_and_text_in_bytes(tmp_path: Path, items: Any) -> None:
    rows = [{"url": A.encode(), "score": 0.5, "tags": ["a", "b"], "raw": b"\xff"}]
    item = items(write(tmp_path / "list.parquet", parquet(rows)))[0]
    assert (item.pictures[0].url, item.details) == (A, {"score": 0.5, "tags": ["a", "b"]})


def test_a_list_that_is_cut_short_gives_what_came_before_and_says_so(tmp_path: Path, notes: Any) -> None:
    whole = gzip.compress("".join(f"https://pictures.example/{i * i}.jpg\n" for i in range(60_000)).encode())
    path = write(tmp_path / "list.txt.gz", whole[: len(whole) // 2])
    source = Urls(Urls.Options(list=str(path)), CollectSettings(), notes)
    found: list[Item] = []
    with pytest.raises(InputError, match=r"is damaged after line .*what came before is kept"):
        found.extend(source.start())
    assert len(found) > 10_000


BAD: dict[str, tuple[str, str | bytes]] = {
    "is empty": ("list.csv", b"  \n"),
    "a PDF": ("list.csv", b"%PDF-1.7 ..."),
    "save the sheet as CSV": ("list.xlsx", b"PK\x03\x04 sheet"),
    "a web page": ("list.csv", "<!DOCTYPE html><html></html>"),
    "is one JSON array": ("list.json", '[{"url": "x"}]'),
    "no column of .*list.csv holds addresses.*There is: a, b": ("list.csv", "a,b\n1,2\n"),
    "passwd holds no addresses: a list names one in every row, http://… or https://…$": (
        "passwd",
        "root:x:0:0\nbin:x:1:1\n",
    ),
    "damaged or no Parquet": ("list.parquet", b"PAR1 and no more"),
    "not text": ("list.csv", bytes(range(256)) * 20),
    "holds no rows": ("list.txt", "# only words\n"),
    "unpack it": ("list.csv.bz2", b"BZh91AY"),
    "packed and damaged": ("list.csv.gz", b"\x1f\x8b broken"),
}


@pytest.mark.parametrize("said", BAD)
def test_what_is_no_list_is_refused_in_one_line(tmp_path: Path, items: Any, said: str) -> None:
    name, content = BAD[said]
    with pytest.raises(InputError, match=said) as refused:
        items(write(tmp_path / name, content))
    assert "\n" not in str(refused.value)


def test_a_picture_a_folder_and_nothing_at_all_are_refused(tmp_path: Path, items: Any, paint: Any) -> None:
    with pytest.raises(InputError, match="a picture .*ganvas add"):
        items(write(tmp_path / "list.csv", paint(1)))
    with pytest.raises(InputError, match="is a folder"):
        items(tmp_path)
    with pytest.raises(InputError, match="no such list"):
        items(tmp_path / "none.csv")


def test_a_column_that_is_not_there_is_told_with_the_nearest(tmp_path: Path, items: Any) -> None:
    path = write(tmp_path / "list.csv", f"url,modell\n{A},x\n")
    with pytest.raises(InputError, match=r"no column 'model' for --label-column. Did you mean modell\?"):
        items(path, label_column="model")
    path = write(tmp_path / "other.csv", f"url,标题\n{A},x\n")
    with pytest.raises(InputError, match="no column '作者' for --artist-column"):
        items(path, artist_column="作者")


def test_columns_with_endless_names_do_not_flood_the_error(tmp_path: Path, items: Any) -> None:
    path = write(tmp_path / "list.csv", f"{'a' * 9000},{','.join(map(str, range(5000)))}\n1,2\n")
    for options in ({}, {"url_column": "x"}):
        with pytest.raises(InputError) as refused:
            items(path, **options)
        assert len(str(refused.value)) < 500 + len(str(path))


def test_a_list_is_the_same_from_whatever_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Urls.Options(list="list.csv") == Urls.Options(list=str(tmp_path / "list.csv"))
    assert Urls.Options(list="-").list == "-"


@pytest.mark.parametrize("name", ["list.csv", "list.jsonl", "list.txt.gz"])
def test_a_long_list_takes_no_more_memory_than_a_short_one(tmp_path: Path, notes: Any, name: str) -> None:
    def peak(rows: int) -> int:
        path = write(tmp_path / name, many(name, rows))
        source = Urls(Urls.Options(list=str(path)), CollectSettings(), notes)
        tracemalloc.start()
        assert sum(1 for _ in source.start()) == rows
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    def many(name: str, rows: int) -> bytes:
        addresses: Iterator[str] = (f"https://pictures.example/{i:07d}.jpg" for i in range(rows))
        if name.endswith(".jsonl"):
            return "".join(f'{{"url": "{address}", "n": 1}}\n' for address in addresses).encode()
        if name.endswith(".csv"):
            return ("url,n\n" + "".join(f"{address},1\n" for address in addresses)).encode()
        return gzip.compress("".join(f"{address}\n" for address in addresses).encode(), 1)

    assert peak(20_000) < peak(2_000) + 100_000


@pytest.mark.parametrize("name", FORMS)
def test_a_damaged_list_is_read_or_refused_never_worse(tmp_path: Path, items: Any, name: str) -> None:
    whole = FORMS[name].encode() if isinstance(FORMS[name], str) else FORMS[name]
    dice = random.Random(name)
    for _ in range(60):
        damaged = bytearray(whole[: dice.randrange(1, len(whole) + 1)])
        for _ in range(dice.randrange(4)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        with contextlib.suppress(InputError):
            items(write(tmp_path / name, bytes(damaged)))
