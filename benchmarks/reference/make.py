"""Reference values of the scores, from the packages people publish with: writes tests/scores/reference.json.

    python -m venv .venv-reference
    .venv-reference/bin/pip install torch torchvision torch-fidelity==0.4.0 clean-fid prdc scikit-learn
    .venv-reference/bin/python benchmarks/reference/make.py

They need torchvision, which ganvas does not, so they live in an environment of their own; the tests compare with what
this script wrote. Features are made by `features.py`, the same on both sides.
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.reference.features import CASES, features, inception_weights, pictures  # noqa: E402

OUT = ROOT / "tests" / "scores" / "reference.json"
K = 5
EVERY = 16  # of Inception's features kept: the file is to stay small


def main() -> None:
    record = {
        "versions": {name: version(name) for name in ("torch-fidelity", "clean-fid", "prdc", "torch", "numpy")},
        "cases": [_of(*case) for case in CASES],
        "inception": _inception(),
    }
    OUT.write_text(json.dumps(record, indent=1) + "\n")
    print(f"{OUT}: {OUT.stat().st_size:,} bytes")


def _of(real_count: int, fake_count: int, width: int) -> dict[str, object]:
    from cleanfid.fid import frechet_distance, kernel_distance
    from prdc import compute_prdc
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric

    real, fake = features(real_count, 1, width), features(fake_count, 2, width, shift=0.1)
    statistics = [fid_features_to_statistics(torch.from_numpy(side.astype(np.float64))) for side in (real, fake)]
    # one subset that holds the whole: no random choice, so that both must give the same number
    whole = min(real_count, fake_count)
    first = (torch.from_numpy(side[:whole]) for side in (real, fake))
    kid = kid_features_to_metric(*first, kid_subsets=1, kid_subset_size=whole, verbose=False)
    clean = [side.astype(np.float64) for side in (real, fake)]
    moments = [moment for side in clean for moment in (side.mean(0), np.cov(side, rowvar=False))]
    return {
        "case": [real_count, fake_count, width],
        "torch-fidelity": {
            "fd": float(fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]),
            "kid": float(kid["kernel_inception_distance_mean"]),
        },
        "clean-fid": {
            "fd": float(frechet_distance(*moments)),
            "kid": float(kernel_distance(real[:whole], fake[:whole], num_subsets=1, max_subset_size=whole)),
        },
        "prdc": {name: float(value) for name, value in compute_prdc(real, fake, nearest_k=K).items()},
    }


def _inception() -> dict[str, object]:
    """Features of a few pictures, enlarged by clean-fid, through torch-fidelity's Inception with made-up weights."""
    from cleanfid.resize import make_resizer
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    network = FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=_weights_file())
    resize = make_resizer("PIL", False, "bicubic", (299, 299))
    large = np.stack([resize(picture.transpose(1, 2, 0)).transpose(2, 0, 1) for picture in pictures()])
    with torch.inference_mode():
        x = (torch.from_numpy(large) - 128) / 128
        for name in STEM:
            x = getattr(network, name)(x)
        found = network.AvgPool(x).flatten(1).numpy()
    kept = [[float(f"{value:.6g}") for value in row] for row in found[:, ::EVERY]]
    return {"every": EVERY, "features": kept}


STEM = (
    *("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "MaxPool_1", "Conv2d_3b_1x1", "Conv2d_4a_3x3", "MaxPool_2"),
    *("Mixed_5b", "Mixed_5c", "Mixed_5d", "Mixed_6a", "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"),
    *("Mixed_7a", "Mixed_7b", "Mixed_7c"),
)


def _weights_file() -> str:
    from ganvas.encode.inception import Inception

    shapes = {name: tuple(value.shape) for name, value in Inception().state_dict().items() if value.ndim}
    state = {name: torch.from_numpy(value) for name, value in inception_weights(shapes).items()}
    state |= {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    path = Path(tempfile.mkdtemp()) / "made-up.pth"
    torch.save(state, path)
    return str(path)


if __name__ == "__main__":
    main()
