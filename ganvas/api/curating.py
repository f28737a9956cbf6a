"""What a studio's pictures are like: clusters, lessons, and the nearest ones. `Studio` has these methods."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.errors import InputError
from ganvas.progress import Progress
from ganvas.studio import StudioFolder

if TYPE_CHECKING:
    from ganvas.curate.cluster import Clustered
    from ganvas.curate.density import Thinned
    from ganvas.curate.find import Found
    from ganvas.curate.teach import Taught


class Curating:
    """What of a Studio looks at pictures through an encoder (effnet-lite0 if none is named; `weights` as `encoder`)."""

    folder: StudioFolder
    progress: Progress

    def cluster(
        self,
        k: int | str = "auto",
        *,
        name: str = "main",
        encoder: str | None = None,
        weights: str | Path | None = None,
        seed: int = 0,
    ) -> Clustered:
        """Divide the kept pictures into k clusters and draw their sheets; `auto` takes the highest mean silhouette.

        Raises InputError for fewer than 2 pictures, or a k that cannot be.
        """
        from ganvas.curate.cluster import cluster
        from ganvas.encode import encoder as load_encoder

        looks = load_encoder(encoder, weights)
        return cluster(self.folder, k, encoder=looks, name=name, seed=seed, progress=self.progress)

    def name_cluster(self, cluster: int | str, called: str, clustering: str = "main") -> int:
        """Call a cluster something; returns its number. Raises InputError for an unknown one, or a taken name."""
        from ganvas.curate.cluster_names import name_cluster

        return name_cluster(self.folder, cluster, called, clustering)

    def thin(
        self, share: float, *, encoder: str | None = None, weights: str | Path | None = None, seed: int = 0
    ) -> Thinned:
        """Keep this share of the pictures, those in the densest places (arXiv 2007.15255)."""
        from ganvas.curate.density import thin
        from ganvas.encode import encoder as load_encoder

        return thin(self.folder, share, encoder=load_encoder(encoder, weights), seed=seed, progress=self.progress)

    def undo_thin(self) -> int:
        """Returns how many decisions were undone."""
        from ganvas.curate.density import undo_thin

        return undo_thin(self.folder)

    def teach(
        self,
        name: str,
        like: str | Path | Sequence[str | Path] = (),
        unlike: str | Path | Sequence[str | Path] = (),
        *,
        like_clusters: Sequence[str] = (),
        unlike_clusters: Sequence[str] = (),
        clustering: str = "main",
        threshold: float | None = None,
        score_only: bool = False,
        afresh: bool = False,
        encoder: str | None = None,
        weights: str | Path | None = None,
        seed: int = 0,
    ) -> Taught:
        """Sort all pictures by examples: folders or files, clusters by name or number. They add to earlier lessons'.

        What is not said is as in the last lesson of this name (`afresh` forgets it): without any examples, that lesson
        is applied to what is kept by now. At first, seen through effnet-lite0-levels, a threshold of 0.5.
        Raises InputError where a side is empty or unreadable.
        """
        from ganvas.curate.teach import teach
        from ganvas.curate.teach_examples import Shown
        from ganvas.curate.teach_manner import Manner, last_manner, manner, remember_manner
        from ganvas.encode import encoder as load_encoder

        last = Manner() if afresh else last_manner(self.folder, name)
        how = manner(last, encoder, weights, threshold, score_only)
        taught = teach(
            self.folder,
            name,
            Shown(_several(like), like_clusters),
            Shown(_several(unlike), unlike_clusters),
            encoder=load_encoder(how.encoder, how.weights),
            clustering=clustering,
            threshold=how.threshold,
            score_only=how.score_only,
            afresh=afresh,
            seed=seed,
            progress=self.progress,
        )
        remember_manner(self.folder, name, how)
        return taught

    def undo_teach(self, name: str) -> int:
        """Returns how many decisions were undone; the examples stay. Raises InputError where there were none."""
        from ganvas.curate.teach import undo_teach

        return undo_teach(self.folder, name)

    def find(
        self,
        picture: str | Path | None = None,
        *,
        word: str | None = None,
        n: int = 24,
        encoder: str | None = None,
        weights: str | Path | None = None,
    ) -> Found:
        """The n kept pictures nearest to a picture's file, or to a word, which needs clip (its default then).

        Raises InputError for a file that cannot be read, an encoder without words, or where nothing is kept.
        """
        from ganvas.curate.find import find_picture, find_word
        from ganvas.encode import encoder as load_encoder

        if word is not None:
            looks = load_encoder(encoder or "clip", weights)
            return find_word(self.folder, word, n, encoder=looks, progress=self.progress)
        if picture is None:
            raise InputError("find needs a picture's file or a word")
        looks = load_encoder(encoder, weights)
        return find_picture(self.folder, picture, n, encoder=looks, progress=self.progress)


def _several(paths: str | Path | Sequence[str | Path]) -> Sequence[str | Path]:
    return [paths] if isinstance(paths, (str, Path)) else list(paths)
