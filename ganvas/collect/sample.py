"""Sample data: `add_sample(studio, "fashion")`, 10,000 pictures that come with the package, or all 70,000 with `full`.

The full set is taken from the Debian package dataset-fashion-mnist where that is installed, else downloaded once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ganvas.collect.adding import Added, add_listing
from ganvas.collect.download import Known, fetch
from ganvas.collect.idx import pair
from ganvas.collect.intake import Origin
from ganvas.collect.registry import Entry, Listing
from ganvas.errors import InputError, did_you_mean
from ganvas.progress import Progress, Silent
from ganvas.studio import StudioFolder

SAMPLES = ("fashion",)
EMBEDDED = Path(__file__).parents[1] / "samples" / "fashion"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
PUBLIC = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
IMAGES = {"train": "train-images-idx3-ubyte.gz", "held-out": "t10k-images-idx3-ubyte.gz"}
KNOWN = {  # of the unpacked files
    "train-images-idx3-ubyte.gz": Known(47_040_016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
    "train-labels-idx1-ubyte.gz": Known(60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
    "t10k-images-idx3-ubyte.gz": Known(7_840_016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
    "t10k-labels-idx1-ubyte.gz": Known(10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
}
LICENCE = "MIT"
ATTRIBUTION = "Zalando Research: Fashion-MNIST (Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747), © 2017 Zalando SE"


def add_sample(
    studio: StudioFolder,
    name: str = "fashion",
    full: bool = False,
    progress: Progress = Silent(),  # noqa: B008 stateless
    *,
    workers: int | None = None,
) -> Added:
    """Add a sample, each item with its title, licence and attribution.

    The embedded 10,000 carry no split; of the full 70,000, the 10,000 test pictures are held out. Raises InputError for
    an unknown name and, where the full set must be downloaded, for no network or a wrong file.
    """
    files = sample_source(name, full, progress)
    listings = [pair(file, file.with_name(_labels_of(file.name)), progress) for file in files]
    splits = list(IMAGES) if full else [None]
    listing = Listing(sum(part.total or 0 for part in listings), _described(listings, splits))
    return add_listing(studio, Origin("sample", _place(name, full)), listing, progress=progress, workers=workers)


def sample_source(
    name: str,
    full: bool = False,
    progress: Progress = Silent(),  # noqa: B008 stateless
    *,
    local: Path = DEBIAN,
    address: str = PUBLIC,
    cache: Path | None = None,
) -> list[Path]:
    """The IDX files of a sample's images, their labels beside them: embedded, or for `full` train and test.

    `full` looks in `local`, then in `cache` (default: ~/.cache/ganvas), then downloads from `address` into the cache.
    """
    if name not in SAMPLES:
        raise InputError(f"no sample is called {name!r}.{did_you_mean(name, SAMPLES)}")
    if not full:
        return [EMBEDDED / IMAGES["held-out"]]
    if all((local / file).is_file() for file in KNOWN):
        progress.note(f"Fashion-MNIST from {local}")
        return [local / file for file in IMAGES.values()]
    folder = (cache or _cache_folder()) / "fashion-mnist"
    for file, known in KNOWN.items():
        fetch(f"{address.rstrip('/')}/{file}", folder / file, known, progress)
    return [folder / file for file in IMAGES.values()]


def _described(listings: Sequence[Listing], splits: Sequence[str | None]) -> Iterator[Entry]:
    for listing, split in zip(listings, splits, strict=True):
        for entry in listing.entries:
            file, index = entry.member.split("/")
            title = f"Fashion-MNIST {file.split('-')[0]} {int(index)}: {entry.label}"
            # no stamp: the files are known, whatever their dates after an installation
            yield replace(entry, stamp="", split=split, title=title, licence=LICENCE, attribution=ATTRIBUTION)


def _place(name: str, full: bool) -> str:
    return f"{name}-full" if full else name


def _labels_of(images: str) -> str:
    return images.replace("images", "labels").replace("idx3", "idx1")


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ganvas"
