"""The embedded sample, and the full one from a folder, a cache or the network."""

from __future__ import annotations

import gzip
import hashlib
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from ganvas.collect import Added, add_sample, sample, sample_source
from ganvas.collect.download import Known, fetch
from ganvas.collect.idx import FASHION
from ganvas.errors import InputError
from ganvas.progress import Silent
from ganvas.studio import StudioFolder
from tests.collect.loopback import Loopback, Reply, Request

FILES = list(sample.KNOWN)
DATA = {name: gzip.compress(name.encode() * 1000) for name in FILES}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address under which a local server shows it."""
    folder = tmp_path / "site"
    folder.mkdir()
    for name, data in DATA.items():
        (folder / name).write_bytes(data)

    def answer(request: Request) -> Reply:
        file = folder / request.path[1:]
        return Reply(file.read_bytes(), kind="application/gzip") if file.is_file() else Reply(b"", 404)

    with Loopback(answer) as server:
        yield folder, server.base_url


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of `site` in place of the 30 MB of the real ones."""
    for name in FILES:
        plain = gzip.decompress(DATA[name])
        monkeypatch.setitem(sample.KNOWN, name, Known(len(plain), hashlib.sha256(plain).hexdigest()))


def test_the_sample_has_ten_thousand_labelled_and_credited_pictures(studio: StudioFolder) -> None:
    assert add_sample(studio, "fashion") == Added(found=10_000, new=10_000, known=0)
    assert add_sample(studio, "fashion") == Added(found=10_000, new=0, known=10_000)
    images = studio.catalog.images()
    assert Counter(image.label for image in images) == dict.fromkeys(FASHION, 1000)
    assert {(image.width, image.height, image.mode, image.split) for image in images} == {(28, 28, "L", None)}


def test_every_item_of_the_sample_names_its_licence_and_origin() -> None:
    [images] = sample_source("fashion")
    entries = list(sample._described([sample.pair(images, images.with_name(FILES[3]), Silent())], [None]))
    assert {entry.licence for entry in entries} == {"MIT"}
    assert all("Zalando" in (entry.attribution or "") for entry in entries)
    assert entries[0].title == "Fashion-MNIST t10k 0: Ankle boot"
    assert "Copyright © 2017 Zalando SE" in (images.parent / "CREDIT.md").read_text()


def test_the_embedded_files_are_the_published_ones() -> None:
    for name in FILES[2:]:
        plain = gzip.decompress((sample.EMBEDDED / name).read_bytes())
        assert Known(len(plain), hashlib.sha256(plain).hexdigest()) == sample.KNOWN[name]
    assert tuple((sample.EMBEDDED / "labels.txt").read_text().splitlines()) == FASHION


def test_an_unknown_sample_names_the_one_there_is() -> None:
    with pytest.raises(InputError, match="Did you mean fashion"):
        sample_source("fashon")


def test_the_full_sample_comes_from_the_installed_package_where_there_is_one(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_bytes(b"")
    found = sample_source("fashion", full=True, local=tmp_path, address="http://127.0.0.1:9", cache=tmp_path / "cache")
    assert found == [tmp_path / "train-images-idx3-ubyte.gz", tmp_path / "t10k-images-idx3-ubyte.gz"]


@pytest.mark.usefixtures("known")
def test_the_full_sample_is_downloaded_once(tmp_path: Path, site: tuple[Path, str]) -> None:
    folder, address = site
    source = partial(sample_source, "fashion", True, local=tmp_path / "none", address=address, cache=tmp_path / "cache")
    found = source()
    assert [path.read_bytes() for path in found] == [DATA[FILES[0]], DATA[FILES[2]]]
    for name in FILES:
        (folder / name).unlink()
    assert source() == found
    assert sorted(path.name for path in found[0].parent.iterdir()) == sorted(FILES)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("data", [gzip.compress(b"something else"), b"<html>moved</html>", DATA[FILES[0]][:-9], b""])
def test_a_wrong_file_is_refused_and_nothing_of_it_kept(tmp_path: Path, site: tuple[Path, str], data: bytes) -> None:
    folder, address = site
    (folder / FILES[0]).write_bytes(data)
    with pytest.raises(InputError, match="is not the file it should be"):
        sample_source("fashion", True, local=tmp_path / "none", address=address, cache=tmp_path / "cache")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_damaged_file_in_the_cache_is_fetched_again(tmp_path: Path, site: tuple[Path, str]) -> None:
    plain = gzip.decompress(DATA[FILES[0]])
    place = tmp_path / FILES[0]
    place.write_bytes(b"half a file")
    fetch(f"{site[1]}/{FILES[0]}", place, Known(len(plain), hashlib.sha256(plain).hexdigest()), Silent())
    assert place.read_bytes() == DATA[FILES[0]]


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://no-such-host.invalid", "{site}/nowhere"])
def test_no_network_is_one_clear_line(tmp_path: Path, site: tuple[Path, str], address: str) -> None:
    with pytest.raises(InputError, match="cannot be had .*check the network") as caught:
        sample_source(
            "fashion", True, local=tmp_path / "none", address=address.format(site=site[1]), cache=tmp_path / "cache"
        )
    assert "\n" not in str(caught.value)


def test_a_download_that_never_ends_is_cut_off(
    tmp_path: Path, site: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganvas.collect.download.MOST_BYTES", 10)
    with pytest.raises(InputError, match="larger than"):
        fetch(f"{site[1]}/{FILES[0]}", tmp_path / "x.gz", Known(1, ""), Silent())
    assert list(tmp_path.glob("*.gz*")) == []
