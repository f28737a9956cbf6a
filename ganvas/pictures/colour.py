"""Any Pillow mode to 8-bit gray or sRGB, in the steps that `read_picture` takes: bits, alpha, profile, background."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image, ImageCms, ImageColor

from ganvas.errors import SettingsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK", "LAB": "Lab"}


@lru_cache(64)
def colour_of(name: str) -> tuple[int, int, int]:
    """(red, green, blue) of a colour name or #rrggbb. Raises SettingsError."""
    try:
        return ImageColor.getrgb(name)[:3]
    except ValueError as error:
        raise SettingsError(f"{name!r} is no colour: give a name such as white, or #rrggbb") from error


def hex_of(colour: tuple[int, int, int]) -> str:
    """(red, green, blue) as #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def to_eight_bits(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit and float gray scaled (never clipped) to "L"; other modes as they are."""
    if image.mode.startswith("I;16"):
        return Image.fromarray(_from_sixteen(image))
    if image.mode in ("I", "F"):
        return Image.fromarray(_scaled(image))
    return image.convert("L") if image.mode == "1" and "transparency" not in image.info else image


def without_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The colours, and the alpha as "L" where there is any transparency. Palettes become RGB, or gray where all are."""
    if image.mode in ("LA", "La") or (image.mode in ("1", "L") and "transparency" in image.info):
        gray, alpha = image.convert("LA").split()
        return gray, alpha
    if image.mode == "PA" or image.has_transparency_data:
        rgba = image.convert("RGBA")
        alpha = rgba.getchannel("A")
        colours = rgba.getchannel("G") if _is_gray_palette(image) else rgba.convert("RGB")
        return colours, None if alpha.getextrema()[0] == 255 else alpha
    if image.mode in ("P", "RGBX"):
        return image.convert("L" if _is_gray_palette(image) else "RGB"), None
    return image, None


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Gray or RGB in sRGB, by the embedded ICC profile where it is sound and fits the picture's colour space."""
    gray = image.mode == "L"
    transform = _transform(profile, image.mode) if profile and image.mode in SPACES else None
    if transform is None and image.mode == "LAB":
        transform = _transform(None, "LAB")
    if transform is None:
        return image if image.mode in ("L", "RGB") else image.convert("RGB")
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None
    return converted.getchannel(1) if gray else converted


def composite(image: Image.Image, alpha: Image.Image | None, background: tuple[int, int, int]) -> Image.Image:
    """The picture over a background; gray stays gray on a gray background."""
    if alpha is None:
        return image
    if image.mode == "L" and len(set(background)) == 1:
        return Image.composite(image, Image.new("L", image.size, background[0]), alpha)
    return Image.composite(image.convert("RGB"), Image.new("RGB", image.size, background), alpha)


def _is_gray_palette(image: Image.Image) -> bool:
    palette = image.getpalette("RGB") if image.mode in ("P", "PA") else None
    return palette is not None and palette[0::3] == palette[1::3] == palette[2::3]


def _from_sixteen(image: Image.Image) -> NDArray[np.uint8]:
    import numpy as np  # late: few pictures need it

    return ((np.asarray(image).astype(np.uint32) + 128) // 257).astype(np.uint8)


def _scaled(image: Image.Image) -> NDArray[np.uint8]:
    import numpy as np

    # No header says what white is: the narrowest usual range that holds every value, else from darkest to lightest.
    values = np.asarray(image)
    numbers = values.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    numbers = np.clip(np.where(np.isnan(numbers), low, numbers), low, high)
    whites = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (255.0, 65535.0)
    white = next((white for white in whites if low >= 0 and high <= white), None)
    if white is None:
        numbers, white = numbers - low, (high - low) or 1.0
    scaled: NDArray[np.uint8] = np.rint(numbers * (255.0 / white)).astype(np.uint8)
    return scaled


@lru_cache(32)
def _transform(profile: bytes | None, mode: str) -> ImageCms.ImageCmsTransform | None:
    """None where nothing has to change or the profile is broken: a broken profile must not cost the picture."""
    try:
        if profile is None:
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        else:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() != SPACES[mode]:
                return None
            if mode == "RGB" and "srgb" in (source.profile.profile_description or "").lower():
                return None
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return None
