"""Pictures that features call the same, where hashes do not: `alike_by_features(studio, 0.97)`.

SemDeDup, Abbas et al. 2023 (arXiv 2303.09540): features are divided into clusters, and compared within each.
"""

from __future__ import annotations

import numpy as np

from ganvas.catalog.duplicates import CLEAN, DUPLICATE
from ganvas.curate.features import features_of
from ganvas.curate.grouping import Indices
from ganvas.curate.kmeans import divide
from ganvas.encode import Encoder
from ganvas.errors import InputError
from ganvas.progress import Progress
from ganvas.scores.neighbours import unit
from ganvas.scores.semdedup import near_in_clusters
from ganvas.studio import StudioFolder

CLUSTER = 1000  # pictures a cluster, about


def alike_by_features(
    studio: StudioFolder, cosine: float, encoder: Encoder, progress: Progress, seed: int = 0
) -> Indices:
    """Pairs of image ids [P, 2] whose features have a cosine of at least so much, among all that may be duplicates.

    Raises InputError for a cosine outside 0 to 1, or one that calls nearly everything alike.
    """
    if not 0 < cosine <= 1:
        raise InputError(f"--alike {cosine} cannot be: a cosine above 0, at most 1, as .97")
    looked = features_of(studio, studio.catalog.kept_but_for(CLEAN, DUPLICATE), encoder, progress)
    if not looked.sha256s:
        return np.empty((0, 2), np.int64)
    features = unit(looked.features, out=looked.features)
    clusters = divide(features, max(1, len(features) // CLUSTER), seed).clusters
    try:
        pairs = near_in_clusters(features, clusters, cosine)
    except ValueError as error:
        raise InputError(f"--alike {cosine}: {error}") from error
    id_of = {image.sha256: image.id for image in studio.catalog.images(kept=False)}
    ids: Indices = np.array([id_of[sha256] for sha256 in looked.sha256s], np.int64)[pairs]
    return ids
