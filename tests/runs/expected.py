"""Records as they are expected, written out: every key, and what differs from case to case as an argument."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import rfc8785

from nodes.fingerprint import Pin, fingerprints
from policies.team.team import Team

Plain = dict[str, Any]
_ABSENT = object()


def accepted(*roles: str, stance: str = "go", round_number: int = 1) -> list[Plain]:
    """The trace of roles that were accepted with a stance, in this order."""
    return [
        {"round": round_number, "agent": role, "stance": stance, "confidence": 0.9, "accepted": True} for role in roles
    ]


def round_of(number: int, stances: Mapping[str, str], conflicts: Sequence[str], decision: str | None) -> Plain:
    """The history's entry of a round in which every role said what `says` makes it say."""
    said = [
        {"agent": role, "stance": stance, "summary": "Fine.", "confidence": 0.9, "actions": ["Go on."]}
        for role, stance in stances.items()
    ]
    return {"round": number, "contributions": said, "conflicts": list(conflicts), "decision": decision}


def trace_of(history: Iterable[Plain]) -> list[Plain]:
    """The trace of whole rounds: each contribution accepted, then the round's line."""
    lines: list[Plain] = []
    for entry in history:
        for said in entry["contributions"]:
            lines += accepted(said["agent"], stance=said["stance"], round_number=entry["round"])
        decision = entry["decision"] or "next_round"
        lines.append({"round": entry["round"], "conflicts": entry["conflicts"], "decision": decision})
    return lines


SAID = {
    400: "400 BadRequestError: scripted 400",
    401: "401 AuthenticationError: scripted 401",
    403: "403 PermissionDeniedError: scripted 403",
    429: "429 RateLimitError: scripted 429",
    500: "500 InternalServerError: scripted 500",
    503: "503 InternalServerError: scripted 503",
}
"""The cause of a stop after a status that the scripted server gave, behind the endpoint's address."""
CLOSED = "the connection was closed without an answer"
CUT = "the connection was lost before the answer was whole"
UNFINISHED = "gave no whole answer in time"
NO_OBJECT = "no single JSON object was found"
NO_TEXT = "the answer has no text"


def no_completion(what: str) -> str:
    """The cause of a stop after a 200 that was no chat completion, behind the endpoint's address."""
    return f"answered with status 200 and no chat completion: {what}"


def usage(calls: int, answers: int) -> Plain:
    """The usage of so many calls, of which so many were answered with the server's usual token counts."""
    return {"calls": calls, "prompt_tokens": 100 * answers, "completion_tokens": 20 * answers, "cost_usd": 0.0}


def moved_in(history: Sequence[Plain]) -> list[tuple[int, str]]:
    """The rounds in which roles said another stance than the last time, and these roles; nobody cites a fact."""
    last: dict[str, str] = {}
    moved = []
    for entry in history:
        stances = {said["agent"]: said["stance"] for said in entry["contributions"]}
        moved += [(entry["round"], role) for role, stance in stances.items() if last.get(role, stance) != stance]
        last |= stances
    return moved


def source_of(facts: Plain | None, source: str = "team", kind: str = "inline") -> list[Plain]:
    """Where facts come from that all come from one place: those of the team file, or none."""
    if facts is None:
        return []
    digest = hashlib.sha256(rfc8785.dumps(facts)).hexdigest()
    told = {"source": source, "kind": kind, "as_of": None, "digest": digest, "cause": None}
    return [{**told, "places": list(facts)}]


def beside(
    team: Team, used: Plain, history: list[Plain], *, resumable: bool, facts: Plain | None, outcome: Plain | None
) -> Plain:
    """What stands beside the pattern's own keys."""
    moved = moved_in(history)
    rounds = dict.fromkeys(number for number, _ in moved)
    made = fingerprints(Pin.of(team), team.budget, team.goal, facts)
    return {
        "thread_id": "t",
        "team": team.name,
        "hashes": {
            "team": made["team"],
            "policy": made["policy"],
            "facts": None if facts is None else hashlib.sha256(rfc8785.dumps(facts)).hexdigest(),
            "goal": hashlib.sha256(rfc8785.dumps(team.goal)).hexdigest(),
        },
        "sources": source_of(team.own_facts),
        "usage": used,
        "resumable": resumable,
        "flags": [
            {"round": each, "flags": [f"moved_without_reason:{role}" for number, role in moved if number == each]}
            for each in rounds
        ],
        "moves": {"moved": len(moved), "without_reason": len(moved), "share": 1.0 if moved else None},
        "absent": [],
        "outcome": outcome,
        "recoveries": 0,
        "waiting": [],
        "outputs": [],
    }


def row_of(team: Team, entry: Plain) -> int | str:
    """The row of `classic` that a round fires, counted from 1, as the specification writes the table."""
    stances = [said["stance"] for said in entry["contributions"]]
    enough = stances.count("go") >= team.budget.min_go_votes
    blocks = stances.count("block")
    rows = (blocks > 1, blocks == 1, enough and "caution" not in stances, enough)
    return rows.index(True) + 1 if True in rows else "otherwise"


def outcome_of(team: Team, entry: Plain, final: str | None) -> Plain:
    """What a round of `classic` came to, where no guard holds."""
    vote = entry["decision"] or "next_round"
    return {"vote": vote, "row": row_of(team, entry), "guards": [], "final": final}


def success(team: Team, history: list[Plain], used: Plain, brief: str, trace: list[Plain] | None = None) -> Plain:
    """The record of a run that came to a decision."""
    last = history[-1]
    facts = team.own_facts or {}
    return {
        "status": "ok",
        "stop_reason": "success",
        "answer": f"Decision: {last['decision']}\n\n{brief}",
        "final_decision": last["decision"],
        "rounds_used": last["round"],
        "team_summary": {
            "report_date": facts.get("report_date"),
            "region": facts.get("region"),
            "stances": [
                {"agent": said["agent"], "stance": said["stance"], "confidence": said["confidence"]}
                for said in last["contributions"]
            ],
            "conflicts": last["conflicts"],
        },
        "trace": trace_of(history) if trace is None else trace,
        "history": history,
        **beside(
            team,
            used,
            history,
            resumable=False,
            facts=team.own_facts,
            outcome=outcome_of(team, last, last["decision"]),
        ),
    }


def stopped(
    team: Team,
    reason: str,
    used: Plain,
    *,
    resumable: bool,
    phase: str | None,
    trace: list[Plain] | None = None,
    history: list[Plain] | None = None,
    raw: Any = _ABSENT,
    cause: str | None = None,
    has_facts: bool = True,
) -> Plain:
    """The record of a run that stopped."""
    history = history or []
    return {
        "status": "stopped",
        "stop_reason": reason,
        **({} if phase is None else {"phase": phase}),
        **({} if cause is None else {"cause": cause}),
        **({} if raw is _ABSENT else {"raw_contribution": raw}),
        "trace": trace_of(history) if trace is None else trace,
        "history": history,
        **beside(
            team,
            used,
            history,
            resumable=resumable,
            facts=team.own_facts if has_facts else None,
            outcome=outcome_of(team, history[-1], None) if history else None,
        ),
    }


def turned_away(reason: str, cause: str | None = None) -> Plain:
    """The record of an attempt that was refused before it touched the thread."""
    refused = {"status": "stopped", "stop_reason": reason, "thread_id": "t", "resumable": False}
    return refused | ({"cause": cause} if cause else {})
