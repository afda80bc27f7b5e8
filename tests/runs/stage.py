"""What the whole-run tests share: a run of a team against the scripted server, and what is left of it."""

import asyncio
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.build import build_reader
from graph.record import Record
from graph.settings import Settings
from graph.store.database import open_database
from policies.team.team import Team
from tests.harness import CHECKOUT_ROLES, answer, resume, run, settings_at, team_of
from tests.scripted_server import Answer, Call, ScriptedServer, forever, says, serve, status, text

Lines = dict[Any, Any]
"""A script of the server, open to more keys."""

MODEL = "gpt-4.1-mini"
DEMAND, FINANCE, RISK = CHECKOUT_ROLES
BRIEF = "The signals agree.\n1. Start.\n2. Watch."
AT_ONCE = {"retry-after": "0"}
BACKWARDS = "sequence=[risk_analyst, finance_analyst, demand_analyst]"
"""A sequence against the order of the names, so that who sorts by name is found out."""


@dataclass(frozen=True)
class Played:
    """One run or resume: its record, its team, and the server as it was left."""

    record: Record
    server: ScriptedServer
    team: Team | None = None

    @property
    def asked(self) -> dict[str, int]:
        """HTTP calls by who was asked."""
        return dict(Counter(call.role for call in self.server.calls))

    def seen(self, role: str, round_number: int) -> list[dict[str, Any]]:
        """The user messages a role was sent in a round, in order."""
        return [call.user for call in self.server.calls_of(role) if call.round == round_number]


def script(stance: str = "go", **others: Any) -> Lines:
    """Everybody takes the stance for ever, and the brief is written, but for what `others` say."""
    usual = {role: forever(says(stance)) for role in CHECKOUT_ROLES}
    return {**usual, "brief": text(BRIEF), **others}


def rounds(*stances: Iterable[str], roles: Iterable[str] = CHECKOUT_ROLES) -> Lines:
    """The stances of each round, in the order of the roles, and the brief."""
    said = {
        (role, number): says(stance)
        for number, each in enumerate(stances, 1)
        for role, stance in zip(roles, each, strict=True)
    }
    return {**said, "brief": text(BRIEF)}


def refused(code: int, headers: Mapping[str, str] = AT_ONCE) -> Answer:
    """A status that is given for ever, to be tried again at once."""
    return forever(status(code, headers=headers))


def play(
    home: Path,
    lines: Lines,
    *sets: str,
    name: str = "checkout_launch",
    thread: str = "t",
    timeout_seconds: float = 60.0,
    changes: Mapping[str, Any] | None = None,
    **options: Any,
) -> Played:
    """Run a team on a thread against a server with these lines."""
    with serve(lines) as server:
        settings = settings_at(home, server.base_url, openai_timeout_seconds=timeout_seconds)
        team = team_of(settings, name, *sets, **(changes or {}))
        record = run(team, settings, thread, **options)
    assert server.unscripted == []
    return Played(record, server, team)


def go_on(
    home: Path, lines: Lines | None = None, thread: str = "t", timeout_seconds: float = 60.0, **options: Any
) -> Played:
    """Resume the thread in a new event loop, on a new runner, against a server with these lines."""
    with serve(lines or {}) as server:
        settings = settings_at(home, server.base_url, openai_timeout_seconds=timeout_seconds)
        record = resume(settings, thread, **options)
    assert server.unscripted == []
    return Played(record, server)


def said(home: Path, word: Any, lines: Lines | None = None, thread: str = "t", **more: Any) -> Played:
    """Answer what the thread asks people, in a new event loop, on a new runner, against a server with these lines."""
    with serve(lines or {}) as server:
        record = answer(settings_at(home, server.base_url), word, thread, **more)
    assert server.unscripted == []
    return Played(record, server)


def state_of(settings: Settings, thread: str = "t") -> dict[str, Any]:
    """The state as it lies in the database."""

    async def main() -> dict[str, Any]:
        async with open_database(settings.database) as database:
            reader = build_reader().compile(checkpointer=database.saver)
            return dict((await reader.aget_state({"configurable": {"thread_id": thread}})).values)

    return asyncio.run(main())


def prompt_tokens_reserved(call: Call) -> int:
    """The bytes of everything the call said, a third of them, rounded up."""
    said = "".join(message["content"] for message in call.body["messages"])
    return math.ceil(len(said.encode()) / 3)
