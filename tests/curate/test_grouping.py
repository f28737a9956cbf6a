from __future__ import annotations

import numpy as np

from ganvas.curate.grouping import leaders
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


def test_linked_ones_follow_whatever_their_hashes_say_but_no_chain_of_links() -> None:
    links = np.array([[2, 0], [2, 3]])
    never = {"same": lambda leading, others: np.zeros(len(others), bool)}
    assert grouped([0, 2**40 - 1, 2**20 - 1, 5], 1, links=links, **never) == [0, 1, 0, 3]


def test_nothing_is_grouped_to_nothing() -> None:
    assert grouped([], 4) == []
