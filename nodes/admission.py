"""Admission: what a thread decides, pinned at its first run and checked at every later one."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from nodes.border import plain_stop
from nodes.fingerprint import fingerprints
from nodes.services import FactsUnavailableError, InputRefusedError, Services, StaleThreadError
from nodes.state import Input, State
from policies.budgets import change_budget
from policies.checks import find_missing_fact
from policies.outcome import DECISIONS
from policies.plain import clean_text
from policies.staleness import find_moved
from policies.stop import Stop, stop_reason
from policies.team import Budget, Team, pinned

PHASE = "facts"
MAX_CAUSE = 1_000
Update = dict[str, Any]


async def admit(state: State, team: Team, services: Services) -> Update:
    """Return the case, the limits and, where the facts do not suffice, the pending stop.

    Raises:
        StaleThreadError: the thread was started with another team, policy, facts or goal.
        InputRefusedError: a part of the input has a wrong type, its budget names an unknown limit or a value that is
            not allowed, or its goal or facts may not enter the state.
    """
    kept: Mapping[str, Any] = state.get("case") or {}
    limits = _limits(state, team)
    goal, given = _question(state, team)
    hashes = fingerprints(team, limits, goal, given)
    moved = find_moved(kept.get("hashes", {}), hashes)
    if moved and not state.get("accept_changes"):
        raise StaleThreadError(moved)
    facts, stop, cause = await _facts(given, team, services)
    usable = facts if stop is None else None
    case = {
        "goal": goal,
        "facts": usable if usable is not None else given,
        "team": pinned(team),
        "hashes": hashes | {"facts": fingerprints(team, limits, goal, usable)["facts"]},
        "revision": kept.get("revision", 0) + (1 if moved else 0),
    }
    update: Update = {"case": case, "limits": limits.model_dump(mode="json"), "pending": plain_stop(stop, cause=cause)}
    return update | _reopened(state) if moved else update


def refuse_another(state: State, team: Team) -> None:
    """Refuse an input that asks a finished thread something else: its record is no answer to that.

    Raises:
        StaleThreadError: the thread was started with another team, policy, facts or goal.
        InputRefusedError: as in `admit`.
    """
    limits = _limits(state, team)
    moved = find_moved(state["case"]["hashes"], fingerprints(team, limits, *_question(state, team)))
    if moved:
        raise StaleThreadError(moved)


def _question(state: State, team: Team) -> tuple[str, dict[str, Any] | None]:
    """Return the goal and the facts of this run, as far as they are known: its own, else the thread's."""
    kept: Mapping[str, Any] = state.get("case") or {}
    given = state.get("facts") if state.get("facts") is not None else kept.get("facts")
    return state.get("goal") or kept.get("goal") or team.goal, given


def _limits(state: State, team: Team) -> Budget:
    _refuse_mistyped(state)
    kept = Budget(**state["limits"]) if state.get("case") else team.budget
    try:
        return change_budget(kept, state.get("budget") or {})
    except ValueError as error:
        raise InputRefusedError(str(error)) from None


def _refuse_mistyped(state: State) -> None:
    try:
        Input.model_validate({name: state.get(name) for name in Input.model_fields}, strict=True)
    except ValidationError as error:
        raise InputRefusedError("; ".join(map(_problem, error.errors()))) from None


def _problem(detail: ErrorDetails) -> str:
    return f"`{detail['loc'][0]}`: {detail['msg'].removeprefix('Value error, ')}"


async def _facts(
    given: dict[str, Any] | None, team: Team, services: Services
) -> tuple[dict[str, Any], Stop | None, str | None]:
    """Return the facts, or why there are none that suffice: the stop, and its cause in words."""
    try:
        facts = given if given is not None else await services.load_facts(team)
    except FactsUnavailableError as error:
        return {}, Stop(stop_reason("facts_unavailable", error.source), PHASE), clean_text(str(error))[:MAX_CAUSE]
    missing = find_missing_fact(team, facts)
    return facts, Stop(stop_reason("needs_input", missing), PHASE) if missing else None, None


def _reopened(state: State) -> Update:
    """Return the open round set aside: its seats are kept as superseded, and all of them are asked again.

    Between two rounds, and before the first, there is none. A decision that was not announced yet rests on what moved,
    so the team talks once more.
    """
    if state.get("outcome") == "next_round" or not state.get("seats"):
        return {}
    old = {"round": state["round"], "seats": state["seats"], "hashes": state["case"]["hashes"]}
    outcome = "next_round" if state.get("outcome") in DECISIONS else state.get("outcome")
    line = {"round": state["round"], "superseded": True}
    return {"superseded": [old], "seats": [], "outcome": outcome, "trace": [line]}
