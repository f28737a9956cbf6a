"""How a run's numbers are said: times, counts, settings, its state, and what each score means in one sentence."""

from __future__ import annotations

from typing import Any

from ganvas.report.record import Json, RunRecord, number

MEANINGS = {
    "kid": "How far generated pictures as a crowd lie from real ones. Lower is better; real pictures get about 0.",
    "fd": "The same question, asked of averages and spreads only. Lower is better; not even real pictures reach 0.",
    "precision": "Share of generated pictures that lie among real ones: how many look right.",
    "recall": "Share of real pictures that lie among generated ones: how much of the variety is there.",
    "density": "How thickly generated pictures lie where real ones lie. Real pictures get about 1.",
    "coverage": "Share of real pictures that have a generated one close by. Low means some kinds are missing.",
    "authenticity": "Share of generated pictures that are no near-copy of a training picture, seen by their features.",
    "copies": "Share of generated pictures whose pixels are a training picture's. Beside it: held-out pictures.",
    "as_told": "Share in which a classifier sees the label that was told. Beside it: real pictures of the labels.",
    "cas": "Accuracy on real pictures of a classifier that learned from generated ones alone. Beside it: from real.",
    "nearer_trained": "Share nearer to a picture trained on than to any held out. Beside it: that of new pictures.",
}
NOT_ON_FRAMES = (
    "budget",
    "ticks",
    "sheet",
    "light_judge",
    "judge_every",
    "checkpoint_every",
    "keep_checkpoints",
    "device",
)
ON_FRAMES = ("loss", "condition", "batch", "generator_rate", "discriminator_rate", "gamma", "seed")


def meaning(name: str) -> str:
    return MEANINGS.get(name, "")


def duration(seconds: float) -> str:
    """3725 -> 1 h 2 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def state(record: RunRecord) -> tuple[str, str]:
    """(one word, one sentence) on how the run stands and why it stopped."""
    word = str(record.state.get("state") or "unfinished")
    reason = str(record.state.get("reason") or "").strip()
    budget = record.settings.get("budget")
    sentences = {
        "finished": f"It used up its budget of {budget}." if budget else "It came to its end.",
        "stopped": "An alarm ended it.",
        "interrupted": "It was interrupted; the same command goes on from its newest checkpoint.",
        "training": "It was still training when this page was written.",
    }
    sentence = sentences.get(word, "It had not come to its end when this page was written.")
    return word, f"{sentence} Reason: {reason}" if reason else sentence


def pictures(facts: Json) -> str:
    """The set a run learned from, in one line."""
    parts = [str(facts["name"])] if facts.get("name") else []
    if facts.get("width") and facts.get("height"):
        colour = {1: " gray", 3: " colour"}.get(facts.get("channels", 0), "")
        parts.append(f"{facts['width']}×{facts['height']} px{colour}")
    parts += [f"{int(count):,} {word}" for word, count in _split_counts(facts) if count]
    labels = facts.get("labels")
    if isinstance(labels, list) and labels:
        parts.append(f"{len(labels)} labels")
    return " · ".join(parts)


def flat(settings: Json, prefix: str = "") -> list[tuple[str, str]]:
    """Every setting by its dotted name, as a person would write it."""
    found = []
    for key, value in settings.items():
        if isinstance(value, dict):
            found += flat(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", plain(value)))
    return found


def plain(value: Any) -> str:
    """A JSON value as a person would write it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value) or "–"
    return str(value)


def on_frame(record: RunRecord, tick: Json) -> str:
    """What is written under a tick's sheet in the animation: when, how good, with which settings."""
    return "\n".join(line for line in (when(tick), scores_of(tick), _settings_in_short(record)) if line)


def when(tick: Json) -> str:
    """epoch 3.2 · 192,000 images · 2 min 1 s"""
    epoch, images, seconds = (number(tick, key) for key in ("epoch", "images", "seconds"))
    parts = [f"epoch {epoch:.1f}"] if epoch is not None else []
    parts += [f"{images:,.0f} images"] if images is not None else []
    parts += [duration(seconds)] if seconds is not None else []
    return " · ".join(parts)


def scores_of(tick: Json) -> str:
    """KID×1000 191.4 · coverage 0.78 · …"""
    kid = number(tick, "kid")
    parts = [f"KID×1000 {1000 * kid:,.1f}"] if kid is not None else []
    shares = ((name, number(tick, name)) for name in ("coverage", "precision", "recall"))
    return " · ".join(parts + [f"{name} {value:.2f}" for name, value in shares if value is not None])


def _settings_in_short(record: RunRecord) -> str:
    """The settings that are always told, and whatever else was asked for: what a search tries is among that."""
    network = record.settings.get("network")
    name = network.get("name") if isinstance(network, dict) else network
    parts = [str(name)] if name else []
    values = [(key, record.settings.get(key)) for key in ON_FRAMES]
    asked = flat({key: value for key, value in record.asked.items() if key not in (*ON_FRAMES, *NOT_ON_FRAMES)})
    told = [(key, plain(value)) for key, value in values if value is not None]
    told += [(key.removeprefix("network."), value) for key, value in asked if key not in ("network", "network.name")]
    return " · ".join(parts + [f"{key.replace('_', ' ')} {value}" for key, value in told])


def _split_counts(facts: Json) -> list[tuple[str, float | None]]:
    return [("training pictures", number(facts, "train")), ("held out", number(facts, "held_out"))]
