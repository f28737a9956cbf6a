"""The group `ganvas collect`. Sources are imported when it is called, not before: plug-ins may take their time."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from ganvas.cli.collecting import status


class SourceGroup(TyperGroup):
    """The verbs that are written out, and one for each source."""

    def list_commands(self, ctx: Any) -> list[str]:
        from ganvas.collect.sources.source import SOURCES, load_sources

        load_sources()
        return [*sorted(SOURCES), *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        written = super().get_command(ctx, cmd_name)
        if written is not None:
            return written
        from ganvas.cli.collecting.verbs import verb
        from ganvas.collect.sources.source import source_named

        return verb(source_named(cmd_name))


app = typer.Typer(
    cls=SourceGroup,
    help="Collect pictures from museums, image search and lists of addresses; every address has a row that says why.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("status")(status.status)
app.command("retry")(status.retry)
app.command("why")(status.why)
app.command("forget")(status.forget)
