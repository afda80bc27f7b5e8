"""Teams of every pattern, and courses of stages played to their end."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from policies.contracts.answers import Answer, ContractName, Task
from policies.patterns.course import PATTERNS, advance
from policies.patterns.stages import Closed, Entry, Finish, Stage
from policies.run.stop import Stop
from policies.team.rules import parse_team
from policies.team.team import PatternName, Team

ANN, BOB, CID = SEQUENCE = ("ann", "bob", "cid")
LEA = "lea"
FACTS = {"rate": 0.02}
MOST_STAGES = 1_100

Said = Answer | str
"""An answer, or the reason why there is none."""

Log = list[Closed]

ANSWERS: Mapping[ContractName, Answer] = {
    "output": {"text": "Done."},
    "plan": {"steps": [{"agent": ANN, "task": "Look.", "dependencies": []}]},
    "assignments": {"assignments": [{"to": BOB, "subtask": "Look."}, {"to": ANN, "subtask": "Ask."}]},
    "position": {"position": "Go.", "argument": "It is ready."},
    "verdict": {"winner": ANN, "decision": None, "reasons": ["Clear."], "confidence": 0.9},
    "note": {"content": "Idea.", "adds": "An idea.", "artifacts": []},
    "turn": {"text": "I see.", "next": None},
    "proposal": {"proposal": "Ship it.", "reason": "It is ready."},
    "ballot": {"vote": "approve", "reason": "Agreed."},
}
"""One answer that keeps each contract."""


def person(name: str, **changes: Any) -> dict[str, Any]:
    return {"title": name.capitalize(), "mandate": f"Speak for {name}.", **changes}


def policy_of(rules: Sequence[Mapping[str, Any]] = (), **changes: Any) -> dict[str, Any]:
    return {"name": "house", "rules": [*rules], "otherwise": "go", **changes}


def raw_team(pattern: PatternName, sequence: Sequence[str] = SEQUENCE, **changes: Any) -> dict[str, Any]:
    """Return what a team file says; a hierarchy's roles are teams, and a lead stands where the pattern has one."""
    lead = {"lead": LEA} if PATTERNS[pattern].lead else {}
    teams = {"team": inner_team()} if pattern == "hierarchy" else {}
    roles = {name: person(name, **teams) for name in sequence} | {name: person(name) for name in lead.values()}
    return {
        **{"name": "test", "title": "Test", "goal": "Decide.", "pattern": pattern, "sequence": [*sequence]},
        **{"roles": roles, "policy": policy_of(), **lead, **changes},
    }


def inner_team(pattern: PatternName = "parallel", **changes: Any) -> dict[str, Any]:
    return raw_team(pattern, **{"sequence": (ANN, BOB), **changes})


def team_of(pattern: PatternName, sequence: Sequence[str] = SEQUENCE, absent: str = "stop", **changes: Any) -> Team:
    raw = raw_team(pattern, sequence, **{"policy": policy_of(on_absent=absent), **changes})
    team = parse_team(raw)
    assert isinstance(team, Team), team
    return team


def closed(stage: object, *said: Said) -> Closed:
    """Return the stage with its answers; one is enough where all say the same."""
    assert isinstance(stage, Stage), stage
    each = said * len(stage.tasks) if len(said) == 1 else said
    return Closed(stage.label, tuple(_entry(task, one) for task, one in zip(stage.tasks, each, strict=True)))


def _entry(task: Task, said: Said) -> Entry:
    # An absent seat is kept as an output, whatever it was asked for.
    if isinstance(said, str):
        return Entry(task.seat, task.role, "output", absent=said)
    return Entry(task.seat, task.role, task.contract, said)


def extended(team: Team, *stages: Sequence[Said]) -> Log:
    """Return the log after these answers, stage by stage."""
    log: Log = []
    for said in stages:
        log.append(closed(advance(team, log, FACTS), *said))
    return log


def opened(team: Team, log: Log) -> Stage:
    stage = advance(team, log, FACTS)
    assert isinstance(stage, Stage), stage
    return stage


def finished(team: Team, log: Log) -> Finish:
    end = advance(team, log, FACTS)
    assert isinstance(end, Finish), end
    return end


def played(team: Team, answer: Callable[[Task], Said]) -> tuple[Log, Finish | Stop]:
    """Return the log and the end of a course in which every task is answered so."""
    log: Log = []
    while isinstance(follows := advance(team, log, FACTS), Stage):
        log.append(closed(follows, *[answer(task) for task in follows.tasks]))
        assert len(log) <= MOST_STAGES
    return log, follows


def answered_well(task: Task) -> Said:
    return ANSWERS[task.contract]


def seats(stage: Stage) -> list[str]:
    return [task.seat for task in stage.tasks]
