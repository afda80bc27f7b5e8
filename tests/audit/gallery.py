"""A database with threads of every kind: all patterns, teams within, messages, and every way to end or to be cut off.

It is built once for each process that judges; who tampers with it works on a copy.
"""

import asyncio
import atexit
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from graph.build import build_graph
from graph.settings import Settings
from graph.store.database import open_database
from graph.store.index import Index, note_served
from graph.teams.examples import examples
from graph.teams.loader import load_team
from nodes.halt import Halt
from nodes.services import Services
from nodes.voices.voice import Question
from policies.run.seats import Failure
from policies.team.team import Team
from tests.audit.chronicle import BRIEF, ODD, speech
from tests.audit.people import KilledError, with_people
from tests.durability.pattern_teams import SAYS, write_team
from tests.harness import answer, load_facts, proposal, resume, run, scripted, settings_at, team_of
from tests.retention.desks import hold, purge
from tests.runs.stage import DEMAND, RISK

NAME = "accord.sqlite"
LONG_ROUNDS = 27
"""Enough for a full copy of each growing list in the checkpoints."""
ONLY_APPROVED = 'policy={name: mine, rules: [{when: "go == team", then: go}], otherwise: next_round}'
GUARD = "guards=[{name: alerts, fact: risk_signals.chargeback_alerts, at_least: 4, cap: go_with_caution}]"


@lru_cache(maxsize=1)
def gallery() -> Path:
    """Return the path of the database, all of it in one file."""
    home = Path(tempfile.mkdtemp(prefix="accord-gallery-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    settings = settings_at(home)
    for make in (
        _kept,
        _decided,
        _stopped,
        _ended_otherwise,
        _went_on,
        _of_patterns,
        _with_messages,
        _cut_off,
        _served,
    ):
        make(settings)
    with_people(settings)
    with closing(sqlite3.connect(home / NAME)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return home / NAME


def threads_of(path: Path) -> list[str]:
    """Return the threads that lists show, and those that were purged, by name."""
    listed, purged = "SELECT key FROM store WHERE prefix = 'threads'", "SELECT thread_id FROM tombstones"
    with closing(sqlite3.connect(path)) as connection:
        return sorted(key for (key,) in connection.execute(f"{listed} UNION {purged}"))


def _kept(settings: Settings) -> None:
    """First, since whatever is there is purged."""
    for thread, folder in {"purged": None, "exported": Path(settings.database).parent / "exports"}.items():
        run(team_of(settings), settings, thread)
        purge(settings, folder, by="operations")
    run(team_of(settings), settings, "held")
    hold(settings, "held")
    run(team_of(settings), settings, "released")
    hold(settings, "released")
    hold(settings, "released", is_release=True)


def _go(question: Question) -> Any:
    return proposal(question.name)


def _failing(reason: str, role: str = RISK, since: int = 1) -> Callable[[Question], Any]:
    """Return what is said where one role fails from a round on, and before it blocks."""

    def said(question: Question) -> Any:
        if question.name == role and question.round >= since:
            return Failure(reason)
        return proposal(question.name, "block" if question.name == role else "go")

    return said


def _decided(settings: Settings) -> None:
    long = "budget={max_rounds: 27, max_messages: 60}", "sequence=[demand_analyst, risk_analyst]"
    run(team_of(settings), settings, "by_rules")
    run(
        team_of(settings, "checkout_launch", "budget.max_messages=20"),
        settings,
        "three_rounds",
        scripted(speech, brief=BRIEF),
    )
    run(team_of(settings, "checkout_launch", GUARD, "policy=launch"), settings, "guarded", scripted(_go, brief=ODD))
    run(team_of(settings, "checkout_launch", "policy=quorum"), settings, "absent", scripted(_failing("llm_timeout")))
    run(team_of(settings, "checkout_launch", *long), settings, "long", scripted(_failing("llm_empty", since=99)))


def _stopped(settings: Settings) -> None:
    team = team_of(settings)
    odd = {"agent": RISK, "stance": "perhaps", "more": [1, 0.5, None, 1e22, {"deep": ODD}]}
    for thread, said in {
        "limited": _failing("llm_rate_limited"),
        "limited_later": _failing("llm_error:503", since=2),
        "broken": lambda question: odd if question.name == RISK else proposal(question.name),
    }.items():
        run(team, settings, thread, scripted(said))
    run(team_of(settings, "checkout_launch", "sequence+=legal_analyst"), settings, "denied", scripted(_go))
    run(
        team_of(settings, "checkout_launch", "budget.max_messages=4"),
        settings,
        "spent",
        scripted(_failing("", since=99)),
    )
    run(team, settings, "unwritten", scripted(_go, brief=Failure("llm_empty")))
    needing = team_of(settings, "checkout_launch", "requires=[risk_signals.no_such_fact]")
    run(needing, settings, "needing", scripted(_go))


def _ended_otherwise(settings: Settings) -> None:
    """End where a human is asked, a limit of the pattern is reached, or what a run needs fails."""
    team, home = team_of(settings), Path(settings.database).parent
    launch = team_of(settings, "checkout_launch", "policy=launch")
    for thread in ("escalated", "escalated_again"):
        run(launch, settings, thread, scripted(_failing("", since=99)))
    again = scripted(_failing("", since=99))
    resume(settings, "escalated_again", again, budget={"max_rounds": 4})
    for word in ("again", "go_with_caution"):
        answer(settings, word, "escalated_again", again)
    halt = Halt()
    run(team, settings, "cancelled", scripted(_halting(halt, RISK)), halt=halt)
    run(team, settings, "unauthorized", scripted(_failing("llm_auth")))
    timed = team_of(settings, "checkout_launch", "budget.max_seconds=0.2")
    run(timed, settings, "late", scripted(_go, delays={RISK: 60.0}))
    facts = team.own_facts or {}
    many = {**facts, "risk_signals": {**facts["risk_signals"], "chargeback_alerts": "many"}}
    run(team_of(settings, facts=many), settings, "unreadable")
    run(team_of(settings, "change_freeze", ONLY_APPROVED), settings, "no_quorum", scripted(_divided))
    run(team_of(settings, "retrospective", "options.max_turns=2"), settings, "talked_out")
    run(_of_facts_elsewhere(home), settings, "no_facts", scripted(_go))
    run(_of_facts_elsewhere(home), settings, "facts_later", scripted(_go))
    resume(settings, "facts_later", scripted(_go), facts={"rate": 2})


def _of_facts_elsewhere(home: Path) -> Team:
    """Return a team whose facts are a file that is not there."""
    position = {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}
    seat = {"title": "Risk", "mandate": "Judge.", "otherwise": position}
    file = {"name": "elsewhere", "title": "Elsewhere", "goal": "Go?", "sequence": [RISK], "roles": {RISK: seat}}
    path = home / "elsewhere.yaml"
    path.write_text(
        json.dumps({**file, "facts": [{"file": "late.json"}], "requires": ["rate"], "budget": {"min_go_votes": 1}}),
        encoding="utf-8",
    )
    return _voiced(load_team(str(path)))


def _halting(halt: Halt, role: str) -> Callable[[Question], Any]:
    """Return what is said until a role is asked, at which everything is stopped from outside."""

    def said(question: Question) -> Any:
        if question.name == role:
            halt.set()
        return proposal(question.name)

    return said


def _divided(question: Question) -> Any:
    if question.task.contract == "proposal":
        return {"proposal": "Freeze.", "reason": ODD}
    return {"vote": "approve" if question.name < "o" else "reject", "reason": "So."}


def _went_on(settings: Settings) -> None:
    team = team_of(settings)
    run(team, settings, "resumed", scripted(_failing("llm_timeout", since=2)))
    resume(settings, "resumed", scripted(speech, brief=BRIEF))
    run(team, settings, "raised", scripted(_failing("", since=99)))
    resume(settings, "raised", scripted(_go), budget={"max_rounds": 5})
    run(team, settings, "changed", scripted(_failing("llm_timeout")))
    facts = {**(team.own_facts or {}), "region": "EU"}
    resume(settings, "changed", scripted(_go), facts=facts, accept_changes=True)
    run(team, settings, "other_pattern", scripted(_failing("llm_timeout")))
    run(team_of(settings, "market_scan"), settings, "other_pattern", accept_changes=True)


def _of_patterns(settings: Settings) -> None:
    for pattern, team in examples().items():
        if pattern != "rounds":
            run(team_of(settings, team), settings, f"a_{pattern}")


def _says(question: Question) -> Any:
    """Say what each contract asks for, and write to the others."""
    user = json.loads(question.prompt.user)
    call: Any = SimpleNamespace(role=question.name, round=question.round, user=user)
    said = SAYS[question.task.contract](call, user.get("task", {}))
    asked = next((each for each in user.get("inbox", []) if each["kind"] == "question"), None)
    reply = {"to": asked["from"], "kind": "result", "content": "This.", "in_reply_to": asked["id"]} if asked else None
    ask = {"to": "all", "kind": "question", "content": ODD, "priority": "urgent", "topic": "launch"}
    refused = {"to": "nobody", "kind": "note", "content": "Lost."}
    return {**said, "messages": [ask, refused, *([reply] if reply else [])]} if question.sends else said


def _writing(pattern: str, settings: Settings) -> Team:
    """Return a team whose roles write to each other; the scripted voice answers for all of them."""
    return _voiced(load_team(str(write_team(pattern, Path(settings.database).parent))))


def _with_messages(settings: Settings) -> None:
    for pattern in ("rounds", "hierarchy", "conversation", "orchestrator"):
        run(_writing(pattern, settings), settings, f"writing_{pattern}", scripted(_says))


def _voiced(team: Team) -> Team:
    """Return the team, each of whose roles the scripted voice answers for."""
    roles = {
        name: role.model_copy(update={"voice": "model", "team": role.team and _voiced(role.team)})
        for name, role in team.roles.items()
    }
    return team.model_copy(update={"roles": roles, "brief": team.brief.model_copy(update={"voice": "model"})})


def _killed_at(number: int, said: Callable[[Question], Any] = _says) -> Callable[[Question], Any]:
    """Return what is said until the question of that number, at which the run is killed."""
    asked = iter(range(1, number))

    def speak(question: Question) -> Any:
        if next(asked, None) is None:
            raise KilledError
        return said(question)

    return speak


def _cut_off(settings: Settings) -> None:
    team = team_of(settings)
    blocking = _failing("", since=99)
    for number in (1, 3, 5):
        with suppress(KilledError):
            run(team, settings, f"cut_{number}", scripted(_killed_at(number, blocking)))
    for pattern in ("orchestrator", "conversation", "vote"):
        with suppress(KilledError):
            run(_writing(pattern, settings), settings, f"cut_{pattern}", scripted(_killed_at(3)))
    run(team, settings, "cut_again", scripted(_failing("llm_timeout", since=2)))
    with suppress(KilledError):
        resume(settings, "cut_again", scripted(_killed_at(2, blocking)))
    asyncio.run(_admitted(settings, team, "not_begun"))


async def _admitted(settings: Settings, team: Team, thread: str) -> None:
    async with open_database(settings.database) as database, database.fences.hold(thread):
        await Index(database.store).admit(thread, team, {"goal": team.goal, "facts": team.own_facts})


def _served(settings: Settings) -> None:
    """Make threads as a server does: nobody notes how they end."""
    asyncio.run(_serve(settings, "served", scripted(_go)))
    with suppress(KilledError):
        asyncio.run(_serve(settings, "served_cut", scripted(_killed_at(4, _failing("", DEMAND, since=99)))))


async def _serve(settings: Settings, thread: str, voices: Any) -> None:
    services = Services(voices, load_facts, note_thread=note_served)
    async with open_database(settings.database) as database, database.fences.hold(thread):
        graph = build_graph(team_of(settings), services).compile(checkpointer=database.saver, store=database.store)
        await graph.ainvoke({}, {"configurable": {"thread_id": thread}}, durability="sync")
