"""`ganvas clean`, `why`, `keep`, `drop`: which pictures go, for what reason, and a person's word on it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ganvas.cli.opening import AsJson, Opening, check_alone, print_json, print_table
from ganvas.counted import counted

if TYPE_CHECKING:
    from ganvas.curate import Cleaned
    from ganvas.curate.cleaning import RuleSummary

SAID = ("title", "artist", "label", "split", "licence", "attribution")
IMAGE = "A hash or the beginning of one, a file, or an item's title or key."
Images = Annotated[list[str], typer.Argument(metavar="IMAGE…", help=IMAGE)]
Because = Annotated[str | None, typer.Option("--because", help="Why, in words: `ganvas why` shows it.")]
Undo = Annotated[bool, typer.Option("--undo", help="Take the word back: the rules decide again.")]


def clean(
    context: typer.Context,
    rules: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="NAME[=THRESHOLD]", help="Another threshold, or a rule that is usually off."),
    ] = None,
    without: Annotated[list[str] | None, typer.Option("--no", metavar="NAME", help="A rule to switch off.")] = None,
    only: Annotated[list[str] | None, typer.Option("--only", metavar="NAME", help="Just this rule; several.")] = None,
    duplicates: Annotated[
        bool | None,
        typer.Option("--duplicates/--no-duplicates", help="Whether all but one of those that look alike go."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Drop what cannot be trained on, by rules. Deciding again loses nothing: pictures are decided, never deleted."""
    from ganvas.curate.rules.choosing import parse_rules

    opening: Opening = context.obj
    studio = opening.studio()
    done = studio.clean(parse_rules(rules or []), without=without or [], only=only or [], duplicates=duplicates)
    if as_json:
        print_json(dataclasses.asdict(done))
    else:
        _print_cleaned(done)


def why(
    context: typer.Context, image: Annotated[str, typer.Argument(metavar="IMAGE", help=IMAGE)], as_json: AsJson = False
) -> None:
    """All that is known of one image: where it came from, what was measured, what was decided, and the verdict."""
    opening: Opening = context.obj
    facts = opening.studio().why(image)
    if as_json:
        print_json(facts)
    else:
        _print_why(facts)


def keep(context: typer.Context, images: Images, because: Because = None, undo: Undo = False) -> None:
    """Keep images, whatever the rules say now or later."""
    _say(context, "kept", images, because, undo)


def drop(context: typer.Context, images: Images, because: Because = None, undo: Undo = False) -> None:
    """Drop images, whatever the rules say now or later."""
    _say(context, "dropped", images, because, undo)


def _print_cleaned(done: Cleaned) -> None:
    columns = ["rule", "needs", "dropped", "5 %", "median", "95 %"]
    print_table(
        f"{done.pictures:,} pictures, {done.inspected:,} of them inspected now",
        columns,
        [_row(rule) for rule in done.rules],
    )
    line = f"kept {done.kept:,} of {done.pictures:,} pictures, {done.dropped:,} dropped"
    if done.trimmed:
        line += f", {done.trimmed:,} to be trimmed of a border"
    if done.lost:
        line += ", " + ", ".join(f"{count:,} {rule}" for rule, count in done.lost.items()) + " since they were added"
    if done.unreadable:
        line += f"; {done.unreadable:,} more could not be read when they were added"
    print(line)
    if done.duplicates:
        print(f"duplicates: {done.duplicates['groups']:,} groups, {done.duplicates['dropped']:,} pictures dropped")
    if done.distribution:
        print(f"to look at: {done.distribution.parent}")


def _row(rule: RuleSummary) -> list[str]:
    from ganvas.curate.rules.registry import number

    caught = f"{rule.caught:,} trimmed" if rule.name == "border" and rule.caught else f"{rule.caught:,}"
    shown = ["–" if value is None else number(value) for value in (rule.low, rule.median, rule.high)]
    return [rule.name, rule.needs, caught if rule.idle is None else rule.idle, *shown]


def _print_why(facts: dict[str, Any]) -> None:
    from ganvas.curate.rules.registry import number

    size = f"{facts['width']}x{facts['height']} {facts['mode']}, " if facts["width"] else ""
    frames = f", {facts['frames']} frames" if (facts["frames"] or 1) > 1 else ""
    print(f"{facts['sha256']}\n{facts['format'] or 'unknown format'}, {size}{facts['bytes']:,} bytes{frames}")
    print(facts["file"])
    for item in facts["items"]:
        print(f"item: {item['source']} {item['key']}")
        said = {name: item[name] for name in SAID if item[name]}
        for name, value in (said | item["details"]).items():
            print(f"  {name}: {' '.join(str(value).split())}")
    if facts["measures"]:
        measures = (f"{name} {'–' if value is None else number(value)}" for name, value in facts["measures"].items())
        print(f"measured: {', '.join(measures)}")
    if facts["trim"]:
        print("inside its border: left {}, top {}, right {}, bottom {}".format(*facts["trim"]))
    if facts["decisions"]:
        rows = [[row["stage"], row["rule"], row["state"], row["reason"] or ""] for row in facts["decisions"]]
        print_table("decided:", ["stage", "rule", "says", "reason"], rows)
    print(facts["verdict"])


def _say(context: typer.Context, word: str, images: list[str], because: str | None, undo: bool) -> None:
    from ganvas.curate.person import take_back

    opening: Opening = context.obj
    if undo:
        check_alone(context, "undo", "images")
        hashes = take_back(opening.studio().folder, images, word == "kept")
        print(f"{counted(len(hashes), 'image')} left to the rules again")
    else:
        studio = opening.studio()
        hashes = (studio.keep if word == "kept" else studio.drop)(*images, because=because)
        print(f"{counted(len(hashes), 'image')} {word}, whatever the rules say")
