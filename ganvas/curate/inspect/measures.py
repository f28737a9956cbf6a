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
ALIKE = 1  # of 255
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
    sharpness, flatness: see the functions.
    """
    light = _shares(gray)
    return {
        "brightest": _percentile(light, 0.99),
        "darkest": _percentile(light, 0.05),
        "contrast": max(_deviation(_shares(channel)) for channel in image.split()),
        "entropy": float(-(light[light > 0] * np.log2(light[light > 0])).sum()) + 0.0,
        "colour": _colour(image),
        "sharpness": sharpness(gray),
        "flatness": flatness(image, gray),
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


def flatness(image: Image.Image, gray: Image.Image) -> float | None:
    """The share of neighbouring pixels that are alike in every channel (one level of 255 apart at most).

    Pairs within the commonest shade are left out, so that a cut-out on white is judged by what was cut out. Drawings,
    letters and screenshots are flat between their lines; photographs have grain. None for one colour.
    """
    commonest = int(np.argmax(gray.histogram()))
    ground = gray.point([255 * (abs(level - commonest) <= ALIKE) for level in range(256)])
    width, height = image.size
    alike = pairs = 0
    for across, down in ((1, 0), (0, 1)):
        one, other = (0, 0, width - across, height - down), (across, down, width, height)
        if one[2] == 0 or one[3] == 0:
            continue
        apart = _largest(ImageChops.difference(image.crop(one), image.crop(other)))
        either = ImageChops.invert(ImageChops.darker(ground.crop(one), ground.crop(other)))
        counts = apart.histogram(either)
        alike, pairs = alike + sum(counts[: ALIKE + 1]), pairs + sum(counts)
    return alike / pairs if pairs else None


def _largest(image: Image.Image) -> Image.Image:
    first, *others = image.split()
    for channel in others:
        first = ImageChops.lighter(first, channel)
    return first


def _colour(image: Image.Image) -> float:
    if image.mode == "L":
        return 0.0
    red, green, blue = image.split()
    least = ImageChops.darker(ImageChops.darker(red, green), blue)
    return _percentile(_shares(ImageChops.subtract(_largest(image), least)), 0.99)


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
