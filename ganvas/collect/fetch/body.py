"""A body as it comes, with its caps: `await read_body(pieces, encoding, most_bytes)`.

Nothing but identity is asked for, since pictures do not shrink; a server that compresses anyway is read, and what its
bytes unfold to is capped as they are themselves.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from ganvas.collect.fetch.failures import Stop
from ganvas.collect.fetch.outcome import Failed

GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


async def read_body(pieces: AsyncIterator[bytes], encoding: str | None, most_bytes: int, *, cut: bool = False) -> bytes:
    """The whole body, decoded. Raises Stop where it is larger than `most_bytes`; with `cut`, returns its beginning."""
    decode = _decoder(encoding)
    received, size, parts = 0, 0, []
    async for piece in pieces:
        received += len(piece)
        part = decode.unfold(piece, most_bytes - size + 1) if decode else piece
        size += len(part)
        parts.append(part)
        if max(received, size) > most_bytes:
            if cut:
                return b"".join(parts)[:most_bytes]
            raise Stop(Failed("too-large", f"more than {most_bytes:,} bytes"))
    if decode and not decode.ended and not cut:
        raise Stop(Failed("cut-short", "the compressed body ends too early"))
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _decoder(encoding: str | None) -> _Unfolded | None:
    names = [name for name in (encoding or "").lower().replace(" ", "").split(",") if name not in ("", "identity")]
    if not names:
        return None
    if len(names) > 1 or names[0] not in ("gzip", "x-gzip", "deflate"):
        raise Stop(Failed("protocol", f"encoded as {','.join(names)}, which was not asked for"))
    return _Unfolded()


class _Unfolded:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(GZIP_OR_ZLIB)
        self._begun = False

    @property
    def ended(self) -> bool:
        return self._stream.eof or not self._begun

    def unfold(self, piece: bytes, most: int) -> bytes:
        """At most `most` bytes: the caller stops once it has that many."""
        try:
            part = self._stream.decompress(piece, most)
        except zlib.error as error:
            if self._begun:
                raise Stop(Failed("cut-short", f"the compressed body is damaged: {error}")) from error
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)  # "deflate" without its header, as some send it
            part = self._raw(piece, most)
        self._begun = True
        return part

    def _raw(self, piece: bytes, most: int) -> bytes:
        try:
            return self._stream.decompress(piece, most)
        except zlib.error as error:
            raise Stop(Failed("protocol", f"no compressed body, though it says so: {error}")) from error
