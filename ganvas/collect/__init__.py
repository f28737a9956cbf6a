"""Pictures into a studio: `add(studio, path)` and `add_sample(studio, "fashion")`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganvas.collect.adding import Added, add
    from ganvas.collect.sample import add_sample, sample_source

__all__ = ["Added", "add", "add_sample", "sample_source"]


def __getattr__(name: str) -> object:
    # late: the worker program lies in this package too, and must start fast
    if name in ("Added", "add"):
        from ganvas.collect import adding

        return getattr(adding, name)
    if name in ("add_sample", "sample_source"):
        from ganvas.collect import sample

        return getattr(sample, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
