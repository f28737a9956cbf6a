from __future__ import annotations

import io
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from ganvas.errors import InputError
from ganvas.pictures.curves import POINTS, curves, curves_png, short_number, thinned

X = np.arange(0.0, 5000.0)
PANELS = {"losses": {"generator": (X, np.sin(X / 500)), "discriminator": (X, np.cos(X / 500))}, "rate": {"": (X, X)}}


def paths_of_colour(svg: str, colour: str) -> list[ET.Element]:
    return [node for node in ET.fromstring(svg).iter() if colour in node.get("style", "")]


def test_svg_is_one_whole_document_that_follows_light_and_dark() -> None:
    svg = curves(PANELS, "images seen")
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    assert "prefers-color-scheme" in svg
    assert paths_of_colour(svg, "currentColor")
    assert "http://www.w3.org/2000/svg" in svg
    assert "matplotlib.org" not in svg


def test_each_line_and_each_level_is_drawn() -> None:
    two = curves({"losses": PANELS["losses"]}, "images")
    assert paths_of_colour(two, "#3b7dd8")
    assert paths_of_colour(two, "#e0803a")
    assert not paths_of_colour(two, "stroke-dasharray")
    levelled = curves({"KID": {"generated": (X, X)}}, "images", levels={"KID": {"real against real": -1.0}})
    assert paths_of_colour(levelled, "stroke-dasharray")


def test_the_same_numbers_give_the_same_bytes() -> None:
    assert curves(PANELS, "images") == curves(PANELS, "images")


def test_png_is_a_picture_on_white() -> None:
    with Image.open(io.BytesIO(curves_png(PANELS, "images"))) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert pixels.shape[1] > 800
    assert (pixels[0, 0] == 255).all()
    assert (pixels != 255).any(axis=-1).mean() > 0.01


def test_values_that_are_not_numbers_leave_a_gap_and_lines_without_any_are_left_out() -> None:
    gapped = {"a": {"line": ([0, 1, 2], [1.0, float("nan"), float("inf")]), "none": ([0, 1], [float("nan")] * 2)}}
    svg = curves(gapped, "images")
    assert paths_of_colour(svg, "#3b7dd8")
    assert not paths_of_colour(svg, "#e0803a")


def test_nothing_to_plot_is_said_in_one_line() -> None:
    with pytest.raises(InputError, match="nothing to plot yet"):
        curves({"losses": {"generator": ([], [])}}, "images")


def test_dollars_and_tags_in_titles_are_only_text() -> None:
    ET.fromstring(curves({"$5 <script> $x^$ & co": {"a_$b": ([0, 1], [0, 1]), "_": ([0, 1], [1, 0])}}, "images $"))


def test_many_points_are_averaged_so_that_the_mean_stays() -> None:
    x, y = thinned(X, X * 2)
    assert len(x) == len(y) == POINTS
    assert np.allclose(y, 2 * x)
    assert np.isclose(y.mean(), (X * 2).mean())


def test_a_gap_in_many_points_stays_a_gap() -> None:
    y = np.where((X > 1000) & (X < 2000), np.nan, 1.0)
    _, seen = thinned(X, y)
    assert 80 < np.isnan(seen).sum() < 100
    assert np.allclose(seen[np.isfinite(seen)], 1)


def test_large_numbers_are_shortened() -> None:
    assert [short_number(v) for v in (0, 0.25, 950, 1500, -20000, 2e6)] == ["0", "0.25", "950", "1.5k", "-20k", "2M"]


def test_importing_the_pictures_does_not_import_matplotlib() -> None:
    code = (
        "import sys, ganvas.pictures.curves, ganvas.pictures.animate; print({'matplotlib', 'torch'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
