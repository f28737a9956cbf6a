from __future__ import annotations

import numpy as np

from ganvas.curate.grouping import MOST_ALIKE, crowded, leaders
from ganvas.scores.hamming import components_within, distances

Indices = np.ndarray


def grouped(hashes: list[int], radius: int, **options: object) -> list[int]:
    array = np.array(hashes, np.int64)
    links = options.get("links")
    components = components_within(array, radius, links)
    same = options.pop("same", lambda leading, others: np.ones(len(others), bool))
    return leaders(array, components, radius, same, **options).tolist()


def test_a_chain_does_not_swallow_what_is_unlike_its_best_picture() -> None:
    chain = [(1 << step) - 1 for step in range(12)]  # each one bit off the next, the ends eleven bits apart
    led = grouped(chain, 2)
    assert led == [0, 0, 0, 3, 3, 3, 6, 6, 6, 9, 9, 9]
    widest = max(int(distances(*np.array([[chain[i]], [chain[j]]]))[0]) for i in range(12) for j in range(12))
    assert widest == 11


def test_the_best_leads_whoever_is_near_it() -> None:
    assert grouped([0b11, 0b0, 0b1111, 0b111], 2) == [0, 0, 0, 0]
    assert grouped([0b0, 0b11, 0b1111, 0b111], 2) == [0, 0, 2, 2]


def test_a_closer_look_parts_those_of_like_hashes_and_is_taken_once_a_pair() -> None:
    looks = ["a", "b", "a", "b", "c", "a"]
    asked: list[tuple[int, int]] = []

    def same(leading: Indices, others: Indices) -> Indices:
        asked.extend(zip(leading.tolist(), others.tolist(), strict=True))
        return np.array([looks[i] == looks[j] for i, j in zip(leading, others, strict=True)])

    assert grouped([7] * 6, 0, same=same) == [0, 1, 0, 1, 4, 0]
    assert len(asked) == len(set(asked)) == 5 + 2


def test_a_hash_of_thousands_that_are_not_the_same_is_looked_at_so_often_and_no_more() -> None:
    asked: list[int] = []

    def same(leading: Indices, others: Indices) -> Indices:
        asked.append(len(leading))
        return (leading == 0) & (others == 999) | (others == 1000)

    count = 1000
    hashes = np.array([7] * count + [6], np.int64)
    led = leaders(hashes, np.zeros(count + 1, np.int64), 2, same)
    assert sum(asked) <= (MOST_ALIKE + 1) * count
    assert [led[999], led[1000]] == [0, 0]
    assert led[1:999].tolist() == list(range(1, 999))
    assert crowded(hashes, led) == count
    assert crowded(hashes[:MOST_ALIKE], np.arange(MOST_ALIKE)) == 0


def test_many_links_are_sorted_once() -> None:
    random = np.random.default_rng(0)
    count, near = 2000, 20
    left = random.integers(0, count, 200_000)
    links = np.stack([left, np.minimum(count - 1, left + random.integers(1, near, len(left)))], axis=1)
    linked = {(min(pair), max(pair)) for pair in links.tolist()}
    never = lambda leading, others: np.zeros(len(others), bool)  # noqa: E731
    led = leaders(random.integers(-(2**63), 2**63 - 1, count), np.zeros(count, np.int64), 0, never, links)
    expected = [-1] * count
    for place in range(count):
        if expected[place] < 0:
            expected[place] = place
            for other in range(place + 1, min(count, place + near)):
                if expected[other] < 0 and (place, other) in linked:
                    expected[other] = place
    assert led.tolist() == expected


def test_linked_ones_follow_whatever_their_hashes_say_but_no_chain_of_links() -> None:
    links = np.array([[2, 0], [2, 3]])
    never = {"same": lambda leading, others: np.zeros(len(others), bool)}
    assert grouped([0, 2**40 - 1, 2**20 - 1, 5], 1, links=links, **never) == [0, 1, 0, 3]


def test_nothing_is_grouped_to_nothing() -> None:
    assert grouped([], 4) == []
