"""Accord itself, as the command line and the batch run it: SQLite, call journal, lock, index, events."""

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from langchain_openai import ChatOpenAI
from pydantic import SecretStr
from rich.console import Console

from benchmarks.case import team_of
from benchmarks.job import MODEL, ROLES, Run
from graph.cli.progress import LiveProgress
from graph.opening import open_runner
from graph.runner import Runner
from graph.settings import Settings
from graph.teams.voicing import voiced
from nodes.voices.wire.chat import LeanChat
from policies.team.team import Team

Drive = Callable[[Runner, Team, str], Any]


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w")


async def _silent(runner: Runner, team: Team, thread: str) -> Any:
    return await runner.run(team, thread)


async def _shown(runner: Runner, team: Team, thread: str) -> Any:
    """As `accord run` at a terminal: live progress."""
    with (
        _nowhere() as terminal,
        LiveProgress(Console(file=terminal, force_terminal=True), is_redrawn=True).shown() as progress,
    ):
        return await runner.run(team, thread, on_event=progress.take)


async def _as_json(runner: Runner, team: Team, thread: str) -> Any:
    """As `accord run --json`: progress as lines, the record as JSON."""
    with _nowhere() as out:
        with LiveProgress(Console(file=out), is_redrawn=False).shown() as progress:
            record = await runner.run(team, thread, on_event=progress.take)
        json.dump(record, out, ensure_ascii=False, indent=2)
        return record


@asynccontextmanager
async def _opened(drive: Drive, base_url: str, folder: Path, rounds: int) -> AsyncIterator[Run]:
    key = SecretStr("sk-test")
    settings = Settings(openai_api_key=key, openai_base_url=base_url, openai_model=MODEL, accord_home=folder)
    team = voiced(team_of(rounds), settings)
    async with open_runner(settings) as runner:

        async def run(thread: str) -> int:
            record = await drive(runner, team, thread)
            assert record["final_decision"] == "go", record
            return len(ROLES) * int(record["rounds_used"])

        yield run


@asynccontextmanager
async def opened_with_chat_openai(base_url: str, folder: Path, rounds: int) -> AsyncIterator[Run]:
    """Open it with calls as ChatOpenAI makes them, so that what the lean call saves can be seen."""
    LeanChat._agenerate = ChatOpenAI._agenerate  # type: ignore[method-assign]  # the process is this contender's alone
    async with opened(base_url, folder, rounds) as run:
        yield run


Opened = Callable[[str, Path, int], AbstractAsyncContextManager[Run]]
opened: Opened = partial(_opened, _silent)
opened_with_progress: Opened = partial(_opened, _shown)
opened_with_json: Opened = partial(_opened, _as_json)
