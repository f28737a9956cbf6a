"""Every setting of collecting is in docs/collect.md, with its default and what it is for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from ganvas.collect_settings import CollectSettings, ServiceSettings, WebSettings

PAGE = (Path(__file__).parents[2] / "docs" / "collect.md").read_text(encoding="utf-8")


def rows(model: type[BaseModel]) -> list[str]:
    """A line of the table for each setting that is no table itself."""
    lines = []
    for name, field in model.model_fields.items():
        default = field.get_default()
        if not isinstance(default, BaseModel | dict):
            shown = "" if default is None else f"`{json.dumps(default)}`"
            lines.append(f"| `{name}` | {shown} | {field.description} |".replace("|  |", "| |"))
    return lines


@pytest.mark.parametrize("model", [CollectSettings, ServiceSettings, WebSettings])
def test_every_setting_is_a_row_with_its_default_and_its_description(model: type[BaseModel]) -> None:
    written = PAGE[PAGE.index("## Settings") :]
    missing = [row for row in rows(model) if row not in written]
    assert not missing, "docs/collect.md needs the lines:\n" + "\n".join(missing)


def test_every_table_of_settings_is_named() -> None:
    tables = [
        name for name, field in CollectSettings.model_fields.items() if isinstance(field.get_default(), BaseModel)
    ]
    assert all(f"`[collect.{name}]`" in PAGE for name in [*tables, "plugins.NAME"])
