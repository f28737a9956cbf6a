"""ganvas: from a handful of pictures to a generator of new ones.

    studio = ganvas.Studio("houses")
    studio.add("houses-7000.zip")
    studio.set("fronts", size=(128, 96)).train(budget="10m").draw(64, seed=1).save("new.png")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganvas.api import Studio, load

__version__ = "0.1.0"
__all__ = ["Studio", "load"]


def __getattr__(name: str) -> Any:
    # Imported on first use: `import ganvas` must stay quick and must not import torch.
    if name in __all__:
        from ganvas import api

        return getattr(api, name)
    raise AttributeError(f"module 'ganvas' has no attribute {name!r}")
