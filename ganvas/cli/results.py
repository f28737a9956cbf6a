"""`ganvas judge`, `show`, `info`: what came of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ganvas.cli.opening import AsJson, Opening, print_facts, print_json, print_table
from ganvas.errors import InputError, did_you_mean

RunName = Annotated[str, typer.Argument(metavar="[RUN]", help="The run's name; the newest if not given.")]


def judge(
    context: typer.Context,
    run: RunName = "last",
    n: Annotated[int | None, typer.Option("-n", help="Pictures on either side; at most 5,000 if not given.")] = None,
    encoder: Annotated[str | None, typer.Option("--encoder", help="What looks at the pictures.")] = None,
    checkpoint: Annotated[str, typer.Option("--checkpoint", help="best, last, or a number of images.")] = "best",
    as_json: AsJson = False,
) -> None:
    """Score a run beside real pictures. KID, FD, precision, recall, density, coverage, each with its baseline."""
    opening: Opening = context.obj
    chosen = opening.studio().run(run)
    card = chosen.judge(n, encoder, checkpoint)
    if as_json:
        print_json({"run": chosen.name, **card.to_json()})
        return
    print_table(f"{chosen.name}: {card.headline}", ["score", "generated", "real against real"], card.rows())
    for line in card.remarks:
        print(line)


def show(
    context: typer.Context,
    run: RunName = "last",
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
    as_json: AsJson = False,
) -> None:
    """Write a run's report.html and open it. Settings, curves, sheets, scores, animation."""
    opening: Opening = context.obj
    page = opening.studio().run(run).report()
    if as_json:
        print_json({"report": str(page)})
    else:
        print(page)
    if open_it and not as_json:
        import webbrowser

        webbrowser.open(page.as_uri())


def info(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[RUN|SET]", help="A run or a set; the studio if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What is here."""
    opening: Opening = context.obj
    studio = opening.studio()
    facts = studio.info()
    if name is not None:
        runs, sets = ({entry["name"] for entry in facts[kind]} for kind in ("runs", "sets"))
        if name not in runs | sets and name != "last":
            raise InputError(f"no run or set called {name!r}.{did_you_mean(name, runs | sets)}")
        facts = studio.named_set(name).info() if name in sets else studio.run(name).info()
    if as_json:
        print_json(facts)
    elif name is None:
        _print_studio(facts)
    else:
        _print_one(facts)


def _print_one(facts: dict[str, Any]) -> None:
    scores = facts.pop("scores", [])
    print_facts(facts)
    if scores:
        rows = [[s["name"], _number(s["value"]), _number(s["baseline"]), f"{s['n']:,}", s["encoder"]] for s in scores]
        print_table("scores", ["score", "generated", "real against real", "pictures", "seen through"], rows)


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.4g}"


def _print_studio(facts: dict[str, Any]) -> None:
    dropped = ", ".join(f"{rule} {count:,}" for rule, count in sorted(facts["dropped"].items())) or "none"
    print(f"{facts['studio']}: {facts['images']:,} images; dropped: {dropped}")
    if facts["sets"]:
        rows = [[s["name"], f"{s['images']:,}", s["size"], str(len(s["labels"]))] for s in facts["sets"]]
        print_table("sets", ["name", "images", "size", "labels"], rows)
    if facts["runs"]:
        rows = [
            [r["name"], r["set"], r["state"], f"{r['images']:,}", f"{r['train_seconds']:,.0f}"] for r in facts["runs"]
        ]
        print_table("runs", ["name", "set", "state", "images", "training s"], rows)
