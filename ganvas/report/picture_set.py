"""The page of a set: `write_set_page(set_folder)` makes show.html, one file that opens anywhere, also offline.

It reads sets/NAME/ and, for what the rules dropped, the sheets that `ganvas clean` left in the studio's folder clean/.
"""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ganvas.pictures.packed import HELD_OUT, TRAIN, VALIDATION, PackedSet
from ganvas.pictures.sheet import sheet
from ganvas.report import words
from ganvas.report.histogram import HEIGHT_PX, WIDTH_PX, bars
from ganvas.report.inline import Inline, inline_file, inline_picture, inline_svg
from ganvas.report.record import Json
from ganvas.report.templates import render
from ganvas.whole import write_whole

PAGE_FILE = "show.html"
SAMPLES = 49
OF_A_LABEL = 8
LABEL_ROWS = 12
LABELS_TOLD = 60
MEAN_PX = 160
MEAN_OF = 20_000  # pictures; the mean of more looks the same
SHEETS_BYTES = 12_000_000  # of clean/ in one page
UNLABELLED = "(no label)"
SCORES = "distribution"
RULES = {"duplicates": "duplicate"}  # whose sheet is not called as the rule is
TITLES = {SCORES: "The scores of every rule"}
NAMES = {TRAIN: "to train on", VALIDATION: "validation", HELD_OUT: "held out"}


def write_set_page(set_folder: str | Path) -> Path:
    """Write show.html into a set's folder and return its path. Raises InputError for a folder that is no set."""
    packed = PackedSet.open(set_folder)
    return write_whole(packed.folder / PAGE_FILE, render("set.html", **_facts(packed)).encode())


def _facts(packed: PackedSet) -> Json:
    described, recipe = packed.description, _dict(packed.description.get("recipe"))
    dropped = {str(rule): int(count) for rule, count in _dict(described.get("dropped")).items()}
    splits = [split for split in NAMES if (packed.split == split).any()]
    label_rows = _label_rows(packed, splits)
    sheets, left_out = _sheets(packed.folder.parent.parent / "clean", dropped)
    return {
        "title": packed.name,
        "lead": f"{len(packed):,} pictures · {packed.width}×{packed.height} px"
        + {1: " gray", 3: " colour"}.get(packed.channels, ""),
        "where": recipe.get("where"),
        "tiles": _tiles(packed),
        "samples": _samples(packed),
        "mean": _mean(packed),
        "by_label": len(_largest(packed)) > 1,
        "label_columns": ["label", "pictures", *(NAMES[split] for split in splits)],
        "label_rows": label_rows[:LABELS_TOLD],
        "more_labels": sum(row[0] != UNLABELLED for row in label_rows[LABELS_TOLD:]),
        "plots": _histograms(described),
        "dropped": sorted(dropped.items(), key=lambda pair: (-pair[1], pair[0])),
        "sheets": sheets,
        "sheets_left_out": left_out,
        "reasons": [words.plain(reason) for reason in recipe.get("reasons") or []],
        "settings": words.flat({key: value for key, value in recipe.items() if key not in ("reasons", "where")})
        + [("fingerprint", packed.fingerprint), ("made_at", words.plain(described.get("made_at")))],
        "machine": [],
        "credits": [],
        "scores": [],
    }


def _tiles(packed: PackedSet) -> list[tuple[str, str, str]]:
    counts = Counter(packed.split.tolist())
    tiles = [
        (NAMES[split], f"{counts[split]:,}", f"{counts[split] / len(packed):.1%}") for split in NAMES if counts[split]
    ]
    labels = Counter(packed.labels[packed.labels >= 0].tolist()).most_common()
    if labels:
        ratio = labels[0][1] / labels[-1][1]
        tiles.append(("labels", f"{len(packed.label_names):,}", f"largest to smallest {ratio:.3g} to 1"))
    return tiles


def _label_rows(packed: PackedSet, splits: list[str]) -> list[list[str]]:
    counts = Counter(zip(packed.labels.tolist(), packed.split.tolist(), strict=True))
    rows = []
    for number, name in [*enumerate(packed.label_names), (-1, UNLABELLED)]:
        each = [counts[number, split] for split in splits]
        if sum(each) and packed.label_names:
            rows.append((sum(each), [name, f"{sum(each):,}", *(f"{count:,}" for count in each)]))
    return [row for _, row in sorted(rows, key=lambda pair: -pair[0])]


def _largest(packed: PackedSet) -> list[int]:
    return [number for number, _ in Counter(packed.labels[packed.labels >= 0].tolist()).most_common(LABEL_ROWS)]


def _samples(packed: PackedSet) -> Inline:
    """A seeded sample; a row a label where there are labels, the largest first."""
    rng = np.random.default_rng(0)
    largest = _largest(packed)
    if len(largest) < 2:
        chosen = np.sort(rng.permutation(len(packed))[:SAMPLES])
        return _inline(sheet(np.asarray(packed.images[chosen])), f"{len(chosen)} pictures of the set, by seed 0.")
    rows, captions = [], []
    for number in largest:
        own = rng.permutation(np.flatnonzero(packed.labels == number))[:OF_A_LABEL]
        pictures = np.full((OF_A_LABEL, *packed.images.shape[1:]), 238, np.uint8)
        pictures[: len(own)] = packed.images[np.sort(own)]
        rows.append(pictures)
        captions += [packed.label_names[number], *[""] * (OF_A_LABEL - 1)]
    drawn = sheet(np.concatenate(rows), OF_A_LABEL, captions)
    return _inline(drawn, f"{OF_A_LABEL} pictures of each of {len(largest)} labels, by seed 0.")


def _mean(packed: PackedSet) -> Inline:
    chosen = np.sort(np.random.default_rng(0).permutation(len(packed))[:MEAN_OF])
    total = np.zeros(packed.images.shape[1:], np.float64)
    for start in range(0, len(chosen), 256):
        total += packed.images[chosen[start : start + 256]].sum(axis=0, dtype=np.float64)
    mean: NDArray[np.uint8] = np.rint(total / len(chosen)).astype(np.uint8)
    scale = max(1, MEAN_PX // max(mean.shape[1:]))
    return _inline(sheet(mean[None], scale=scale, gap_px=0), f"The mean of {len(chosen):,} pictures.")


def _histograms(described: Json) -> list[Inline]:
    plots = []
    originals = _dict(described.get("originals"))
    for key, title, unit in (
        ("aspects", "width to height of the originals", "width to height; 3.0: 3 and wider"),
        ("sides_px", "longer side of the originals", "pixels; 4096: 4,096 and more"),
    ):
        counts = _filled({str(name): int(count) for name, count in _dict(originals.get(key)).items()}, key)
        if counts:
            unit = unit if counts[-1][0] in unit else unit.partition(";")[0]
            said = ", ".join(f"{name}: {count:,}" for name, count in counts if count)
            plots.append(inline_svg(bars(counts, title, unit), f"{title}: {said}", WIDTH_PX, HEIGHT_PX))
    return plots


def _filled(counts: dict[str, int], key: str) -> list[tuple[str, int]]:
    """Bins without a picture stand too, or distances would deceive."""
    if not counts:
        return []
    step, form = (0.1, "{:.1f}") if key == "aspects" else (64, "{:.0f}")
    places = {round(float(name) / step): count for name, count in counts.items()}
    return [(form.format(place * step), places.get(place, 0)) for place in range(min(places), max(places) + 1)]


def _sheets(folder: Path, dropped: dict[str, int]) -> tuple[list[tuple[str, Inline]], list[str]]:
    """(name, sheet) of what the last `ganvas clean` left of rules that dropped a picture, then the scores of all rules;
    and the names of those that are too large for one page.
    """
    found, left_out, size = [], [], 0
    files = {path.stem: path for path in sorted(folder.glob("*.png"))} if folder.is_dir() else {}
    wanted = [name for name in files if RULES.get(name, name) in dropped]
    for name in [*wanted, *({SCORES} & files.keys())]:
        held = files[name].stat().st_size
        if size + held > SHEETS_BYTES:
            left_out.append(TITLES.get(name, name))
        elif drawn := inline_file(files[name], f"Sheet of the last clean: {TITLES.get(name, name)}."):
            found.append((TITLES.get(name, name), drawn))
            size += held
    return found, left_out


def _inline(image: Image.Image, alt: str) -> Inline:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return inline_picture("image/png", buffer.getvalue(), alt, *image.size)


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
