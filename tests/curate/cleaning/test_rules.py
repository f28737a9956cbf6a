"""Every rule: what it drops, what it lets pass, what it says. A new rule needs a picture here that trips it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from ganvas.catalog import InspectionRow
from ganvas.curate.inspect.measures import measure, small_version
from ganvas.curate.rules import RULES
from ganvas.curate.rules.choosing import choose, parse_rules
from ganvas.curate.rules.registry import rule
from ganvas.curate.rules.verdicts import Verdict, judged, measured_of
from ganvas.errors import InputError

Made = SimpleNamespace


def drawing() -> Image.Image:
    canvas = Image.new("RGB", (160, 120), "white")
    draw = ImageDraw.Draw(canvas)
    draw.ellipse((20, 20, 90, 100), fill="orange", outline="black", width=3)
    draw.rectangle((80, 40, 150, 110), fill="navy", outline="black", width=3)
    return canvas


def faint(made: Made) -> Image.Image:
    return Image.blend(Image.new("RGB", (160, 120), "#808080"), made.scene(), 0.02)


TRIPPING: dict[str, Callable[[Made], Image.Image]] = {
    "too-small": lambda made: made.scene(1, (40, 20)),
    "aspect": lambda made: made.scene(1, (300, 80)),
    "portrait": lambda made: made.scene(1, (120, 160)),
    "landscape": lambda made: made.scene(1, (160, 120)),
    "dark": lambda made: made.scene().point(lambda level: level // 5),
    "light": lambda made: made.scene().point(lambda level: 245 + level // 26),
    "low-information": lambda made: Image.new("RGB", (160, 120), "white"),
    "near-uniform": faint,
    "blurry": lambda made: made.scene().filter(ImageFilter.GaussianBlur(5)),
    "grayscale": lambda made: made.scene().convert("L"),
    "drawn": lambda made: drawing(),
}


def row(name: str, image: Image.Image, **others: float) -> InspectionRow:
    small = small_version(np.asarray(image) if image.mode == "RGB" else np.asarray(image)[:, :, None])
    measures = {"width": image.width, "height": image.height, "frames": 1} | measure(small, small.convert("L"))
    return InspectionRow(name, "1", None, measures | others, None)


def verdict_on(rule_name: str, odd: InspectionRow, made: Made, threshold: float | None = None) -> Verdict:
    """The rule's verdict on twenty good pictures and the odd one, which comes last."""
    size = (120, 160) if rule_name == "landscape" else (160, 120)
    rows = [row(f"{n}", made.scene(n, size)) for n in range(20)] + [odd]
    sizes = {it.sha256: (int(it.measures["width"] or 0), int(it.measures["height"] or 0)) for it in rows}
    thresholds = {rule_name: RULES[rule_name].threshold if threshold is None else threshold}
    return next(it for it in judged(measured_of(rows, sizes), thresholds) if it.rule.name == rule_name)


@pytest.mark.parametrize("name", RULES.names())
def test_every_rule_catches_what_it_is_for_and_nothing_else(name: str, made: Made) -> None:
    if name == "border":
        odd = InspectionRow("odd", "1", None, row("odd", made.scene()).measures, (0, 20, 160, 100))
    elif name == "animation":
        odd = row("odd", made.scene(), frames=12)
    else:
        odd = row("odd", TRIPPING[name](made))
    verdict = verdict_on(name, odd, made)
    assert verdict.idle is None
    assert verdict.caught.tolist() == [False] * 20 + [True]


@pytest.mark.parametrize("name", RULES.names())
def test_every_rule_says_what_it_measures_and_gives_a_reason(name: str) -> None:
    one = RULES[name]
    assert one.says
    assert "\n" not in one.says
    reason = one.reason(0.1234, one.threshold)
    assert reason.startswith(f"{name}: .12")
    assert "needs" in reason or "at most" in reason
    assert "nan" not in one.needs(one.threshold)


@pytest.mark.parametrize("name", RULES.names())
def test_a_rule_says_nothing_where_there_is_nothing_to_measure(name: str) -> None:
    columns = ("width", "height", "frames", "brightest", "darkest", "contrast", "entropy", "colour", "sharpness")
    nothing = {column: np.full(3, np.nan) for column in (*columns, "flatness", "trimmed")}
    verdict = next(it for it in judged(nothing, {name: RULES[name].threshold}) if it.rule.name == name)
    assert verdict.caught.tolist() == [False] * 3
    assert all(np.isnan(verdict.spread()))


def test_the_usual_rules_let_photographs_pass_and_are_these(made: Made) -> None:
    rows = [row(f"{n}", made.scene(n)) for n in range(20)]
    verdicts = judged(measured_of(rows, {it.sha256: (160, 120) for it in rows}), choose({}))
    assert not any(it.caught.any() for it in verdicts)
    assert {it.rule.name for it in verdicts if it.idle == "off"} == {"portrait", "landscape", "drawn"}


def test_a_higher_threshold_catches_more(made: Made) -> None:
    odd = row("odd", made.scene())
    caught = [verdict_on("blurry", odd, made, threshold).caught.sum() for threshold in (0.0, 0.3, 0.7, 1.0)]
    assert caught == sorted(caught)
    assert caught[0] == 0
    assert caught[-1] == 21


def test_gray_pictures_are_no_exception_in_a_gray_collection(made: Made) -> None:
    rows = [row(f"{n}", made.scene(n).convert("L")) for n in range(5)]
    measured = measured_of(rows, {it.sha256: (160, 120) for it in rows})
    [verdict] = [it for it in judged(measured, {"grayscale": 0.05}) if it.rule.name == "grayscale"]
    assert verdict.idle == "only 0% are in colour"
    assert not verdict.caught.any()


def test_reasons_are_plain_words_and_tell_close_numbers_apart() -> None:
    assert RULES["blurry"].reason(0.12, 0.2) == "blurry: .12, needs .20"
    assert RULES["blurry"].reason(0.1996, 0.2) == "blurry: .1996, needs .2000"
    assert RULES["animation"].reason(12, 1) == "animation: 12 frames, at most 1 frames"
    assert RULES["too-small"].reason(9, 24) == "too-small: 9 px, needs 24 px"


def test_the_nearest_to_the_threshold_come_first(made: Made) -> None:
    verdict = verdict_on("blurry", row("odd", made.scene()), made, 0.5)
    scores = np.array([0.1, 0.45, 0.6, np.nan, 0.52, 0.3])
    one = Verdict(verdict.rule, 0.5, scores, scores < 0.5, None)
    assert one.nearest(True, 2).tolist() == [1, 5]
    assert one.nearest(False, 9).tolist() == [4, 2]


def test_choosing_takes_thresholds_and_switches() -> None:
    usual = choose({})
    assert choose({"blurry": 0.2})["blurry"] == 0.2
    assert choose({"portrait": None}) == usual | {"portrait": 1}
    assert "aspect" not in choose({}, without=["aspect"])
    assert choose({}, only=["dark", "drawn"]) == {"dark": 0.32, "drawn": 0.4}
    assert choose({"dark": 0.5}, only=["dark"]) == {"dark": 0.5}
    assert list(choose({}, without=["blurry"])) == [name for name in usual if name != "blurry"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["blurry=x"], "the threshold is no number"),
        (["blurry="], "the threshold is no number"),
        (["blury=1"], "no rule called 'blury'. Did you mean blurry?"),
        (["blurry=nan"], "a threshold is a number"),
        (["blurry=inf"], "a threshold is a number"),
    ],
)
def test_what_is_no_rule_or_no_number_says_so(given: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        choose(parse_rules(given))


def test_a_rule_can_come_from_anywhere(made: Made) -> None:
    @rule("square", at_most=1.2)
    def square(measured: dict[str, np.ndarray]) -> np.ndarray:
        """the longer side by the shorter one"""
        return np.maximum(measured["width"], measured["height"]) / np.minimum(measured["width"], measured["height"])

    try:
        verdict = verdict_on("square", row("odd", made.scene(1, (100, 100))), made)
        assert verdict.caught.tolist() == [True] * 20 + [False]
    finally:
        del RULES["square"]
    with pytest.raises(ValueError, match="one of at_least and at_most"):
        rule("both", at_least=1, at_most=2)
