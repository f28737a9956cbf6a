"""From a folder with metadata to a set by an expression, its page, its next version and an export, by commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ganvas
from ganvas.errors import InputError

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def museum(tmp_path: Path) -> Path:
    """48 objects of three kinds with a metadata.jsonl, as a museum would give them."""
    folder = tmp_path / "museum"
    folder.mkdir()
    add_objects(folder, range(48))
    return folder


def add_objects(folder: Path, numbers: range) -> None:
    rng = np.random.default_rng(numbers.start)
    with (folder / "metadata.jsonl").open("a") as file:
        for n in numbers:
            size = (20, 16) if n % 4 else (16, 20)
            Image.fromarray(rng.integers(0, 256, (*size, 3), np.uint8)).save(folder / f"{n}.png")
            kind = ("Vase", "vase fragment", "Bowl")[n % 3]
            row = {"file_name": f"{n}.png", "objectName": kind, "Object Date": f"{1800 + n}", "title": f"No {n}"}
            file.write(json.dumps(row | {"licence": "CC0", "attribution": "A museum"}) + "\n")


def test_the_whole_way_from_an_expression_to_an_export(call: Call, museum: Path, tmp_path: Path) -> None:
    root = tmp_path / "studio"
    assert call("new", root)[0] == 0
    assert call("-C", root, "add", museum)[0] == 0
    where = "object_name ilike '%VASE%' and not title = 'No 0' and aspect < 1 and \"Object Date\" >= '1802'"
    asked = ["--where", where, "--labels", "objectName", "--split", "60/20/20"]
    code, text, _ = call("-C", root, "set", "make", "vases", *asked, "--dry-run", "--sheet", tmp_path / "look.png")
    assert code == 0
    assert "images: 23" in text
    assert text.splitlines()[-1] == f"sheet: {tmp_path / 'look.png'}"
    assert (tmp_path / "look.png").is_file()
    made = json.loads(call("-C", root, "set", "make", "vases", *asked, "--json")[1])
    assert (made["images"], sorted(made["labels"])) == (23, ["Vase", "vase fragment"])
    assert sum(made["splits"].values()) == 23
    shown = json.loads(call("-C", root, "set", "show", "vases", "--json")[1])
    assert "object_name ilike" in Path(shown["page"]).read_text()
    assert call("-C", root, "set", "show", "vases", "--no-open")[1].splitlines()[-1] == f"page: {shown['page']}"
    add_objects(museum, range(48, 60))
    call("-C", root, "add", museum)
    renewed = json.loads(call("-C", root, "set", "renew", "vases", "--json")[1])
    assert (renewed["name"], renewed["of"], renewed["version"], renewed["added"]) == ("vases-2", "vases", 2, 6)
    out = call("-C", root, "set", "export", "vases", "--as", "zip", "--out", tmp_path / "vases.zip")[1].strip()
    other = ganvas.Studio(tmp_path / "other")
    other.add(out)
    again = other.set("vases", split="given", where="source = 'archive'")
    assert again.info()["labels"] == {label: dict(counts) for label, counts in made["labels"].items()}
    assert sorted(picture.tobytes() for picture in again.packed.images) == sorted(
        picture.tobytes() for picture in ganvas.Studio(root).named_set("vases").packed.images
    )
    assert again.renew().name == "vases"
    with pytest.raises(InputError, match="was made with where "):
        other.set("vases", where="kept")


def test_what_is_wrong_is_one_line(call: Call, museum: Path, tmp_path: Path) -> None:
    root = tmp_path / "studio"
    call("new", root)
    call("-C", root, "add", museum)
    for arguments, said in [
        (["make", "x", "--where", "object_nam = 'x'"], "Did you mean objectName?"),
        (["make", "x", "--where", "title = 'x'; drop table items"], "semicolon"),
        (["make", "x", "--where", "aspect > 9"], "'aspect > 9' excludes everything"),
        (["make", "x", "--sheet", "a.png"], "--sheet belongs to --dry-run"),
        (["show", "nothing"], "no set called 'nothing'"),
        (["renew", "nothing"], "no set called 'nothing'"),
        (["export", "nothing", "--as", "zip"], "no set called 'nothing'"),
    ]:
        code, out, error = call("-C", root, "set", *arguments)
        assert (code, out) == (1, "")
        assert said in error
        assert len(error.strip().splitlines()) == 1
