"""Pictures that are written into a page as addresses: `decode("data:image/jpeg;base64,…")` -> its bytes."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from ganvas.collect.sources.source import NotTheAnswer
from ganvas.pictures.sniff import UnreadablePicture, sniff


def decode(uri: str) -> bytes:
    """The picture in a `data:` address. Raises NotTheAnswer where it is none."""
    data = written_in(uri)
    try:
        sniff(data)
    except UnreadablePicture as error:
        raise NotTheAnswer(f"a data: address without a picture: {error}", "not-a-picture") from error
    return data


def written_in(uri: str) -> bytes:
    """What a `data:` address holds (RFC 2397), base64 or percent-encoded. Raises NotTheAnswer for any other address."""
    head, comma, body = uri.partition(",")
    if not comma or head[:5].lower() != "data:":
        raise NotTheAnswer("no data: address")
    try:
        data = unquote_to_bytes(body)
    except ValueError as error:  # half of a pair of surrogates
        raise NotTheAnswer(f"a data: address that is no text: {error}") from error
    return _from_base64(data) if re.search(r";\s*base64\s*$", head, re.IGNORECASE) else data


def _from_base64(text: bytes) -> bytes:
    """Blanks left out, the letters of addresses (- and _) understood, missing padding added."""
    packed = re.sub(rb"\s+", b"", text).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        return base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except binascii.Error as error:
        raise NotTheAnswer(f"a data: address that is no base64: {error}") from error
