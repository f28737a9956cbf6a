"""`ganvas train`: settings from options, a file and --set; then one call."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from ganvas.cli.opening import AsJson, DryRun, Opening, print_facts, print_json
from ganvas.errors import SettingsError


def train(
    context: typer.Context,
    set_name: Annotated[str, typer.Argument(metavar="SET", help="The set to train on.")],
    budget: Annotated[str | None, typer.Option("--budget", help="90s, 10m, 2h, 200k-images or 50-epochs.")] = None,
    epochs: Annotated[float | None, typer.Option("--epochs", help="The same as --budget N-epochs.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The run's name; SET-1, SET-2, … if not given.")] = None,
    network: Annotated[
        str | None,
        typer.Option("--network", help="dcgan, r3gan or fastgan; chosen if not given."),
    ] = None,
    condition: Annotated[
        str | None, typer.Option("--condition", help="What the generator is told: none, label or word.")
    ] = None,
    words: Annotated[
        str | None, typer.Option("--words", help="What turns words into vectors: minilm, glove or a file of vectors.")
    ] = None,
    aliases: Annotated[
        list[str] | None, typer.Option("--alias", metavar="LABEL=WORD", help="Another word for a label.")
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option("--loss", help="non-saturating, hinge, wasserstein, relativistic or drifting."),
    ] = None,
    start_from: Annotated[
        str | None, typer.Option("--from", metavar="RUN", help="Start with another run's weights.")
    ] = None,
    fork: Annotated[
        str | None, typer.Option("--fork", metavar="RUN", help="Go on where RUN is, with other settings, as a new run.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="What all randomness follows from.")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="A TOML file of settings.")] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any setting by its name, as --set gamma=2.")
    ] = None,
    list_settings: Annotated[bool, typer.Option("--settings", help="List every setting, and stop.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Train a generator. The same command goes on where an unfinished run stopped."""
    if list_settings:
        _print_settings(network or "dcgan")
        return
    opening: Opening = context.obj
    chosen = opening.studio().named_set(set_name)
    options: dict[str, Any] = {"budget": _budget(budget, epochs), "condition": condition, "words": words}
    options |= {"alias": _aliases(aliases), "loss": loss, "start_from": start_from, "seed": seed}
    given = gather(
        config, assignments or [], network, {key: value for key, value in options.items() if value is not None}
    )
    if dry_run:
        _print_plan(chosen.packed, given, as_json)
        return
    run = chosen.train(name=name, fork=fork, **given)
    if os.environ.get("RANK", "0") != "0":  # of several processes under torchrun the first one speaks
        return
    if as_json:
        print_json(run.info())
    else:
        print(f"{run.name} is finished; now: ganvas judge {run.name}, ganvas show {run.name}, ganvas draw {run.name}")


def _budget(budget: str | None, epochs: float | None) -> str | None:
    if epochs is None:
        return budget
    if budget is not None:
        raise SettingsError("--budget and --epochs say the same thing twice: give one of them")
    return f"{epochs:.12g}-epochs"


def _aliases(given: list[str] | None) -> dict[str, str] | None:
    if not given:
        return None
    from ganvas.encode.words.labels import parse_aliases

    return parse_aliases(given)


def doctor(
    context: typer.Context,
    set_name: Annotated[
        str | None, typer.Argument(metavar="[SET]", help="A set to choose for; 64×64 colour pictures if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What this machine trains with, how fast, and what would be chosen, each with its reason."""
    from ganvas.train.doctor import examine

    opening: Opening = context.obj
    facts = examine(None if set_name is None else opening.studio().named_set(set_name).packed)
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


def gather(config: Path | None, assignments: list[str], network: str | None, options: dict[str, Any]) -> dict[str, Any]:
    """One nested dictionary of settings: the file's, then --set's, then the options', the later winning."""
    from ganvas.assignments import parse_assignments, refuse_options

    written, assigned = (
        _with_network_nested(part) for part in (_read(config) if config else {}, parse_assignments(assignments))
    )
    given = {**_merged(written, assigned), **options}
    refuse_options(given)
    return given if network is None else _merged(given, {"network": {"name": network}})


def _with_network_nested(given: dict[str, Any]) -> dict[str, Any]:
    """`network = "r3gan"` as what it is short for, so that settings of it can lie beside."""
    own = given.get("network")
    return {**given, "network": {"name": own}} if isinstance(own, str) else given


def _read(config: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(config.read_text())
    except OSError as error:
        raise SettingsError(f"{config} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{config} is not valid TOML: {error}") from error


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = {key: _merged(below[key], above[key]) for key in below.keys() & above.keys() if _nested(below, above, key)}
    return {**below, **above, **both}


def _nested(below: dict[str, Any], above: dict[str, Any], key: str) -> bool:
    return isinstance(below[key], dict) and isinstance(above[key], dict)


def _print_plan(packed: Any, given: dict[str, Any], as_json: bool) -> None:
    from ganvas.train.plan import make_plan, sizes
    from ganvas.train.settings import train_settings

    plan = make_plan(train_settings(given), packed)
    if as_json:
        choices = [{"name": c.name, "value": c.value, "reason": c.reason} for c in plan.choices]
        print_json({"settings": plan.settings.model_dump(), "choices": choices})
        return
    for choice in plan.choices:
        print(choice)
    print(sizes(plan))
    print_json(plan.settings.model_dump())


def _print_settings(network: str) -> None:
    from ganvas.cli.opening import print_table
    from ganvas.networks import architecture
    from ganvas.train.settings import AlarmSettings, TrainSettings

    fields = {name: field for name, field in TrainSettings.model_fields.items() if name not in ("network", "alarms")}
    fields |= {f"network.{name}": field for name, field in architecture(network).settings.model_fields.items()}
    fields |= {f"alarms.{name}": field for name, field in AlarmSettings.model_fields.items()}
    rows = [
        [name, _shown(field.get_default(call_default_factory=True)), field.description or ""]
        for name, field in fields.items()
    ]
    print_table("settings of a training, for --set NAME=VALUE", ["name", "default", "what it is"], rows)


def _shown(default: Any) -> str:
    if default is None:
        return "chosen"
    return ", ".join(map(str, default)) or "none" if isinstance(default, (list, dict)) else str(default)
