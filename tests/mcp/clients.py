"""Clients of `accord mcp`: the library's own, over started processes, in both generations of the protocol."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, ElicitResult

from tests.service.process import Served, serving

ROOT = Path(__file__).parents[2]
Mode = Literal["legacy", "2026-07-28"]
MODES: tuple[Mode, ...] = ("legacy", "2026-07-28")
"""A session that is opened by a handshake, up to 2025-11-25; and calls that each stand alone."""
Fills = Callable[[str, Mapping[str, Any]], Mapping[str, Any] | str]
"""What a person does with a form, of which they see the message and the schema: fills it in, or does something else."""
Story = Callable[["Agent"], Awaitable[Any]]


@dataclass
class Person:
    """The person at a client: what they do with each form, in order, and what they were shown."""

    fills: list[Mapping[str, Any] | str]
    seen: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        self.seen.append((params.message, params.requested_schema))
        filled = self.fills[len(self.seen) - 1]
        if isinstance(filled, str):
            return ElicitResult(action=filled)  # type: ignore[arg-type]  # decline or cancel
        return ElicitResult(action="accept", content=dict(filled))


@dataclass
class Agent:
    """A client, and what it heard of the progress of its calls."""

    client: Client
    heard: list[str] = field(default_factory=list)

    async def _hear(self, progress: float, total: float | None, message: str | None) -> None:
        self.heard.append(message or "")

    async def call(self, tool: str, seconds: float | None = None, /, **arguments: Any) -> CallToolResult:
        """Call a tool; after so many seconds the client gives up."""
        return await self.client.call_tool(tool, arguments, seconds, self._hear)

    async def told(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool that answers."""
        result = await self.call(tool, **arguments)
        assert not result.is_error, result.content
        assert isinstance(result.structured_content, dict)
        return result.structured_content

    async def refusal(self, tool: str, /, **arguments: Any) -> str:
        """Call a tool that refuses; return its sentence."""
        result = await self.call(tool, **arguments)
        assert (result.is_error, result.structured_content) == (True, None), result.structured_content
        return sentence(result)


def sentence(result: CallToolResult) -> str:
    (content,) = result.content
    assert content.type == "text"
    return content.text


@dataclass(frozen=True)
class Way:
    """How a client reaches a server: over HTTP where there is one, else it starts one on a home."""

    home: Path
    url: str | None = None
    token: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)

    @asynccontextmanager
    async def _transport(self) -> AsyncIterator[Any]:
        if self.url is None:
            token = {"ACCORD_TOKEN": self.token} if self.token else {}
            env = {"ACCORD_HOME": str(self.home), "PYTHONWARNINGS": "error", **self.env, **token}
            command = StdioServerParameters(
                command=sys.executable,
                args=["-m", "graph", "mcp"],
                env=env | {"PYTHONPATH": str(ROOT)},
                cwd=self.home,
            )
            with (self.home / "mcp.log").open("a") as log:
                async with stdio_client(command, log) as streams:
                    yield streams
            return
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as http,
            streamable_http_client(f"{self.url}/mcp", http_client=http) as streams,
        ):
            yield streams

    @asynccontextmanager
    async def agent(self, mode: Mode = "legacy", person: Person | None = None) -> AsyncIterator[Agent]:
        """A client, with a person at it who can be shown forms where one is named."""
        async with Client(self._transport(), mode=mode, elicitation_callback=person, read_timeout_seconds=90) as client:
            yield Agent(client)

    def tell(self, story: Story, mode: Mode = "legacy", person: Person | None = None) -> Any:
        """Return what a story returns that is told with a client of its own."""

        async def telling() -> Any:
            async with self.agent(mode, person) as agent:
                return await story(agent)

        return asyncio.run(telling())


@contextmanager
def tools_at(home: Path, *options: str, env: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Start `accord mcp --http` on a home, and end it."""
    with serving(home, *options, env=env, command=("mcp", "--http")) as served:
        yield served
