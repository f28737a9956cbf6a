"""`ganvas judge`, `novelty`, `show`, `info`: what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganvas.cli.opening import AsJson, Opening, print_facts, print_json, print_table
from ganvas.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from ganvas.api import Studio
    from ganvas.judge import Ranking, Scorecard

Encoder = Annotated[
    str | None, typer.Option("--encoder", help="What looks at the pictures: effnet-lite0, inception, a plug-in.")
]
Weights = Annotated[Path | None, typer.Option("--weights", help="A file of the encoder's weights; inception needs it.")]
Checkpoint = Annotated[str, typer.Option("--checkpoint", help="best, last, or a number of images.")]
RunName = Annotated[str, typer.Argument(metavar="[RUN]", help="The run's name; the newest if not given.")]


def judge(
    context: typer.Context,
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]…", help="Runs, several for a table; the newest if not given.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every run that has a checkpoint, in one table.")] = False,
    folder: Annotated[Path | None, typer.Option("--folder", help="Pictures from anywhere in place of a run.")] = None,
    against: Annotated[str | None, typer.Option("--against", help="The set that --folder is judged by.")] = None,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="A file for those of --folder most alike to training pictures.")
    ] = None,
    n: Annotated[int | None, typer.Option("-n", help="Pictures on either side; at most 5,000 if not given.")] = None,
    encoder: Encoder = None,
    weights: Weights = None,
    checkpoint: Checkpoint = "best",
    labels: Annotated[
        bool, typer.Option("--labels", help="Whether a label is drawn as told: a classifier's answer, a label a row.")
    ] = False,
    classifier: Annotated[
        str, typer.Option("--classifier", metavar="NAME", help="The one for --labels; the set's newest if not given.")
    ] = "last",
    cas: Annotated[
        str | None,
        typer.Option("--cas", metavar="BUDGET", help="Classification accuracy score: learn from drawn pictures alone."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score runs, or a folder, beside real pictures. KID, FD, precision, recall, coverage, copies, with baselines."""
    several = every or len(runs or []) > 1
    _check_judged({"folder": folder, "against": against, "--sheet": sheet, "runs": runs, "--all": every})
    if (labels or cas) and (folder is not None or several):
        raise InputError("--labels and --cas ask one run: name one, and leave --folder and --all out")
    if classifier != "last" and not labels:
        raise InputError("--classifier names the one that --labels asks: add --labels")
    studio: Studio = context.obj.studio()
    if folder is not None and against is not None:
        _print_card(str(folder), studio.judge_folder(folder, against, n, encoder, weights, sheet), as_json)
        return
    named = [run.name for run in studio.runs()] if every else list(runs or ["last"])
    if len(named) == 1 and not every:
        chosen = studio.run(named[0])
        card = chosen.judge(n, encoder, checkpoint, weights, labels, classifier, cas)
        _print_card(chosen.name, card, as_json, by_label=labels)
        if not as_json:
            print(chosen.folder / "scorecard.html")
        return
    _print_ranking(studio.rank(named, n, encoder, checkpoint, weights), as_json)


def _check_judged(given: dict[str, Any]) -> None:
    from ganvas.pictures.sheet import check_picture_name

    if (given["folder"] is None) != (given["against"] is None):
        raise InputError("--folder and --against belong together: a folder of pictures, and the set that judges it")
    if given["folder"] is not None and (given["runs"] or given["--all"]):
        raise InputError("--folder is judged by itself: leave the runs out")
    if given["--sheet"] is not None:
        if given["folder"] is None:
            raise InputError("--sheet belongs to --folder: a run's sheets are in its folder")
        check_picture_name(given["--sheet"])
    if given["runs"] and given["--all"]:
        raise InputError("--all judges every run: leave their names out, or leave --all out")


def _print_card(name: str, card: Scorecard, as_json: bool, by_label: bool = False) -> None:
    if as_json:
        print_json({"run": name, **card.to_json()})
        return
    print_table(f"{name}: {card.headline}", ["score", "generated", "real against real"], card.rows())
    if by_label:
        print_table("by label, beside real pictures of it", *card.label_table())
    for line in card.remarks:
        print(line)


def _print_ranking(ranking: Ranking, as_json: bool) -> None:
    if as_json:
        judged = [{"run": name, **card.to_json()} for name, card in ranking.cards.items()]
        print_json({"runs": judged, "not_judged": ranking.reasons})
        return
    columns, rows = ranking.table()
    print_table(f"best first: {ranking.headline}", columns, rows)
    for name, reason in ranking.reasons.items():
        print(f"{name} was not judged: {reason}")


def novelty(
    context: typer.Context,
    run: RunName = "last",
    n: Annotated[int, typer.Option("-n", min=1, max=5000, help="Generated pictures to look at.")] = 64,
    seed: Annotated[int, typer.Option("--seed", help="Which pictures: the same as `ganvas draw` makes.")] = 0,
    encoder: Encoder = None,
    weights: Weights = None,
    checkpoint: Checkpoint = "best",
    out: Annotated[Path | None, typer.Option("--out", help="The sheet's file; RUN-novelty.png if not given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Each generated picture beside its nearest real ones, the most suspicious first. A sheet to look at."""
    from ganvas.pictures.sheet import check_picture_name, save_picture

    if out is not None:
        check_picture_name(out)
    chosen = context.obj.studio().run(run)
    found = chosen.novelty(n, seed, encoder, checkpoint, weights)
    path = save_picture(out or Path(f"{chosen.name}-novelty.png"), found.sheet())
    if as_json:
        print_json({"run": chosen.name, "seed": seed, **found.to_json(), "sheet": str(path)})
        return
    print_table(
        f"{chosen.name}: {found.headline}", ["most suspicious", "distance to nearest / fourth", ""], found.rows()
    )
    print(path)


def show(
    context: typer.Context,
    run: RunName = "last",
    gif: Annotated[
        str | None,
        typer.Option(
            "--gif",
            metavar="STYLE",
            help="Write the animation with the graph of a score instead: expanding, rolling or static.",
        ),
    ] = None,
    window: Annotated[int, typer.Option("--window", help="How many judgements a rolling graph shows.")] = 10,
    speed: Annotated[float, typer.Option("--speed", help="Seconds a picture of the animation.")] = 0.4,
    score: Annotated[str, typer.Option("--score", help="The light judge's score that the graph shows.")] = "kid",
    out: Annotated[
        Path | None, typer.Option("--out", help="The animation's file; score-STYLE.gif of the run if not given.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
    as_json: AsJson = False,
) -> None:
    """Write a run's report.html and open it. Settings, curves, sheets, scores, animation."""
    opening: Opening = context.obj
    if gif is None:
        _check_unused(context, "gif", "window", "speed", "score", "out")
        page = opening.studio().run(run).report()
    else:
        page = opening.studio().run(run).gif(gif, window=window, speed=speed, score=score, out=out)
    if as_json:
        print_json({"report" if gif is None else "gif": str(page)})
    else:
        print(page)
    if open_it and not as_json:
        import webbrowser

        webbrowser.open(page.absolute().as_uri())


def _check_unused(context: typer.Context, switch: str, *names: str) -> None:
    given = [name for name in names if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"]
    if given:
        raise InputError(f"--{given[0]} belongs to --{switch}: add --{switch}, or leave it out")


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
        rows = [
            [s["name"], *map(_number, (s["value"], s["baseline"])), f"{s['n']:,}", s["encoder"], s["checkpoint"]]
            for s in scores
        ]
        columns = ["score", "generated", "real against real", "pictures", "seen through", "checkpoint"]
        print_table("scores", columns, rows)


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.4g}"


def _print_studio(facts: dict[str, Any]) -> None:
    dropped = ", ".join(f"{rule} {count:,}" for rule, count in sorted(facts["dropped"].items())) or "none"
    print(f"{facts['studio']}: {facts['images']:,} images; dropped: {dropped}")
    for lesson in facts["lessons"]:
        if lesson["unscored"]:
            print(
                f"lesson {lesson['name']} never saw {lesson['unscored']:,} of the kept pictures: "
                f"`ganvas teach {lesson['name']}` again scores them"
            )
    if facts["sets"]:
        rows = [[s["name"], f"{s['images']:,}", s["size"], str(len(s["labels"]))] for s in facts["sets"]]
        print_table("sets", ["name", "images", "size", "labels"], rows)
    if facts["runs"]:
        rows = [
            [r["name"], r["set"], r["state"], f"{r['images']:,}", f"{r['train_seconds']:,.0f}"] for r in facts["runs"]
        ]
        print_table("runs", ["name", "set", "state", "images", "training s"], rows)
