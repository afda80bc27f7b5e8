"""What whole-run tests of the patterns share: tiny teams, what their roles say, and a run with who spoke when.

team = team_of("pipeline", "writer", "coder")
played = play(home, team, {"writer": output("Draft."), "coder": output("Code.")})
assert played.record["answer"] == "Code." and played.most_at_once == 1
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.record import Record
from graph.teams.policies import with_policy
from graph.teams.voicing import voiced
from nodes.fingerprint import Pin, fingerprints
from policies.team.rules import parse_team
from policies.team.team import Team
from tests.harness import resume, run, settings_at
from tests.runs.expected import source_of
from tests.scripted_server import Answer, Call, ScriptedServer, forever, serve, status, text

Plain = dict[str, Any]
Lines = Mapping[Any, Any]
"""A script: by role, or (role, round), or "brief" for a synthesis; an answer, a list of them, or a function."""

MODEL = "gpt-4.1-mini"
GOAL = "Ship it?"
FACTS: Plain = {"orders": 15200}
AT_ONCE = {"retry-after": "0"}
LEADS = {"orchestrator": "planner", "debate": "judge", "hierarchy": "boss", "manager": "boss", "vote": "chair"}

# --- teams -----------------------------------------------------------------------------------------------------------


def role_of(name: str, **changes: Any) -> Plain:
    """A role that says nothing by itself: `{"title": "The writer", "mandate": "Do what a writer does."}`."""
    return {"title": f"The {name}", "mandate": f"Do what a {name} does.", **changes}


def raw_team(pattern: str, *sequence: str, roles: Mapping[str, Plain] | None = None, **changes: Any) -> Plain:
    """The raw values of a team of these roles and, where its pattern has one, a lead; `roles` changes some of them."""
    lead = {"lead": LEADS[pattern]} if pattern in LEADS else {}
    names = [*sequence, *lead.values()]
    known = {name: role_of(name, **(roles or {}).get(name, {})) for name in names}
    raw = {"name": f"a_{pattern}", "title": f"A {pattern}", "goal": GOAL, "pattern": pattern, "roles": known}
    return dict(with_policy({**raw, "sequence": list(sequence), **lead, **changes}))


def team_of(
    pattern: str, *sequence: str, roles: Mapping[str, Plain] | None = None, facts: Plain | None = None, **changes: Any
) -> Team:
    """A team of that pattern: `team_of("vote", "writer", "coder", budget={"max_messages": 3})`."""
    changes["facts"] = FACTS if facts is None else facts
    return parsed(raw_team(pattern, *sequence, roles=roles, **changes))


def parsed(raw: Plain) -> Team:
    """The team of raw values that are in order."""
    team = parse_team(raw)
    assert isinstance(team, Team), team
    return team


def answering(pattern: str, *sequence: str, goal: str, **changes: Any) -> Plain:
    """A role that a team of that pattern answers for, with a goal of its own and the run's facts."""
    return {"team": raw_team(pattern, *sequence, goal=goal, **changes)}


def with_budget(team: Team, **limits: Any) -> Team:
    """The team with some limits changed."""
    return team.model_copy(update={"budget": team.budget.model_copy(update=limits)})


# --- what roles say --------------------------------------------------------------------------------------------------


def answer(**keys: Any) -> Answer:
    """One JSON object of these keys, and no other."""
    return text(json.dumps(keys))


def output(words: object, **fields: Any) -> Answer:
    return answer(text=words, **fields)


def outputs(*words: object) -> list[Answer]:
    return [output(each) for each in words]


def steps(*planned: Sequence[Any]) -> list[Plain]:
    """The steps of a plan, each as (agent, task, *dependencies)."""
    return [{"agent": each[0], "task": each[1], "dependencies": list(each[2:])} for each in planned]


def plan(*planned: Sequence[Any]) -> Answer:
    """A plan: `plan(("writer", "Draft."), ("coder", "Code.", 1))`."""
    return answer(steps=steps(*planned))


def assignments(*given: tuple[str, str]) -> Answer:
    """Assignments, each as (to, subtask)."""
    return answer(assignments=[{"to": to, "subtask": subtask} for to, subtask in given])


def position(stands_for: object, argument: object = "Because.") -> Answer:
    return answer(position=stands_for, argument=argument)


def verdict(
    winner: object = None, decision: object = "Wait.", reasons: object = ("It is safer.",), confidence: object = 0.8
) -> Answer:
    return answer(winner=winner, decision=decision, reasons=reasons, confidence=confidence)


def note(content: object, adds: object = "", artifacts: object = ()) -> Answer:
    return answer(content=content, adds=adds, artifacts=artifacts)


def turn(words: object, next_speaker: object = None) -> Answer:
    return answer(text=words, next=next_speaker)


def proposed(proposal: object = "Ship on Monday.", reason: object = "All is ready.") -> Answer:
    return answer(proposal=proposal, reason=reason)


def ballot(vote: object, reason: object = "So it is.") -> Answer:
    return answer(vote=vote, reason=reason)


def by_goal(said: Mapping[str, Answer]) -> Callable[[Call], Answer]:
    """A function for the key "brief": the synthesis of each team by its goal."""
    return lambda call: said[call.user["goal"]]


def refused(code: int) -> Answer:
    """A status that is given for ever, to be tried again at once."""
    return forever(status(code, headers=AT_ONCE))


# --- a run, and who spoke when ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Arrival:
    """A call as it came in: who was still being answered then, and who had been answered, in order of arrival."""

    name: str
    call: Call
    beside: tuple[str, ...]
    after: tuple[str, ...]


@dataclass
class Floor:
    """Who has the floor: passes each call on to the script, and notes who else was speaking when it came in."""

    script: Lines
    arrivals: list[Arrival] = field(default_factory=list)
    unscripted: list[str] = field(default_factory=list)

    def watched(self) -> dict[Any, Any]:
        """The same script, every answer given through this floor."""
        return {key: self._watched(key, said) for key, said in self.script.items()}

    def _watched(self, key: Any, said: Any) -> Any:
        left = [] if callable(said) else [said] if isinstance(said, Answer) else list(said)

        def reply(call: Call) -> Answer:
            self._note(call)
            if callable(said):
                return said(call)  # type: ignore[no-any-return]  # a script's function returns an answer
            if not left:
                self.unscripted.append(f"{key!r} ran out of answers: {call.user}")
                return status(500, headers={"x-should-retry": "false"})
            return left[0] if left[0].repeats else left.pop(0)

        return reply

    def _note(self, call: Call) -> None:
        speaking = tuple(each.name for each in self.arrivals if not each.call.answered)
        done = tuple(each.name for each in self.arrivals if each.call.answered)
        self.arrivals.append(Arrival(name_of(call), call, speaking, done))


def name_of(call: Call) -> str:
    """Who is asked, and for what where a lead said so: `writer`, or `writer: Draft.`."""
    task = call.user.get("task")
    subtask = task.get("subtask") if isinstance(task, dict) else None
    return f"{call.role}: {subtask}" if subtask else call.role


@dataclass(frozen=True)
class Played:
    """One run or resume: its record, its team, and what the server saw."""

    record: Record
    server: ScriptedServer
    floor: Floor
    team: Team | None = None

    @property
    def asked(self) -> dict[str, int]:
        """HTTP calls by who was asked for what."""
        return dict(Counter(self.order))

    @property
    def order(self) -> list[str]:
        """Who was asked for what, in the order in which the calls came in."""
        return [each.name for each in self.floor.arrivals]

    @property
    def most_at_once(self) -> int:
        """The highest number of calls in flight at once; one that is never answered whole stays in flight."""
        return max((len(each.beside) + 1 for each in self.floor.arrivals), default=0)

    def arrivals(self, name: str) -> list[Arrival]:
        return [each for each in self.floor.arrivals if each.name == name]

    def calls(self, name: str) -> list[Call]:
        return [each.call for each in self.arrivals(name)]

    def tasks(self, name: str) -> list[Any]:
        """The `task` in the user message of each call, in order."""
        return [call.user.get("task") for call in self.calls(name)]

    @property
    def said(self) -> dict[str, Any]:
        """The text of each seat that answered, and the reason of each that is absent."""
        return {each["seat"]: (each["answer"] or {}).get("text", each["absent"]) for each in self.record["outputs"]}


def play(
    home: Path, team: Team, script: Lines, thread: str = "t", timeout_seconds: float = 60.0, **options: Any
) -> Played:
    """Run a team on a thread, through the real runner and SQLite, against a server with this script."""
    floor = Floor(script)
    with serve(floor.watched()) as server:
        settings = settings_at(home, server.base_url, openai_timeout_seconds=timeout_seconds)
        team = voiced(team, settings)
        record = run(team, settings, thread, **options)
    assert server.unscripted + floor.unscripted == []
    return Played(record, server, floor, team)


def go_on(
    home: Path, script: Lines | None = None, thread: str = "t", timeout_seconds: float = 60.0, **options: Any
) -> Played:
    """Resume the thread in a new event loop, on a new runner, against a server with this script: budget={...}."""
    floor = Floor(script or {})
    with serve(floor.watched()) as server:
        settings = settings_at(home, server.base_url, openai_timeout_seconds=timeout_seconds)
        record = resume(settings, thread, **options)
    assert server.unscripted + floor.unscripted == []
    return Played(record, server, floor)


# --- records ---------------------------------------------------------------------------------------------------------


def usage(answers: int, calls: int | None = None) -> Plain:
    """The usage of so many answers, with the server's usual token counts, and of so many calls."""
    made = answers if calls is None else calls
    return {"calls": made, "prompt_tokens": 100 * answers, "completion_tokens": 20 * answers, "cost_usd": 0.0}


def seat(
    number: int, stage: str, name: str, said: Plain | None, agent: str = "", contract: str = "output", **changes: Any
) -> Plain:
    """One entry of a record's `outputs`; the seat is the agent's own unless it says so."""
    kept = {"round": number, "stage": stage, "seat": name, "agent": agent or name, "contract": contract}
    return {**kept, "answer": said, "absent": None, "inner": None, **changes}


def trace_of(entries: Iterable[Plain]) -> list[Plain]:
    """The trace of finished stages, from a record's `outputs`: each seat accepted, then the stage's line."""
    found = list(entries)
    lines: list[Plain] = []
    for number, stage in dict.fromkeys((each["round"], each["stage"]) for each in found):
        here = [each for each in found if each["round"] == number]
        lines += [
            {"round": number, **{key: each[key] for key in ("seat", "agent", "contract")}, "accepted": True}
            for each in here
            if each["absent"] is None
        ]
        absent = [each["seat"] for each in here if each["absent"]]
        lines.append({"round": number, "stage": stage, "absent": absent})
    return lines


def success(
    team: Team | None, answer: str, outputs: list[Plain], used: Plain, decision: str | None = None, **changes: Any
) -> Plain:
    """The record of a run that came to its end: `rounds` as many as its outputs have, unless `changes` say more."""
    decided = {"final_decision": decision} if decision else {}
    ended = {"status": "ok", "stop_reason": "success", "answer": answer, **decided, "rounds_used": _rounds(outputs)}
    return {**ended, **_beside(team, outputs, used, resumable=False), **changes}


def stopped(
    team: Team | None, reason: str, phase: str, outputs: list[Plain], used: Plain, resumable: bool, **changes: Any
) -> Plain:
    """The record of a run that stopped: its trace is that of the finished stages, unless `changes` say more."""
    ended = {"status": "stopped", "stop_reason": reason, "phase": phase}
    return {**ended, **_beside(team, outputs, used, resumable), **changes}


def _rounds(outputs: list[Plain]) -> int:
    return max((each["round"] for each in outputs), default=0)


def _beside(team: Team | None, outputs: list[Plain], used: Plain, resumable: bool) -> Plain:
    assert team is not None
    return {
        "trace": trace_of(outputs),
        "history": [],
        "thread_id": "t",
        "team": team.name,
        "hashes": fingerprints(Pin.of(team), team.budget, team.goal, team.own_facts),
        "sources": source_of(team.own_facts),
        "usage": used,
        "resumable": resumable,
        "flags": [],
        "absent": [],
        "outcome": None,
        "recoveries": 0,
        "waiting": [],
        "outputs": outputs,
        "pattern": team.pattern,
        "ended_early": False,
        "details": {},
    }
