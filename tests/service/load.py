"""Clients of a service that is killed: each asks under a key of its own until it is answered."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.scripted_server import Script, ScriptedServer, delayed, forever, held, says, serve, text
from tests.service.ledger import Ledger
from tests.service.process import PATIENCE_SECONDS, Served, start

ASKING_SECONDS = 200.0
ROLES = ("demand_analyst", "finance_analyst", "risk_analyst")


def answering(seconds: float) -> Script:
    """Return a script in which every call takes so long."""
    return {
        **{role: forever(delayed(says("go"), seconds)) for role in ROLES},
        "brief": forever(delayed(text("Ship it."), seconds)),
    }


@contextmanager
def silent() -> Iterator[ScriptedServer]:
    """A server of models that answers nothing before the end."""
    may_go = threading.Event()
    with serve({role: forever(held(says("go"), may_go.is_set)) for role in ROLES}) as model:
        try:
            yield model
        finally:
            may_go.set()


@dataclass
class Site:
    """A service on a data directory, which is killed and started again, and the clients that ask it."""

    home: Path
    env: Mapping[str, str]
    options: tuple[str, ...] = ()
    served: Served | None = None
    threads: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir(exist_ok=True)

    @property
    def ledger(self) -> Ledger:
        """What its database holds."""
        return Ledger(self.env.get("ACCORD_DATABASE_URL") or str(self.home / "accord.sqlite"))

    def start(self) -> Served:
        """Start it."""
        self.served = start(self.home, *self.options, env=self.env)
        return self.served

    def end(self) -> None:
        """Kill it, if it runs."""
        if self.served is not None and self.served.process.poll() is None:
            self.served.kill()

    def ask(self, key: str) -> str:
        """Ask for a run under a key until a thread is promised; return its id."""
        until = time.monotonic() + ASKING_SECONDS
        while time.monotonic() < until:
            served = self.served
            try:
                if served is not None:
                    answer = httpx.post(
                        f"{served.url}/v1/execute",
                        json={"team": "checkout_launch"},
                        headers={"idempotency-key": key},
                        timeout=PATIENCE_SECONDS,
                    )
                    if answer.status_code == 202:
                        thread = str(answer.json()["thread_id"])
                        self.threads.setdefault(key, set()).add(thread)
                        return thread
                    assert answer.status_code == 503, answer.text
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise TimeoutError(key)

    @contextmanager
    def flooded(self, keys: list[str], clients: int = 8) -> Iterator[None]:
        """Ask under all keys at once, while something else is done; in the end all are promised."""
        with ThreadPoolExecutor(clients) as pool:
            asked = [pool.submit(self.ask, key) for key in keys]
            yield
            for each in asked:
                each.result()

    @property
    def promised(self) -> set[str]:
        """The threads that were promised; a key has one."""
        assert all(len(each) == 1 for each in self.threads.values()), self.threads
        return set[str]().union(*self.threads.values())


def wait_until(is_so: Callable[[], bool], seconds: float = 100.0) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.1)
