"""A headless Chromium, driven by its DevTools protocol, and the little of PNG that is needed to look at a picture."""

import asyncio
import base64
import shutil
import struct
import subprocess
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

from tests.browsers import BROWSERS

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0"),
)
STARTING_SECONDS = 60
Colour = tuple[int, int, int]


@dataclass
class Tab:
    """One page open in the browser."""

    socket: ClientWebSocketResponse
    number: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its answer; the events in between are kept."""
        self.number += 1
        await self.socket.send_json({"id": self.number, "method": method, "params": params})
        while True:
            message = await self.socket.receive_json(timeout=30)
            if message.get("id") == self.number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self.events.append(message)

    async def open(self, page: Path, width: int, height: int, scheme: str, media: str = "screen") -> None:
        """Open a page from disk in a window of that size and a colour scheme."""
        for domain in ("Page", "Network", "Log", "Runtime"):
            await self.send(f"{domain}.enable")
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await self.send("Emulation.setEmulatedMedia", media=media, features=features)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.send("Emulation.setDeviceMetricsOverride", **size)
        await self.send("Page.navigate", url=page.as_uri())
        while await self.ask("document.readyState") != "complete" or await self.ask("location.protocol") != "file:":
            await asyncio.sleep(0.05)

    async def ask(self, expression: str) -> Any:
        """Return the value of an expression on the page, a promised one too; the tool may run one, the page may not."""
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = await self.send("Runtime.evaluate", **asked)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def picture(self, width: int, height: int) -> Counter[Colour]:
        """Return how many pixels of each colour the top of the page has."""
        return colours_in(await self.shot(width, height, 0.5))

    async def shot(self, width: int, height: int, scale: float) -> bytes:
        """Return the top of the page as a PNG, that much smaller."""
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": scale}
        answer = await self.send("Page.captureScreenshot", format="png", clip=clip)
        return base64.b64decode(answer["data"])

    async def printed(self) -> bytes:
        """Return the page as a PDF."""
        answer = await self.send("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(answer["data"])

    def named(self, method: str) -> list[dict[str, Any]]:
        """Return what the events of a kind carry."""
        return [event["params"] for event in self.events if event.get("method") == method]


@asynccontextmanager
async def open_browser(profile: Path) -> AsyncIterator[Tab]:
    """Start Chromium on an empty profile and open its first tab; it is ended with the context."""
    browser = next(filter(None, map(shutil.which, BROWSERS)))
    command = [browser, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port = await _port(profile / "DevToolsActivePort", process)
        async with ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                (target, *_) = [each for each in await answer.json() if each["type"] == "page"]
            async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Tab(socket)
    finally:
        process.terminate()
        process.wait(30)


async def _port(told: Path, process: subprocess.Popen[bytes]) -> int:
    end = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if told.exists() and (lines := told.read_text().splitlines()):
            return int(lines[0])
        await asyncio.sleep(0.05)
    raise AssertionError(f"chromium did not start: exit code {process.poll()}")


def colours_in(png: bytes) -> Counter[Colour]:
    """Return how many pixels of each colour a picture has: 8 bits a channel, not interlaced."""
    width, height, depth, kind, *_, interlaced = struct.unpack(">IIBBBBB", png[16:29])
    assert (depth, interlaced) == (8, 0)
    assert kind in (2, 6)
    size = 3 if kind == 2 else 4
    rows = zlib.decompress(b"".join(_chunks(png)))
    found: Counter[Colour] = Counter()
    before = bytearray(width * size)
    for start in range(0, height * (width * size + 1), width * size + 1):
        before = _unfiltered(rows[start], bytearray(rows[start + 1 : start + 1 + width * size]), before, size)
        found.update((before[at], before[at + 1], before[at + 2]) for at in range(0, width * size, size))
    return found


def _chunks(png: bytes) -> list[bytes]:
    at, found = 8, []
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            found.append(png[at + 8 : at + 8 + length])
        at += length + 12
    return found


def _unfiltered(kind: int, row: bytearray, above: bytearray, size: int) -> bytearray:
    for at in range(len(row)):
        left = row[at - size] if at >= size else 0
        corner = above[at - size] if at >= size else 0
        guess = (0, left, above[at], (left + above[at]) // 2, _nearest(left, above[at], corner))[kind]
        row[at] = (row[at] + guess) & 0xFF
    return row


def _nearest(left: int, above: int, corner: int) -> int:
    sides = {left: abs(above - corner), above: abs(left - corner), corner: abs(left + above - 2 * corner)}
    return min((left, above, corner), key=lambda side: sides[side])
