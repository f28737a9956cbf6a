"""Several runs in one table, best first: `Ranking.of({name: card, …}, reasons)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ganvas.errors import InputError
from ganvas.judge.scorecard import Scorecard

COLUMNS = ("kid", "fd", "precision", "recall", "coverage", "copies")  # what a terminal has room for; JSON holds all


@dataclass(frozen=True)
class Ranking:
    """Cards by their run's name, lowest KID first, and why other runs have none."""

    cards: dict[str, Scorecard]
    reasons: dict[str, str]

    @classmethod
    def of(cls, cards: Mapping[str, Scorecard], reasons: Mapping[str, str]) -> Ranking:
        """Raises InputError where there is no card at all."""
        if not cards:
            raise InputError(
                "no run could be judged: " + ("; ".join(map(": ".join, reasons.items())) or "there is none")
            )
        return cls(dict(sorted(cards.items(), key=lambda pair: pair[1].value("kid"))), dict(reasons))

    @property
    def headline(self) -> str:
        return next(iter(self.cards.values())).headline

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Columns and a row a run as a person reads them; real pictures against real ones in the last row."""
        first = next(iter(self.cards.values()))
        usual = {score.label: score.baseline_shown for score in first.scores if score.name in COLUMNS}
        rows = [[name, _images(card), *card.shown(list(usual))] for name, card in self.cards.items()]
        rows.append(["real against real", "", *usual.values()])
        return ["run", "images", *usual], rows


def _images(card: Scorecard) -> str:
    return f"{int(card.checkpoint):,}" if card.checkpoint.isdigit() else card.checkpoint
