"""What the README and the docs say exists: verbs, options, files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from ganvas.cli.app import app

ROOT = Path(__file__).parent.parent
MADE_UP = "collect cats"  # the source that docs/sources.md writes
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "benchmarks").glob("*.md"))]


def commands() -> dict[str, set[str]]:
    """Every verb with its options, `set make` and its kin by both words."""
    found = {}
    for name, command in get_command(app).commands.items():
        if getattr(command, "invoke_without_command", False):  # `cluster -k 4` beside `cluster name`
            found[name] = {option for param in command.params for option in param.opts}
        for inner, deeper in inner_verbs(command).items():
            found[f"{name} {inner}".strip()] = {option for param in deeper.params for option in param.opts}
    return found


def inner_verbs(command: Any) -> dict[str, Any]:
    """Those of a group, the verbs of sources too; itself where it is none."""
    if not hasattr(command, "list_commands"):
        return {"": command}
    return {name: command.get_command(None, name) for name in command.list_commands(None)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_exists_with_its_options(page: Path) -> None:
    known = commands()
    blocks = re.findall(r"^```\w*\n(.*?)^```", page.read_text(), re.S | re.M)
    lines = [line for block in blocks for line in block.splitlines()]
    inline = re.findall(r"`(ganvas [^`]+)`", page.read_text())
    used = [line.partition("#")[0].strip() for line in [*lines, *inline] if line.strip().startswith("ganvas ")]
    for line in used:
        for call in re.findall(r"ganvas (.*?)(?:&&|$)", line):
            words = re.sub(r"(?:--db|-C|--studio) \S+ ", "", call).split()
            if words[0].startswith("-") or " ".join(words[:2]) == MADE_UP:
                continue
            # `ganvas words slipper`, `classify a.jpg`, `search vases space.toml`
            bare = [f"{words[0]} {verb}" for verb in ("similar", "pictures", "run")]
            spellings = (" ".join(words[:2]), words[0], *bare)
            verb = next((spelling for spelling in spellings if spelling in known), None)
            assert verb is not None, line
            options = {word for word in words if re.fullmatch(r"--?[a-z-]+", word)}
            assert options <= known[verb] | {"--help", "--debug"}, line
    assert page != ROOT / "README.md" or len(used) > 8


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_a_page_points_at_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target
