"""One picture from bytes, safely and always the same way: `read_picture(data).pixels` is uint8 [H, W, 1 or 3].

In order: cap the bytes, sniff the format, check the dimensions of the header, decode in full, turn upright (EXIF), take
the first frame, scale 16 bits to 8, palette to RGBA, ICC and CMYK to sRGB, alpha over a background. Whatever Pillow
throws at bad bytes becomes UnreadablePicture with a short reason.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from PIL import Image, ImageFile

from ganvas.pictures.colour import colour_of, composite, to_eight_bits, to_srgb, without_alpha
from ganvas.pictures.sniff import UnreadablePicture, sniff

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LIMITS", "Limits", "Picture", "PictureInfo", "UnreadablePicture", "check_picture", "read_picture"]

T = TypeVar("T")
EXIF_KEYS = ("exif", "Raw profile type exif", "XML:com.adobe.xmp", "xmp")
ORIENTATION_TAG = 0x0112
SIDEWAYS = (5, 6, 7, 8)
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Limits:
    """What a picture may cost: bytes of its file, pixels of one frame."""

    max_bytes: int = 256 * 2**20
    max_pixels: int = 200_000_000


LIMITS = Limits()


@dataclass(frozen=True)
class PictureInfo:
    """About the original: size in pixels once upright, Pillow's mode as stored, frames (1 unless animated or paged)."""

    format: str
    width: int
    height: int
    mode: str
    frames: int


@dataclass(frozen=True)
class Picture:
    """`pixels`: uint8 [H, W, C], sRGB; C is 1 where the original is gray (its palette too), else 3."""

    pixels: NDArray[np.uint8]
    info: PictureInfo


def read_picture(
    data: bytes, *, background: str = "white", limits: Limits = LIMITS, enough_px: int | None = None
) -> Picture:
    """Decode the first frame of an encoded picture to sRGB or gray.

    `background` is the colour seen through transparency (a name or #rrggbb; one with a hue makes a gray picture RGB).
    With `enough_px` a JPEG may come out at a half, quarter or eighth of its size (the inverse transform gives fewer
    pixels, averaged), its longer side no less than that; the info still tells the original's size. Safe in threads.
    Raises UnreadablePicture for bytes that cannot be read, SettingsError for an unknown colour.
    """
    import numpy as np

    pixels, info = _read_safely(data, colour_of(background), limits, enough_px, np.asarray)
    return Picture(pixels if pixels.ndim == 3 else pixels[:, :, None], info)


def check_picture(data: bytes, *, limits: Limits = LIMITS) -> PictureInfo:
    """What `read_picture` would say of a picture; it is decoded in the same way, and raises the same, without NumPy:
    that takes longer to import than 300 small pictures to decode.
    """
    return _read_safely(data, colour_of("white"), limits, None, Image.Image.load)[1]


def _read_safely(
    data: bytes,
    colour: tuple[int, int, int],
    limits: Limits,
    enough_px: int | None,
    as_pixels: Callable[[Image.Image], T],
) -> tuple[T, PictureInfo]:
    if len(data) > limits.max_bytes:
        raise UnreadablePicture(f"larger than {limits.max_bytes / 2**20:.4g} MiB")
    format_name = sniff(data)
    try:
        with _pillow_settings(limits.max_pixels):
            image, info = _read(data, format_name, colour, limits, enough_px)
            return as_pixels(image), info
    except UnreadablePicture:
        raise
    except MemoryError as error:
        raise UnreadablePicture("needs more memory than there is") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadablePicture(_too_many_pixels(limits)) from error
    except Exception as error:  # Pillow's plugins raise anything: OSError, SyntaxError, struct.error, KeyError…
        raise UnreadablePicture(_reason(format_name, error)) from error


def _read(
    data: bytes, format_name: str, background: tuple[int, int, int], limits: Limits, enough_px: int | None
) -> tuple[Image.Image, PictureInfo]:
    image, frames = _open(data, format_name)
    if image.width * image.height > limits.max_pixels:
        raise UnreadablePicture(f"{_too_many_pixels(limits)}: {image.width}×{image.height}")
    mode, (width, height) = image.mode, image.size
    if enough_px is not None and (shrink := max(image.size) // enough_px) > 1:
        image.draft(None, (max(1, width // shrink), max(1, height // shrink)))
    image.load()
    if _is_plain(image, format_name):
        done: Image.Image = image
    else:
        profile = image.info.get("icc_profile")
        if (orientation := _orientation(image)) in SIDEWAYS:
            width, height = height, width
        eight = to_eight_bits(image.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else image)
        colours, alpha = without_alpha(eight)
        done = composite(to_srgb(colours, profile), alpha, background)
    return done, PictureInfo(format_name, width, height, mode, frames)


def _open(data: bytes, format_name: str) -> tuple[ImageFile.ImageFile, int]:
    image = Image.open(io.BytesIO(data), formats=(format_name,))
    try:
        return image, int(getattr(image, "n_frames", 1))
    except MemoryError:
        raise
    except Exception:  # damage behind the first frame does not spoil the first frame, but leaves the file half-way
        return Image.open(io.BytesIO(data), formats=(format_name,)), 1


def _is_plain(image: Image.Image, format_name: str) -> bool:
    # The short way of most pictures: 60,000 small PNGs spend a third of their time on looking for what is not there.
    if image.mode not in ("L", "RGB") or format_name in ("TIFF", "AVIF"):
        return False
    info = image.info
    return not ("icc_profile" in info or "transparency" in info or any(key in info for key in EXIF_KEYS))


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION_TAG, 1))
    except MemoryError:
        raise
    except Exception:  # broken EXIF says nothing about the pixels
        return 1


def _reason(format_name: str, error: Exception) -> str:
    text = str(error).splitlines()[0][:80] if str(error) else type(error).__name__
    if "truncated" in text.lower() or isinstance(error, EOFError):
        return f"{format_name} is cut short"
    return f"damaged {format_name}: {text}"


def _too_many_pixels(limits: Limits) -> str:
    return f"more than {limits.max_pixels / 1e6:.4g} megapixels"


class _Guard:
    lock = threading.Lock()
    readers = 0
    undo = ExitStack()


@contextmanager
def _pillow_settings(max_pixels: int) -> Iterator[None]:
    """Hold Pillow's global switches while any thread reads: the importing program may have set them otherwise."""
    with _Guard.lock:
        if _Guard.readers == 0:
            _hold(max_pixels)
        elif (Image.MAX_IMAGE_PIXELS or 0) < max_pixels:
            Image.MAX_IMAGE_PIXELS = max_pixels
        _Guard.readers += 1
    try:
        yield
    finally:
        with _Guard.lock:
            _Guard.readers -= 1
            if _Guard.readers == 0:
                _Guard.undo.close()


def _hold(max_pixels: int) -> None:
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = max_pixels, False
    _Guard.undo.callback(_restore, *before)
    _Guard.undo.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def _restore(max_pixels: int | None, truncated: bool) -> None:
    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = max_pixels, truncated
