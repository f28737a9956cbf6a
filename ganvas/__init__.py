"""ganvas: from a handful of pictures to a generator of new ones.

studio = ganvas.Studio("houses")
studio.add("houses-7000.zip")
studio.set("fronts", size=(128, 96)).train(budget="10m").draw(64, seed=1).save("new.png")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ganvas.version import __version__

if TYPE_CHECKING:
    from ganvas.api import Search, Studio, load

__all__ = ["Search", "Studio", "__version__", "load"]


def __getattr__(name: str) -> Any:
    # Imported on first use: `import ganvas` must stay quick and must not import torch.
    if name in ("Search", "Studio", "load"):
        from ganvas import api

        return getattr(api, name)
    raise AttributeError(f"module 'ganvas' has no attribute {name!r}")
