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


@pytest.mark.parametrize(
    "how", ["", "90", "90/20", "0/100", "90-10", "most", "-10/110", "given ", "90/10/0", "80/10/20", "50/20/20/10"]
)
def test_a_split_that_is_not_one_says_what_one_looks_like(how: str) -> None:
    with pytest.raises(InputError, match="--split .*90/10"):
        split_pictures(candidates(5), how)


def parts(members: list[Candidate], how: str = "80/10/10", seed: int = 0) -> list[str]:
    return split_pictures(members, how, seed)[0]


@pytest.mark.parametrize(("how", "validation", "held"), [("80/10/10", 100, 100), ("50/30/20", 300, 200)])
def test_three_shares_are_train_validation_and_held_out_of_every_label(how: str, validation: int, held: int) -> None:
    members = candidates(1000, ("a", "b", "c", "d"))
    splits = parts(members, how)
    assert Counter(splits) == {"train": 1000 - validation - held, "validation": validation, "held-out": held}
    of_labels = Counter(zip((member.label for member in members), splits, strict=True))
    for split in ("validation", "held-out"):
        each = [of_labels[label, split] for label in "abcd"]
        assert max(each) - min(each) <= 2


def test_three_shares_hold_the_same_pictures_out_as_two() -> None:
    members = candidates(300, ("a", "b"))
    three = {m.sha256 for m, split in zip(members, parts(members), strict=True) if split == "held-out"}
    assert three == {member.sha256 for member in held_out(members)}


def test_a_label_of_one_picture_goes_to_train_and_is_named() -> None:
    lonely = Candidate("f" * 64, "lonely", None)
    for how in ("10/45/45", "80/10/10"):
        splits, told = split_pictures([*candidates(20, ("many",)), lonely], how)
        assert splits[-1] == "train"
        assert told.endswith("a label of one picture goes to train: lonely")
    only = [Candidate(f"{n:064x}", str(n), None) for n in range(5)]
    assert parts(only) == ["train"] * 5


@pytest.mark.parametrize("count", range(1, 12))
def test_a_tiny_set_is_split_in_three_where_there_are_three(count: int) -> None:
    found = Counter(parts(candidates(count)))
    assert found["train"] >= 1
    assert (found["validation"], found["held-out"]) == ((1, 1) if count >= 3 else (0, 0))


@pytest.mark.parametrize("how", ["90/10", "50/50", "80/10/10", "34/33/33"])
def test_a_group_never_straddles_splits(how: str) -> None:
    rng = random.Random(0)
    members = [
        Candidate(member.sha256, member.label, None, group=rng.randrange(60) if rng.random() < 0.5 else None)
        for member in candidates(400, ("a", "b", "c"))
    ]
    splits = parts(members, how)
    for group in range(60):
        assert len({split for member, split in zip(members, splits, strict=True) if member.group == group}) <= 1
    shares = [int(share) for share in how.split("/")]
    assert abs(Counter(splits)["held-out"] - 4 * shares[-1]) <= 12
    shuffled = rng.sample(list(zip(members, splits, strict=True)), len(members))
    assert parts([member for member, _ in shuffled], how) == [split for _, split in shuffled]


def test_a_group_larger_than_the_share_stays_to_train_on() -> None:
    crowd = [Candidate(member.sha256, None, None, group=1) for member in candidates(90)]
    splits = parts([*crowd, *candidates(10, hint=None)[:0], Candidate("a" * 64, None, None)], "90/10")
    assert splits == ["train"] * 90 + ["held-out"]
    assert parts(crowd, "50/50") == ["train"] * 90


def test_given_splits_yield_to_groups_towards_what_is_held_out() -> None:
    members = [
        Candidate(str(n), None, hint, group) for n, hint, group in [(1, "train", 7), (2, "test", 7), (3, "train", None)]
    ]
    splits, how = split_pictures(members, "given")
    assert splits == ["held-out", "held-out", "train"]
    assert "; 1 picture moved" in how
    with pytest.raises(InputError, match="shows the same as what is held out"):
        split_pictures(members[:2], "given")


def test_validation_is_a_split_of_its_own_where_the_source_names_all_three() -> None:
    members = [Candidate(str(n), None, hint) for n, hint in enumerate(["train", "val", "test"])]
    assert split_pictures(members, "auto")[0] == ["train", "validation", "held-out"]
    assert split_pictures(members[:2], "auto")[0] == ["train", "held-out"]


@pytest.mark.parametrize("how", ["90/10", "80/10/10", "given", "auto"])
def test_a_picture_of_an_older_version_keeps_its_split_and_its_group_follows(how: str) -> None:
    members = candidates(100, ("a", "b"))
    before = dict(zip((m.sha256 for m in members), parts(members), strict=True))
    more = [*members, *(Candidate(f"{n:064x}", "a", None) for n in range(100))]
    grown = [
        Candidate(m.sha256, m.label, None, group=1 if n in (0, 150) else None, kept=before.get(m.sha256))
        for n, m in enumerate(more)
    ]
    splits = parts(grown, how)
    assert splits[:100] == [before[member.sha256] for member in members]
    assert splits[150] == splits[0]
    if how in ("90/10", "80/10/10"):
        assert splits.count("held-out") == 20


@pytest.mark.parametrize("how", ["90/10", "80/10/10", "given"])
def test_what_shows_the_same_as_a_picture_to_train_on_is_never_held_out_later(how: str) -> None:
    members = [
        Candidate("a" * 64, None, None, group=1, kept="train"),
        Candidate("b" * 64, None, None, group=1, kept="held-out"),
        Candidate("c" * 64, None, "held-out", group=1),
        Candidate("d" * 64, None, None, group=2, kept="held-out"),
        Candidate("e" * 64, None, "train", group=2),
        *candidates(10),
    ]
    splits, told = split_pictures(members, how)
    assert splits[:5] == ["train", "held-out", "train", "held-out", "held-out"]
    assert told.endswith("; 1 groups lie on both sides, as in the version before")


def test_most_pictures_stay_on_their_side_when_others_are_added() -> None:
    members = candidates(1000)
    before, after = parts(members), parts([*members, *(Candidate(f"{n:064x}", None, None) for n in range(100))])
    assert sum(a != b for a, b in zip(before, after, strict=False)) < 30
