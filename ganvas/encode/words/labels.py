"""Labels as a person would say them: `clean("03_AnkleBoot")` -> "ankle boot"; and by alias, what to say instead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from ganvas.errors import SettingsError

FILE_ENDING = re.compile(r"\.(jpe?g|png|gif|webp|bmp|tiff?|avif|heic|txt|json|csv|npy|npz|zip|tar|gz)$", re.IGNORECASE)
# "03_", "3. ", "(3) ", "03 " and ImageNet's "n02084071-", but neither "3d print" nor "35 mm film"
NUMBER_BEFORE = re.compile(r"^(?:n\d{8}[-_. ]+|\(?\d+(?:\s*[._)]\s*|\s+-\s+)|0\d*[\s-]+)(?=[^\W\d_])")
# AnkleBoot, TShirt and USAFlag, but neither iPhone nor McDonald
CAMEL_CASE = re.compile(r"(?<=[a-zß-öø-ÿ]{2})(?=[A-ZÀ-ÖØ-Þ])|(?<=[A-ZÀ-ÖØ-Þ])(?=[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{2})")
WRITTEN_OUT = (
    (r"(?<=\w)\s*[/|\\]\s*(?=\w)", " or "),
    (r"(?<=\w)\s*[&+]\s*(?=\w)", " and "),
    (r"_|\.(?!\d)|\s-+\s|\s+", " "),
)


def clean(label: str) -> str:
    """A label of a folder or a data set in plain lower-case words; itself where nothing would be left.

    "T-shirt/top" -> "t-shirt or top", "001.Black_footed_Albatross" -> "black footed albatross". Hyphens inside words
    stay, as do numbers that are all there is.
    """
    text = unicodedata.normalize("NFKC", label).strip()
    text = NUMBER_BEFORE.sub("", FILE_ENDING.sub("", text))
    text = CAMEL_CASE.sub(" ", text)
    for pattern, written in WRITTEN_OUT:
        text = re.sub(pattern, written, text)
    return " ".join(text.lower().split()).strip(" -") or label.strip()


def parse_aliases(assignments: Iterable[str]) -> dict[str, str]:
    """`["t-shirt/top=shirt"]` as {label: word}. Raises SettingsError for what is no LABEL=WORD, or says two things."""
    aliases: dict[str, str] = {}
    for assignment in assignments:
        label, _, word = (part.strip() for part in assignment.rpartition("="))
        if not label or not word:
            raise SettingsError(f'--alias {assignment!r} is no alias: write it as LABEL=WORD, as "t-shirt/top=shirt"')
        if aliases.get(label, word) != word:
            raise SettingsError(f"--alias gives {label!r} two words, {aliases[label]!r} and {word!r}: give one")
        aliases[label] = word
    return aliases
