from __future__ import annotations

import json
import math

import numpy as np
import pytest

from ganvas.judge import Resemblance, Score, Scorecard, score_features, scorecard
from ganvas.scores.frechet import frechet_distance
from ganvas.scores.kid import kid
from ganvas.scores.manifold import manifold_scores


def features(count: int, seed: int, shift: float = 0.0) -> np.ndarray:
    return np.abs(np.random.default_rng(seed).normal(size=(count, 16)) + shift).astype(np.float32)


def test_every_score_stands_beside_its_baseline_on_the_same_real_pictures() -> None:
    real, fake, others = features(120, 1), features(110, 2, shift=0.5), features(110, 3)
    card = score_features(real, fake, others)
    found, usual = manifold_scores(real, fake), manifold_scores(real, others)
    by_name = {score.name: score for score in card.scores}
    assert list(by_name) == ["kid", "precision", "recall", "density", "coverage"]
    assert (by_name["kid"].value, by_name["kid"].sd) == (kid(real, fake).mean, kid(real, fake).sd)
    assert by_name["kid"].baseline == kid(real, others).mean
    for name in ("precision", "recall", "density", "coverage"):
        assert (by_name[name].value, by_name[name].baseline) == (getattr(found, name), getattr(usual, name))
    assert card.n == 110


def test_fd_appears_from_two_thousand_on_and_below_it_is_said_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert scorecard.FD_FROM == 2000
    monkeypatch.setattr(scorecard, "FD_FROM", 200)  # KID of thousands takes seconds
    few = score_features(features(199, 1), features(250, 2), features(250, 3))
    assert "fd" not in {score.name for score in few.scores}
    assert any("FD is left out" in remark and "here 199" in remark for remark in few.remarks)
    real, fake, others = features(200, 1), features(200, 2), features(200, 3)
    enough = score_features(real, fake, others)
    fd = next(score for score in enough.scores if score.name == "fd")
    assert fd.value == pytest.approx(frechet_distance(real, fake))
    assert fd.baseline == pytest.approx(frechet_distance(real, others))
    assert enough.remarks == ()


def test_a_worse_generator_gets_worse_scores() -> None:
    real, others = features(300, 1), features(300, 3)
    good, bad = (score_features(real, features(300, 2, shift=s), others) for s in (0.1, 2.0))
    assert good.value("kid") < bad.value("kid")
    for name in ("precision", "recall", "coverage"):
        assert good.value(name) > bad.value(name)


def test_twenty_five_a_side_are_enough_for_numbers() -> None:
    card = score_features(features(25, 1), features(25, 2), features(25, 3))
    assert all(math.isfinite(score.value) and score.baseline is not None for score in card.scores)


def test_rows_read_as_a_person_reads_them() -> None:
    scores = (
        Score("kid", 0.1914, -0.00002, 0.0041, 0.0009),
        Score("coverage", 0.7849, 0.97),
        Score("fd", 1234.56, None),
    )
    card = Scorecard(5000, scores, against="5,000 held-out pictures", encoder="effnet-lite0")
    assert card.rows() == [
        ["KID×1000", "191.4 ± 4.1", "-0.0 ± 0.9"],
        ["coverage", "0.78", "0.97"],
        ["FD", "1,234.6", "–"],
    ]
    assert card.headline == "5,000 generated pictures against 5,000 held-out pictures, seen through effnet-lite0"


def test_a_card_survives_json() -> None:
    card = Scorecard(
        n=60,
        scores=(Score("kid", 0.2, 0.001, 0.01, 0.002), Score("recall", 0.5, 0.9)),
        remarks=("rough",),
        against="60 held-out pictures",
        encoder="tiny",
        checkpoint="000120000",
        judged_at="2026-11-22T07:00:00+00:00",
        nearest=(Resemblance(0, [4, 7, 1], [0.1, 0.2, 0.3]),),
    )
    record = json.loads(json.dumps(card.to_json()))
    assert Scorecard.from_json(record) == card
    assert record["scores"][0]["shown"] == "200.0 ± 10.0"
    assert record["scores"][0]["label"] == "KID×1000"


def test_the_catalog_gets_every_score_with_its_baseline() -> None:
    card = Scorecard(60, (Score("kid", 0.2, 0.001, 0.01, 0.002),), encoder="tiny", checkpoint="000120000")
    (row,) = card.score_rows()
    assert (row.checkpoint, row.encoder, row.n, row.name) == ("000120000", "tiny", 60, "kid")
    assert (row.value, row.sd, row.baseline) == (0.2, 0.01, 0.001)
    assert row.judged_at.tzinfo is not None
