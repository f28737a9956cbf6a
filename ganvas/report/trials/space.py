"""A space of settings in words, from search.json: `batch: 16, 32`, `generator_rate: 0.0002 to 0.005, by powers`."""

from __future__ import annotations

from typing import Any

from ganvas.report.words import plain


def axes_in_words(space: Any) -> list[list[tuple[str, str]]]:
    """Of every alternative each axis and what it may be; what is not as search.json has it is shown as it is."""
    parts = space if isinstance(space, list) else [space] if isinstance(space, dict) else []
    return [[(str(name), _axis(axis)) for name, axis in part.items()] for part in parts if isinstance(part, dict)]


def _axis(axis: Any) -> str:
    if not isinstance(axis, dict):
        return plain(axis)
    if "choices" in axis:
        choices = axis["choices"]
        words = [_choice(choice) for choice in choices] if isinstance(choices, list) else [plain(choices)]
        said = ", ".join(words)
    else:
        said = f"{plain(axis.get('low'))} to {plain(axis.get('high'))}"
        said += ", by powers" if axis.get("log") else ""
        said += f", in {axis['steps']} steps" if axis.get("steps") else ""
        said += f", every {plain(axis['step'])}" if axis.get("step") else ""
    when = axis.get("when")
    if not isinstance(when, dict):
        return said
    return f"{said}; only where " + " and ".join(f"{name} is {_either(wanted)}" for name, wanted in when.items())


def _choice(choice: Any) -> str:
    if choice is None:
        return "chosen by ganvas"
    return f"({', '.join(map(plain, choice)) or 'none'})" if isinstance(choice, list) else plain(choice)


def _either(wanted: Any) -> str:
    return " or ".join(map(_choice, wanted)) if isinstance(wanted, list) else plain(wanted)
