"""`ganvas classify`: learn the labels of a set, test what was learned, and say what a picture shows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ganvas.cli.opening import AsJson, DryRun, Opening, print_json, print_table
from ganvas.errors import InputError

DEFAULT = "pictures"


class PictureFirst(TyperGroup):
    """`ganvas classify shoe.jpg` is `ganvas classify pictures shoe.jpg`: what is no verb here is a picture."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=PictureFirst,
    help="Classify: `ganvas classify picture.jpg [more.png …] [--by NAME]` says what pictures show, by the newest "
    "classifier if none is named; train and test make one.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("train")
def train(
    context: typer.Context,
    set_name: Annotated[str, typer.Argument(metavar="SET", help="The labelled set to learn from.")],
    backbone: Annotated[
        str | None, typer.Option("--backbone", help="effnet-lite0, resnet18 or scratch; chosen if not given.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="The classifier's name; SET-1, … if not given.")] = None,
    budget: Annotated[str | None, typer.Option("--budget", help="90s, 10m, 2h, 200k-images or 50-epochs.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="What all randomness follows from.")] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any setting by its name, as --set depth=2.")
    ] = None,
    list_settings: Annotated[bool, typer.Option("--settings", help="List every setting, and stop.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Learn to tell a set's labels. The same command goes on where an unfinished one stopped."""
    from ganvas.assignments import parse_assignments, refuse_options

    if list_settings:
        _print_settings()
        return
    opening: Opening = context.obj
    chosen = opening.studio().named_set(set_name)
    options = {"backbone": backbone, "budget": budget, "seed": seed}
    given = parse_assignments(assignments or [])
    refuse_options(given)
    given |= {key: value for key, value in options.items() if value is not None}
    if dry_run:
        _print_plan(chosen.packed, given, as_json)
        return
    learned = chosen.classify(name=name, **given)
    if as_json:
        assert learned.folder is not None
        print_json({"classifier": learned.name, "labels": learned.labels, **learned.folder.read_state()})
    else:
        print(f"{learned.name} has learned; now: ganvas classify test {learned.name}, ganvas classify PICTURE.jpg")


@app.command("test")
def examine(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The classifier; the newest if not given.")] = "last",
    as_json: AsJson = False,
) -> None:
    """Test on pictures it never saw. Accuracy, what is taken for what, and a sheet with the errors in red."""
    opening: Opening = context.obj
    chosen = opening.studio().classifier(name)
    marks = chosen.test()
    assert chosen.folder is not None
    files = [str(chosen.folder.path / file) for file in ("confusion.png", "predictions.png", "curves.png")]
    if as_json:
        print_json({"classifier": chosen.name, **marks.to_json(), "files": files})
        return
    columns = ["label", "pictures", "right", "most often taken for"]
    print_table(f"{chosen.name}: {marks.headline}", columns, marks.rows())
    print(marks.about_calibration)
    print(*files, sep="\n")


@app.command(DEFAULT, hidden=True)
def pictures(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PICTURE…", help="Files to look at.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="The classifier; the newest if not given.")] = "last",
    as_json: AsJson = False,
) -> None:
    """What pictures show: the three likeliest labels of each, with their probabilities."""
    opening: Opening = context.obj
    chosen = opening.studio().classifier(by)
    said = chosen.predict(paths)
    if as_json:
        rows = [
            {"picture": it.path, "trouble": it.trouble} if it.trouble else {"picture": it.path, "labels": _named(it)}
            for it in said
        ]
        print_json({"classifier": chosen.name, "pictures": rows})
    else:
        for it in said:
            if not it.trouble:
                print(f"{it.path}: {', '.join(f'{label} {share:.1%}' for label, share in it.answers)}")
    if bad := [f"{it.path} ({it.trouble})" for it in said if it.trouble]:
        raise InputError(
            f"{len(bad)} of {len(said)} could not be read as pictures, the others are above: {'; '.join(bad)}"
        )


def _named(prediction: Any) -> list[dict[str, Any]]:
    return [{"label": label, "probability": probability} for label, probability in prediction.answers]


def _print_plan(packed: Any, given: dict[str, Any], as_json: bool) -> None:
    from ganvas.judge.classifier.learning import plan_set

    plan, examples = plan_set(packed, given)
    parts = {part: len(getattr(examples, part)) for part in ("train", "validation", "test")}
    if as_json:
        choices = [{"name": c.name, "value": c.value, "reason": c.reason} for c in plan.choices]
        remarks = list(examples.remarks)
        print_json({"settings": plan.settings.model_dump(), "choices": choices, "pictures": parts, "remarks": remarks})
        return
    for line in (*examples.remarks, *plan.choices):
        print(line)
    print(
        ", ".join(
            f"{count:,} pictures to {part}"
            for part, count in zip(("learn", "validate", "test"), parts.values(), strict=True)
        )
    )
    print_json(plan.settings.model_dump())


def _print_settings() -> None:
    from ganvas.judge.classifier.settings import ClassifierSettings

    rows = [
        [name, "chosen" if field.default is None else str(field.default), field.description or ""]
        for name, field in ClassifierSettings.model_fields.items()
    ]
    print_table("settings of a classifier, for --set NAME=VALUE", ["name", "default", "what it is"], rows)
