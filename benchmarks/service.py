"""The HTTP service under load, as a process of its own: many runs at once, many in all, and asked to end at work."""

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

AT_ONCE, LATENCY_MS = 100, 200
FEW, MANY = 200, 1_000
LEFT = 60
HEALTH_SECONDS = 0.02
TASK = {"team": "checkout_launch"}

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Service:
    """A service that runs: where it is, and its process."""

    url: str
    process: subprocess.Popen[str]

    @property
    def rss_mb(self) -> float:
        """The memory that it has now."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="utf-8").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(base_url: str, turns: int = 3) -> Figures:
    """Return how long runs take and how quick `/health` is meanwhile, the memory, and how long an end takes."""
    model = f"{base_url}/{LATENCY_MS}/v1"
    with _served(model) as service:
        asyncio.run(_at_once(service, 10))
        loads = [asyncio.run(_at_once(service, AT_ONCE)) for _ in range(turns)]
    with _served(model) as service:
        few = asyncio.run(_in_all(service, FEW))
        many = asyncio.run(_in_all(service, MANY - FEW))
    return {
        "load": {name: statistics.median(load[name] for load in loads) for name in loads[0]},
        "memory": {"few_mb": few, "many_mb": many, "ratio": many / few},
        "end": {"seconds": statistics.median(_ended(model) for _ in range(turns))},
    }


@contextmanager
def _served(model: str) -> Iterator[Service]:
    hidden = ("OPENAI_", "ACCORD_", "LANGSMITH_")
    own = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    with tempfile.TemporaryDirectory() as folder:
        own |= {"ACCORD_HOME": folder, "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model}
        command = [sys.executable, "-m", "graph", "serve", "--port", "0"]
        environment = {**own, "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            try:
                asyncio.run(_until_it_answers(url))
                yield Service(url, process)
            finally:
                process.kill()


async def _until_it_answers(url: str) -> None:
    async with aiohttp.ClientSession() as client:
        while True:
            try:
                async with client.get(f"{url}/health"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)


async def _at_once(service: Service, runs: int) -> Figures:
    """Return the seconds of that many runs asked for at once, and the milliseconds of `/health` meanwhile."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        probing = asyncio.create_task(_probe(client, service.url))
        started = time.perf_counter()
        await asyncio.gather(*(_run(client, service.url) for _ in range(runs)))
        seconds = time.perf_counter() - started
        probing.cancel()
        found = (await asyncio.gather(probing, return_exceptions=True))[0]
    assert isinstance(found, list)
    cuts = statistics.quantiles(found, n=100)
    return {"runs": runs, "seconds": seconds, "p50_ms": cuts[49] * 1000, "p99_ms": cuts[98] * 1000}


async def _run(client: aiohttp.ClientSession, url: str) -> None:
    async with client.post(f"{url}/v1/execute", json={**TASK, "wait": True}) as answer:
        record = await answer.json()
        assert (answer.status, record["status"]) == (200, "ok"), record


async def _probe(client: aiohttp.ClientSession, url: str) -> list[float]:
    """Ask for `/health` until cancelled; return the seconds of each."""
    found: list[float] = []
    try:
        while True:
            started = time.perf_counter()
            async with client.get(f"{url}/health") as answer:
                await answer.read()
            found.append(time.perf_counter() - started)
            await asyncio.sleep(HEALTH_SECONDS)
    except asyncio.CancelledError:
        return found


async def _in_all(service: Service, runs: int) -> float:
    """Return the memory after that many more runs, twenty at once."""
    places = asyncio.Semaphore(20)
    async with aiohttp.ClientSession() as client:

        async def run() -> None:
            async with places:
                await _run(client, service.url)

        await asyncio.gather(*(run() for _ in range(runs)))
    return service.rss_mb


def _ended(model: str) -> float:
    """Return the seconds from SIGTERM to the end of a service that has accepted many runs and just begun."""
    with _served(model) as service:
        asyncio.run(_accept(service, LEFT))
        started = time.perf_counter()
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait() == 0
        return time.perf_counter() - started


async def _accept(service: Service, runs: int) -> None:
    async with aiohttp.ClientSession() as client:
        for _ in range(runs):
            async with client.post(f"{service.url}/v1/execute", json=TASK) as answer:
                assert answer.status == 202
