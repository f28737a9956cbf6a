"""A verb made of a source's Options: `verb(Met)` is the command `ganvas collect met`."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic.fields import FieldInfo

from ganvas.cli.opening import AsJson, DryRun, Opening, print_json
from ganvas.collect.sources.source import SOURCES, NotTheAnswer, Source
from ganvas.counted import counted
from ganvas.errors import GanvasError, InputError

if TYPE_CHECKING:
    from ganvas.api import Studio
    from ganvas.collect.collecting import Collected

OPTIONS = inspect.Parameter.KEYWORD_ONLY
PLAIN = (str, int, float, bool, Path)
COMMON: dict[str, tuple[Any, Any]] = {
    "limit": (
        Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Stop when so many items have pictures.")],
        None,
    ),
    "label": (Annotated[str | None, typer.Option("--label", help="One label for all of them.")], None),
    "base_url": (Annotated[str | None, typer.Option("--base-url", help="Another address of the service.")], None),
    "allow_host": (
        Annotated[
            list[str] | None,
            typer.Option("--allow-host", help="A host or network that may be asked though it is not public."),
        ],
        None,
    ),
    "contact": (
        Annotated[str | None, typer.Option("--contact", help="An address servers can reach you at: it is sent.")],
        None,
    ),
    "refresh": (
        Annotated[bool, typer.Option("--refresh", help="Ask of everything that is there whether it has changed.")],
        False,
    ),
    "dry_run": (DryRun, False),
    "as_json": (AsJson, False),
}
EACH = Annotated[Path | None, typer.Option("--each", help="A file: every line is asked for, and labels what it finds.")]


def verb(source: type[Source]) -> Any:
    """The Click command that collects from a source: its options, then those of every source."""
    fields = source.Options.model_fields
    arguments = [name for name, field in fields.items() if _is_argument(field)]
    each = arguments[0] if len(arguments) == 1 and fields[arguments[0]].annotation in (str, str | None) else None

    def run(context: typer.Context, **given: Any) -> None:
        common = {name: given.pop(name) for name in COMMON}
        file = given.pop("each", None)
        options = {name: value for name, value in given.items() if value is not None and value != []}
        _collect(context.obj, source.name, options, common, each, file)

    parameters = [inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)]
    parameters += [_parameter(name, field, optional=name == each) for name, field in fields.items()]
    if each:
        parameters.append(inspect.Parameter("each", OPTIONS, default=None, annotation=EACH))
    parameters += [
        inspect.Parameter(name, OPTIONS, default=default, annotation=kind) for name, (kind, default) in COMMON.items()
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    app = typer.Typer(
        add_completion=False, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]}
    )
    app.command(source.name, help=inspect.cleandoc(source.__doc__ or f"Collect from {source.name}."))(run)
    return typer.main.get_command(app)


def _parameter(name: str, field: FieldInfo, optional: bool) -> inspect.Parameter:
    """One field as Typer wants it. What was not given is None, so that the source's own default stands."""
    kind = _kind(field)
    if _is_argument(field):
        required = field.is_required() and not optional
        argument = typer.Argument(help=field.description, metavar=name.rstrip("_").upper(), show_default=False)
        annotation = Annotated[kind if required else kind | None, argument]  # type: ignore[valid-type]
        return inspect.Parameter(
            name, OPTIONS, default=inspect.Parameter.empty if required else None, annotation=annotation
        )
    default = field.get_default(call_default_factory=True)
    shown = f"  [default: {default}]" if default not in (None, "", False, True) and default != [] else ""
    switch = "--" + name.rstrip("_").replace("_", "-")
    flags = [f"{switch}/--no-{switch[2:]}"] if kind is bool and default is True else [switch]
    option = typer.Option(*flags, help=(field.description or "") + shown, show_default=False)
    return inspect.Parameter(name, OPTIONS, default=None, annotation=Annotated[kind | None, option])


def _kind(field: FieldInfo) -> Any:
    """The field's type, if Typer knows it, else text: the source's own check follows."""
    kind = field.annotation
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        kind = next(part for part in typing.get_args(kind) if part is not type(None))
    if typing.get_origin(kind) in (list, tuple):
        return list[str]
    return kind if kind in PLAIN else str


def _is_argument(field: FieldInfo) -> bool:
    extra = field.json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("argument"))


def _collect(
    opening: Opening, source: str, options: dict[str, Any], common: dict[str, Any], each: str | None, file: Path | None
) -> None:
    as_json = common.pop("as_json")
    studio = opening.studio()
    if file is None:
        if each and each not in options and SOURCES[source].Options.model_fields[each].is_required():
            raise InputError(f"ganvas collect {source} needs {each.upper()}, or --each FILE with one in every line")
        collected = studio.collect(source, options, **common)
        print_json(dataclasses.asdict(collected)) if as_json else _print_collected(collected)
        return
    assert each is not None
    if each in options or common["label"]:
        raise InputError(
            f"--each takes {each} and label from its lines: leave {'--label' if common['label'] else each.upper()} out"
        )
    _collect_each(studio, source, options, common, each, _lines(file), as_json)


def _collect_each(
    studio: Studio,
    source: str,
    options: dict[str, Any],
    common: dict[str, Any],
    each: str,
    lines: list[str],
    as_json: bool,
) -> None:
    """A line that cannot be had keeps no other out; the end says how many there were."""
    done: dict[str, Any] = {}
    errors: list[GanvasError] = []
    for line in lines:
        studio.progress.note(f"{source}: {line}")
        try:
            collected = studio.collect(source, options | {each: line}, **(common | {"label": line}))
        except (InputError, NotTheAnswer) as error:
            errors.append(error)
            done[line] = {"error": str(error)}
            studio.progress.note(f"{line}: {error}")
            continue
        done[line] = dataclasses.asdict(collected)
        if not as_json:
            print(f"{line}: ", end="")
            _print_collected(collected)
    if as_json:
        print_json(done)
    if errors:
        others = f" ({counted(len(errors) - 1, 'more line')} failed, too)" if len(errors) > 1 else ""
        raise InputError(f"{errors[0]}{others}")


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise InputError(f"{file} cannot be read ({reason}): give a text file with one line for each") from error
    lines = [line.strip() for line in text.splitlines()]
    lines = list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
    if not lines:
        raise InputError(f"{file} has no lines: write what is to be asked for, one in a line")
    return lines


def _print_collected(collected: Collected) -> None:
    line = f"{counted(collected.items, 'item')}, {counted(collected.pictures, 'picture')} ({collected.new:,} new)"
    for what, counts in (("failed", collected.failed), ("refused", collected.refused)):
        if counts:
            errors = ", ".join(f"{count:,} × {error}" for error, count in sorted(counts.items(), key=lambda it: -it[1]))
            line += f"; {sum(counts.values()):,} {what} ({errors})"
    if collected.waiting:
        line += f"; {counted(collected.waiting, 'still waits', 'still wait')}"
    print(line)
    if collected.failed or collected.refused:
        print("`ganvas collect status` says where, `ganvas collect why URL` what happened to one")
