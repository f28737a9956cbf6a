"""The verbs that look through an encoder, as somebody types them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from ganvas.studio import StudioFolder
from tests.curate.kinds import add_kinds, folder_of

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A studio that was clustered once: its features are known."""
    from ganvas.api import Studio

    root = tmp_path_factory.mktemp("kinds") / "studio"
    studio = Studio(root)
    add_kinds(studio.folder, {"stripes": 14, "spots": 9, "plain": 5})
    studio.cluster(3)
    return root


@pytest.fixture
def studio(looked_at: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(looked_at, tmp_path / "studio"))


def test_cluster_prints_its_clusters_and_names_them(studio: Path, call: Call) -> None:
    code, said, _ = call("-C", studio, "cluster", "-k", "3")
    assert code == 0
    assert [line.split() for line in said.splitlines()[2:5]] == [
        ["0", "14", "50.0%", "–"],
        ["1", "9", "32.1%", "–"],
        ["2", "5", "17.9%", "–"],
    ]
    assert call("-C", studio, "cluster", "name", "2", "walls") == (0, "cluster 2 of main is called walls\n", "")
    _, said, _ = call("-C", studio, "cluster", "-k", "3", "--json")
    made = json.loads(said)
    assert [it["name"] for it in made["clusters"]] == [None, None, "walls"]
    assert all(Path(it["sheet"]).is_file() for it in made["clusters"])
    code, said, _ = call("-C", studio, "cluster", "--name", "by-itself")
    assert code == 0
    assert "k = 3 (highest mean silhouette" in said
    assert said.startswith("how many clusters")


def test_teach_sorts_by_folders_and_by_clusters_and_takes_it_back(studio: Path, tmp_path: Path, call: Call) -> None:
    a, b = folder_of(tmp_path / "a", "spots", 5, 1), folder_of(tmp_path / "b", "stripes", 5, 2)
    code, said, _ = call("-C", studio, "teach", "dots", "--like", a, "--unlike", b, "--encoder", "effnet-lite0")
    assert code == 0
    assert "balanced accuracy" in said
    assert "not calibrated" in said
    assert StudioFolder.open(studio).catalog.dropped()["dots"] >= 14
    assert "never saw" not in call("-C", studio, "info")[1]
    add_kinds(StudioFolder.open(studio), {"spots": 2}, seed=5)
    said = call("-C", studio, "info")[1]
    assert "lesson dots never saw 2 of the kept pictures: `ganvas teach dots` again scores them" in said
    assert call("-C", studio, "teach", "dots")[0] == 0
    assert "never saw" not in call("-C", studio, "info")[1]
    code, said, _ = call("-C", studio, "teach", "dots", "--undo")
    assert (code, said) == (0, "30 decisions undone; the examples stay\n")
    options = ("--like-cluster", "0", "--unlike-cluster", "1", "--unlike-cluster", "2", "--encoder", "effnet-lite0")
    _, said, _ = call("-C", studio, "teach", "lines", *options, "--score-only", "--json")
    told = json.loads(said)
    assert told["examples"] == {"like": 14, "unlike": 14, "unseen": 0}
    assert told["dropped"] == 0
    assert "nothing dropped, as last time: --threshold 0.5 drops" in call("-C", studio, "teach", "lines")[1]


def test_thin_drops_and_takes_back(studio: Path, call: Call) -> None:
    code, said, _ = call("-C", studio, "thin", "0.5")
    assert code == 0
    assert said.startswith("14 kept, 14 dropped")
    assert call("-C", studio, "thin", "--undo")[1] == "28 decisions undone\n"
    for arguments in ((), ("0.5", "--undo")):
        code, _, trouble = call("-C", studio, "thin", *arguments)
        assert code == 1
        assert "ganvas thin 0.8" in trouble


def test_find_writes_a_sheet_of_the_nearest(studio: Path, tmp_path: Path, call: Call) -> None:
    picture = folder_of(tmp_path / "a", "spots", 1, 7) / "spots0.png"
    out = tmp_path / "found.png"
    code, said, _ = call("-C", studio, "find", picture, "-n", "4", "--out", out, "--json")
    assert code == 0
    found = json.loads(said)
    assert len(found["nearest"]) == 4
    assert all(Path(it["path"]).is_file() for it in found["nearest"])
    with Image.open(out) as sheet:
        assert sheet.format == "PNG"
    _, said, _ = call("-C", studio, "find", picture, "-n", "2", "--out", out)
    assert found["nearest"][0]["sha256"][:16] in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cluster", "-k", "many"), "-k 'many' cannot be"),
        (("cluster", "-k", "29"), "-k 29 is more than the 28 pictures"),
        (("cluster", "--encoder", "efnet-lite0"), "Did you mean effnet-lite0"),
        (("cluster", "name", "9", "x"), "has no cluster '9'"),
        (("teach", "x", "--like-cluster", "0"), "--unlike shows nothing"),
        (("teach", "x", "--undo"), "nothing was decided by a lesson called 'x'"),
        (("teach", "x", "--undo", "--like", "a", "--afresh"), "--undo has no use for --like, --afresh"),
        (("thin", "--undo", "--encoder", "clip"), "--undo has no use for --encoder"),
        (("find",), "name a picture, or write --word WORD"),
        (("find", "--word", "giraffe", "--encoder", "effnet-lite0"), "use --encoder clip"),
        (("find", "nowhere.png"), "cannot be opened"),
        (("find", "nowhere.png", "--out", "x.txt"), "its name must end in"),
    ],
)
def test_what_cannot_be_is_one_line(studio: Path, call: Call, arguments: tuple[str, ...], message: str) -> None:
    code, said, trouble = call("-C", studio, *arguments)
    assert code == 1
    assert said == ""
    assert message in trouble
    assert len(trouble.strip().splitlines()) == 1
