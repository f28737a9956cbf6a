"""The card of an exported set, README.md with the front matter that Hugging Face reads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ganvas.curate.export_rows import outside
from ganvas.version import __version__

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LICENCES = {
    "cc0": "cc0-1.0",
    "cc0 1.0": "cc0-1.0",
    "public domain": "cc0-1.0",
    "cc by 4.0": "cc-by-4.0",
    "cc by-sa 4.0": "cc-by-sa-4.0",
    "mit": "mit",
    "apache-2.0": "apache-2.0",
}
FILES = {
    "folder": "{split}/**",
    "zip": "{split}/**",
    "webdataset": "{split}-*.tar",
    "parquet": "{split}-*.parquet",
}
MOST_LABELS = 200


def card(facts: Mapping[str, Any], licences: Sequence[tuple[str, int]], form: str, originals: bool) -> str:
    """README.md of a set as `describe_set` knows it; `licences` with their pictures. Words from outside are escaped."""
    splits = [split for split, count in facts["splits"].items() if count]
    parts = [
        _front_matter(facts, [licence for licence, _ in licences], form, splits),
        f"# {facts['name']}",
        f"{facts['images']:,} pictures, "
        + (
            "the originals as they were found"
            if originals
            else f"{facts['size']} px, {'gray' if facts['channels'] == 1 else 'colour'}, as PNG"
        )
        + ".",
        "## Splits",
        _table(["split", "pictures"], [[outside(split), f"{facts['splits'][split]:,}"] for split in splits]),
        *_labels(facts, splits),
        "## How it was made",
        _table(["", ""], [[name, value] for name, value in _recipe(facts)]),
        "## Licences",
        "Each picture keeps the licence and the attribution of its source, which stand in its metadata; "
        "[CREDITS.md](CREDITS.md) lists them.",
        _table(["licence", "pictures"], [[licence, f"{count:,}"] for licence, count in licences]),
        f"Made with ganvas {__version__}.",
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(facts: Mapping[str, Any], licences: Sequence[str], form: str, splits: Sequence[str]) -> str:
    known = {LICENCES.get(licence.lower(), "other") for licence in licences}
    tasks = ["unconditional-image-generation"] + ["image-classification"] * (len(facts["labels"]) > 1)
    lines = [f"pretty_name: {json.dumps(facts['name'])}"]
    lines += [f"license: {known.pop() if len(known) == 1 else 'other'}"]
    lines += ["task_categories:", *(f"- {task}" for task in tasks)]
    lines += ["size_categories:", f"- {next((word for most, word in SIZES if facts['images'] < most), 'n>1M')}"]
    lines += ["tags:", "- ganvas", "configs:", "- config_name: default", "  data_files:"]
    for split in map(outside, splits):
        lines += [f"  - split: {split}", f"    path: {json.dumps(FILES[form].format(split=split))}"]
    return "\n".join(["---", *lines, "---"])


def _labels(facts: Mapping[str, Any], splits: Sequence[str]) -> list[str]:
    if not facts["labels"]:
        return []
    rows = [
        [label, *(f"{counts.get(split, 0):,}" for split in splits)]
        for label, counts in list(facts["labels"].items())[:MOST_LABELS]
    ]
    more = len(facts["labels"]) - len(rows)
    parts = ["## Labels", _table(["label", *map(outside, splits)], rows)]
    return parts + ([f"And {more:,} more labels."] if more > 0 else []) + [f"Balance: {_plain(facts['balance'])}."]


def _recipe(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    words = {
        "where": "chosen by",
        "labels_from": "labels from",
        "min_per_label": "least of a label",
        "max_per_label": "most of a label",
        "split": "split",
        "seed": "seed",
        "fit": "fitted by",
        "background": "background",
        "of": "next version of",
        "version": "version",
        "fingerprint": "fingerprint",
        "made_at": "made at",
    }
    return [(word, str(facts[key])) for key, word in words.items() if facts.get(key) is not None]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(_plain(cell) for cell in line) + " |" for line in lines)


def _plain(text: str) -> str:
    """Text from outside that stays text in Markdown, in one line."""
    return re.sub(r"([\\`*_\[\]<>|&#~$])", r"\\\1", " ".join(text.split()))
