"""A studio and its sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.api.collecting import Collecting
from ganvas.api.curating import Curating
from ganvas.api.picture_set import PictureSet
from ganvas.api.run import Run, run_info
from ganvas.api.searching import Searching
from ganvas.errors import InputError
from ganvas.progress import Progress, Silent
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.collect import Added
    from ganvas.curate import Cleaned
    from ganvas.curate.duplicates import DuplicateSummary
    from ganvas.curate.plan import SetOptions
    from ganvas.judge import Ranking, Scorecard
    from ganvas.judge.classifier.classifier import Classifier
    from ganvas.pictures.resize import Fit


class Studio(Collecting, Curating, Searching):
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

    def clean(
        self,
        rules: Mapping[str, float | None] | None = None,
        *,
        without: Sequence[str] = (),
        only: Sequence[str] = (),
        duplicates: bool | None = None,
    ) -> Cleaned:
        """Let every rule decide anew which pictures are dropped; `rules` gives thresholds by name (None: its own).

        `without`, `only` and `duplicates` (None: unless there is `only`) are switches. Nothing is deleted, and a
        person's word (`keep`, `drop`) stands above it.
        """
        from ganvas.curate import clean

        return clean(
            self.folder, rules=rules, without=without, only=only, duplicates=duplicates, progress=self.progress
        )

    def why(self, image: str) -> dict[str, Any]:
        """Everything known of one image and why it is kept or dropped.

        Here and below an image is named by its hash or the beginning of one, a file, an item's title or key.
        """
        from ganvas.curate.person import why

        return why(self.folder, image)

    def keep(self, *images: str, because: str | None = None) -> list[str]:
        """Keep images, whatever the rules say; returns their hashes."""
        from ganvas.curate.person import keep

        return keep(self.folder, images, because)

    def drop(self, *images: str, because: str | None = None) -> list[str]:
        """Drop images, whatever the rules say; returns their hashes."""
        from ganvas.curate.person import drop

        return drop(self.folder, images, because)

    def take_back(self, *images: str) -> list[str]:
        """Undo `keep` and `drop`: the rules decide again; returns the images' hashes."""
        from ganvas.curate.person import take_back

        return take_back(self.folder, images)

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
        where: str | None = None,
        labels: str | None = None,
        min_per_label: int | None = None,
        max_per_label: int | None = None,
    ) -> PictureSet:
        """The set of this name, packed from the kept pictures if it does not exist; `size` is (width, height).

        `where` is an expression that chooses among them ("aspect < 1 and title ilike '%vase%'"), `labels` the field
        that holds their labels, `min_per_label` and `max_per_label` how many pictures each must and may have.
        Raises InputError when it exists and any option that is given was another, since a set is never changed.
        """
        from ganvas.curate import check_recipe, make_set

        options: SetOptions = {
            "size": tuple(size) if size is not None else None,  # type: ignore[typeddict-item]
            "channels": channels,
            "fit": fit,
            "background": background,
            "split": split,
            "seed": seed,
            "where": where,
            "labels": labels,
            "min_per_label": min_per_label,
            "max_per_label": max_per_label,
        }
        existing = self.folder.catalog.set_named(name)
        if existing is None:
            make_set(self.folder, name, **options, progress=self.progress)
        else:
            usual = {"fit": "crop", "background": "white", "split": "auto", "seed": 0}
            check_recipe(existing, **{key: value for key, value in options.items() if value != usual.get(key)})
        return PictureSet(self, name)

    def duplicates(
        self, radius: int = 8, *, alike: float | None = None, encoder: str | None = None, dry_run: bool = False
    ) -> DuplicateSummary:
        """Drop pictures that show the same as a better one; `dry_run` only finds them.

        `radius` is how many of a perceptual hash's 64 bits may differ; `alike` the cosine from which on features of an
        encoder are called the same, too. `clean` repeats the last search. Raises InputError where nothing is inspected.
        """
        from ganvas.curate.duplicate_search import Asked, search

        return search(self.folder, Asked(radius=radius, alike=alike, encoder=encoder), self.progress, dry_run=dry_run)

    def sets(self) -> list[PictureSet]:
        """Every set, oldest first."""
        return [PictureSet(self, row.name) for row in self.folder.catalog.sets()]

    def runs(self) -> list[Run]:
        """Every run, oldest first."""
        return [Run(self, row.name) for row in self.folder.catalog.runs()]

    def named_set(self, name: str) -> PictureSet:
        """An existing set. Raises InputError with the nearest name where there is none."""
        return PictureSet(self, self.folder.catalog.existing_set(name).name)

    def run(self, name: str = "last") -> Run:
        """An existing run; `last` is the newest. Raises InputError with the nearest name where there is none."""
        return Run(self, self.folder.catalog.existing_run(name).name)

    def classifier(self, name: str = "last") -> Classifier:
        """A finished classifier; `last` is the newest. Raises InputError with the nearest name where there is none."""
        from ganvas.judge.classifier.classifier import Classifier
        from ganvas.judge.classifier.folder import existing_classifier

        return Classifier.load(existing_classifier(self.folder, name).path, self.progress)

    def judge_folder(
        self,
        folder: str | Path,
        against: str,
        n: int | None = None,
        encoder: str | None = None,
        weights: str | Path | None = None,
        sheet: str | Path | None = None,
    ) -> Scorecard:
        """Scores of pictures from anywhere beside a set's real ones; `novelty.copies` names the files called copies.

        A `sheet` is a file for the pictures most alike to training pictures, beside them.
        Raises InputError for a folder without pictures, too few of them, or an unknown set.
        """
        from ganvas.encode import encoder as load_encoder
        from ganvas.judge import judge_pictures, read_folder, suspicious_sheet
        from ganvas.pictures.sheet import save_picture

        packed = self.named_set(against).packed
        found = read_folder(Path(folder), packed, self.progress)
        looked_through = load_encoder(encoder, weights)
        card = judge_pictures(
            found.pictures, packed, names=found.names, encoder=looked_through, n=n, progress=self.progress
        )
        if sheet and card.novelty:
            save_picture(Path(sheet), suspicious_sheet(card.novelty, found.pictures, packed, found.names))
        return card

    def rank(
        self,
        runs: Sequence[str],
        n: int | None = None,
        encoder: str | None = None,
        checkpoint: str = "best",
        weights: str | Path | None = None,
    ) -> Ranking:
        """Judge several runs of one set by the same real pictures; best first, and why some could not be judged.

        Raises InputError for an unknown run, for runs of several sets, whose scores do not compare, and where none
        can be judged.
        """
        from ganvas.judge import Ranking

        chosen = [self.run(name) for name in dict.fromkeys(runs)]
        learned = {run.info()["set"] for run in chosen}
        if len(learned) > 1:
            raise InputError(f"runs of several sets ({', '.join(sorted(learned))}) do not compare: judge one set's")
        cards: dict[str, Scorecard] = {}
        reasons: dict[str, str] = {}
        for run in chosen:
            self.progress.note(f"judging {run.name}")
            try:
                cards[run.name] = run.judge(n, encoder, checkpoint, weights)
            except InputError as error:
                reasons[run.name] = str(error)
        return Ranking.of(cards, reasons)

    def info(self) -> dict[str, Any]:
        """What is here: images (a count), dropped {rule: count}, sets and runs (each with its name, oldest first).

        `lessons` are those that decide, each with how many kept pictures came after it and were never scored.
        """
        from ganvas.curate.teach import TEACH

        catalog = self.folder.catalog
        return {
            "studio": str(self.folder.root),
            "images": catalog.count_images(),
            "dropped": catalog.dropped(),
            "lessons": [{"name": name, "unscored": count} for name, count in catalog.unspoken(TEACH).items()],
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
            "runs": [run_info(row) for row in catalog.runs()],
        }


def load(folder: str | Path) -> Run:
    """A run from its folder (runs/NAME inside a studio). Raises InputError for anything else."""
    path = Path(folder).absolute()
    if not (path / "settings.json").is_file():
        raise InputError(f"{path} is not a run: it holds no settings.json")
    studio = Studio.open(path)
    if path.resolve().parent != studio.folder.runs.resolve():
        raise InputError(f"{path} is not in the runs of a studio: the studio around it is {studio.folder.root}")
    return Run(studio, path.resolve().name)
