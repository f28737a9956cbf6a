"""The rules of `ganvas clean`: what each looks at, and from where on it drops a picture. `RULES` holds them by name."""

from __future__ import annotations

from importlib import import_module

from ganvas.curate.rules.registry import BORDER, CLEAN, RULES, Measured, Rule, rule

__all__ = ["BORDER", "CLEAN", "RULES", "Measured", "Rule", "rule"]

MODULES = ("border", "shape", "frames", "light", "information", "sharp", "colour", "drawn")  # the order of the table

for module in MODULES:
    import_module(f"ganvas.curate.rules.{module}")
