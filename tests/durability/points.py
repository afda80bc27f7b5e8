"""Points: the moments of a run at which it may kill its own process.

A point is one moment of a run: a checkpoint, a task's writes, an entry of journal, index or archive, a node, a call;
each before and after. Nothing of the product is changed: nodes, saver, store and voice are wrapped from outside.
"""

import copy
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from langgraph.store.base import BaseStore, Op, PutOp, Result

from graph import build, driver, opening
from graph.store import database
from graph.store.database import Database
from nodes.voices.model import ModelVoice

NAMES = {"calls": "journal", "threads": "index"}
"""What the parts of the store are called in a point."""


def note(path: Path, line: str) -> None:
    """Append a line to a file; what is written stays written when the process is killed."""
    with path.open("a") as file:
        file.write(f"{line}\n")


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


class Killer:
    """Names and notes each point that is reached, and ends the process at the one of that name, if any."""

    def __init__(self, folder: Path, at: str) -> None:
        self._path, self._at = folder / "points", at
        self._times: Counter[str] = Counter()

    def reach(self, moment: str) -> None:
        self._times[moment] += 1
        point = f"{moment} #{self._times[moment]}"
        note(self._path, point)
        if point == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    async def around(self, moment: str, work: Awaitable[Any]) -> Any:
        self.reach(f"{moment}, before")
        done = await work
        self.reach(f"{moment}, after")
        return done


def killing(opened: Database, killer: Killer) -> Database:
    """Return the database with points around everything that is written to it."""
    saver, store = _killing_saver(opened.saver, killer), KillingStore(opened.store, killer)
    return replace(opened, saver=saver, store=store)


def _killing_saver(saver: Any, killer: Killer) -> Any:
    """The saver's own class with points around its two writing methods; SQLite and PostgreSQL alike."""

    class KillingSaver(type(saver)):  # type: ignore[misc]  # a class known only at run time
        async def aput(self, config: Any, checkpoint: Any, metadata: Any, versions: Any) -> Any:
            return await killer.around("checkpoint", super().aput(config, checkpoint, metadata, versions))

        async def aput_writes(self, config: Any, writes: Any, task_id: str, task_path: str = "") -> None:
            await killer.around("writes", super().aput_writes(config, writes, task_id, task_path))

    watched = copy.copy(saver)
    watched.__class__ = KillingSaver
    return watched


class KillingStore(BaseStore):
    """The store, with points around everything that is put into it."""

    def __init__(self, store: BaseStore, killer: Killer) -> None:
        self._store, self._killer = store, killer

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        return self._store.batch(ops)

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        asked = list(ops)
        put = [NAMES.get(op.namespace[0], op.namespace[0]) for op in asked if isinstance(op, PutOp)]
        work = self._store.abatch(asked)
        done: list[Result] = await (self._killer.around(put[0], work) if put else work)
        return done


@contextmanager
def watched_nodes(killer: Killer) -> Iterator[None]:
    """Every graph that is built has points around its nodes; those of a team within are named team/node."""
    real = build.build_graph

    def build_watched(team: Any, services: Any, is_inner: bool = False, door: Any = None) -> Any:
        builder = real(team, services, is_inner, door)
        for name, node in builder.nodes.items():
            runs: Any = node.runnable
            runs.afunc = _watched(f"node {team.name}/{name}" if is_inner else f"node {name}", runs.afunc, killer)
        return builder

    with patch.object(build, "build_graph", build_watched), patch.object(driver, "build_graph", build_watched):
        yield


def _watched(moment: str, act: Callable[..., Awaitable[Any]], killer: Killer) -> Callable[..., Awaitable[Any]]:
    async def watched(*args: Any, **kwargs: Any) -> Any:
        return await killer.around(moment, act(*args, **kwargs))

    return watched


@contextmanager
def watched_command(killer: Killer) -> Iterator[None]:
    """What the command line opens and asks has points: its database, its nodes, and the calls of its model."""
    real = database.open_database

    @asynccontextmanager
    async def open_killing(*args: Any) -> AsyncIterator[Database]:
        async with real(*args) as opened:
            yield killing(opened, killer)

    ask = _watched("call", ModelVoice._ask, killer)

    async def asked(self: ModelVoice, *args: Any) -> Any:
        return await ask(self, *args)

    opens, asks = patch.object(opening, "open_database", open_killing), patch.object(ModelVoice, "_ask", asked)
    with watched_nodes(killer), opens, asks:
        yield
