"""Whom a set's pictures are owed to: every one of them is there, by licence, and words from outside stay words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from ganvas.catalog import FoundPicture, MemberRow, SetRow
from ganvas.catalog.public_keys import FILE_SOURCES, public_key
from ganvas.catalog.schema import Item
from ganvas.collect.registry import SOURCES, source_for
from ganvas.errors import InputError
from ganvas.report import write_credits
from ganvas.studio import StudioFolder

CC, BY = "CC0 1.0", "CC BY-SA 4.0"


@pytest.fixture
def studio(tmp_path: Path, catalog_url: str) -> Iterator[StudioFolder]:
    made = StudioFolder.create(tmp_path / "studio", catalog_url)
    yield made
    made.catalog.close()


def put(studio: StudioFolder, picture: int, key: str, source: str = "commons", **said: Any) -> None:
    """What one source says of a picture."""
    found = {name: said.pop(name) for name in ("title", "licence", "attribution") if name in said}
    sha256 = f"{picture:064x}"
    studio.catalog.add_found([FoundPicture(sha256, 9, "PNG", 8, 8, "RGB", 1, None, source, key, **found)])
    if said:
        with studio.catalog.session(write=True) as connection:
            connection.execute(update(Item).where(Item.key == key).values(said))


def make(studio: StudioFolder, pictures: int, name: str = "vases") -> None:
    row = SetRow(name, 8, 8, 3, pictures, [], {}, "f" * 64)
    studio.catalog.add_set(row, [MemberRow(n, f"{n:064x}", None, "train") for n in range(pictures)])
    (studio.sets / name).mkdir()


def test_every_picture_is_credited_under_its_licence(studio: StudioFolder) -> None:
    for n in range(3):
        put(studio, n, f"m{n}", "met", licence=CC, attribution="The Met")
    put(studio, 3, "c3", licence=BY, attribution="“Vase” by Ada", link="https://commons.example/File:Vase (1).jpg")
    put(studio, 4, "m4", "met", licence=CC, title="Krater", artist="Exekias")
    put(studio, 5, "f5", "folder", title="mine")
    make(studio, 6)
    written = write_credits(studio, "vases")
    assert (written.licences, written.not_stated, written.pictures) == ({CC: 4, BY: 1}, 1, 6)
    assert written.markdown.parent == written.json.parent == studio.sets / "vases"
    text = written.markdown.read_text()
    assert "| CC0 1.0 | 4 |\n| CC BY-SA 4.0 | 1 |\n| not stated | 1 |" in text
    assert "- 0–2: The Met\n- 4: “Krater” by Exekias\n" in text
    assert "- 3: “Vase” by Ada <https://commons.example/File:Vase%20(1).jpg>\n" in text
    assert text.index(f"## {CC}") < text.index(f"## {BY}") < text.index("## Licence not stated")
    record = json.loads(written.json.read_text())
    assert [each["position"] for each in record["credits"]] == list(range(6))
    assert record["credits"][4]["artist"] == "Exekias"
    assert record["credits"][4]["original"] == f"images/00/{4:064x}"
    assert (record["licences"], record["not_stated"]) == ({CC: 4, BY: 1}, 1)


def test_a_picture_found_twice_is_counted_once_and_owed_to_both(studio: StudioFolder) -> None:
    put(studio, 0, "a", "web", title="found somewhere")
    put(studio, 0, "b", licence=BY, attribution="Ada")
    make(studio, 1)
    written = write_credits(studio, "vases")
    assert (written.licences, written.not_stated) == ({BY: 1}, 0)
    assert "- 0: “found somewhere”; also: Ada\n" in written.markdown.read_text()
    credit = json.loads(written.json.read_text())["credits"][0]
    assert (credit["source"], [each["source"] for each in credit["also"]]) == ("web", ["commons"])


def test_words_from_outside_are_no_markdown_and_no_control_characters(studio: StudioFolder) -> None:
    hostile = "<script>x</script> [a](javascript:b) |\n# head\n- list \x1b[2J ![p](q) `c` \u2028z\u202e"
    put(studio, 0, "a", licence=hostile, attribution=hostile, link="javascript:alert(1)")
    put(studio, 1, "b", licence=hostile, title=hostile, link="https://x.example/>)<b>\n## y")
    make(studio, 2)
    text = write_credits(studio, "vases").markdown.read_text()
    assert "\\<script\\>" in text
    bare = text.replace("\\<", "")
    assert not any(
        bad in bare for bad in ("<script", "\n# head", "\x1b", "javascript:alert", "\u2028", "\u202e", "\n## y")
    )
    assert "](" not in text.replace("\\](", "")
    assert sum(line.startswith("#") for line in text.splitlines()) == 2
    assert "<https://x.example/%3E)%3Cb%3E%0A##%20y>" in text


def test_what_turns_a_line_or_is_not_seen_is_gone_and_joiners_stay(studio: StudioFolder) -> None:
    put(studio, 0, "a", attribution="A\u200eB\u200fC\u061cD\u200bE\ufeffF\u202eG\u2067H می\u200cخواهم")
    make(studio, 1)
    assert "- 0: A B C D E F G H می\u200cخواهم\n" in write_credits(studio, "vases").markdown.read_text()


def test_no_folder_of_this_machine_is_named(studio: StudioFolder) -> None:
    put(studio, 0, "/home/me/private/pots!a/b.png#9-9", "folder")
    put(studio, 1, "http://a.example/x!1.jpg", "urls")
    put(studio, 2, "/home/me!/private/pots!a.png", "archive")
    put(studio, 3, "File:AC/DC!.jpg", "commons")
    make(studio, 4)
    written = write_credits(studio, "vases")
    assert "- 0: folder: pots\\!a/b.png\\#9-9\n- 1: urls: http://a.example/x\\!1.jpg\n" in written.markdown.read_text()
    assert "/home/me" not in written.json.read_text()
    keys = [one["key"] for one in json.loads(written.json.read_text())["credits"]]
    assert (keys[2].rpartition("/")[2], keys[3]) == ("pots!a.png", "File:AC/DC!.jpg")


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("pots!good/a.png#9-9=c", "pots!good/a.png#9-9=c"),
        ("pots.zip!a.png#00ff00ff=Rock/Pop", "pots.zip!a.png#00ff00ff=Rock/Pop"),
        ("pots!a.png#9--9=x#1=!#unread", "pots!a.png#9--9=x#1=!#unread"),
        ("pots!a.png=x!y#12", "pots!a.png=x!y#12"),
        ("pots!x#1/a#2.png#9-9", "pots!x#1/a#2.png#9-9"),
        ("x.parquet!0000001=!", "x.parquet!0000001=!"),
        ("pots!best!/a.png", "pots!best!/a.png"),
        ("home!x/#1=s/pots!a.png", "*/pots!a.png"),
        ("home!x/b#1=pots!a.png", "*/b#1=pots!a.png"),
        ("pots!good/a.png#9-9=Wow!", "*/a.png#9-9=Wow!"),
        ("pots!a.png#00ff00ff=Rock/Pop!", "*/Pop!"),
        ("pots!y/a!b.png#9-9=c!", "*/a!b.png#9-9=c!"),
    ],
)
def test_a_key_tells_what_lies_in_a_folder_whatever_it_is_called(key: str, shown: str) -> None:
    keys = (f"{folder}{key}" for folder in ("/home/me/", "C:\\home\\me\\", "/home/me!x/y/", "C:\\home\\me!\\"))
    told = [re.sub("^[0-9a-f]{16}/", "*/", public_key("folder", key)) for key in keys]
    assert told == [shown] * 2 + [f"*/{shown.removeprefix('*/')}"] * 2


def test_keys_that_differ_only_in_what_is_not_told_differ() -> None:
    keys = [f"/home/{me}!{folder}/a!b.png#9-9=c!" for me in ("me", "you") for folder in ("x", "y", "x/y")]
    assert len({public_key("folder", key) for key in keys}) == len(keys)


def test_every_kind_of_file_is_known_to_be_one() -> None:
    source_for(Path("."))
    assert set(FILE_SOURCES) == set(SOURCES)


def test_an_address_is_credited_by_the_address_alone(studio: StudioFolder) -> None:
    put(studio, 0, "http://a.example/1.jpg=two", "urls", link="http://a.example/1.jpg")
    make(studio, 1)
    assert "- 0: urls <http://a.example/1.jpg>\n" in write_credits(studio, "vases").markdown.read_text()


def test_a_folder_that_cannot_be_says_so_and_nothing_of_space(studio: StudioFolder, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    put(studio, 0, "a")
    make(studio, 1)
    with pytest.raises(InputError, match=r"could not be written \([^:]+\): choose another place$"):
        write_credits(studio, "vases", tmp_path / "file" / "x")


def test_a_set_without_any_licence_says_so_and_the_same_set_gives_the_same_bytes(
    studio: StudioFolder, tmp_path: Path
) -> None:
    put(studio, 0, "a", "folder")
    make(studio, 1)
    first = write_credits(studio, "vases", tmp_path / "out" / "deep")
    text = first.markdown.read_text()
    assert first.markdown.parent == tmp_path / "out" / "deep"
    assert "says nothing of a licence" in text
    assert "- 0: folder: a\n" in text
    again = write_credits(studio, "vases", tmp_path / "again")
    assert again.markdown.read_bytes() == first.markdown.read_bytes()
    assert again.json.read_bytes() == first.json.read_bytes()


def test_a_set_that_is_not_there_or_whose_folder_is_gone_is_told(studio: StudioFolder) -> None:
    put(studio, 0, "a")
    make(studio, 1)
    with pytest.raises(InputError, match=r"no set called 'vase'. Did you mean vases\?"):
        write_credits(studio, "vase")
    (studio.sets / "vases").rmdir()
    with pytest.raises(InputError, match="name another with --out"):
        write_credits(studio, "vases")
    assert not (studio.sets / "vases").exists()


def test_the_command_line_prints_licences_and_where_the_files_are(
    tmp_path: Path, call: Callable[..., tuple[int, str, str]]
) -> None:
    studio = StudioFolder.create(tmp_path / "studio")
    put(studio, 0, "a", licence=CC)
    put(studio, 1, "b")
    make(studio, 2)
    studio.catalog.close()
    code, out, _ = call("-C", studio.root, "credits", "vases")
    assert code == 0
    assert out.splitlines()[0] == "2 pictures"
    assert f"markdown: {studio.sets / 'vases' / 'CREDITS.md'}" in out
    code, out, _ = call("-C", studio.root, "credits", "vases", "--out", tmp_path / "x", "--json")
    assert json.loads(out)["licences"] == {CC: 1}
    assert (tmp_path / "x" / "credits.json").is_file()
    code, _, said = call("-C", studio.root, "credits", "vasen")
    assert (code, said) == (1, "ganvas: no set called 'vasen'. Did you mean vases?\n")
