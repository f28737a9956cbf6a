"""The scorecard of generated pictures: each score beside what real pictures get against real pictures.

`score_features(real, fake, baseline_real)` is the whole of it, on features; `judging.py` brings the pictures.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from ganvas.scores.frechet import frechet_distance
from ganvas.scores.kid import SUBSETS, kid
from ganvas.scores.manifold import manifold_scores
from ganvas.scores.neighbours import Features
from ganvas.scores.shown import SHOWN

if TYPE_CHECKING:
    from ganvas.catalog import ScoreRow

FD_FROM = 2000
NEIGHBOURS = 5


@dataclass(frozen=True)
class Score:
    """One number about generated pictures, and the same number about real ones. `kid` is not multiplied here."""

    name: str
    value: float
    baseline: float | None
    sd: float | None = None
    baseline_sd: float | None = None

    @property
    def label(self) -> str:
        return SHOWN[self.name][0]

    @property
    def shown(self) -> str:
        return _shown(self.name, self.value, self.sd)

    @property
    def baseline_shown(self) -> str:
        return _shown(self.name, self.baseline, self.baseline_sd)


@dataclass(frozen=True)
class Resemblance:
    """A generated picture (its number) and the training pictures nearest to it: positions in the set, distances."""

    picture: int
    positions: list[int]
    distances: list[float]


@dataclass(frozen=True)
class Novelty:
    """Names of the pictures called copies, and the most suspicious ones beside what they resemble, worst first."""

    copies: tuple[str, ...]
    suspects: tuple[Resemblance, ...]


@dataclass(frozen=True)
class LabelScores:
    """The scores of n generated pictures that were told a label, against real pictures of it."""

    label: str
    n: int
    scores: tuple[Score, ...]


@dataclass(frozen=True)
class Scorecard:
    """Scores of n generated pictures against as many real ones, and what has to be said about them."""

    n: int
    scores: tuple[Score, ...]
    remarks: tuple[str, ...] = ()
    against: str = "real pictures"
    encoder: str = ""
    checkpoint: str = ""
    judged_at: str = ""
    nearest: tuple[Resemblance, ...] = ()
    novelty: Novelty | None = None
    labels: tuple[LabelScores, ...] = ()

    @property
    def headline(self) -> str:
        through = f", seen through {self.encoder}" if self.encoder else ""
        return f"{self.n:,} generated pictures against {self.against}{through}"

    def rows(self) -> list[list[str]]:
        """[score, generated, real against real] as a person reads them."""
        return [[score.label, score.shown, score.baseline_shown] for score in self.scores]

    def label_table(self) -> tuple[list[str], list[list[str]]]:
        """Columns, and a row a label: each score, and behind a stroke what real pictures of the label get."""
        columns = max(([score.label for score in row.scores] for row in self.labels), key=len, default=[])
        rows = []
        for row in self.labels:
            here = {score.label: f"{score.shown} / {score.baseline_shown}" for score in row.scores}
            rows.append([row.label, f"{row.n:,}", *(here.get(column, "–") for column in columns)])
        return ["label", "pictures", *columns], rows

    def shown(self, labels: Sequence[str]) -> list[str]:
        """The values under these labels as a person reads them, – where the card has none."""
        here = {score.label: score.shown for score in self.scores}
        return [here.get(label, "–") for label in labels]

    def value(self, name: str) -> float:
        """The score of this name, `kid` not multiplied. Raises KeyError when the card does not hold it."""
        return {score.name: score.value for score in self.scores}[name]

    def to_json(self) -> dict[str, Any]:
        """Plain values; each score also as it is shown, so that a page need know nothing about scores."""
        record = asdict(self)
        _add_shown(self.scores, record["scores"])
        for row, plain in zip(self.labels, record["labels"], strict=True):
            _add_shown(row.scores, plain["scores"])
        columns, rows = self.label_table()
        return {"headline": self.headline, **record, "label_table": {"columns": columns, "rows": rows}}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Scorecard:
        """The card `to_json` wrote. Raises KeyError or TypeError for anything else."""
        labels = tuple(
            LabelScores(row["label"], row["n"], _scores_of(row["scores"])) for row in record.get("labels", [])
        )
        nearest = _resemblances(record["nearest"])
        said = record.get("novelty")
        novelty = Novelty(tuple(said["copies"]), _resemblances(said["suspects"])) if said else None
        rest = {key: record[key] for key in ("n", "against", "encoder", "checkpoint", "judged_at")}
        return cls(
            scores=_scores_of(record["scores"]),
            remarks=tuple(record["remarks"]),
            nearest=nearest,
            novelty=novelty,
            labels=labels,
            **rest,
        )

    def score_rows(self) -> list[ScoreRow]:
        """The card as the catalog keeps it."""
        from ganvas.catalog import ScoreRow

        judged_at = dt.datetime.fromisoformat(self.judged_at) if self.judged_at else dt.datetime.now(dt.UTC)
        return [
            ScoreRow(
                self.checkpoint, self.encoder, self.n, score.name, score.value, score.sd, score.baseline, judged_at
            )
            for score in self.scores
        ]


def score_features(
    real: Features, fake: Features, baseline_real: Features, seed: int = 0, subsets: int = SUBSETS
) -> Scorecard:
    """Score fake features [M, D] against real ones [N, D], beside other real ones [M, D] against the same.

    Fewer than 2,000 on a side leave FD out, with a remark that says so: its bias depends on the model, so not
    even equal numbers repair it (Bińkowski et al. 2018, arXiv 1801.01401; Chong & Forsyth 2020, arXiv 1911.07023).
    """
    count = min(len(real), len(fake), len(baseline_real))
    scores = [_kid(real, fake, baseline_real, seed, subsets)]
    remarks = []
    if count >= FD_FROM:
        distances = (frechet_distance(real, others) for others in (fake, baseline_real))
        scores.append(Score("fd", *distances))
    else:
        remarks.append(
            f"FD is left out: below {FD_FROM:,} pictures a side (here {count:,}) its bias outweighs what it says"
        )
    return Scorecard(len(fake), (*scores, *_manifold(real, fake, baseline_real)), tuple(remarks))


def with_scores(card: Scorecard, *scores: Score) -> Scorecard:
    """The same card with more scores at its end."""
    return replace(card, scores=(*card.scores, *scores))


def _kid(real: Features, fake: Features, baseline_real: Features, seed: int, subsets: int) -> Score:
    found, usual = (kid(real, others, subsets, seed=seed) for others in (fake, baseline_real))
    return Score("kid", found.mean, usual.mean, found.sd, usual.sd)


def _manifold(real: Features, fake: Features, baseline_real: Features) -> list[Score]:
    k = min(NEIGHBOURS, len(real) - 1, len(fake) - 1, len(baseline_real) - 1)
    found, usual = asdict(manifold_scores(real, fake, k)), asdict(manifold_scores(real, baseline_real, k))
    return [Score(name, found[name], usual[name]) for name in ("precision", "recall", "density", "coverage")]


def _add_shown(scores: Sequence[Score], records: Sequence[dict[str, Any]]) -> None:
    for score, plain in zip(scores, records, strict=True):
        plain |= {"label": score.label, "shown": score.shown, "baseline_shown": score.baseline_shown}


def _scores_of(records: Sequence[dict[str, Any]]) -> tuple[Score, ...]:
    kept = ("name", "value", "baseline", "sd", "baseline_sd")
    return tuple(Score(**{key: score[key] for key in kept}) for score in records)


def _resemblances(records: list[dict[str, Any]]) -> tuple[Resemblance, ...]:
    return tuple(Resemblance(**item) for item in records)


def _shown(name: str, value: float | None, sd: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "–"
    _, factor, digits = SHOWN[name]
    text = f"{value * factor + 0.0:,.{digits}f}"
    return text if sd is None else f"{text} ± {sd * factor:,.{digits}f}"
