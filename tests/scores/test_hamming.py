from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ganvas.scores import hamming
from ganvas.scores.hamming import components_within, distances, pairs_within

Bits = NDArray[np.uint64]


def random_hashes(count: int, seed: int = 0) -> Bits:
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


def flipped(hashes: Bits, most: int, seed: int = 1) -> Bits:
    """The same with 0 to `most` bits of each the other way."""
    rng = np.random.default_rng(seed)
    places = rng.permuted(np.tile(np.arange(64), (len(hashes), 1)), axis=1)[:, :most]
    wanted = np.arange(most) < rng.integers(0, most + 1, (len(hashes), 1))
    bits = np.where(wanted, np.uint64(1) << places.astype(np.uint64), np.uint64(0))
    return hashes ^ np.bitwise_or.reduce(bits, axis=1) if most else hashes


def planted(count: int, radius: int) -> Bits:
    hashes = random_hashes(count)
    return np.random.default_rng(2).permutation(np.concatenate([hashes, flipped(hashes, radius)]))


def skewed(count: int) -> Bits:
    """Half of the bits hardly ever differ: what hashes of pictures of one kind are like."""
    rare = np.random.default_rng(3).random((count, 32)) < 0.02
    return (random_hashes(count) << np.uint64(32)) | (rare * (1 << np.arange(32))).sum(axis=1).astype(np.uint64)


def crowded(count: int) -> Bits:
    """All in one corner: ten bits that vary, many equal, most pairs near."""
    return random_hashes(count) & np.uint64(0b11111_00000_00000_11111)


def one_apart(count: int) -> Bits:
    """A chain: each hash one bit off the next."""
    steps = np.uint64(1) << (np.arange(count) % 64).astype(np.uint64)
    return np.bitwise_xor.accumulate(steps)


KINDS = {
    "random": random_hashes(800),
    "planted": planted(400, 6),
    "skewed": skewed(800),
    "crowded": crowded(600),
    "chain": one_apart(300),
    "equal": np.repeat(random_hashes(3), 200),
    "one": random_hashes(1),
    "none": random_hashes(0),
    "ends": np.array([0, 2**64 - 1, 1, 2**63, 2**64 - 2], np.uint64),
}


def brute_force(hashes: Bits, radius: int) -> set[tuple[int, int]]:
    """Every near pair of different hashes by their first indices, and every other of equal ones with the first."""
    first = [hashes.tolist().index(value) for value in hashes.tolist()]
    pairs = {(a, i) for i, a in enumerate(first) if a != i}
    leaders = np.array(sorted(set(first)), int)
    for i in leaders:
        later = leaders[leaders > i]
        bits = [int(value).bit_count() for value in hashes[later] ^ hashes[i]]
        pairs |= {(int(i), int(j)) for j, differing in zip(later, bits, strict=True) if differing <= radius}
    return pairs


@pytest.mark.parametrize("radius", range(9))
@pytest.mark.parametrize("kind", KINDS)
def test_pairs_are_those_of_comparing_all_with_all(kind: str, radius: int) -> None:
    found = pairs_within(KINDS[kind], radius)
    pairs = [(int(i), int(j)) for i, j in found]
    assert found.shape == (len(pairs), 2)
    assert pairs == sorted(brute_force(KINDS[kind], radius))


@pytest.mark.parametrize("equal", range(4))
def test_any_number_of_equal_bands_finds_the_same(equal: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = pairs_within(KINDS["planted"], 5).tolist()
    monkeypatch.setattr(hamming, "_plan", lambda hashes, radius: (hamming._bands(radius + equal), equal))
    assert pairs_within(KINDS["planted"], 5).tolist() == expected


def test_signed_hashes_are_the_same_hashes() -> None:
    hashes = KINDS["planted"]
    assert pairs_within(hashes.view(np.int64), 6).tolist() == pairs_within(hashes, 6).tolist()
    assert distances(hashes[:2].view(np.int64), ~hashes[:2]).tolist() == [64, 64]


@pytest.mark.parametrize("radius", [2, 4])
def test_all_planted_are_found_among_many(radius: int) -> None:
    originals = random_hashes(30_000)
    copies = flipped(originals[:600], radius)
    found = {tuple(pair) for pair in pairs_within(np.concatenate([originals, copies]), radius).tolist()}
    assert found >= {(i, 30_000 + i) for i in range(600)}


def test_a_hundred_thousand_equal_hashes_make_one_pair_each() -> None:
    hashes = np.concatenate([np.full(100_000, 7, np.uint64), np.array([5], np.uint64)])
    found = pairs_within(hashes, 4)
    assert len(found) == 100_000
    assert set(found[:, 0].tolist()) == {0}
    assert set(components_within(hashes, 4).tolist()) == {0}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "none"])
def test_components_are_those_of_the_pairs(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hamming, "MERGED", 50)  # joined in many steps
    labels = components_within(KINDS[kind], 3)
    names = list(range(len(labels)))
    for i, j in pairs_within(KINDS[kind], 3).tolist():
        old, new = sorted((names[i], names[j]))[::-1]
        names = [new if name == old else name for name in names]
    assert len(set(labels.tolist())) == len(set(names)) == len({*zip(labels.tolist(), names, strict=True)})


def test_links_of_another_origin_join_components() -> None:
    hashes = random_hashes(6)
    labels = components_within(hashes, 2, np.array([[0, 5], [5, 3]]))
    assert labels[0] == labels[5] == labels[3]
    assert len(set(labels.tolist())) == 4


@pytest.mark.parametrize("radius", [-1, 17])
def test_a_radius_that_cannot_be_is_refused(radius: int) -> None:
    with pytest.raises(ValueError, match="from 0 to 16"):
        pairs_within(random_hashes(3), radius)


def test_bits_are_counted_without_the_newest_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = random_hashes(100)
    expected = [int(value).bit_count() for value in hashes]
    assert hamming._bit_count(hashes).tolist() == expected
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert hamming._bit_count(hashes).tolist() == expected
