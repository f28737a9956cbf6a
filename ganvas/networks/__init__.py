"""Networks: one file per architecture, each a generator and a discriminator, found by name in one registry.

`build("dcgan", settings, shape)` returns the pair. A generator maps latents float [N, latent] and an optional condition
float [N, C] to pictures float [N, C, H, W] in about −1 … 1; a discriminator pictures and condition to logits float [N].
"""

from ganvas.networks.registry import (
    Architecture,
    Means,
    NetworkPair,
    NetworkSettings,
    Recipe,
    Shape,
    architecture,
    architecture_names,
    build,
    register,
)

__all__ = [
    "Architecture",
    "Means",
    "NetworkPair",
    "NetworkSettings",
    "Recipe",
    "Shape",
    "architecture",
    "architecture_names",
    "build",
    "register",
]
