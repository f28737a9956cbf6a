"""Features of a packed set, computed once: sets/NAME/features/, a file an encoder, filled where it is asked for.

`cached_features(packed, encoder("effnet-lite0"), indices)` encodes what is missing and repeats nothing.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ganvas.encode import FeatureMaker
from ganvas.errors import InputError
from ganvas.pictures.packed import PackedSet
from ganvas.progress import Progress, Silent
from ganvas.whole import write_whole

CHUNK = 1024
SAVED_EVERY = 16 * CHUNK  # newly encoded pictures: what a kill costs


def cached_features(
    packed: PackedSet, encoder: FeatureMaker, indices: NDArray[np.intp], progress: Progress | None = None
) -> NDArray[np.float32]:
    """Features float32 [n, D] of the set's pictures at `indices`, in their order.

    The cache is named by the set's fingerprint and the encoder's version, so it can never answer for other pictures.
    A set in a read-only place is simply encoded anew.
    """
    wanted = np.unique(np.asarray(indices, np.intp))
    features = first_features(packed, encoder, wanted, progress=progress)
    return np.ascontiguousarray(features[np.searchsorted(wanted, indices)])


def first_features(
    packed: PackedSet,
    encoder: FeatureMaker,
    indices: NDArray[np.intp],
    more: Callable[[int], bool] = lambda made: True,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """The same for the first of the `indices`, as many as `more(made)` lets it: asked before any that are not known."""
    stem = f"{encoder.name}-{encoder.version}-{packed.fingerprint[:12]}"
    features, known = _load(packed.folder / "features", stem, len(packed.images), encoder.features)
    fresh, made, total = 0, 0, int((~known[indices]).sum())
    with (progress or Silent()).task("looking at real pictures", total, "pictures") if total else nullcontext() as task:
        while made < len(indices):
            part = indices[made : made + CHUNK]
            missing = part[~known[part]]
            if made and len(missing) and not more(made):  # what is known already costs nothing
                break
            if len(missing) and task is not None:
                features[missing] = encoder.encode(np.asarray(packed.images[missing]))
                known[missing] = True
                fresh += len(missing)
                task.advance(len(missing))
            made += len(part)
            if fresh >= SAVED_EVERY:
                _save(packed.folder / "features", stem, features, known)
                fresh = 0
    if fresh:
        _save(packed.folder / "features", stem, features, known)
    return np.ascontiguousarray(features[indices[:made]])


def _load(folder: Path, stem: str, count: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    features = np.zeros((count, width), np.float32)
    known = np.zeros(count, bool)
    try:
        with (folder / f"{stem}.npz").open("rb") as file:
            stored = np.load(file, allow_pickle=False)
            rows, values = stored["rows"], stored["features"]
        features[rows], known[rows] = values, True
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile):
        pass  # absent or cut short by a kill: computed again
    return features, known


def _save(folder: Path, stem: str, features: NDArray[np.float32], known: NDArray[np.bool_]) -> None:
    rows = np.flatnonzero(known)
    buffer = io.BytesIO()
    np.savez(buffer, rows=rows, features=features[rows])
    with suppress(InputError):
        write_whole(folder / f"{stem}.npz", buffer.getvalue())
