"""The benchmark's own chat-completions server: `python -m benchmarks.server`, on loopback, in a process of its own.

As cheap as a server can be in Python, so that what is measured is the client: one asyncio protocol, hardly any parsing.
The latency of every answer stands in the path, in milliseconds: `http://127.0.0.1:PORT/50/v1`.
"""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

REQUEST = re.compile(rb"POST /(\d+)/v1/chat/completions HTTP/1\.1\r\n")
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
BRIEF = "Why: all three roles agree.\n1. Pre-scale checkout capacity.\n2. Watch failed payments by the hour."


class Scripted(asyncio.Protocol):
    """Answers each request after its latency; one connection carries one request at a time."""

    def connection_made(self, transport: Any) -> None:
        self._transport, self._received = transport, b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not found or length is None or len(body) < int(length[1]):
            return
        self._received = b""
        request = REQUEST.match(head + b"\r\n")
        if request is None:
            self._transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        asyncio.get_running_loop().call_later(int(request[1]) / 1000, self._transport.write, _answer(body))


def _answer(body: bytes) -> bytes:
    asked = json.loads(body)
    content = content_of(asked["messages"])
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 600, "completion_tokens": 80, "total_tokens": 680}
    completion = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": asked["model"]}
    answer = json.dumps({**completion, "choices": [choice], "usage": usage}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
    return head.encode() + answer


def content_of(messages: list[dict[str, str]]) -> str:
    """Return what is said: the risk analyst blocks in every round but the last one asked for, then all say go."""
    user = json.loads(messages[-1]["content"])
    if "role" not in user:
        return BRIEF
    is_blocked = user["role"] == "risk_analyst" and user["round"] < user["shared_context"].get("rounds", 1)
    return json.dumps(
        {
            "agent": user["role"],
            "stance": "block" if is_blocked else "go",
            "summary": "Projected orders and conversion lift support the launch, and traffic risk is not high.",
            "confidence": 0.8,
            "actions": ["Pre-scale checkout capacity for the projected orders", "Watch conversion by the hour"],
        }
    )


@contextmanager
def serve() -> Iterator[str]:
    """Start the server in a process of its own and give its address, `http://127.0.0.1:PORT`."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.server"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Scripted, "127.0.0.1", 0, backlog=1_000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
