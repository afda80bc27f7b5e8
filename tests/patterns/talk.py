"""What the tests of patterns that talk share: whole records written out, failures of a provider, and limits."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from graph.record import Record
from policies.team.team import Team
from tests.harness import settings_at, without_times
from tests.patterns.stage import FACTS, MODEL, Lines, Plain, Played, go_on, play, refused, seat, team_of, trace_of
from tests.runs.expected import beside
from tests.runs.stage import state_of
from tests.scripted_server import Answer, delayed, says, text, with_usage

# --- records ---------------------------------------------------------------------------------------------------------


def said(number: int, stage: str, contract: str, answers: Mapping[str, Any]) -> list[Plain]:
    """The entries of a stage in which each role has a seat of its own name; a text is why it is absent."""
    return [
        seat(number, stage, role, None, contract="output", absent=each)
        if isinstance(each, str)
        else seat(number, stage, role, each, contract=contract)
        for role, each in answers.items()
    ]


def _beside(played: Played, outputs: Sequence[Plain], used: Plain, resumable: bool, outcome: Plain | None) -> Plain:
    assert played.team is not None
    absent = [
        {"round": each["round"], "role": each["agent"], "reason": each["absent"]} for each in outputs if each["absent"]
    ]
    kept = beside(played.team, used, [], resumable=resumable, facts=FACTS, outcome=outcome)
    del kept["moves"]  # rounds alone have them
    return {**kept, "absent": absent, "outputs": list(outputs), "pattern": played.team.pattern}


def finished(
    played: Played,
    outputs: Sequence[Plain],
    answer: str,
    details: Plain,
    used: Plain,
    *,
    ended_early: bool = False,
    outcome: Plain | None = None,
) -> Plain:
    """The whole record of a run that came to its end."""
    decided = {"final_decision": outcome["final"]} if outcome else {}
    return {
        "status": "ok",
        "stop_reason": "success",
        "answer": answer,
        **decided,
        "rounds_used": outputs[-1]["round"],
        "trace": trace_of(outputs),
        "history": [],
        **_beside(played, outputs, used, False, outcome),
        "ended_early": ended_early,
        "details": details,
    }


def halted(
    played: Played,
    outputs: Sequence[Plain],
    reason: str,
    phase: str,
    used: Plain,
    *,
    resumable: bool = False,
    outcome: Plain | None = None,
    **raw: Any,
) -> Plain:
    """The whole record of a run that stopped between two stages, or with nobody accepted in the open one."""
    return {
        "status": "stopped",
        "stop_reason": reason,
        "phase": phase,
        **({"raw_contribution": raw["raw"]} if raw else {}),
        "trace": trace_of(outputs),
        "history": [],
        **_beside(played, outputs, used, resumable, outcome),
        "ended_early": False,
        "details": {},
    }


def plain(answer: Answer) -> Any:
    """What an answer says, as it is kept."""
    assert isinstance(answer.content, str)
    return json.loads(answer.content)


def stop_of(played: Played) -> tuple[str, str | None, bool]:
    """The stop reason, the phase, and whether the thread can go on."""
    record = played.record
    return record["stop_reason"], record.get("phase"), record["resumable"]


def same_end(one: Record, other: Record) -> bool:
    """Whether two records tell the same, but for the calls that failed between."""
    return _told(one) == _told(other)


def _told(record: Record) -> Plain:
    return {key: value for key, value in without_times(record).items() if key != "usage"}


def events_of(home: Any, kind: str, thread: str = "t") -> list[Plain]:
    """The thread's events of one kind, without the chain."""
    kept = state_of(settings_at(home), thread)["events"]
    return [event for event in kept if event["event"] == kind]


# --- calls -----------------------------------------------------------------------------------------------------------


def slow(*answers: Answer) -> list[Answer]:
    """The answers, each late enough for all others of its stage to be asked meanwhile."""
    return [delayed(answer, 0.3) for answer in answers]


def flying(played: Played) -> list[int]:
    """How many calls were in flight when each stage's last call came in, stage by stage."""
    together: dict[int, int] = {}
    for arrival in played.floor.arrivals:
        number = arrival.call.round or 0
        together[number] = max(together.get(number, 0), len(arrival.beside) + 1)
    return [together[number] for number in sorted(together)]


def repairs(played: Played, role: str) -> list[str | None]:
    """Which check each call of a role was told to mend, without the words behind it."""
    told = [call.user.get("repair", {}).get("failed_check") for call in played.calls(role)]
    return [check and check.partition(" (")[0] for check in told]


# --- what goes wrong -------------------------------------------------------------------------------------------------

FAILURES = [
    pytest.param(refused(500), "llm_error:500", 3, id="500"),
    pytest.param(refused(429), "llm_rate_limited", 3, id="429"),
    pytest.param(refused(401), "llm_auth", 1, id="401"),
    pytest.param(text("  "), "llm_empty", 1, id="empty"),
]
"""What a provider answers, the stop reason, and how many calls it takes."""

LIMITS = [
    pytest.param({"max_messages": 2}, {"max_messages": 50}, "max_messages", id="messages"),
    pytest.param({"max_tokens": 6_500}, {"max_tokens": 90_000}, "max_tokens", id="tokens"),
    pytest.param({"max_cost_usd": 6.5}, {"max_cost_usd": 90.0}, "max_cost", id="cost"),
]
"""Limits that hold after two dear answers, the limits raised, and the stop reason."""

DEAR = 2_400
DEARLY: Plain = {"max_output_tokens": DEAR, "prices": {MODEL: {"prompt": 1_000, "completion": 1_000}}}
"""A tenth of a cent for a token and long answers, so that a call reserves about three dollars."""


def dear(answer: Answer) -> Answer:
    """The answer at 2,500 tokens, which is 2.50 dollars at these prices."""
    return with_usage(answer, 100, DEAR)  # its prompt as we count it, so that no later call is reserved for more


def cut_and_gone_on(home: Any, team: Team, script: Lines, budget: Plain, raised: Plain) -> tuple[Played, Played]:
    """A run that its budget stops, and the same thread gone on with that budget raised, on what the script has left."""
    before = play(home, team.model_copy(update={"budget": team.budget.model_copy(update=budget)}), script)
    used = before.asked
    left = {role: answers[used.get(role, 0) :] for role, answers in script.items()}
    return before, go_on(home, left, budget=raised)


# --- messages --------------------------------------------------------------------------------------------------------


def mail(to: object, content: object = "Hello.", kind: object = "note", **more: object) -> Plain:
    """A message as a role offers it."""
    return {"to": to, "content": content, "kind": kind, **more}


def go(*messages: object, stance: str = "go") -> Answer:
    """A contribution that sends these messages."""
    return says(stance, messages=list(messages))


def talking(*roles: str, rounds: int = 2, **changes: Any) -> Team:
    """A team that talks for so many rounds, whatever is said, and then says go."""
    rules = [{"when": "rounds_left > 0", "then": "next_round"}]
    changes = {"policy": {"name": "talking", "rules": rules, "otherwise": "go"}, "messages": {}, **changes}
    budget = {"max_rounds": rounds, "max_messages": 50}
    return team_of("rounds", *(roles or ("ann", "bob", "cid")), budget=budget, **changes)


def silent(rounds: int, *roles: str) -> dict[Any, list[Answer]]:
    """Roles that say go in every round and send nothing, and the brief."""
    return {**{role: [go()] * rounds for role in roles or ("ann", "bob", "cid")}, "brief": [text("Done.")]}


def inboxes(played: Played, role: str) -> list[list[str]]:
    """What each call of a role had in its inbox: the contents, in order."""
    return [[message["content"] for message in call.user.get("inbox", [])] for call in played.calls(role)]


def posted(home: Any, thread: str = "t") -> list[Plain]:
    """The thread's messages as its state keeps them, without the time."""
    kept = state_of(settings_at(home), thread).get("messages", [])
    return [{key: value for key, value in message.items() if key != "at"} for message in kept]
