"""`ganvas draw`: new pictures of a run, of a label or any word: a sheet, a grid, a walk, an animation, or asking on."""

from __future__ import annotations

import importlib
import io
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ganvas.cli.opening import AsJson, Opening, print_json
from ganvas.cli.results import RunName
from ganvas.counted import counted
from ganvas.errors import GanvasError, InputError

if TYPE_CHECKING:
    from ganvas.api import Run
    from ganvas.train.draw import Artist, Asked

PICTURES, FEW, ASKED = 64, 8, 49
STEPS, GIF_STEPS = 8, 16
LONGEST_BAR, MOST_BARS = 24, 20
LONGEST_NAME = 40
# the first of each does not go with the others
CLASHES = (
    ("--ask", "--grid", "--interpolate", "--gif", "--label", "--word", "--each", "--json"),
    ("--grid", "--interpolate", "--gif"),
    ("--gif", "--out", "--each"),
)


def draw(
    context: typer.Context,
    run: RunName = "last",
    n: Annotated[
        int | None,
        typer.Option("-n", help="Pictures (64; with --ask 49), columns of a grid (8), stops of a walk (8; --gif 64)."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed draws the same pictures.")] = 0,
    label: Annotated[list[str] | None, typer.Option("--label", help="Draw only this label; may be repeated.")] = None,
    word: Annotated[
        list[str] | None, typer.Option("--word", help="Draw any word or phrase, learned or not; may be repeated.")
    ] = None,
    truncation: Annotated[
        float, typer.Option("--truncation", metavar="PSI", help="0 … 2; below 1 nearer to the typical picture.")
    ] = 1.0,
    checkpoint: Annotated[
        str, typer.Option("--checkpoint", metavar="WHICH", help="best, last, or a number of images.")
    ] = "best",
    grid: Annotated[bool, typer.Option("--grid", help="A row a label or word, the same latent down a column.")] = False,
    interpolate: Annotated[
        int | None, typer.Option("--interpolate", metavar="K", help="Walk from picture to picture in K steps.")
    ] = None,
    gif: Annotated[
        Path | None, typer.Option("--gif", metavar="FILE", help="Walks as an animation without end, -n // 4 at once.")
    ] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Type a word, see what it is near, and a sheet; again.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="The sheet's file; with --each or --ask a folder.")] = None,
    each: Annotated[bool, typer.Option("--each", help="One PNG a picture instead of a sheet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Draw new pictures: of a label, of any word; as a sheet, a grid, or a walk from one to the next."""
    walking = interpolate is not None
    given = {"--ask": ask, "--grid": grid, "--interpolate": walking, "--gif": gif, "--out": out, "--each": each}
    _check_clashes({**given, "--label": label, "--word": word, "--json": as_json})
    _check_names(gif, None if each or ask else out)
    opening: Opening = context.obj
    chosen = opening.studio().run(run)
    asked: Asked = {"seed": seed, "label": label, "word": word, "truncation": truncation, "checkpoint": checkpoint}
    if ask:
        _ask_on(chosen, ASKED if n is None else n, asked, out or Path())
    elif gif is not None:
        count, steps = PICTURES if n is None else n, GIF_STEPS if interpolate is None else interpolate
        _animate(chosen, count, steps, asked, gif, as_json)
    else:
        _sheet(chosen, n, asked, grid, interpolate, out, each, as_json)


def _check_clashes(given: dict[str, object]) -> None:
    for first, *others in CLASHES:
        for other in others:
            if given[first] and given[other]:
                raise InputError(f"{first} and {other} do not go together: leave one of them out")


def _check_names(gif: Path | None, sheet: Path | None) -> None:
    """Before anything is drawn."""
    from ganvas.pictures.animate import check_gif_name
    from ganvas.pictures.sheet import check_picture_name

    if gif is not None:
        check_gif_name(gif)
    if sheet is not None:
        check_picture_name(sheet)


def _sheet(
    run: Run, n: int | None, asked: Asked, grid: bool, steps: int | None, out: Path | None, each: bool, as_json: bool
) -> None:
    count = n if n is not None else PICTURES if not grid and steps is None else FEW
    if grid:
        drawing = run.grid(count, **asked)
    else:
        drawing = run.draw(count, **asked) if steps is None else run.walk(count, steps, **asked)
    target = out or Path(f"{_stem(run, asked)}-{drawing.name}" + ("" if each else ".png"))
    written = drawing.save_each(target) if each else [drawing.save(target)]
    shown = len(drawing.pictures)
    if as_json:
        record = {"run": run.name, "seed": asked["seed"], "n": shown, "checkpoint": drawing.checkpoint}
        print_json({**record, "labels": drawing.labels, "files": [str(path) for path in written]})
    else:
        print(f"{counted(shown, 'picture')} in {target}")


def _animate(run: Run, n: int, steps: int, asked: Asked, path: Path, as_json: bool) -> None:
    loop = run.loop(n, steps, **asked)
    loop.save(path)
    frames, walks = loop.pictures.shape[:2]
    if as_json:
        record = {"run": run.name, "seed": asked["seed"], "n": n, "checkpoint": loop.checkpoint}
        print_json({**record, "walks": walks, "frames": frames, "files": [str(path)]})
    else:
        print(f"{counted(walks, 'walk')} through {n:,} pictures, {frames} frames, in {path}")


def _ask_on(run: Run, n: int, asked: Asked, folder: Path) -> None:
    """Draw word after word until an empty line or Ctrl-D; `seed 3` draws the last one anew."""
    from ganvas.train.draw import Artist
    from ganvas.train.run_folder import RunFolder

    artist = Artist.open(RunFolder(run.folder), asked["checkpoint"])
    learned = artist.words
    artist.dice(n, asked["seed"], asked["truncation"])  # what is wrong with these is wrong for every word
    more = ", …" if len(learned.words) > MOST_BARS else ""
    print(f"{run.name} learned {', '.join(learned.words[:MOST_BARS])}{more}", flush=True)
    word = ""
    for typed in _typed_lines():
        seed = re.fullmatch(r"seed (\d+)", typed)
        wanted: Asked = {**asked, "seed": int(seed[1])} if seed else asked
        try:
            artist.dice(n, wanted["seed"], wanted["truncation"])
            if wish := word if seed else typed:
                _answer(artist, wish, n, wanted, folder)
            word, asked = wish, wanted
        except GanvasError as error:
            print(f"ganvas: {error}", file=sys.stderr, flush=True)


def _answer(artist: Artist, word: str, n: int, asked: Asked, folder: Path) -> None:
    from ganvas.encode.words.similar import similar
    from ganvas.pictures.sheet import save_png, sheet

    near = similar(word, artist.words, artist.temperature)
    latents, _ = artist.dice(n, asked["seed"], asked["truncation"])
    name = "-".join([artist.folder.name, _slug(word), f"seed{asked['seed']}"])
    path = save_png(folder / f"{name}.png", sheet(artist.draw(latents, artist.told(word=word))))
    room = max(len(learned) for learned, _, _ in near[:MOST_BARS])
    ink = "█" if (sys.stdout.encoding or "").lower().startswith("utf") else "#"
    print(f"{word}, as {artist.words.encoder} sees it")
    for learned, similarity, _ in near[:MOST_BARS]:
        bar = ink * round(LONGEST_BAR * max(0.0, similarity))
        print(f"  {learned:<{room}}  {similarity:5.2f}  {bar}".rstrip())
    if len(near) > MOST_BARS:
        print(f"  and {len(near) - MOST_BARS:,} more, less near")
    print(f"{n:,} pictures in {path}", flush=True)


def _typed_lines() -> Iterator[str]:
    """Lines of stdin, prompted for where a person types them, until an empty one or the end."""
    prompt = "word: " if sys.stdin.isatty() else ""
    with suppress(ImportError):
        importlib.import_module("readline")  # `input` then knows the arrow keys
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    while True:
        try:
            line = " ".join(input(prompt).split())
        except (EOFError, KeyboardInterrupt):
            print(end="\n" if prompt else "")
            return
        if not line:
            return
        yield line


def _stem(run: Run, asked: Asked) -> str:
    names = [*(asked["label"] or ()), *(asked["word"] or ())]
    return "-".join([run.name, _slug(" ".join(names))]) if names else run.name


def _slug(text: str) -> str:
    """What a person typed as part of a file's name."""
    return re.sub(r"[^\w]+", "-", text).strip("-").lower()[:LONGEST_NAME].rstrip("-") or "word"
