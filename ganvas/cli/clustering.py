"""`ganvas cluster`, `thin`, `teach`, `find`: kinds of pictures, told apart by what an encoder sees in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganvas.cli.opening import AsJson, Opening, check_alone, print_json, print_table
from ganvas.errors import InputError

if TYPE_CHECKING:
    from ganvas.curate.cluster import Clustered
    from ganvas.curate.teach import Taught

Encoder = Annotated[
    str | None,
    typer.Option("--encoder", help="What looks: effnet-lite0, effnet-lite0-levels, dinov2, resnet18, clip, a plug-in."),
]
Weights = Annotated[
    Path | None,
    typer.Option("--weights", help="A folder of the encoder's weights, or its name on the Hugging Face hub."),
]
Seed = Annotated[int, typer.Option("--seed", help="What all randomness follows from.")]
Undo = Annotated[bool, typer.Option("--undo", help="Take its decisions back, and stop.")]

app = typer.Typer(
    help="Divide all kept pictures into clusters, with a sheet of each; `ganvas cluster name 2 exteriors` names one.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@app.callback()
def cluster(
    context: typer.Context,
    k: Annotated[str, typer.Option("-k", help="How many clusters, or auto: the highest mean silhouette.")] = "auto",
    name: Annotated[str, typer.Option("--name", help="The clustering's name; made again, it is replaced.")] = "main",
    encoder: Encoder = None,
    weights: Weights = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    if context.invoked_subcommand is not None:
        return
    opening: Opening = context.obj
    made = opening.studio().cluster(_count(k), name=name, encoder=encoder, weights=weights, seed=seed)
    if as_json:
        print_json(made.to_json())
    else:
        _print_clusters(made)


def _count(k: str) -> int | str:
    if k == "auto" or k.isdecimal():
        return k if k == "auto" else int(k)
    raise InputError(f"-k {k!r} cannot be: a whole number of clusters from 1, or auto")


def _print_clusters(made: Clustered) -> None:
    if made.rungs:
        tried = [[str(rung.k), f"{rung.silhouette:.4f}"] for rung in made.rungs]
        print_table("how many clusters", ["k", "mean silhouette"], tried)
    rows = [[str(it.number), f"{it.pictures:,}", f"{it.share:.1%}", it.called or "–"] for it in made.clusters]
    title = f"clustering {made.name}: k = {len(made.clusters)} ({made.reason}), seen through {made.encoder}"
    print_table(title, ["cluster", "pictures", "share", "name"], rows)
    if made.lost:
        print(f"names lost, no cluster corresponds any more: {', '.join(made.lost)}")
    if made.left_out:
        print(f"{made.left_out:,} pictures left out: their originals cannot be read")
    print(made.overview)
    print(made.overview.parent / f"{{0…{len(made.clusters) - 1}}}.png")


@app.command("name")
def name(
    context: typer.Context,
    cluster: Annotated[str, typer.Argument(help="The cluster's number, or its present name.")],
    called: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    clustering: Annotated[str, typer.Option("--clustering", help="Of which clustering.")] = "main",
) -> None:
    """Call a cluster something: its name then means its pictures."""
    opening: Opening = context.obj
    number = opening.studio().name_cluster(cluster, called, clustering)
    print(f"cluster {number} of {clustering} is called {called}")


def thin(
    context: typer.Context,
    share: Annotated[
        float | None, typer.Argument(metavar="SHARE", help="The share of the pictures to keep, as 0.8.")
    ] = None,
    encoder: Encoder = None,
    weights: Weights = None,
    seed: Seed = 0,
    undo: Undo = False,
    as_json: AsJson = False,
) -> None:
    """Keep the pictures in the densest places, drop the odd ones. Fewer, more alike pictures train faster."""
    if (share is None) != undo:
        raise InputError("name the share to keep, as `ganvas thin 0.8`, or --undo")
    if undo:
        check_alone(context, "undo")
    opening: Opening = context.obj
    studio = opening.studio()
    if share is None:
        undone = studio.undo_thin()
        print_json({"undone": undone}) if as_json else print(f"{undone:,} decisions undone")
        return
    thinned = studio.thin(share, encoder=encoder, weights=weights, seed=seed)
    if as_json:
        print_json(thinned.to_json())
        return
    print(
        f"{thinned.kept:,} kept, {thinned.dropped:,} dropped: their fifth neighbour is farther than {thinned.limit:.3f}"
    )
    if thinned.left_out:
        print(f"{thinned.left_out:,} pictures left out: their originals cannot be read")
    print(thinned.sheet)


def teach(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What is taught: a name for those that are like it.")],
    like: Annotated[
        list[Path] | None, typer.Option("--like", help="A folder of examples, or one picture. May be repeated.")
    ] = None,
    unlike: Annotated[list[Path] | None, typer.Option("--unlike", help="The same of what is not like it.")] = None,
    like_cluster: Annotated[
        list[str] | None, typer.Option("--like-cluster", help="A cluster, by name or number, as examples.")
    ] = None,
    unlike_cluster: Annotated[
        list[str] | None, typer.Option("--unlike-cluster", help="The same of what is not like it.")
    ] = None,
    clustering: Annotated[str, typer.Option("--clustering", help="Whose clusters these are.")] = "main",
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", help="The probability from which a picture is kept: 0.5, or as last time."),
    ] = None,
    score_only: Annotated[bool, typer.Option("--score-only", help="Record probabilities, drop nothing.")] = False,
    afresh: Annotated[bool, typer.Option("--afresh", help="Forget the examples of earlier lessons.")] = False,
    encoder: Encoder = None,
    weights: Weights = None,
    seed: Seed = 0,
    undo: Undo = False,
    as_json: AsJson = False,
) -> None:
    """Sort all pictures by examples. Twenty of either side do; the unsure ones are shown, to be labelled next."""
    if undo:
        check_alone(context, "undo", "name")
    opening: Opening = context.obj
    studio = opening.studio()
    if undo:
        undone = studio.undo_teach(name)
        print_json({"undone": undone}) if as_json else print(f"{undone:,} decisions undone; the examples stay")
        return
    taught = studio.teach(
        name,
        like or [],
        unlike or [],
        like_clusters=like_cluster or [],
        unlike_clusters=unlike_cluster or [],
        clustering=clustering,
        threshold=threshold,
        score_only=score_only,
        afresh=afresh,
        encoder=encoder,
        weights=weights,
        seed=seed,
    )
    if as_json:
        print_json(taught.to_json())
        return
    print(f"{name}: {taught.headline}")
    print(f"taught by {taught.like:,} like and {taught.unlike:,} unlike, seen through {taught.encoder}")
    print("probabilities are the regression's own, for even odds: not calibrated")
    print(_outcome(taught, asked=score_only))
    if taught.left_out:
        print(f"{taught.left_out:,} pictures left out: their originals cannot be read")
    print(*taught.sheets, sep="\n")


def _outcome(taught: Taught, asked: bool) -> str:
    if taught.score_only:
        return "scored, nothing dropped" + ("" if asked else ", as last time: --threshold 0.5 drops")
    return f"{taught.kept:,} kept, {taught.dropped:,} dropped (threshold {taught.threshold:g})"


def find(
    context: typer.Context,
    picture: Annotated[Path | None, typer.Argument(metavar="[PICTURE]", help="A file to find alike ones of.")] = None,
    word: Annotated[
        str | None, typer.Option("--word", help="What they should show, in place of a picture; needs clip.")
    ] = None,
    n: Annotated[int, typer.Option("-n", help="How many.")] = 24,
    out: Annotated[Path | None, typer.Option("--out", help="The sheet's file; found.png if not given.")] = None,
    encoder: Encoder = None,
    weights: Weights = None,
    as_json: AsJson = False,
) -> None:
    """The kept pictures nearest to a picture or a word, on a sheet with their distances."""
    from ganvas.pictures.sheet import check_picture_name, save_picture

    if (picture is None) == (word is None):
        raise InputError("name a picture, or write --word WORD, and not both")
    check_picture_name(out or Path("found.png"))
    opening: Opening = context.obj
    found = opening.studio().find(picture, word=word, n=n, encoder=encoder, weights=weights)
    path = save_picture(out or Path("found.png"), found.sheet())
    if as_json:
        print_json({**found.to_json(), "sheet": str(path)})
        return
    rows = [[sha256[:16], f"{far:.3f}"] for sha256, far in zip(found.sha256s, found.distances, strict=True)]
    print_table(f"nearest to {found.asked}, seen through {found.encoder}", ["image", "distance"], rows)
    print(path)
