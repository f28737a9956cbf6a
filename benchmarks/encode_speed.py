"""Pictures a second from originals to stored features: `python -m benchmarks.encode_speed SOURCE [COUNT]`.

effnet-lite0 at 96 px. Ours: `features_of` with an empty store, that is opening, hashing, decoding, resizing, the
network, and writing the features down. Bare: the network alone, on the same pictures, decoded and scaled beforehand, in
batches of the same size. Both in one process, in turns; the ratio is of medians.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

from ganvas.collect import add
from ganvas.curate.features import features_of
from ganvas.curate.packer import Recipe, Refusal, pixels_of
from ganvas.encode.effnet_lite0 import BATCH, SIZE_PX, EffnetLite0Encoder, _prepared
from ganvas.studio import StudioFolder

TURNS = 3
COUNT = 2048


def main() -> None:
    source, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else COUNT
    encoder = EffnetLite0Encoder()
    with tempfile.TemporaryDirectory() as folder:
        studio = StudioFolder.create(Path(folder) / "studio")
        add(studio, source)
        hashes = [image.sha256 for image in studio.catalog.images()][:count]
        batches = prepared(studio, hashes)
        bare, ours = [], []
        for _ in range(TURNS):
            bare.append(len(hashes) / seconds_bare(encoder, batches))
            shutil.rmtree(studio.features, ignore_errors=True)
            begun = time.perf_counter()
            features_of(studio, hashes, encoder)
            ours.append(len(hashes) / (time.perf_counter() - begun))
    print(f"{len(hashes):,} pictures of {source.name}, {torch.get_num_threads()} threads, {TURNS} turns")
    print("| effnet-lite0, 96 px | pictures/s (median, min–max) |\n|---|---|")
    for name, rates in (("bare network", bare), ("originals to stored features", ours)):
        print(f"| {name} | {statistics.median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f}) |")
    print(f"ratio {statistics.median(ours) / statistics.median(bare):.2f}")


def prepared(studio: StudioFolder, hashes: list[str]) -> list[torch.Tensor]:
    recipe = Recipe(SIZE_PX, SIZE_PX, 3, "pad", "white")
    pictures = [pixels_of(studio.image_path(sha256), sha256, recipe) for sha256 in hashes]
    readable = [picture for picture in pictures if not isinstance(picture, Refusal)]
    return [_prepared(readable[start : start + BATCH]) for start in range(0, len(readable), BATCH)]


def seconds_bare(encoder: EffnetLite0Encoder, batches: list[torch.Tensor]) -> float:
    begun = time.perf_counter()
    with torch.inference_mode():
        for batch in batches:
            encoder._network(batch)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
