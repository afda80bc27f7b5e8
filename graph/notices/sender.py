"""The sender: the process that sends to one receiver, under a deadline of our own for each notice."""

import asyncio
import importlib.util
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from math import ceil
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from graph.notices.wording import Message
from graph.receivers import Receiver
from nodes.voices.wire.endpoint import Route

CHILD = Path(__file__).with_name("child.py")
DEADLINE_SECONDS = 15.0
"""How long one attempt may take in all, and before it the start of the process."""
CONNECT_SECONDS, READ_SECONDS = 5, 12
"""What apprise is given where the address does not say it; it counts each read alone, hence the deadline."""

FAILURES = {
    "unreachable": "it could not be reached, or broke off",
    "unusable": "apprise cannot read its address",
    "refused": "it did not take the notice",
    "late": "it did not answer in time",
    "ended": "the process that sends ended",
}
"""Why an attempt failed, in words that cannot hold a secret."""

NOT_INSTALLED = "notices need apprise, which is not installed; install it: pip install 'accord[notify]'"


def can_send() -> bool:
    """Return whether what sends is installed; it is not imported."""
    return importlib.util.find_spec("apprise") is not None


def environment_of(route: Route) -> dict[str, str]:
    """Return the environment of a process that sends: the proxies and certificates of the settings, and no secrets."""
    proxies = {f"{scheme.upper()}_PROXY": proxy for scheme, proxy in route.proxies.items()}
    authorities = route.ca_file or route.ca_folder
    trusted = {"SSL_CERT_FILE": route.ca_file, "SSL_CERT_DIR": route.ca_folder}
    return {
        **proxies,
        **({"NO_PROXY": ",".join(route.no_proxy)} if route.no_proxy else {}),
        **{name: path for name, path in trusted.items() if path},
        **({"REQUESTS_CA_BUNDLE": authorities} if authorities else {}),
        "NETRC": os.devnull,  # requests would send the passwords of this user's own file
        "LC_ALL": "C.UTF-8",
    }


class Sender:
    """Sends to one receiver, once it is started."""

    def __init__(self, receiver: Receiver, route: Route) -> None:
        self._receiver, self._route = receiver, route
        self._process: asyncio.subprocess.Process | None = None

    async def send(self, message: Message, seconds: float = DEADLINE_SECONDS) -> str | None:
        """Send a notice; return why it failed in a sentence without secrets, or None."""
        address = address_for(self._receiver, message)
        return await self._ask({"address": address, "title": message.title, "text": message.text}, seconds)

    async def check(self) -> str | None:
        """Return why nothing could be sent to the receiver's address; nothing is sent."""
        return await self._ask({"address": self._receiver.address, "title": None, "text": None}, DEADLINE_SECONDS)

    async def start(self, seconds: float = DEADLINE_SECONDS) -> bool:
        """Start the process, which takes a moment; return whether it is ready within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                process = self._process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", str(CHILD)),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                    env=environment_of(self._route),
                )
                assert process.stdout is not None
                return await process.stdout.readline() == b"null\n"
        except (TimeoutError, OSError):
            return False

    async def _ask(self, asked: dict[str, Any], seconds: float) -> str | None:
        if self._process is None:
            return FAILURES["ended"]
        try:
            async with asyncio.timeout(seconds):
                answer = await self._answer(self._process, {**asked, "seconds": max(1, ceil(seconds))})
        except TimeoutError:
            await self.close()
            return FAILURES["late"]
        if answer is None:
            await self.close()
            return FAILURES["ended"]
        why = answer["failure"]
        return f"it answered with the {why}" if why and why not in FAILURES else FAILURES.get(why)

    async def _answer(self, process: asyncio.subprocess.Process, asked: dict[str, Any]) -> dict[str, Any] | None:
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(ConnectionError):
            process.stdin.write(json.dumps(asked).encode() + b"\n")
            await process.stdin.drain()
        line = await process.stdout.readline()
        answer: dict[str, Any] | None = json.loads(line) if line.endswith(b"\n") else None
        return answer

    async def close(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    @classmethod
    @asynccontextmanager
    async def opened(cls, receiver: Receiver, route: Route) -> AsyncIterator[Self]:
        """Yield a sender, whose process is ended afterwards."""
        sender = cls(receiver, route)
        try:
            yield sender
        finally:
            await sender.close()


def address_for(receiver: Receiver, message: Message) -> str:
    """Return the address under which apprise sends a message: as plain text, with its key where fields are read."""
    given = receiver.address.partition("?")[2].lower()
    limits = {"cto": CONNECT_SECONDS, "rto": READ_SECONDS}
    options = {"format": "text", **{name: str(value) for name, value in limits.items() if f"{name}=" not in given}}
    if receiver.service.takes_fields:
        options |= {f":{name}": value for name, value in message.fields.items()}
        options["+X-Accord-Key"] = message.key
    added = "&".join(f"{quote(name, safe=':+-')}={quote(value, safe='')}" for name, value in options.items())
    return f"{receiver.address}{'&' if '?' in receiver.address else '?'}{added}"
