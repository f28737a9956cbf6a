from __future__ import annotations

import random
from collections import Counter

import pytest

from ganvas.curate.split import Candidate, split_pictures
from ganvas.errors import InputError


def candidates(count: int, labels: tuple[str | None, ...] = (None,), hint: str | None = None) -> list[Candidate]:
    return [Candidate(f"{n:064x}", labels[n % len(labels)], hint) for n in range(count)]


def held_out(members: list[Candidate], how: str = "90/10", seed: int = 0) -> list[Candidate]:
    splits, _ = split_pictures(members, how, seed)
    return [member for member, split in zip(members, splits, strict=True) if split == "held-out"]


@pytest.mark.parametrize(
    ("how", "count"), [("90/10", 100), ("80/20", 200), ("50/50", 500), ("100/0", 0), ("1/99", 990)]
)
def test_every_label_gives_the_share_that_was_asked_for(how: str, count: int) -> None:
    found = Counter(member.label for member in held_out(candidates(1000, ("a", "b", "c", "d")), how))
    assert found.total() == count
    assert max(found.values(), default=0) - min(found.values(), default=0) <= 1


def test_the_split_follows_from_pictures_and_seed_not_from_their_order() -> None:
    members = candidates(200, ("a", "b", None))
    shuffled = random.Random(1).sample(members, len(members))
    assert set(held_out(members)) == set(held_out(shuffled))
    assert set(held_out(members)) != set(held_out(members, seed=1))


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 0), (2, 1), (3, 1), (9, 1), (14, 1), (16, 2)])
def test_a_tiny_set_holds_out_one_but_never_all(count: int, expected: int) -> None:
    assert len(held_out(candidates(count))) == expected


@pytest.mark.parametrize("how", ["1/99", "50/50", "10/90"])
def test_something_is_always_left_to_train_on(how: str) -> None:
    for count in (1, 2, 3):
        assert len(held_out(candidates(count), how)) < count


def test_the_only_picture_of_a_label_stays_to_train_on() -> None:
    members = [*candidates(50, ("many",)), Candidate("f" * 64, "lonely", None)]
    assert {member.label for member in held_out(members, "60/40")} == {"many"}


def test_the_split_of_the_source_is_taken_where_it_is_whole() -> None:
    members = candidates(6, hint="train") + [Candidate("a" * 64, None, "test"), Candidate("b" * 64, None, "held-out")]
    splits, how = split_pictures(members, "auto")
    assert splits == ["train"] * 6 + ["held-out"] * 2
    assert how == "as given by the source"


@pytest.mark.parametrize("hint", ["train", "held-out", None])
def test_a_source_that_names_one_split_only_is_split_anew(hint: str | None) -> None:
    splits, how = split_pictures(candidates(20, hint=hint), "auto")
    assert (splits.count("held-out"), how) == (2, "90/10, seed 0")


def test_a_source_that_is_silent_about_some_is_split_anew_unless_told_otherwise() -> None:
    members = [*candidates(8, hint="train"), Candidate("a" * 64, None, "held-out"), Candidate("b" * 64, None, None)]
    assert split_pictures(members, "auto")[1] == "90/10, seed 0"
    splits, _ = split_pictures(members, "given")
    assert splits == ["train"] * 8 + ["held-out", "train"]


def test_all_given_as_held_out_leaves_nothing_to_train_on() -> None:
    with pytest.raises(InputError, match="nothing to train on"):
        split_pictures(candidates(5, hint="held-out"), "given")


@pytest.mark.parametrize("how", ["", "90", "90/20", "0/100", "90-10", "most", "-10/110", "given ", "90/10/0"])
def test_a_split_that_is_not_one_says_what_one_looks_like(how: str) -> None:
    with pytest.raises(InputError, match="--split .*90/10"):
        split_pictures(candidates(5), how)
