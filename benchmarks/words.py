"""Does a generator draw what a word means? Fashion-MNIST, unlearned words, judged by the five nearest real pictures.

    python -m benchmarks.words --studio DIR RUN [--temperature 0.05] [--classifier NAME]

For each word: the share of 64 pictures (seed 0, the first ones) whose five nearest held-out pictures, seen through
effnet-lite0, are mostly of a garment the word means, or in which a classifier sees one; the same of real pictures of
these garments, which is as well as this judge can know; and the word's similarity to the learned ones.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

import ganvas
from ganvas.encode import encoder
from ganvas.encode.cache import cached_features
from ganvas.encode.words.similar import similar
from ganvas.judge.classifier.classifier import Classifier
from ganvas.scores.neighbours import Features, squared_distances
from ganvas.train.draw import Artist

REAL = 2000  # real pictures judged for the baseline
SHOES = {"Sandal", "Sneaker", "Ankle boot"}
UPPER = {"T-shirt/top", "Pullover", "Coat", "Shirt"}
MEANT = {
    **{"slipper": SHOES, "high heels": SHOES, "jeans": {"Trouser"}, "gown": {"Dress"}, "purse": {"Bag"}},
    **{"blouse": UPPER, "jacket": UPPER, "hoodie": UPPER},
    # tried beside those of the aim
    **{"summer dress": {"Dress"}, "flip flops": SHOES, "boots": SHOES, "running shoes": SHOES, "loafer": SHOES},
    **{"leggings": {"Trouser"}, "pants": {"Trouser"}, "shorts": {"Trouser"}, "skirt": {"Dress"}},
    **{"backpack": {"Bag"}, "suitcase": {"Bag"}, "sweater": UPPER, "cardigan": UPPER, "raincoat": UPPER},
    **{"tank top": UPPER, "vest": UPPER, "tuxedo": UPPER, "polo": UPPER},
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    parser.add_argument("--studio", required=True)
    parser.add_argument("--temperature", type=float)
    parser.add_argument("--classifier", help="one of the studio's, to judge in place of the nearest real pictures")
    parser.add_argument("-n", type=int, default=64)
    chosen = parser.parse_args()
    run = ganvas.Studio.open(chosen.studio).run(chosen.run)
    packed = run.studio.named_set(run.info()["set"]).packed
    artist = Artist.open(run._files())
    if chosen.temperature is not None:
        artist = replace(artist, temperature=chosen.temperature)
    looking = encoder()
    real = cached_features(packed, looking, packed.held_out)
    labels = packed.labels[packed.held_out]
    latents, _ = artist.dice(chosen.n, 0, 1.0)
    judged = np.random.default_rng(0).permutation(len(real))[:REAL]
    classifier = run.studio.classifier(chosen.classifier) if chosen.classifier else None
    if classifier:
        by_label = np.array(_answers(classifier, np.asarray(packed.images[packed.held_out[judged]])))
    else:
        by_label = np.array(_votes(real[judged], real, labels, packed.label_names, skip=1))
    hits = []
    for word, meant in MEANT.items():
        drawn = artist.draw(latents, artist.told(word=word))
        if classifier:
            votes = _answers(classifier, drawn)
        else:
            votes = _votes(looking.encode(drawn), real, labels, packed.label_names)
        theirs = by_label[np.isin(labels[judged], [packed.label_names.index(name) for name in meant])]
        known = float(np.isin(theirs, list(meant)).mean())
        share = float(np.mean([vote in meant for vote in votes]))
        hits.append(share >= 0.8)
        alike = ", ".join(f"{near.word} {near.similarity:.2f}" for near in similar(word, artist.words)[:3])
        seen = ", ".join(f"{name} {count}" for name, count in Counter(votes).most_common(3))
        print(f"{word:14} {share:4.0%} (real {known:4.0%})  drawn: {seen:45}  like: {alike}", flush=True)
    print(f"{sum(hits[:8])} of the 8 words of the aim and {sum(hits[8:])} of {len(hits) - 8} others reach 80 %")


def _answers(classifier: Classifier, pictures: NDArray[np.uint8]) -> list[str]:
    return [classifier.labels[i] for i in classifier.logits(pictures).argmax(axis=1)]


def _votes(seen: Features, real: Features, labels: NDArray[np.int64], names: list[str], skip: int = 0) -> list[str]:
    """The commonest label among the five nearest real pictures, not counting the `skip` nearest (itself)."""
    near = np.concatenate([np.argsort(d, axis=1)[:, skip : skip + 5] for _, d in squared_distances(seen, real)])
    return [names[Counter(labels[row].tolist()).most_common(1)[0][0]] for row in near]


if __name__ == "__main__":
    main()
