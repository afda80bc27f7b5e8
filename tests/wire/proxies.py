"""A small proxy on loopback: HTTP, CONNECT and SOCKS 5. Whatever host it is asked for, it connects to one port here."""

import asyncio
from contextlib import suppress

from tests.wire.raw import Visit


class Proxy:
    """The behaviour of a raw server that reads nothing by itself; `targets` are the hosts that were asked for."""

    def __init__(self, port: int, answer: bytes | None = None) -> None:
        self.port, self.answer = port, answer
        self.targets: list[str] = []

    async def __call__(self, visit: Visit) -> None:
        first = await visit.reader.readexactly(1)
        if self.answer is not None:
            await visit.reader.readuntil(b"\r\n\r\n")
            await visit.send(self.answer)
        elif first == b"\x05":
            await self._socks(visit)
        else:
            await self._http(visit, first + await visit.reader.readuntil(b"\r\n\r\n"))

    async def _http(self, visit: Visit, head: bytes) -> None:
        line, _, rest = head.partition(b"\r\n")
        method, target, version = line.split(b" ")
        self.targets.append(target.decode())
        if method == b"CONNECT":
            await visit.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await self._pipe(visit, b"")
        else:
            path = b"/" + target.split(b"/", 3)[3]
            await self._pipe(visit, b" ".join((method, path, version)) + b"\r\n" + rest)

    async def _socks(self, visit: Visit) -> None:
        """RFC 1928, without a password."""
        methods = await visit.reader.readexactly(1)
        await visit.reader.readexactly(methods[0])
        await visit.send(b"\x05\x00")
        _, _, _, kind = await visit.reader.readexactly(4)
        length = {1: 4, 4: 16}.get(kind) or (await visit.reader.readexactly(1))[0]
        host = await visit.reader.readexactly(length)
        await visit.reader.readexactly(2)
        self.targets.append(host.decode() if kind == 3 else ".".join(map(str, host)))
        await visit.send(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        await self._pipe(visit, b"")

    async def _pipe(self, visit: Visit, begun: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(begun)
        try:
            await asyncio.gather(_copied(visit.reader, writer), _copied(reader, visit.writer))
        finally:
            writer.close()


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()
