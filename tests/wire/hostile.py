"""What an endpoint may send that no endpoint should: a table of behaviours, and how a run has to end on each."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.wire.raw import (
    JSON,
    OK,
    Behaviour,
    Visit,
    completion,
    half_closes,
    http,
    in_turn,
    keeps,
    repeats,
    resets,
    sends,
    waits,
)

ATTEMPTS = 2
"""Of what may be transient; the file with the endpoints allows one retry."""

MIB = 2**20
GOOD = http(completion())
CHUNKED = OK + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
UNBOUNDED = OK + JSON + b"Content-Length: 999999999999\r\n\r\n"
SPACES = b" " * 65_536


@dataclass(frozen=True)
class Hostile:
    """A behaviour: the stop reason, how many requests it gets, and a word of the cause."""

    behaviour: Behaviour
    reason: str
    attempts: int
    cause: str = ""
    scheme: str = "http"
    reads: bool = True
    has_tls: bool = False
    ends_by_deadline: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ends_by_deadline", self.reason == "max_seconds")


def protocol(*parts: bytes, cause: str = "", then: Behaviour | None = None) -> Hostile:
    """No HTTP: tried again, since the next connection may be in order."""
    return Hostile(sends(*parts, then=then), "llm_error:protocol", ATTEMPTS, cause)


def lost(*parts: bytes, then: Behaviour | None = None) -> Hostile:
    return Hostile(sends(*parts, then=then), "llm_timeout", ATTEMPTS)


def too_large(*parts: bytes, then: Behaviour | None = None, cause: str = "8 MiB") -> Hostile:
    return Hostile(sends(*parts, then=then), "llm_error:too_large", 1, cause)


def endless(*parts: bytes, then: Behaviour) -> Hostile:
    return Hostile(sends(*parts, then=then), "max_seconds", 1)


def unread(answer: bytes, cause: str = "no chat completion") -> Hostile:
    """Whole HTTP of status 200 with no chat completion in it: asking again would not help."""
    return Hostile(sends(answer), "llm_error:200", 1, cause)


def fine(*parts: bytes, attempts: int = 1, then: Behaviour | None = None) -> Hostile:
    return Hostile(sends(*parts, then=then), "success", attempts)


def packed(body: bytes, encoding: str) -> bytes:
    return http(body, more={"Content-Encoding": encoding})


def zeros(mebibytes: int) -> Iterator[bytes]:
    block = bytes(MIB)
    for _ in range(mebibytes):
        yield block


def bomb(mebibytes: int) -> bytes:
    """A gzip file that unpacks to so many MiB of zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return b"".join(packer.compress(block) for block in zeros(mebibytes)) + packer.flush()


BOMB = bomb(512)
DOUBLE_BOMB = gzip.compress(BOMB)
MEMBERS = gzip.compress(b"") * 200_000
FLOOD = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 200
HUGE_NUMBER = completion().replace(b'"prompt_tokens": 100', b'"prompt_tokens": ' + b"9" * 5_000)
LARGE_NUMBER = completion().replace(b'"prompt_tokens": 100', b'"prompt_tokens": ' + b"9" * 30)
STOLEN = http(completion(json.dumps({"agent": "finance_analyst", "stance": "block", "summary": "Stolen."})))
SERVER_ERROR = http(b"{}", b"HTTP/1.1 500 Oops\r\n")


async def _chunk_by_chunk(visit: Visit) -> None:
    while True:
        await visit.send(b"10000\r\n" + SPACES + b"\r\n")
        await asyncio.sleep(0)


def redirect(status: int, location: str) -> bytes:
    return http(b"", b"HTTP/1.1 %d Elsewhere\r\n" % status, {"Location": location})


REFUSED = b"HTTP/1.1 400 No\r\n"
DEEP = b'{"error": ' + b"[" * 400 + b"]" * 400 + b"}"
ODD_CHARSETS = ("zlib", "rot13", "undefined", "idna", "utf-16")
"""Names of codecs that are no encodings of text, or raise on what is not theirs."""


def refused_in(charset: str) -> Hostile:
    answer = http(b'{"error": {"message": "No."}}', REFUSED)
    named = answer.replace(b"application/json", f"application/json; charset={charset}".encode())
    return Hostile(sends(named), "llm_error:400", 1, "No.")


HOSTILE: dict[str, Hostile] = {
    # No HTTP.
    "garbage bytes": protocol(bytes(range(256)) * 64),
    "no status line": protocol(b"Content-Type: text/plain\r\n\r\nhello"),
    "HTTP/0.9": protocol(b"<html>It works.</html>\n"),
    "HTTP/2 without being asked": protocol(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)),
    "a status that is no number": protocol(b"HTTP/1.1 abc OK\r\n\r\n"),
    "a status of four digits": protocol(b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"),
    "a header of 1 MiB": protocol(OK + b"X: " + b"a" * MIB + b"\r\n\r\n"),
    "headers without end": protocol(OK, then=repeats(b"X: " + b"a" * 1000 + b"\r\n")),
    "a header without a name": protocol(OK + b": value\r\n\r\n"),
    "a NUL in a header": protocol(OK + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n"),
    "two Content-Lengths that differ": protocol(OK + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\nhello!!"),
    "a negative Content-Length": protocol(OK + b"Content-Length: -5\r\n\r\nhello"),
    "a Content-Length that is no number": protocol(OK + b"Content-Length: five\r\n\r\nhello"),
    "a chunk size that is no number": protocol(CHUNKED + b"zz\r\nhello\r\n0\r\n\r\n"),
    "a negative chunk size": protocol(CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n"),
    "a chunk that is longer than it says": protocol(CHUNKED + b"2\r\nhello\r\n0\r\n\r\n"),
    # Packed as nobody asked, or not to the end.
    "packed by br": protocol(packed(b"\x8b\x02\x80hello\x03", "br"), cause="not asked for"),
    "packed by zstd": protocol(packed(b"\x28\xb5\x2f\xfd", "zstd"), cause="not asked for"),
    "gzip that is cut": protocol(packed(gzip.compress(completion())[:-20], "gzip"), cause="in the middle"),
    "gzip that is none": protocol(packed(completion(), "gzip"), cause="cannot be unpacked"),
    "packed a hundred times": protocol(packed(completion(), ", ".join(["gzip"] * 100)), cause="packed its answer"),
    "gzip in 200,000 members": protocol(packed(MEMBERS + gzip.compress(completion()), "gzip"), cause="more than 16"),
    # Too much.
    "a body without end, fast": too_large(UNBOUNDED, then=repeats(SPACES), cause="sent more than 8 MiB"),
    "chunks without end": too_large(CHUNKED, then=_chunk_by_chunk, cause="sent more than 8 MiB"),
    "8 MiB and a byte": too_large(http(completion().ljust(8 * MIB + 1)), cause="sent more than 8 MiB"),
    "a gzip bomb": too_large(packed(BOMB, "gzip"), cause="unpacks to more than 8 MiB"),
    "a gzip bomb in gzip": too_large(packed(DOUBLE_BOMB, "gzip, gzip"), cause="unpacks to more than 8 MiB"),
    "a deflate bomb": too_large(packed(zlib.compress(bytes(64 * MIB)), "deflate"), cause="unpacks to more than 8 MiB"),
    "two million values": too_large(
        http(completion(x=[]).replace(b"[]", b"[" + b"{}," * 2_000_000 + b"{}]")), cause="values"
    ),
    # Never done.
    "silent": endless(then=waits),
    "a body without end, slow": endless(UNBOUNDED, then=repeats(b" ", 0.05)),
    "headers without end, slow": endless(OK, then=repeats(b"X: a\r\n", 0.05)),
    "half a status line": endless(b"HTTP/1.1 2", then=waits),
    "a flood of 103": endless(then=repeats(FLOOD)),
    "a trickle of 100": endless(then=repeats(b"HTTP/1.1 100 Continue\r\n\r\n", 0.02)),
    # Lost on the way.
    "closed at once": lost(),
    "reset at once": lost(then=resets),
    "reset half way": lost(GOOD[:-40], then=resets),
    "ended half way": lost(GOOD[:-40]),
    "ended half way, and still listening": lost(GOOD[:-40], then=half_closes),
    "chunks that end half way": lost(CHUNKED + b"5\r\nhello\r\n"),
    "a Content-Length beyond what comes": lost(http(completion(), length=10**18)),
    "http on an https port": Hostile(sends(GOOD), "llm_timeout", ATTEMPTS, "TLS", "https", reads=False),
    "https on an http port": Hostile(sends(GOOD), "llm_timeout", 0, has_tls=True),
    # Whole HTTP, and no chat completion.
    "an empty answer": unread(http(b"")),
    "arrays 100,000 deep": unread(http(b"[" * 100_000 + b"]" * 100_000)),
    "arrays 100,000 deep in an answer": unread(
        http(completion(error=None, x=0).replace(b'"x": 0', b'"x": ' + b"[" * 100_000 + b"]" * 100_000))
    ),
    "a number of 5,000 digits": unread(http(HUGE_NUMBER)),
    "NUL bytes in JSON": unread(http(completion().replace(b"Fine.", b"Fi\x00ne."))),
    "Latin-1 in JSON": unread(http(completion().replace(b"Fine.", b"D\xe9j\xe0 vu."))),
    "two million values and no choice": too_large(http(b'{"x": [' + b"{}," * 2_000_000 + b"{}]}"), cause="values"),
    "an error 400 levels deep": Hostile(sends(http(DEEP, REFUSED)), "llm_error:400", 1),
    "an error 400 levels deep in an answer": Hostile(sends(http(DEEP)), "llm_error:200", 1),
    **{f"an error in {charset}": refused_in(charset) for charset in ODD_CHARSETS},
    "a redirect to bytes": Hostile(
        sends(b"HTTP/1.1 302 Found\r\nLocation: http://\xe5\xff/\r\nContent-Length: 0\r\n\r\n"), "llm_error:302", 1
    ),
    "no content": Hostile(sends(b"HTTP/1.1 204 No Content\r\n\r\n"), "llm_error:200", 1),
    "other protocols": Hostile(sends(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"), "llm_error:101", 1),
    # All is well after all.
    "exactly 8 MiB": fine(http(completion().ljust(8 * MIB))),
    "gzip in two members": fine(packed(gzip.compress(completion()[:50]) + gzip.compress(completion()[50:]), "gzip")),
    "a count of 30 digits": fine(http(LARGE_NUMBER)),
    "a charset that there is none of": fine(
        http(completion()).replace(b"application/json", b"application/json; charset=klingon")
    ),
    "another charset named than is used": fine(
        http(completion()).replace(b"application/json", b"application/json; charset=utf-16")
    ),
    "UTF-16": fine(http(completion().decode().encode("utf-16"))),
    "headers that are not ASCII": fine(
        http(completion()).replace(
            b"Content-Length", b"X-Name: \xe9\xff\r\nSet-Cookie: a=b; domain=.\xff\r\nContent-Length", 1
        )
    ),
    "a byte order mark": fine(http(b"\xef\xbb\xbf" + completion())),
    "interim answers first": fine(b"HTTP/1.1 100 Continue\r\n\r\n" * 20 + GOOD),
    "leftovers before the next answer": Hostile(
        in_turn(sends(SERVER_ERROR + STOLEN, then=keeps), sends(GOOD)), "success", 2
    ),
    "an answer that nobody asked for": fine(GOOD + STOLEN),
}
