"""A classifier in pictures: how it learned, what it mistakes for what, and the first hundred pictures of its test."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.judge.classifier.marks import Marks
from ganvas.pictures.curves import INK, STYLE, curves_png
from ganvas.pictures.sheet import Colour, sheet

RED: Colour = (214, 45, 32)
NUMBERED = 25  # labels up to which the cells of a confusion matrix hold their numbers
INCHES_A_LABEL = 0.52
FEWEST_INCHES, MOST_INCHES = 3.0, 14.0
WRITABLE_PX = 112  # a picture narrower than this leaves no room for its caption


def history_png(history: Sequence[dict[str, Any]]) -> bytes:
    """Loss and accuracy of training and validation over the pictures seen, as PNG."""
    images = [row["images"] for row in history]
    panels = {
        title: {part: (images, [row[f"{part}_{name}"] for row in history]) for part in ("train", "validation")}
        for title, name in (("cross-entropy, nats", "loss"), ("share of pictures right", "accuracy"))
    }
    return curves_png(panels, "pictures seen")


def confusion_png(marks: Marks) -> bytes:
    """A row a true label, a column an answer; dark where most of the row went. Cells hold shares in percent."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    counts = np.array(marks.confusion)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    side = float(np.clip(INCHES_A_LABEL * len(counts), FEWEST_INCHES, MOST_INCHES))
    with rc_context({**STYLE, "axes.spines.left": False, "axes.spines.bottom": False}):
        figure = Figure(figsize=(side + 2.2, side + 1.6), layout="constrained", facecolor="white")
        axes = figure.add_subplot()
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        labels = [name.replace("$", r"\$") for name in marks.labels]
        axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(labels)), labels)
        axes.tick_params(length=0)
        axes.set_xlabel("answered")
        axes.set_ylabel("true")
        axes.set_title(f"{marks.accuracy:.2%} of {marks.n:,} right; % of each row")
        if len(counts) <= NUMBERED:
            _number(axes, shares)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=144)
    return buffer.getvalue()


def prediction_sheet(
    pictures: NDArray[np.uint8],
    truth: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    names: Sequence[str],
    header: str,
) -> Image.Image:
    """Each picture uint8 [N, C, H, W] over its answer, how probable that is, and its true label; errors in red."""
    answers = probabilities.argmax(axis=1)
    wrong = answers != truth
    captions = [
        f"{names[answer]} {probability:.0%}\ntrue: {names[true]}"
        for answer, probability, true in zip(answers, probabilities.max(axis=1), truth, strict=True)
    ]
    scale = max(1, -(-WRITABLE_PX // pictures.shape[3]))
    return sheet(
        pictures,
        columns=10,
        captions=captions,
        header=f"{header}; {int((~wrong).sum())} of {len(truth)} right",
        scale=scale,
        frames=[RED if missed else None for missed in wrong],
    )


def _number(axes: Any, shares: NDArray[np.float64]) -> None:
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.0005:
            colour = "white" if share > 0.5 else INK
            text = f"{100 * share:.0f}" if share >= 0.01 else f"{100 * share:.1f}"
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
