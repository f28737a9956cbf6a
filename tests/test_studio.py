from __future__ import annotations

import os
from pathlib import Path

import pytest

from ganvas.errors import CatalogError, InputError, SettingsError
from ganvas.studio import SETTINGS_FILE, StudioFolder, checked_name


def test_a_new_studio_opens_with_the_defaults(tmp_path: Path) -> None:
    made = StudioFolder.create(tmp_path / "houses")
    opened = StudioFolder.open(tmp_path / "houses")
    assert opened.root == made.root
    assert opened.settings.catalog.url is None
    assert all(folder.is_dir() for folder in (opened.images, opened.sets, opened.runs))
    assert opened.catalog.count_images() == 0
    assert (opened.root / "catalog.db").is_file()


def test_a_studio_is_found_from_any_folder_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = StudioFolder.create(tmp_path / "houses").root
    monkeypatch.chdir(root / "runs")
    assert StudioFolder.open().root == root


def test_outside_of_any_studio_the_way_to_make_one_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="make one with `ganvas new NAME`"):
        StudioFolder.open(tmp_path)


def test_a_studio_inside_a_studio_is_refused(tmp_path: Path) -> None:
    outer = StudioFolder.create(tmp_path / "houses").root
    with pytest.raises(InputError, match="would lie inside the studio"):
        StudioFolder.create(outer / "images" / "more")
    assert not (outer / "images" / "more").exists()


def test_a_studio_beside_this_one_can_be_made_from_within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(StudioFolder.create(tmp_path / "houses").root)
    assert StudioFolder.create("../vases").root == (tmp_path / "vases").resolve()


def test_a_studio_is_not_made_twice(tmp_path: Path) -> None:
    StudioFolder.create(tmp_path)
    with pytest.raises(InputError, match="is a studio already"):
        StudioFolder.create(tmp_path)


@pytest.mark.parametrize("in_the_way", ["folder", "file"])
def test_a_studio_does_not_hide_what_is_there(tmp_path: Path, in_the_way: str) -> None:
    target = tmp_path / "thesis"
    if in_the_way == "folder":
        target.mkdir()
        (target / "chapter.txt").write_text("one")
    else:
        target.write_text("one")
    with pytest.raises(InputError, match="not an empty folder"):
        StudioFolder.create(target)


def test_a_folder_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="no studio can be made in"):
        StudioFolder.create(tmp_path / "file" / "houses")


def test_the_catalogs_address_is_kept_and_can_be_overridden(tmp_path: Path) -> None:
    address = f'sqlite:///{tmp_path}/a "quoted" \\ name.db'
    StudioFolder.create(tmp_path / "houses", database=address)
    assert StudioFolder.open(tmp_path / "houses").settings.catalog.url == address
    other = f"sqlite:///{tmp_path / 'other.db'}"
    assert StudioFolder.open(tmp_path / "houses", database=other).catalog.count_images() == 0
    assert (tmp_path / "other.db").is_file()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[catalog\n", "is not valid TOML"),
        ("[catalog]\nurll = 'x'\n", "catalog.urll: there is no such setting. Did you mean catalog.url?"),
        ("[catalog]\nurl = 5\n", "catalog.url: Input should be a valid string"),
    ],
)
def test_a_settings_file_that_is_wrong_says_where(tmp_path: Path, text: str, said: str) -> None:
    StudioFolder.create(tmp_path)
    (tmp_path / SETTINGS_FILE).write_text(text)
    with pytest.raises(SettingsError) as error:
        StudioFolder.open(tmp_path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "-n", ".hidden", "ünicode", "a b", "x" * 65, "a\n"])
def test_names_that_are_no_safe_folders_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="set name .* cannot be used"):
        checked_name("set", name)


def test_usual_names_are_kept() -> None:
    assert [checked_name("run", name) for name in ("a", "Fronts-128x96_v1.2")] == ["a", "Fronts-128x96_v1.2"]


def test_originals_lie_by_their_hash(tmp_path: Path) -> None:
    studio = StudioFolder.create(tmp_path)
    assert studio.image_path("abcd") == studio.root / "images" / "ab" / "abcd"
    assert os.fspath(studio.sets) == str(studio.root / "sets")


def test_a_database_that_cannot_be_used_leaves_no_half_made_studio(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be kept in mysql"):
        StudioFolder.create(tmp_path / "houses", "mysql://host/name")
    assert list(tmp_path.iterdir()) == []
    inside = f"sqlite:///{tmp_path / 'houses' / 'own.db'}"
    assert StudioFolder.create(tmp_path / "houses", inside).catalog.count_images() == 0


def test_a_relative_address_means_one_file_from_wherever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = StudioFolder.create("houses", "sqlite:///beside.db")
    assert (tmp_path / "beside.db").is_file()
    (made.root / SETTINGS_FILE).write_text('[catalog]\nurl = "sqlite:///inside.db"\n')
    assert StudioFolder.open(made.root).catalog.count_images() == 0
    assert (made.root / "inside.db").is_file()
    monkeypatch.chdir(made.images)
    assert str(StudioFolder.open(database="sqlite:///../own.db").catalog) == str(made.images / "../own.db")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["beside.db", "houses"]
