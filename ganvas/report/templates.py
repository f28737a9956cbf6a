"""The pages' templates: `render("run.html", title=…)`."""

from __future__ import annotations

from importlib.resources import files
from typing import Any


def render(name: str, **facts: Any) -> str:
    """One of ganvas/report/pages, filled in; a fact that a page asks for and is not given is an error."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    pages = files("ganvas.report").joinpath("pages")
    environment = Environment(
        loader=FunctionLoader(lambda page: pages.joinpath(page).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = pages.joinpath("page.css").read_text(encoding="utf-8")
    return environment.get_template(name).render(style=style, **facts)
