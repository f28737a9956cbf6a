"""From a folder of pictures to new ones, by the command line and by Python, on SQLite and on PostgreSQL."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ganvas
from ganvas.errors import InputError

SAMPLE = Path(ganvas.__file__).parent / "samples" / "fashion"
TINY = ["batch=16", "ticks=2", "sheet=16", "light_judge=50", "network.generator_filters=4"]
TINY += ["network.discriminator_filters=4", "network.latent=8"]


def sample_pictures(count: int) -> list[tuple[np.ndarray, int]]:
    """The first pictures of the embedded sample, uint8 [28, 28], with their class numbers."""
    images = gzip.decompress((SAMPLE / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((SAMPLE / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
    pixels = np.frombuffer(images, np.uint8).reshape(-1, 28, 28)
    return [(pixels[i], labels[i]) for i in range(count)]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """140 real pictures of clothes in a zip, a folder a label, and one file that is none."""
    path = tmp_path_factory.mktemp("clothes") / "clothes.zip"
    with zipfile.ZipFile(path, "w") as file:
        for i, (pixels, label) in enumerate(sample_pictures(140)):
            with file.open(f"clothes/{'shoes' if label in (5, 7, 9) else 'other'}/{i}.png", "w") as member:
                Image.fromarray(pixels).save(member, "PNG")
        file.writestr("clothes/other/readme.jpg", "not a picture")
    return path


@pytest.fixture
def ganvas_command(call: Callable[..., tuple[int, str, str]]) -> Callable[..., str]:
    """What a command that works prints."""

    def run(*arguments: object) -> str:
        code, said, error = call(*arguments)
        assert code == 0, error
        return said

    return run


def test_the_whole_way_by_the_command_line(
    tmp_path: Path, archive: Path, catalog_url: str, ganvas_command: Callable[..., str]
) -> None:
    root = tmp_path / "clothes"
    address = [] if catalog_url.startswith("sqlite") else ["--db", catalog_url]
    ganvas_command(*address, "new", root)
    assert "140" in ganvas_command("-C", root, "add", archive)
    made = json.loads(
        ganvas_command("-C", root, "set", "make", "mixed", "--size", "28x20", "--split", "60/40", "--json")
    )
    assert (made["width"], made["height"], sorted(made["labels"])) == (28, 20, ["other", "shoes"])
    settings = [word for setting in TINY for word in ("--set", setting)]
    ganvas_command("-C", root, "train", "mixed", "--name", "first", "--budget", "320-images", *settings)
    card = json.loads(ganvas_command("-C", root, "judge", "first", "-n", 50, "--json"))
    assert {"kid", "precision", "recall", "density", "coverage"} <= {score["name"] for score in card["scores"]}
    assert all(score["baseline"] is not None for score in card["scores"])
    sheets = [tmp_path / "one.png", tmp_path / "two.png"]
    draw = ["-C", root, "draw", "first", "-n", 9, "--seed", 1, "--label", "shoes", "--out"]
    ganvas_command(*draw, sheets[0])
    subprocess.run([sys.executable, "-m", "ganvas", *map(str, draw), sheets[1]], check=True)
    assert sheets[0].read_bytes() == sheets[1].read_bytes()
    ganvas_command("-C", root, "draw", "first", "-n", 3, "--each", "--out", tmp_path / "each")
    each = sorted((tmp_path / "each").iterdir())
    assert len(each) == 3
    for path in each:
        with Image.open(path) as picture:
            assert picture.size == (28, 20)
    page = Path(ganvas_command("-C", root, "show", "first", "--no-open").strip())
    assert "data:image/" in page.read_text()
    assert (root / "runs" / "first" / "progress.gif").exists()
    facts = json.loads(ganvas_command("-C", root, "info", "--json"))
    assert facts["images"] == 140
    assert facts["dropped"] == {"unreadable": 1}
    assert [entry["name"] for entry in facts["sets"]] == ["mixed"]
    assert [(entry["name"], entry["state"]) for entry in facts["runs"]] == [("first", "finished")]
    assert json.loads(ganvas_command("-C", root, "info", "first", "--json"))["scores"]


def test_the_whole_way_by_python(tmp_path: Path, archive: Path) -> None:
    studio = ganvas.Studio(tmp_path / "clothes")
    assert studio.add(archive).new == 140
    run = studio.set("mixed", size=(16, 24)).train(
        budget="64-images",
        batch=16,
        ticks=1,
        light_judge=0,
        network={"generator_filters": 4, "discriminator_filters": 4},
    )
    drawing = run.draw(5, seed=1)
    assert drawing.pictures.shape == (5, 1, 24, 16)
    assert drawing.save(tmp_path / "new.png").exists()
    loaded = ganvas.load(run.folder)
    assert np.array_equal(loaded.draw(5, seed=1).pictures, drawing.pictures)
    with pytest.raises(InputError, match="not in the runs of a studio"):
        ganvas.load(shutil.copytree(run.folder, tmp_path / "clothes" / "copy"))
    with pytest.raises(InputError, match="not in the catalog"):
        ganvas.load(shutil.copytree(run.folder, run.folder.with_name("copy"))).info()
    assert studio.set("mixed").info()["images"] == 140
    with pytest.raises(InputError, match="frozen"):
        studio.set("mixed", size=(8, 8))


def test_the_embedded_sample_becomes_a_labelled_set(tmp_path: Path, ganvas_command: Callable[..., str]) -> None:
    root = tmp_path / "fashion"
    said = ganvas_command("sample", "fashion", root)
    assert "10,000 pictures" in said
    facts = json.loads(ganvas_command("-C", root, "info", "fashion", "--json"))
    assert (facts["images"], facts["channels"], facts["size"]) == (10000, 1, "28x28")
    assert len(facts["labels"]) == 10
    assert facts["splits"] == {"train": 9000, "held-out": 1000}
    packed = ganvas.Studio(root).named_set("fashion").packed
    originals = {pixels.tobytes() for pixels, _ in sample_pictures(10000)}
    assert all(picture.tobytes() in originals for picture in packed.images[:500])
