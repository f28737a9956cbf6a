"""What a test says of a classifier, beside what guessing would reach: pure numbers.

`marks_of(logits, truth, names, temperature)` from logits [N, K]; a Marks prints itself as rows.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganvas.judge.classifier.calibration import cross_entropy, expected_calibration_error, softmax

TOP = 3


@dataclass(frozen=True)
class Marks:
    """`confusion[i][j]`: how many pictures of label i were taken for label j. Shares are 0 … 1, cross-entropy in nats.

    The two of calibration are (as learned, after the temperature).
    """

    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    top3: float
    calibration_error: tuple[float, float]
    cross_entropy: tuple[float, float]
    temperature: float
    against: str = ""

    @property
    def n(self) -> int:
        return sum(map(sum, self.confusion))

    @property
    def accuracy(self) -> float:
        return sum(row[i] for i, row in enumerate(self.confusion)) / self.n

    @property
    def error(self) -> float:
        """One standard error of the accuracy, as the test has only so many pictures."""
        return math.sqrt(self.accuracy * (1 - self.accuracy) / self.n)

    @property
    def baseline(self) -> float:
        """The accuracy of always answering the commonest label."""
        return max(map(sum, self.confusion)) / self.n

    @property
    def by_label(self) -> dict[str, float | None]:
        """The share of each label's pictures that were recognised; None where the test has none of it."""
        rows = enumerate(self.confusion)
        return {self.labels[i]: row[i] / sum(row) if sum(row) else None for i, row in rows}

    @property
    def headline(self) -> str:
        return (
            f"{self.accuracy:.2%} ± {self.error:.2%} of {self.n:,} {self.against} right "
            f"({self.baseline:.1%} by always saying the commonest label), {self.top3:.2%} among the first three answers"
        )

    @property
    def about_calibration(self) -> str:
        before, after = self.calibration_error
        return (
            f"probabilities are {after:.1%} off on average ({before:.1%} before temperature {self.temperature:.2f}); "
            f"cross-entropy {self.cross_entropy[1]:.3f} ({self.cross_entropy[0]:.3f})"
        )

    def rows(self) -> list[list[str]]:
        """[label, pictures, right, most often taken for] a label, as a person reads them."""
        return [
            [name, f"{sum(row):,}", f"{row[i] / sum(row):.1%}" if sum(row) else "–", self._mistaken(i)]
            for i, (name, row) in enumerate(zip(self.labels, self.confusion, strict=True))
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain values, the derived ones too."""
        derived = ("n", "accuracy", "error", "baseline", "by_label", "headline")
        return {**{name: getattr(self, name) for name in derived}, **asdict(self)}

    def _mistaken(self, label: int) -> str:
        others = [count if i != label else 0 for i, count in enumerate(self.confusion[label])]
        most = max(others)
        return f"{self.labels[others.index(most)]} ({most / sum(self.confusion[label]):.1%})" if most else "–"


def marks_of(
    logits: NDArray[np.float32],
    truth: NDArray[np.int64],
    names: tuple[str, ...],
    temperature: float = 1.0,
    against: str = "",
) -> Marks:
    """Marks for logits [N, K] of pictures whose labels are `truth`; N is 1 or more."""
    cooled = (logits / temperature).astype(np.float32)
    return Marks(
        labels=names,
        confusion=tuple(tuple(map(int, row)) for row in confusion(logits.argmax(axis=1), truth, len(names))),
        top3=float((np.argsort(-logits, axis=1, kind="stable")[:, :TOP] == truth[:, None]).any(axis=1).mean()),
        calibration_error=tuple(expected_calibration_error(softmax(each), truth) for each in (logits, cooled)),  # type: ignore[arg-type]
        cross_entropy=(cross_entropy(logits, truth), cross_entropy(cooled, truth)),
        temperature=temperature,
        against=against,
    )


def confusion(answers: NDArray[np.int64], truth: NDArray[np.int64], labels: int) -> NDArray[np.int64]:
    """Counts int64 [K, K]: a row a true label, a column an answer."""
    return np.bincount(truth * labels + answers, minlength=labels * labels).reshape(labels, labels)
