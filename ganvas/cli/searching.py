"""`ganvas search SET SPACE.toml`: settings compared; `ganvas search status|table|show|best`: what came of it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from ganvas.cli.opening import AsJson, DryRun, Opening, print_json, print_table
from ganvas.errors import InputError

if TYPE_CHECKING:
    from ganvas.api.searching import Searched
    from ganvas.search.forecast import Forecast
    from ganvas.search.table import Table

DEFAULT = "run"
MOST_ROWS = 50
MOST_POINTS = 20
LONGEST_CELL = 60
SearchName = Annotated[str, typer.Argument(metavar="[NAME]", help="The search's name; the newest if not given.")]


class CsvAlone(TyperCommand):
    """`--csv` without a FILE is `--csv -`: Typer has no options whose value may be left out."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        alone = [word == "--csv" and (after is None or _is_option(after)) for word, after in pairwise([*args, None])]
        return super().parse_args(
            ctx, ["--csv=-" if is_alone else word for word, is_alone in zip(args, alone, strict=True)]
        )


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


class SetFirst(TyperGroup):
    """`ganvas search vases space.toml` is `ganvas search run vases space.toml`: what is no verb here is a set."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=SetFirst,
    help="Compare settings: `ganvas search vases space.toml --budget 10m` trains and judges a run for each.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(DEFAULT)
def run(
    context: typer.Context,
    set_name: Annotated[str, typer.Argument(metavar="SET", help="The set to train on.")],
    space: Annotated[Path, typer.Argument(metavar="SPACE.toml", help="What may be tried: a setting a line.")],
    trials: Annotated[int | None, typer.Option("--trials", help="Runs in all; a grid has an end of its own.")] = None,
    budget: Annotated[str, typer.Option("--budget", help="Of each run: 90s, 10m, 200k-images or 50-epochs.")] = "10m",
    sampler: Annotated[str, typer.Option("--sampler", help="Who chooses: grid, random or tpe.")] = "grid",
    jobs: Annotated[int | None, typer.Option("--jobs", help="Runs at a time; measured if not given.")] = None,
    ray: Annotated[
        str | None, typer.Option("--ray", metavar="auto|ADDRESS", help="Run on a Ray cluster in place of this machine.")
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="With --ray: processors of each run; 1.")] = None,
    gpus: Annotated[
        float | None, typer.Option("--gpus", help="With --ray: GPUs of each run, 0.5 for half of one; 1 if there are.")
    ] = None,
    repeat: Annotated[int, typer.Option("--repeat", help="Seeds of every point; each is a run.")] = 1,
    score: Annotated[str, typer.Option("--score", help="What is to be best: kid, coverage, …")] = "kid",
    judge_n: Annotated[int, typer.Option("--judge", metavar="N", help="Pictures a finished run is judged by.")] = 1000,
    prune: Annotated[bool, typer.Option("--prune/--no-prune", help="End runs early that fall behind.")] = True,
    keep: Annotated[
        int, typer.Option("--keep", help="How many runs of each set keep their checkpoints, besides the best.")
    ] = 5,
    seed: Annotated[int, typer.Option("--seed", help="What all randomness follows from.")] = 0,
    name: Annotated[str | None, typer.Option("--name", help="The search's name; chosen if not given.")] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting that all runs have in common.")
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Another try for runs that failed.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Train and judge a run for each point of a space. The same command goes on. The verb may be left out."""
    opening: Opening = context.obj
    studio = opening.studio()
    common = common_settings(assignments or [])
    options: dict[str, Any] = {"trials": trials, "budget": budget, "sampler": sampler, "jobs": jobs, "repeat": repeat}
    options |= {"score": score, "judge_n": judge_n, "seed": seed}
    if dry_run:
        _print_forecast(studio.plan_search(set_name, space, common, **options), as_json)
        return
    options |= {"prune": prune, "keep": keep, "name": name, "retry_failed": retry_failed}
    searched = studio.search(set_name, space, settings=common, ray=ray, threads=threads, gpus=gpus, **options)
    if as_json:
        print_json(searched.status())
        return
    _print_best(searched)
    print(f"now: ganvas search show {searched.name}, ganvas search table {searched.name}")


@app.command("status")
def status(context: typer.Context, name: SearchName = "last", as_json: AsJson = False) -> None:
    """How far a search is: what has ended, what runs now, the best so far. Also while it runs."""
    from ganvas.search.standing import at

    searched = _named(context, name)
    facts = searched.status()
    if as_json:
        print_json(facts)
        return
    states = ", ".join(f"{count:,} {state}" for state, count in facts["states"].items()) or "no trial yet"
    planned = f" of {facts['planned']:,} planned" if facts["planned"] else ""
    print(f"{searched.name}, on {facts['set']}: {states}{planned}")
    for trial in facts["running"]:
        kid = f", KID×1000 {1000 * trial['kid']:,.1f}" if trial["kid"] is not None else ""
        print(f"  {trial['run']}: {at(trial['progress'])}{kid}")
    _print_best(searched)
    if facts["left"] and facts["seconds_since_change"] is not None:
        since = f"{facts['seconds_since_change']:,.0f} s ago"
        print(f"{facts['left']:,} left, last change {since}: where nothing drives it, the same `ganvas search` goes on")


@app.command("table", cls=CsvAlone)
def table(
    context: typer.Context,
    name: SearchName = "last",
    csv: Annotated[
        str | None, typer.Option("--csv", metavar="FILE", help="Write all as CSV; to the screen without FILE.")
    ] = None,
    parquet: Annotated[Path | None, typer.Option("--parquet", metavar="FILE", help="Write all as Parquet.")] = None,
    by_run: Annotated[bool, typer.Option("--runs", help="A row a run; of points with several seeds.")] = False,
    most: Annotated[int, typer.Option("-n", min=1, help="Rows on the screen, best first.")] = MOST_ROWS,
    as_json: AsJson = False,
) -> None:
    """All points, best first, in scikit-learn's words: param_*, score_*, mean_*, std_*, rank."""
    searched = _named(context, name)
    found = searched.results(by_run=by_run)
    if csv is not None and csv != "-":
        _check_suffix(csv, ".csv")
        print(found.write(csv))
    if parquet is not None:
        _check_suffix(parquet, ".parquet")
        print(found.write(parquet))
    if csv == "-":
        print(found.csv(), end="")
    elif as_json:
        print_json({"search": searched.name, "rows": found.rows})
    elif csv is None and parquet is None:
        _print_table(searched, found, most)


@app.command("show")
def show(
    context: typer.Context,
    name: SearchName = "last",
    pages: Annotated[
        int, typer.Option("--pages", min=0, help="The best runs whose own pages and animations are written, too.")
    ] = 20,
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
    as_json: AsJson = False,
) -> None:
    """Write the search's page and open it: table, settings against score, curves, sheets; then its best runs' pages."""
    page = _named(context, name).report(pages)
    if as_json:
        print_json({"report": str(page)})
        return
    print(page)
    if open_it:
        import webbrowser

        webbrowser.open(page.as_uri())


@app.command("best")
def best(context: typer.Context, name: SearchName = "last", as_json: AsJson = False) -> None:
    """The best point: its run, its score beside that of real pictures, its settings as `ganvas train` takes them."""
    searched = _named(context, name)
    found = searched.best()
    if not found:
        raise InputError(f"no trial of {searched.name} has finished and been judged: see `ganvas search status`")
    if as_json:
        print_json({"search": searched.name, "best": found if len(found) > 1 else found[0]})
        return
    _print_best(searched)
    for one in found:
        own = {name: value for name, value in one["params"].items() if name not in ("set", "budget")}  # both are said
        given = " ".join(f"--set {_quoted(name, value)}" for name, value in own.items())
        print(f"again, for longer: ganvas train {one['set']} --budget 1h {given}")


def common_settings(assignments: list[str]) -> dict[str, Any]:
    """Dotted names to values, as axes of a space are named."""
    from ganvas.assignments import parse_assignments, refuse_options

    given = parse_assignments(assignments)
    refuse_options(given)
    return dict(_dotted(given))


def _dotted(nested: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in nested.items():
        inner = isinstance(value, dict) and name in ("network", "alarms")
        found += _dotted(value, f"{name}.") if inner else [(f"{prefix}{name}", value)]
    return found


def _quoted(name: str, value: Any) -> str:
    import json
    import shlex

    text = value if isinstance(value, str) else json.dumps(value)
    return shlex.quote(f"{'network.name' if name == 'network' else name}={text}")


def _named(context: typer.Context, name: str) -> Searched:
    opening: Opening = context.obj
    return opening.studio().named_search(name)


def _check_suffix(path: str | Path, suffix: str) -> None:
    if Path(path).suffix != suffix:
        raise InputError(f"{path}: its name must end in {suffix}")


def _print_best(searched: Searched) -> None:
    from ganvas.scores.shown import label_of, shown

    for one in searched.best():
        beside = f", real against real {shown(one['score'], one['baseline'])}" if one["baseline"] is not None else ""
        seeds = f", mean of {one['seeds']} seeds" if one["seeds"] > 1 else ""
        told = ", ".join(f"{name}={value}" for name, value in one["params"].items())
        value = f"{label_of(one['score'])} {shown(one['score'], one['value'])}"
        print(f"best: {one['run']} with {value}{seeds}{beside}: {told}")


def _print_table(searched: Searched, found: Table, most: int) -> None:
    from ganvas.scores.shown import label_of

    same = [name for name in found.columns if name.startswith("param_") and _is_constant(name, found)]
    kept = [name for name in found.columns if name not in same and _is_shown(name, found)]
    titles = [_title(name) for name in kept]
    rows = [[_cell(name, row[name]) for name in kept] for row in found.rows[:most]]
    score = label_of(str(searched.asked.get("score") or "kid"))
    print_table(f"{searched.name}: best {score} first", titles, rows)
    if same:
        told = ", ".join(f"{_title(name)} {_cell(name, found.rows[0][name])}" for name in same)
        print(f"the same for all: {told}")
    if len(found.rows) > most:
        print(f"and {len(found.rows) - most:,} more: -n {len(found.rows)}, or --csv FILE")


def _is_shown(name: str, found: Table) -> bool:
    """What a screen has room for: scores once, spreads where there are any; no baselines, no lists."""
    from ganvas.scores.shown import BESIDE

    if name.startswith(("mean_", "rank_", "light_")) or name.endswith(BESIDE):
        return False
    if name in ("seeds", "runs", "finished", "images", "worker", "group"):
        return False
    optional = name.startswith("std_") or name in ("reason", "seed")
    return not optional or any(row[name] is not None for row in found.rows)


def _is_constant(name: str, found: Table) -> bool:
    return len(found.rows) > 1 and all(row[name] == found.rows[0][name] for row in found.rows)


def _title(name: str) -> str:
    from ganvas.scores.shown import label_of

    kind, _, own = name.partition("_")
    if kind == "param":
        return own
    return {"score": label_of(own), "std": f"sd of {label_of(own)}"}.get(kind, name)


def _cell(column: str, value: Any) -> str:
    from ganvas.scores.shown import shown

    if value is None:
        return "–"
    kind, _, own = column.partition("_")
    if kind in ("score", "std"):
        return shown(own, value)
    if column == "seconds":
        return f"{value:,.0f}"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


def _print_forecast(plan: Forecast, as_json: bool) -> None:
    import dataclasses

    if as_json:
        print_json(dataclasses.asdict(plan))
        return
    print(plan.count_said)
    points = plan.trials // plan.repeat
    names = list(dict.fromkeys(name for point in plan.points for name in point))
    rows = [
        [str(i), *(_cell(name, point.get(name)) for name in names)] for i, point in enumerate(plan.points[:MOST_POINTS])
    ]
    if rows:
        print_table("points", ["point", *names], rows)
    if 0 < len(rows) < points:
        print(f"and {points - len(rows):,} more")
    for note in plan.notes:
        print(note)
    print(plan.time_said)
