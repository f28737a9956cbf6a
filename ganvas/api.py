"""The public API: a studio, its sets and its runs, as objects whose methods are the command line's verbs.

studio = ganvas.Studio("houses")
run = studio.set("fronts", size=(128, 96)).train(budget="10m")
run.judge(); run.report(); run.draw(64, seed=1).save("new.png")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from ganvas.errors import InputError
from ganvas.progress import Progress, Silent
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    from ganvas.catalog import RunRow
    from ganvas.collect import Added
    from ganvas.judge import Scorecard
    from ganvas.judge.classifier.classifier import Classifier
    from ganvas.pictures.packed import PackedSet
    from ganvas.pictures.resize import Fit
    from ganvas.train.draw import Asked, Drawn
    from ganvas.train.run_folder import RunFolder


class Studio:
    """A studio folder: opened where there is one, made where there is none."""

    def __init__(self, folder: str | Path, database: str | None = None, progress: Progress | None = None) -> None:
        exists = (Path(folder) / "ganvas.toml").exists()
        opened = StudioFolder.open if exists else StudioFolder.create
        self.folder = opened(folder, database)
        self.progress: Progress = progress or Silent()

    @classmethod
    def open(cls, folder: str | Path = ".", database: str | None = None, progress: Progress | None = None) -> Studio:
        """The studio in this folder or the nearest one above it. Raises InputError where there is none."""
        return cls(StudioFolder.open(folder).root, database, progress)

    def add(self, path: str | Path, label: str | None = None) -> Added:
        """Add pictures of a folder, an archive, an IDX pair or an array file; adding it again repeats nothing."""
        from ganvas.collect import add

        return add(self.folder, path, label=label, progress=self.progress)

    def add_sample(self, name: str = "fashion", full: bool = False) -> Added:
        """Add the sample pictures that come with ganvas: the 10,000 of Fashion-MNIST's test half, or all 70,000."""
        from ganvas.collect import add_sample

        return add_sample(self.folder, name, full=full, progress=self.progress)

    def set(
        self,
        name: str,
        size: tuple[int, int] | None = None,
        *,
        channels: int | None = None,
        fit: Fit = "crop",
        background: str = "white",
        split: str = "auto",
        seed: int = 0,
    ) -> PictureSet:
        """The set of this name, packed from all kept pictures if it does not exist; `size` is (width, height).

        Raises InputError when it exists with another size, since a set is never changed.
        """
        from ganvas.curate import make_set

        existing = self.folder.catalog.set_named(name)
        if existing is None:
            make_set(
                self.folder,
                name,
                size=size,
                channels=channels,
                fit=fit,
                background=background,
                split=split,
                seed=seed,
                progress=self.progress,
            )
        elif size is not None and (existing.width, existing.height) != tuple(size):
            raise InputError(
                f"set {name} exists with size {existing.width}x{existing.height}; sets are frozen: choose another name"
            )
        return PictureSet(self, name)

    def sets(self) -> list[PictureSet]:
        """Every set, oldest first."""
        return [PictureSet(self, row.name) for row in self.folder.catalog.sets()]

    def runs(self) -> list[Run]:
        """Every run, oldest first."""
        return [Run(self, row.name) for row in self.folder.catalog.runs()]

    def named_set(self, name: str) -> PictureSet:
        """An existing set. Raises InputError with the nearest name where there is none."""
        from ganvas.curate import existing_set

        return PictureSet(self, existing_set(self.folder, name).name)

    def run(self, name: str = "last") -> Run:
        """An existing run; `last` is the newest. Raises InputError with the nearest name where there is none."""
        return Run(self, self.folder.catalog.existing_run(name).name)

    def classifier(self, name: str = "last") -> Classifier:
        """A finished classifier; `last` is the newest. Raises InputError with the nearest name where there is none."""
        from ganvas.judge.classifier.classifier import Classifier
        from ganvas.judge.classifier.folder import existing_classifier

        return Classifier.load(existing_classifier(self.folder, name).path, self.progress)

    def info(self) -> dict[str, Any]:
        """What is here: images (a count), dropped {rule: count}, sets and runs (each with its name, oldest first)."""
        catalog = self.folder.catalog
        return {
            "studio": str(self.folder.root),
            "images": catalog.count_images(),
            "dropped": catalog.dropped(),
            "sets": [
                {
                    "name": row.name,
                    "images": row.count,
                    "size": f"{row.width}x{row.height}",
                    "channels": row.channels,
                    "labels": list(row.labels),
                    "made_at": row.made_at.isoformat(),
                }
                for row in catalog.sets()
            ],
            "runs": [_run_info(row) for row in catalog.runs()],
        }


@dataclass(frozen=True)
class PictureSet:
    """A frozen, packed set of a studio."""

    studio: Studio
    name: str

    @property
    def packed(self) -> PackedSet:
        """The pictures themselves: `.images` is a memory-mapped uint8 array [N, C, H, W]."""
        from ganvas.pictures.packed import PackedSet

        return PackedSet.open(self.studio.folder.sets / self.name)

    def train(
        self, budget: str | None = None, name: str | None = None, fork: str | None = None, **settings: Any
    ) -> Run:
        """Train on this set, or go on with its unfinished run of the same settings (`ganvas train SET --settings`).

        `fork` names a run whose last checkpoint a new run goes on from; `start_from` one whose weights it starts with.
        """
        from ganvas.train import train

        given = settings if budget is None else {"budget": budget, **settings}
        folder = train(self.studio.folder, self.name, given, name=name, fork=fork, progress=self.studio.progress)
        return Run(self.studio, folder.name)

    def classify(self, budget: str | None = None, name: str | None = None, **settings: Any) -> Classifier:
        """Learn to tell this set's labels, or go on with its unfinished classifier of the same settings."""
        from ganvas.judge.classifier.learning import learn_set

        given = settings if budget is None else {"budget": budget, **settings}
        return learn_set(self.studio.folder, self.name, given, name, self.studio.progress)

    def info(self) -> dict[str, Any]:
        """Size, labels, splits and where it lies."""
        from ganvas.curate import describe_set

        return describe_set(self.studio.folder, self.name)

    def delete(self) -> None:
        """Remove the packed copy; originals and runs stay."""
        from ganvas.curate import delete_set

        delete_set(self.studio.folder, self.name)


@dataclass(frozen=True)
class Drawing:
    """New pictures uint8 [N, C, H, W], and the label each was told (None: told nothing)."""

    pictures: NDArray[np.uint8]
    labels: list[str] | None
    name: str
    """What its files are called: the seed, and of a walk or a grid that it is one."""
    checkpoint: str
    columns: int | None = None
    rows: list[str] | None = None
    """How many pictures belong in a row, and what the rows are called, where either means something."""

    def sheet(self, columns: int | None = None) -> Image:
        """All pictures on one; a walk and a grid have their own number of columns."""
        from ganvas.pictures.rows import named_rows
        from ganvas.pictures.sheet import sheet

        shown = sheet(self.pictures, columns=columns or self.columns)
        return named_rows(shown, self.rows) if self.rows and columns in (None, self.columns) else shown

    def save(self, path: str | Path) -> Path:
        """Write the sheet as one picture; the suffix (.png, .jpg, .webp) names the format."""
        from ganvas.pictures.sheet import save_picture

        return save_picture(path, self.sheet())

    def save_each(self, folder: str | Path) -> list[Path]:
        """Write one PNG a picture, named by seed and number, into a folder."""
        from PIL import Image

        from ganvas.pictures.sheet import save_png

        Path(folder).mkdir(parents=True, exist_ok=True)
        paths = []
        for i, picture in enumerate(self.pictures):
            pixels = picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0)
            paths.append(Path(folder) / f"{self.name}-{i:05d}.png")
            save_png(paths[-1], Image.fromarray(np.ascontiguousarray(pixels)))
        return paths


@dataclass(frozen=True)
class Loop:
    """Frames uint8 [F, W, C, H, W'] of W walks side by side that end where they began; `steps` from key to key."""

    pictures: NDArray[np.uint8]
    steps: int
    checkpoint: str

    def frames(self) -> list[Image]:
        """A sheet a frame; of few walks, so large that a small picture is seen to change."""
        from ganvas.pictures.sheet import sheet

        scale = max(1, 240 // max(self.pictures.shape[-2:])) if self.pictures.shape[1] <= 4 else None
        return [sheet(pictures, scale=scale) for pictures in self.pictures]

    def save(self, path: str | Path, seconds_a_pair: float = 1.2) -> Path:
        """Write a GIF that loops for ever, at most 6 MB: larger ones are drawn smaller."""
        from ganvas.pictures.animate import loop_gif

        return loop_gif(path, self.frames(), max(0.02, seconds_a_pair / self.steps))


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

    def judge(self, n: int | None = None, encoder: str | None = None, checkpoint: str = "best") -> Scorecard:
        """Scores of the run's pictures beside the real-against-real baseline; kept in the catalog and in scores.json.

        `checkpoint` is best (by the light judge while it trained), last, or a number of images.

        Raises InputError for a run without a checkpoint, a set that is gone or another by now, or too few pictures.
        """
        from ganvas.encode import DEFAULT_ENCODER
        from ganvas.encode import encoder as load_encoder
        from ganvas.judge import judge_run
        from ganvas.pictures.packed import PackedSet
        from ganvas.train.checkpoint import named, state_of

        files = self._files()
        trained_on = files.read_settings()["set"]
        packed = PackedSet.open(self.studio.folder.sets / trained_on["name"])
        if packed.fingerprint != trained_on["fingerprint"]:
            raise InputError(
                f"set {packed.name} is not the one {self.name} was trained on: judging it would mean nothing"
            )
        card = judge_run(
            self.folder,
            packed,
            lambda count: self.draw(count, checkpoint=checkpoint).pictures,
            encoder=load_encoder(encoder or DEFAULT_ENCODER),
            n=n,
            checkpoint=f"{state_of(named(files.checkpoints, checkpoint))['images']:09d}",
            progress=self.studio.progress,
        )
        self.studio.folder.catalog.save_scores(self.name, card.score_rows())
        return card

    def report(self) -> Path:
        """Write report.html, one page that opens anywhere, and return where it is."""
        from ganvas.report import write_report

        self._files().read_settings()
        return write_report(self.folder)

    def info(self) -> dict[str, Any]:
        """State, settings, last scores."""
        catalog = self.studio.folder.catalog
        row = catalog.run_named(self.name)
        if row is None:
            raise InputError(f"run {self.name} is not in the catalog {catalog}: it was trained with another one")
        ticks = catalog.ticks(self.name)
        return {
            **_run_info(row),
            "settings": row.settings,
            "ticks": len(ticks),
            "last_tick": ticks[-1].metrics if ticks else None,
            "scores": [
                {"name": s.name, "value": s.value, "sd": s.sd, "baseline": s.baseline, "n": s.n, "encoder": s.encoder}
                for s in catalog.scores(self.name)
            ],
        }

    def _drawing(self, drawn: Drawn, asked: Asked, kind: str = "") -> Drawing:
        name = f"seed{asked.get('seed', 0)}{kind}"
        return Drawing(drawn.pictures, drawn.labels, name, drawn.checkpoint, drawn.columns, drawn.rows)

    def _files(self) -> RunFolder:
        from ganvas.train.run_folder import RunFolder

        return RunFolder(self.folder)


def load(folder: str | Path) -> Run:
    """A run from its folder (runs/NAME inside a studio). Raises InputError for anything else."""
    path = Path(folder).absolute()
    if not (path / "settings.json").is_file():
        raise InputError(f"{path} is not a run: it holds no settings.json")
    studio = Studio.open(path)
    if path.resolve().parent != studio.folder.runs.resolve():
        raise InputError(f"{path} is not in the runs of a studio: the studio around it is {studio.folder.root}")
    return Run(studio, path.resolve().name)


def _run_info(row: RunRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "set": row.set_name,
        "state": row.state,
        "reason": row.reason,
        "images": row.images_seen,
        "train_seconds": round(row.train_seconds, 1),
        "made_at": row.made_at.isoformat(),
    }
