"""What is measured of a small picture: `measure(image)` -> measures by name. Pure functions.

All are of a picture whose longer side is at most 256 pixels, without its border: what a network will see of it, not
what a lens resolved. A measure that means nothing (the sharpness of a picture of one colour) is None.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

VERSION = "1"  # another one wherever any measure, hash or trim box of any picture may come out otherwise
SIDE_PX = 256
BLUR_PX = 4  # Crété's low-pass: nine pixels in a row
COMMON = 8  # colours that a drawing gets by with
Levels = NDArray[np.float64]


def small_version(pixels: NDArray[np.uint8]) -> Image.Image:
    """uint8 [H, W, 1 or 3] as an image of mode L or RGB, its longer side at most 256."""
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    scale = SIDE_PX / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def measure(image: Image.Image, gray: Image.Image) -> dict[str, float | None]:
    """Every measure of an image of mode L or RGB; `gray` is the same in mode L.

    brightest, darkest: the 99th and the 5th percentile of luminance, from 0 to 1.
    contrast: the largest standard deviation of a channel, from 0 to .5.
    entropy: of the luminance, in bits, from 0 to 8.
    colour: the 99th percentile of the difference between a pixel's largest and smallest channel, from 0 to 1.
    sharpness: see `sharpness`. few_colours: see `few_colours`.
    """
    light = _shares(gray)
    return {
        "brightest": _percentile(light, 0.99),
        "darkest": _percentile(light, 0.05),
        "contrast": max(_deviation(_shares(channel)) for channel in image.split()),
        "entropy": float(-(light[light > 0] * np.log2(light[light > 0])).sum()) + 0.0,
        "colour": _colour(image),
        "sharpness": sharpness(gray),
        "few_colours": few_colours(image),
    }


def sharpness(gray: Image.Image) -> float | None:
    """How much of the differences between neighbours a blur takes away, from 0 (blurred already) to 1; the less sharp
    of the two directions. None for one colour.

    One minus the measure of F. Crété et al., "The blur effect: perception and estimation with a new no-reference
    perceptual blur metric" (SPIE 6492, 2007), equations 1 to 6. It does not depend on contrast.
    """
    values = np.asarray(gray, np.int16)
    found = []
    for axis, radius in ((1, (BLUR_PX, 0)), (0, (0, BLUR_PX))):
        if values.shape[axis] <= 2 * BLUR_PX:
            continue
        differences = np.abs(np.diff(values, axis=axis))
        blurred = np.asarray(gray.filter(ImageFilter.BoxBlur(radius)), np.int16)
        lost = np.maximum(differences - np.abs(np.diff(blurred, axis=axis)), 0)
        if total := int(differences.sum()):
            found.append(float(lost.sum() / total))
    return min(found) if found else None


def few_colours(image: Image.Image) -> float | None:
    """Of what is not of the commonest colour, the share that the eight next common ones make up; None for one colour.

    Colours are told apart by 64 levels of light and 8 × 8 of hue: letters and line drawings come near 1, photographs
    (cut out on white too) stay below a half.
    """
    if image.mode == "L":
        codes = np.asarray(image) >> 2
        counts = np.bincount(codes.ravel(), minlength=64)
    else:
        light, blue, red = (np.asarray(channel, np.uint16) for channel in image.convert("YCbCr").split())
        codes = (light >> 2) << 6 | _eighths(blue) << 3 | _eighths(red)
        counts = np.bincount(codes.ravel(), minlength=4096)
    commonest = np.sort(counts[counts > 0])[-COMMON - 1 :]
    rest = counts.sum() - commonest[-1]
    return float(commonest[:-1].sum() / rest) if rest else None


def _eighths(chroma: NDArray[np.uint16]) -> NDArray[np.uint16]:
    # shifted by half a step, so that noise around neutral gray is one colour
    eighths: NDArray[np.uint16] = np.right_shift(np.minimum(chroma + 16, 255), 5, dtype=np.uint16)
    return eighths


def _colour(image: Image.Image) -> float:
    if image.mode == "L":
        return 0.0
    red, green, blue = image.split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    least = ImageChops.darker(ImageChops.darker(red, green), blue)
    return _percentile(_shares(ImageChops.subtract(most, least)), 0.99)


def _shares(channel: Image.Image) -> Levels:
    counts = np.array(channel.histogram(), np.float64)
    shares: Levels = counts / counts.sum()
    return shares


def _percentile(shares: Levels, share: float) -> float:
    return float(np.searchsorted(shares.cumsum(), share - 1e-9) / 255)


def _deviation(shares: Levels) -> float:
    levels = np.arange(256) / 255
    mean = float(shares @ levels)
    return float(np.sqrt(shares @ np.square(levels - mean)))
