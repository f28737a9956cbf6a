"""A set of a studio."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganvas.api.run import Run

if TYPE_CHECKING:
    from ganvas.api.studio import Studio
    from ganvas.judge.classifier.classifier import Classifier
    from ganvas.pictures.packed import PackedSet
    from ganvas.report import Credits


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

    def renew(self) -> PictureSet:
        """Its next version, by the same recipe from what the studio holds now; itself where nothing has changed."""
        from ganvas.curate import renew_set

        return PictureSet(self.studio, renew_set(self.studio.folder, self.name, progress=self.studio.progress).name)

    def page(self) -> Path:
        """Write show.html into its folder, one page that opens anywhere, and return where it is."""
        from ganvas.report import write_set_page

        return write_set_page(self.studio.folder.sets / self.name)

    def credits(self, out: str | Path | None = None) -> Credits:
        """Write CREDITS.md and credits.json, whom each picture is owed to, into its folder or `out`."""
        from ganvas.report import write_credits

        return write_credits(self.studio.folder, self.name, out)

    def export(self, form: str = "folder", out: str | Path | None = None, *, originals: bool = False) -> Path:
        """Write it as folder, zip, webdataset or parquet, with metadata, a card and credits; `ganvas add` reads each.

        `out`: NAME-FORM in the current folder if not given. Raises InputError where there is something already.
        """
        from ganvas.curate import export_set
        from ganvas.report.credits import JSON, MARKDOWN, credits_of

        owed = credits_of(self.studio.folder, self.name)
        return export_set(
            self.studio.folder,
            self.name,
            form,
            out,
            credits={MARKDOWN: owed.markdown, JSON: owed.json},
            licences=owed.rows,
            originals=originals,
            progress=self.studio.progress,
        )

    def delete(self) -> None:
        """Remove the packed copy; originals and runs stay."""
        from ganvas.curate import delete_set

        delete_set(self.studio.folder, self.name)
