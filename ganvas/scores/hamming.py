"""Which of many 64-bit hashes differ in few bits, never N × N: `pairs_within(hashes, 4)`, or `components_within`.

Multi-index hashing (Norouzi, Punjani & Fleet 2012, arXiv 1307.2982) in the form of Manku, Jain & Das Sarma 2007
("Detecting near-duplicates for web crawling", section 3): of radius + k bands of bits at most `radius` can hold a
difference, so two near hashes are equal in k bands at least. Sorted by each choice of k bands, they stand in one run.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ganvas.progress import Progress, Silent

Hashes = NDArray[np.uint64] | NDArray[np.int64]
Bits = NDArray[np.uint64]
Pairs = NDArray[np.int64]

BITS = 64
LARGEST_RADIUS = 16  # unrelated hashes are 32 ± 4 bits apart: further out, everything is near everything
MOST_BANDS_EQUAL = 5
MOST_TABLES = 500
SORT_PAIRS = 10  # sorting takes as long, for each hash, as comparing this many pairs
MERGED = 1 << 20  # pairs kept before components are joined


def pairs_within(hashes: Hashes, radius: int, progress: Progress | None = None) -> Pairs:
    """All pairs (i, j), i < j, of hashes [N] of which at most `radius` bits (0 to 16) differ: int64 [P, 2], sorted.

    Equal hashes would make N² / 2 pairs of their own: each is paired with the first of its equals, and only that first
    one with other hashes. Raises ValueError for a radius that cannot be.
    """
    distinct, first, ties = _collapsed(hashes)
    found = [ties, *(np.sort(first[block], axis=1) for block in _near(distinct, radius, progress))]
    pairs = np.concatenate(found)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def components_within(
    hashes: Hashes, radius: int, also: Pairs | None = None, progress: Progress | None = None
) -> NDArray[np.int64]:
    """For each hash [N] the number (from 0) of all it is linked with by steps of at most `radius` bits: int64 [N].

    `also` [P, 2] are links of any other origin. Memory follows N, not the number of pairs. Raises as `pairs_within`.
    """
    distinct, first, ties = _collapsed(hashes)
    labels = np.arange(len(first) + len(ties), dtype=np.int64)
    waiting = [ties] if also is None else [ties, also]
    for block in _near(distinct, radius, progress):
        waiting.append(first[block])
        if sum(map(len, waiting)) >= MERGED:
            labels, waiting = _merged(labels, waiting), []
    return _merged(labels, waiting)


def distances(left: Hashes, right: Hashes) -> NDArray[np.uint8]:
    """How many bits differ, hash by hash."""
    return _bit_count(_as_bits(left) ^ _as_bits(right))


def _collapsed(hashes: Hashes) -> tuple[Bits, Pairs, Pairs]:
    """The distinct hashes, the first index of each, and a pair (first, other) for every other that is equal to it."""
    distinct, first, inverse = np.unique(_as_bits(hashes), return_index=True, return_inverse=True)
    leaders = first[inverse]
    others = np.flatnonzero(leaders != np.arange(len(leaders)))
    return distinct, first.astype(np.int64), np.stack([leaders[others], others], axis=1).astype(np.int64)


def _near(distinct: Bits, radius: int, progress: Progress | None) -> Iterator[Pairs]:
    """Blocks [P, 2] of the places of near ones among different hashes, every pair once."""
    if not 0 <= radius <= LARGEST_RADIUS:
        raise ValueError(f"a radius of {radius} bits cannot be: from 0 to {LARGEST_RADIUS}")
    if radius == 0 or len(distinct) < 2:
        return
    shuffled = _spread(distinct)
    bands, equal = _plan(shuffled, radius)
    tables = list(itertools.combinations(range(len(bands)), equal))
    with (progress or Silent()).task("comparing hashes", len(tables) * len(distinct), "hashes") as task:
        for table in tables:
            for left, right in _alike_in(shuffled, bands[list(table)], radius):
                chosen = _first_time(shuffled[left] ^ shuffled[right], bands, table)
                yield np.stack([left[chosen], right[chosen]], axis=1).astype(np.int64)
            task.advance(len(distinct))


def _plan(hashes: Bits, radius: int) -> tuple[Bits, int]:
    """The bands, and in how many of them near hashes are equal at least: the quickest by the runs of a first table.

    Equal in none (one table, one run) is comparing all with all, which few hashes are best served by.
    """
    best: tuple[float, Bits, int] | None = None
    for equal in range(MOST_BANDS_EQUAL + 1):
        bands = _bands(radius + equal)
        tables = math.comb(len(bands), equal)
        if tables > MOST_TABLES or (best is not None and tables * SORT_PAIRS * len(hashes) > best[0]):
            break
        runs = np.unique(hashes & _mask(bands, range(equal)), return_counts=True)[1].astype(np.float64)
        cost = tables * (SORT_PAIRS * len(hashes) + float((runs * (runs - 1)).sum()) / 2)
        if best is None or cost < best[0]:
            best = cost, bands, equal
    assert best is not None
    return best[1], best[2]


def _bands(count: int) -> Bits:
    """`count` masks of neighbouring bits, of 64 / count bits each."""
    edges = np.linspace(0, BITS, count + 1).round().astype(int)
    return np.array([(1 << int(high)) - (1 << int(low)) for low, high in itertools.pairwise(edges)], np.uint64)


def _mask(bands: Bits, chosen: object) -> np.uint64:
    places = list(chosen)  # type: ignore[call-overload]
    return np.bitwise_or.reduce(bands[places]) if places else np.uint64(0)


def _spread(hashes: Bits) -> Bits:
    """The same hashes with their bits in another order, so that no band is made of bits that hardly differ.

    Sorted by how evenly they are 0 and 1, the bits are dealt in strides: every band, of any number, gets good and bad.
    """
    ones = np.array([(hashes >> np.uint64(bit) & np.uint64(1)).mean() for bit in range(BITS)])
    ranked = np.argsort(np.abs(ones - 0.5), kind="stable")
    stride = 25  # prime to 64 and near its golden section: any neighbouring places hold ranks from everywhere
    spread = np.zeros_like(hashes)
    for rank, bit in enumerate(ranked):
        spread |= (hashes >> np.uint64(bit) & np.uint64(1)) << np.uint64(rank * stride % BITS)
    return spread


def _alike_in(hashes: Bits, bands: Bits, radius: int) -> Iterator[tuple[Pairs, Pairs]]:
    """Near pairs among those that are equal in these bands: in sorted order, each with the 1st, 2nd, 3rd … after it."""
    keys, order = _sorted_by(hashes, bands)
    ordered = hashes[order]
    alive = np.arange(len(keys) - 1)
    step = 1
    while len(alive):
        alive = alive[: np.searchsorted(alive, len(keys) - step)]
        alive = alive[keys[alive] == keys[alive + step]]
        near = alive[_bit_count(ordered[alive] ^ ordered[alive + step]) <= radius]
        if len(near):
            yield order[near], order[near + step]
        step += 1


def _sorted_by(hashes: Bits, bands: Bits) -> tuple[Bits, Pairs]:
    """The bits of these bands as one sorted key each, and the places they come from.

    Key and place share one word, which sorts several times quicker than places by keys. Where they do not fit, the
    highest bits of the key fall off: the runs grow longer, and nothing is missed.
    """
    keys = np.zeros_like(hashes)
    for band in bands:
        low = (int(band) & -int(band)).bit_length() - 1
        keys = keys << np.uint64(int(band).bit_count()) | (hashes & band) >> np.uint64(low)
    place_bits = np.uint64(max(1, (len(hashes) - 1).bit_length()))
    words = keys << place_bits | np.arange(len(hashes), dtype=np.uint64)
    words.sort()
    return words >> place_bits, (words & ((np.uint64(1) << place_bits) - np.uint64(1))).astype(np.int64)


def _first_time(differing: Bits, bands: Bits, table: tuple[int, ...]) -> NDArray[np.bool_]:
    """Whether this table is the first that shows a pair: the one of its lowest equal bands."""
    if not table:
        return np.ones(len(differing), bool)
    first = np.ones(len(differing), bool)
    for band in range(table[-1]):
        if band not in table:
            first &= differing & bands[band] != 0
    return first


def _merged(labels: NDArray[np.int64], links: list[Pairs]) -> NDArray[np.int64]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = labels[np.concatenate(links)] if links else np.empty((0, 2), np.int64)
    ends = ends[ends[:, 0] != ends[:, 1]]
    graph = coo_array((np.ones(len(ends), bool), (ends[:, 0], ends[:, 1])), shape=(len(labels), len(labels)))
    joined: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)[labels]
    return joined


def _as_bits(hashes: Hashes) -> Bits:
    return np.ascontiguousarray(hashes).view(np.uint64)


def _bit_count(words: Bits) -> NDArray[np.uint8]:
    counts: NDArray[np.uint8]
    if hasattr(np, "bitwise_count"):
        counts = np.bitwise_count(words)
    else:  # NumPy before 2.0
        counts = _bits_of_sixteen()[words[..., None].view(np.uint16)].sum(axis=-1, dtype=np.uint8)
    return counts


@cache
def _bits_of_sixteen() -> NDArray[np.uint8]:
    return np.array([value.bit_count() for value in range(1 << 16)], np.uint8)
