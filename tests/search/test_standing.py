"""How a search stands, in a line: sets beside each other, and scores that are none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ganvas.search.standing import Standing
from ganvas.search.trial import FINISHED, RUNNING, Tick, Trial


class Bar:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.done, self.text = 0.0, ""

    def advance(self, steps: float = 1) -> None:
        self.done += steps

    def describe(self, text: str) -> None:
        self.text = text


def finished(number: int, set_name: str, kid: float) -> Trial:
    return Trial(number, number, {"set": set_name}, 0, f"s-{number:03d}", FINISHED, scores={"kid": kid})


def test_every_set_has_a_best_of_its_own() -> None:
    trials = [finished(0, "gray", 0.02), finished(1, "coloured", 0.3), finished(2, "coloured", 0.2)]
    running = [Trial(i, i, {"set": "gray"}, 0, f"s-00{i}", RUNNING) for i in (3, 4)]
    standing, bar = Standing("s", 5, "kid", ["set"]), Bar()
    standing.show(bar, {t.number: t for t in [*trials, *running]}, [3, 4], {4: [Tick(4, 100, 1.0, 1.0, {})]})
    assert bar.text.startswith("3 of 5 ended · running 3 at 0%, 4 being judged · best of gray KID×1000 20 (0)")
    assert bar.text.endswith("best of coloured KID×1000 200 (2)")
    assert standing.said_at_end(trials).endswith(
        "the best of gray is s-000 with KID×1000 20, the best of coloured is s-002 with KID×1000 200"
    )


@pytest.mark.parametrize("kid", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_no_score(kid: float) -> None:
    broken, good = (replace(finished(i, "", score), point={}) for i, score in enumerate([kid, 0.1]))
    standing = Standing("s", 2, "kid", [])
    assert "KID" not in standing.said(broken)
    assert standing.said_at_end([good]).startswith("search s: 1 trial, 1 finished; ")
    assert standing.said_at_end([broken, good]).endswith("the best is s-001 with KID×1000 100")
    assert standing.said_at_end([broken]).endswith("none could be judged")


def test_the_best_of_several_seeds_is_told_by_their_mean() -> None:
    one, other = (replace(finished(i, "", kid), point={}, group=0, seed=i) for i, kid in enumerate([0.1, 0.3]))
    worse = replace(finished(2, "", 0.25), point={"batch": 8}, group=1)
    standing = Standing("s", 3, "kid", [])
    told = "the best is s-000 with KID×1000 200, mean of 2 seeds"
    assert standing.said_at_end([one, other, worse]).endswith(told)
