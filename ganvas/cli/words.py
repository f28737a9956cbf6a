"""`ganvas words WORD`: how near it is to what a run learned; `ganvas words train`: vectors of one's own text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ganvas.cli.opening import AsJson, Opening, print_json, print_table

if TYPE_CHECKING:
    from ganvas.encode.words.learned import LearnedWords

DEFAULT = "similar"


class WordFirst(TyperGroup):
    """`ganvas words slipper` is `ganvas words similar slipper`: what is no verb here is a word."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=WordFirst,
    help="Words: `ganvas words slipper` says how near a word is to each word a run learned.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(DEFAULT)
def similar(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="WORD", help="A word or phrase.")],
    run: Annotated[str, typer.Option("--run", help="The run's name; the newest if not given.")] = "last",
    encoder: Annotated[
        str | None, typer.Option("--encoder", help="minilm, glove or a file of word vectors; the run's if not given.")
    ] = None,
    alias: Annotated[
        list[str] | None, typer.Option("--alias", metavar="LABEL=WORD", help="Call a label by another word.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How near a word is to each word a run learned. The verb may be left out, unless the word is one."""
    from ganvas.encode.words.similar import similar as ranked
    from ganvas.train.run_folder import RunFolder

    opening: Opening = context.obj
    chosen = opening.studio().run(run)
    record = RunFolder(chosen.folder).read_settings()
    told = record["settings"]
    learned = _words(chosen.folder, record, encoder, alias or [])
    near = ranked(text, learned, told["word_temperature"])
    mixed = (told["condition"], told["word_design"]) != ("word", "map")
    if as_json:
        words = [
            {"word": word, "similarity": round(similarity, 4), **({"share": round(share, 4)} if mixed else {})}
            for word, similarity, share in near
        ]
        print_json({"run": chosen.name, "text": text, "encoder": learned.encoder, "words": words})
        return
    print_table(
        f"{text}, as {learned.encoder} sees it, beside the words of {chosen.name}",
        ["word", "similarity", *(["share when drawn"] if mixed else [])],
        [[word, f"{similarity:.2f}", *([f"{share:.0%}"] if mixed else [])] for word, similarity, share in near],
    )


@app.command("train")
def train(
    corpus: Annotated[Path, typer.Argument(metavar="CORPUS", help="A text file, UTF-8; .gz will do.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="The file to write: .kv, .txt or .bin; CORPUS.kv here if not given.")
    ] = None,
    dimensions: Annotated[int, typer.Option("--dimensions", min=1, help="Numbers a word.")] = 100,
    window: Annotated[int, typer.Option("--window", min=1, help="How many words on either side belong to one.")] = 5,
    min_count: Annotated[int, typer.Option("--min-count", min=1, help="Leave out words that are rarer.")] = 5,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="How often the text is read.")] = 5,
    seed: Annotated[int, typer.Option("--seed", min=0, help="What all randomness follows from.")] = 0,
) -> None:
    """Learn word vectors from one's own text, for --encoder FILE."""
    from ganvas.cli.screen import screen
    from ganvas.encode.words.corpus import train_words

    trained = train_words(
        corpus,
        out or Path(corpus.name.removesuffix(".gz")).with_suffix(".kv"),
        dimensions=dimensions,
        window=window,
        min_count=min_count,
        epochs=epochs,
        seed=seed,
        progress=screen(),
    )
    print(trained)


def _words(folder: Path, record: dict[str, Any], encoder: str | None, aliases: list[str]) -> LearnedWords:
    from ganvas.encode.words.labels import parse_aliases
    from ganvas.encode.words.similar import words_of_run

    told = record["settings"]
    labels = [] if told["condition"] == "none" else record["set"]["labels"]
    own = told["alias"] if told["condition"] == "label" else {}
    return words_of_run(folder, labels, encoder, {**own, **parse_aliases(aliases)}, usual=told["words"])
