"""One training of a studio: what can be drawn from it and said about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from ganvas.api.drawing import Drawing, Loop
from ganvas.errors import InputError

if TYPE_CHECKING:
    from ganvas.api.studio import Studio
    from ganvas.catalog import RunRow
    from ganvas.judge import Comparison, Scorecard
    from ganvas.judge import Drawn as Judged
    from ganvas.judge.classifier.classifier import Classifier
    from ganvas.pictures.packed import PackedSet
    from ganvas.train.draw import Asked, Drawn
    from ganvas.train.run_folder import RunFolder

SCORE = ("name", "value", "sd", "baseline", "n", "encoder", "checkpoint")


@dataclass(frozen=True)
class Run:
    """One training of a studio."""

    studio: Studio
    name: str

    @property
    def folder(self) -> Path:
        return self.studio.folder.runs / self.name

    def draw(
        self,
        n: int = 64,
        seed: int = 0,
        label: str | Sequence[str] | None = None,
        word: str | Sequence[str] | None = None,
        truncation: float = 1.0,
        checkpoint: str = "best",
    ) -> Drawing:
        """Draw n new pictures; picture i of a seed is always the same.

        Several labels or words are told in turn; a `word` need not have been learned. A truncation below 1 draws nearer
        to the typical picture, up to 2 farther from it. `checkpoint` is best (by the light judge while it trained),
        last, or a number of images. `grid`, `walk` and `loop` are asked the same, by name.
        """
        from ganvas.train import draw

        asked: Asked = {"seed": seed, "label": label, "word": word, "truncation": truncation, "checkpoint": checkpoint}
        return self._drawing(draw(self._files(), n, self.studio.progress, **asked), asked)

    def grid(self, n: int = 8, **asked: Unpack[Asked]) -> Drawing:
        """A row for each label (all, or the labels or words asked for), a column for each of n latents."""
        from ganvas.train.walk import grid

        return self._drawing(grid(self._files(), n, self.studio.progress, **asked), asked, "-grid")

    def walk(self, n: int = 8, steps: int = 8, **asked: Unpack[Asked]) -> Drawing:
        """From each of the first n pictures of `draw` to the next: a row a pair, steps + 1 pictures."""
        from ganvas.train.walk import walk

        return self._drawing(walk(self._files(), n, steps, self.studio.progress, **asked), asked, "-walk")

    def loop(self, n: int = 64, steps: int = 16, **asked: Unpack[Asked]) -> Loop:
        """The same as an animation back to where it began, n // 4 walks side by side: `run.loop().save("walk.gif")`."""
        from ganvas.train.walk import loop

        drawn = loop(self._files(), n, steps, self.studio.progress, **asked)
        frames = drawn.pictures.reshape(-1, drawn.columns or 1, *drawn.pictures.shape[1:])
        return Loop(frames, steps, drawn.checkpoint)

    def judge(
        self,
        n: int | None = None,
        encoder: str | None = None,
        checkpoint: str = "best",
        weights: str | Path | None = None,
        labels: bool = False,
        classifier: str = "last",
        substitute: str | None = None,
    ) -> Scorecard:
        """Scores of the run's pictures beside the real-against-real baseline: the catalog, scores.json, scorecard.html.

        `checkpoint` is best (by the light judge while it trained), last, or a number of images;
        `weights` a file for the encoder, where it does not bring its own. With `labels` a classifier of the set says
        whether they were drawn as told; with a budget for a `substitute` another learns from generated pictures alone.

        Raises InputError for a run without a checkpoint, a set that is gone or another by now, or too few pictures.
        """
        from ganvas.encode import encoder as load_encoder
        from ganvas.judge import judge_by_substitute, judge_run
        from ganvas.judge.classifier.settings import classifier_settings

        packed, progress = self._trained_on(), self.studio.progress
        settings = classifier_settings({"budget": substitute}) if substitute else None
        answering = self._classifier_of(packed, classifier) if labels else None
        draw = partial(self._drawn, checkpoint=checkpoint)
        looks = load_encoder(encoder, weights)
        card = judge_run(self.folder, packed, draw, encoder=looks, n=n, classifier=answering, progress=progress)
        self._keep(card)
        if settings:
            draw = partial(self._drawn, checkpoint=str(int(card.checkpoint)))
            card = judge_by_substitute(self.folder, packed, draw, card, settings, progress)
            self._keep(card)
        return card

    def _drawn(self, count: int, checkpoint: str) -> Judged:
        from ganvas.judge import Drawn as Judged

        drawing = self.draw(count, checkpoint=checkpoint)
        return Judged(drawing.pictures, drawing.labels, drawing.checkpoint)

    def _keep(self, card: Scorecard) -> None:
        """In the catalog and on the scorecard's page, with a grid of the labels that were judged."""
        from ganvas.report import write_scorecard

        grid = self.folder / "labels.png"
        grid.unlink(missing_ok=True)  # of another checkpoint, it may be
        if card.labels:
            self.grid(checkpoint=str(int(card.checkpoint))).save(grid)
        self.studio.folder.catalog.save_scores(self.name, card.score_rows())
        write_scorecard(self.folder)

    def novelty(
        self,
        n: int = 64,
        seed: int = 0,
        encoder: str | None = None,
        checkpoint: str = "best",
        weights: str | Path | None = None,
    ) -> Comparison:
        """The first n pictures of a seed beside the training pictures they resemble most, by pixels and by features.

        Raises InputError for a run without a checkpoint, or a set that is gone or another by now.
        """
        from ganvas.encode import encoder as load_encoder
        from ganvas.judge import compare_with_training

        packed, pictures = self._trained_on(), self.draw(n, seed, checkpoint=checkpoint).pictures
        return compare_with_training(pictures, packed, load_encoder(encoder, weights), self.studio.progress)

    def report(self) -> Path:
        """Write report.html, one page that opens anywhere, and return where it is."""
        from ganvas.report import write_report

        self._files().read_settings()
        return write_report(self.folder)

    def gif(
        self,
        style: str = "expanding",
        *,
        window: int = 10,
        speed: float = 0.4,
        score: str = "kid",
        out: str | Path | None = None,
    ) -> Path:
        """Write score-STYLE.gif: each tick's sheet beside the graph of a light judge's score; returns where it is.

        `style` is expanding (the line grows), rolling (the last `window` judgements) or static (a mark walks along the
        whole line); `speed` is seconds a picture. Raises InputError for a run with fewer than two judged ticks.
        """
        from ganvas.report import write_score_gif

        self._files().read_settings()
        return write_score_gif(self.folder, style, window, speed, score, Path(out) if out is not None else None)

    def info(self) -> dict[str, Any]:
        """State, settings, and every score that was kept, by checkpoint, encoder and number of pictures."""
        catalog = self.studio.folder.catalog
        row = catalog.run_named(self.name)
        if row is None:
            raise InputError(f"run {self.name} is not in the catalog {catalog}: it was trained with another one")
        ticks = catalog.ticks(self.name)
        return {
            **run_info(row),
            "settings": row.settings,
            "ticks": len(ticks),
            "last_tick": ticks[-1].metrics if ticks else None,
            "scores": [{name: getattr(score, name) for name in SCORE} for score in catalog.scores(self.name)],
        }

    def _drawing(self, drawn: Drawn, asked: Asked, kind: str = "") -> Drawing:
        name = f"seed{asked.get('seed', 0)}{kind}"
        return Drawing(drawn.pictures, drawn.labels, name, drawn.checkpoint, drawn.columns, drawn.rows)

    def _classifier_of(self, packed: PackedSet, name: str) -> Classifier:
        from ganvas.judge.classifier.classifier import Classifier
        from ganvas.judge.classifier.folder import classifier_of_set

        return Classifier.load(classifier_of_set(self.studio.folder, packed, name).path, self.studio.progress)

    def _trained_on(self) -> PackedSet:
        from ganvas.pictures.packed import PackedSet

        trained_on = self._files().read_settings()["set"]
        packed = PackedSet.open(self.studio.folder.sets / trained_on["name"])
        if packed.fingerprint != trained_on["fingerprint"]:
            raise InputError(
                f"set {packed.name} is not the one {self.name} was trained on: judging it would mean nothing"
            )
        return packed

    def _files(self) -> RunFolder:
        from ganvas.train.run_folder import RunFolder

        return RunFolder(self.folder)


def run_info(row: RunRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "set": row.set_name,
        "state": row.state,
        "reason": row.reason,
        "images": row.images_seen,
        "train_seconds": round(row.train_seconds, 1),
        "made_at": row.made_at.isoformat(),
    }
