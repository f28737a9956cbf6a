"""The public API: a studio, its sets and its runs, as objects whose methods are the command line's verbs.

studio = ganvas.Studio("houses")
run = studio.set("fronts", size=(128, 96)).train(budget="10m")
run.judge(); run.report(); run.draw(64, seed=1).save("new.png")
"""

from __future__ import annotations

from ganvas.api.drawing import Drawing, Loop
from ganvas.api.picture_set import PictureSet
from ganvas.api.run import Run
from ganvas.api.searching import Search, Searched
from ganvas.api.studio import Studio, load

__all__ = ["Drawing", "Loop", "PictureSet", "Run", "Search", "Searched", "Studio", "load"]
