"""A body, read piece by piece and unpacked as it comes: never more of it is held than is allowed."""

import zlib
from collections.abc import AsyncIterator

from policies.language import in_figures, say

PLAIN = ("", "identity")
PACKED = ("gzip", "x-gzip")
MAX_MEMBERS = 16
"""In how many parts an answer may be packed; each costs time, and no server needs more."""


class BodyError(Exception):
    """A body that cannot be used; the sentence says why, without the address."""


async def read_body(pieces: AsyncIterator[bytes], encoding: str, most: int) -> bytes:
    """Return the body, unpacked.

    Raises:
        BodyError: it has more bytes than allowed, or is packed otherwise than asked for.
    """
    encoding = encoding.strip().lower()
    if encoding not in (*PLAIN, *PACKED):
        raise BodyError(say("packed its answer as {name}, which was not asked for", name=repr(encoding[:40])))
    body, unpacker = bytearray(), Unpacker() if encoding in PACKED else None
    async for piece in pieces:
        body += unpacker.unpack(piece, most + 1 - len(body)) if unpacker else piece[: most + 1 - len(body)]
        if len(body) > most:
            raise BodyError(too_large(most))
    if unpacker and not unpacker.is_whole:
        raise BodyError(say("ended in the middle of what it packed"))
    return bytes(body)


def too_large(most: int) -> str:
    """Return what is wrong with a body of more bytes than this."""
    return say(
        "sent more than {most} bytes; raise `max_bytes` of the source if it is meant", most=in_figures(f"{most:,}")
    )


class Unpacker:
    """Unpacks what gzip has packed, in one or several members, within bounds."""

    def __init__(self) -> None:
        self._members = 1
        self._member = _member()

    @property
    def is_whole(self) -> bool:
        """Whether all that was packed has been unpacked."""
        return self._member.eof

    def unpack(self, packed: bytes, most: int) -> bytes:
        """Return what the next piece holds, no more than this many bytes of it.

        >>> import gzip
        >>> Unpacker().unpack(gzip.compress(b"0" * 1_000) + gzip.compress(b"1"), 2_000)[-2:]
        b'01'
        >>> len(Unpacker().unpack(gzip.compress(b"0" * 1_000), 10))
        10

        Raises:
            BodyError: it is not what gzip packs.
        """
        body = bytearray()
        try:
            while packed and len(body) < most:
                if self._member.eof:
                    self._begin()
                body += self._member.decompress(packed, most - len(body))
                packed = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        except zlib.error as error:
            raise BodyError(say("cannot be unpacked: {error}", error=error)) from None
        return bytes(body)

    def _begin(self) -> None:
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise BodyError(say("packed its answer in more than {most} parts", most=MAX_MEMBERS))
        self._member = _member()


def _member() -> "zlib._Decompress":
    return zlib.decompressobj(zlib.MAX_WBITS | 16)
