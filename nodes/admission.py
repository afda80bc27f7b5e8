"""Admission: what a thread decides, pinned at its first run and checked at every later one."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from nodes.agreement import find_disagreement
from nodes.border import granted, plain_stop
from nodes.events import Body, began_with, events_of
from nodes.facts import PHASE, find_facts
from nodes.fingerprint import Pin, fingerprint, fingerprints
from nodes.prompting import prompt_hashes
from nodes.services import InputRefusedError, Services, StaleThreadError
from nodes.signed import declared_keys
from nodes.state import RunInput, State
from policies.access.caller import LOCAL
from policies.access.limits import find_foreign, limit_in_words
from policies.access.owners import owned_by, tenant_of
from policies.assurance.approval import find_unapproved
from policies.decision.table import DECISIONS
from policies.language import say
from policies.patterns.course import PATTERNS
from policies.run.budgets import change_budget
from policies.run.routing import GOES_ON
from policies.run.staleness import find_moved, places_altered
from policies.team.privacy import withhold
from policies.team.team import Budget, Team
from policies.wording import allowed_by

Update = dict[str, Any]


class Admission:
    """Admits the cases of one team."""

    def __init__(self, team: Team, services: Services) -> None:
        self._team, self._services, self._pin = team, services, Pin.of(team)

    async def admit(self, state: State, thread: str, tenant: str | None = None) -> Update:
        """Return the case, the limits, where the facts do not suffice the pending stop, and what `happened` so far.

        `tenant` is on whose behalf a server runs a thread; one that has begun stays whose it is.

        Raises:
            StaleThreadError: the thread was started with another team, policy, facts or goal.
            InputRefusedError: a part of the input has a wrong type, its budget names an unknown limit or a value that
                is not allowed, its goal or facts may not enter the state, the thread's state was changed, or the
                team is limited to other tenants.
        """
        if self._stands(state):
            return {"pending": None}
        _refuse_broken(state, thread)
        owned = self._owned(state, tenant)
        limits = self._limits(state)
        goal, known = self._question(state)
        hashes, moved = self._hashes(state, limits, goal, known)
        if moved and not state.get("accept_changes"):
            raise StaleThreadError(moved)
        found = await find_facts(state, self._team, known, self._services)
        hashes["facts"] = fingerprint(found.gathered.facts) if found.stop is None else None
        kept: Mapping[str, Any] = state.get("case") or {}
        case = {
            "goal": goal,
            **found.plain,
            "task": state.get("task") or kept.get("task"),
            "team": self._pin.plain,
            "hashes": hashes,
            "revision": kept.get("revision", 0) + (1 if moved else 0),
            "reopens": kept["reopens"] if kept else state.get("reopens"),
            **owned,
        }
        update: Update = {"case": case, "limits": limits.model_dump(mode="json")}
        update["pending"] = plain_stop(found.stop, cause=found.cause)
        reopened = _reopened(state) if moved else {}
        begun = self._resumed(state, moved, case["facts"]) if kept else self._admitted(thread, case)
        ruled = {"pattern": self._team.pattern, "limits": update["limits"], "max_repairs": self._team.max_repairs}
        pinned = {"hashes": hashes, **ruled, "revision": case["revision"], "sources": case["sources"]}
        superseded = [{"event": "superseded", "round": state["round"]}] if reopened else []
        return update | reopened | {"happened": [{**begun, **pinned}, *superseded]}

    def refuse_another(self, state: State) -> None:
        """Refuse an input that asks a finished thread something else: its record does not answer that.

        Raises:
            StaleThreadError: the thread was started with another team, policy, facts or goal.
            InputRefusedError: as in `admit`.
        """
        moved = self._hashes(state, self._limits(state), *self._question(state))[1]
        if moved:
            raise StaleThreadError(moved)

    def _owned(self, state: State, tenant: str | None) -> Body:
        """Return what a case says of whose the thread is: nothing of the command line's own tenant.

        Raises:
            InputRefusedError: the team is limited to other tenants.
        """
        begun: Mapping[str, Any] | None = state.get("case")
        found = tenant_of(begun) if begun else state.get("tenant") or tenant or LOCAL
        foreign = find_foreign(self._team, found)
        if foreign is not None and not state.get("task"):
            raise InputRefusedError(limit_in_words(foreign, found))
        return owned_by(found)

    def _admitted(self, thread: str, case: Mapping[str, Any]) -> Body:
        """Return the event that begins a record: what the thread is pinned to, and what it runs on."""
        team = {"team": self._team.name, "policy": self._team.policy.name}
        again = {"reopens": case["reopens"]} if case["reopens"] else {}
        owned = owned_by(tenant_of(case))
        return {"event": "admitted", "thread": thread, **owned, **again, **team, **self._runs_on()}

    def _runs_on(self) -> Body:
        """Return what answers and decides from here on: models, instruction files, packages, keys of people."""
        models = {name: role.model for name, role in self._team.roles.items() if role.model}
        if self._team.brief.model:
            models["brief"] = self._team.brief.model
        prompts, keys = prompt_hashes(self._team), declared_keys(self._pin.plain)
        signing = {"keys": keys} if keys else {}
        return {"models": models, "prompts": prompts, "versions": dict(self._services.versions), **signing}

    def _resumed(self, state: State, moved: str | None, facts: Mapping[str, Any]) -> Body:
        lacked = state["case"]["hashes"]["facts"] is None  # somebody supplied what the facts lacked
        after = {"after": state.get("stop_reason"), "phase": state.get("phase") or (PHASE if lacked else None)}
        altered = [[*keys] for keys in places_altered(state["case"]["facts"], facts)] if moved else []
        what = {"moved": moved, "altered": altered}
        return {"event": "resumed", **after, **what, "spent": granted(state), **self._runs_on()}

    def _stands(self, state: State) -> bool:
        """Return whether the case was admitted before and nothing was given that could change it, as between rounds."""
        kept: Mapping[str, Any] = state.get("case") or {}
        is_asked_anew = any(state.get(name) is not None for name in RunInput.model_fields)
        return not is_asked_anew and kept.get("team") == self._pin.plain and kept["hashes"]["facts"] is not None

    def _hashes(
        self, state: State, limits: Budget, goal: str, facts: dict[str, Any] | None
    ) -> tuple[dict[str, str | None], str | None]:
        """Return the hashes of this run, and which of them moved since the thread was started."""
        kept: Mapping[str, Any] = state.get("case") or {}
        hashes = fingerprints(self._pin, limits, goal, facts)
        return hashes, find_moved(kept.get("hashes", {}), hashes)

    def _question(self, state: State) -> tuple[str, dict[str, Any] | None]:
        """Return the goal and the facts of this run, as far as they are known: its own, else the thread's."""
        kept: Mapping[str, Any] = state.get("case") or {}
        facts = state.get("facts") if state.get("facts") is not None else kept.get("facts")
        facts = facts if facts is None else withhold(facts, self._team.private)
        return state.get("goal") or kept.get("goal") or self._team.goal, facts

    def _limits(self, state: State) -> Budget:
        check_given({name: state.get(name) for name in RunInput.model_fields})
        kept = Budget(**state["limits"]) if state.get("case") else self._team.budget
        try:
            limits = change_budget(kept, state.get("budget") or {})
        except ValueError as error:
            raise InputRefusedError(str(error)) from None
        _refuse_unproved(self._team, kept, limits, began_with(state))
        return limits


def _refuse_unproved(team: Team, before: Budget, limits: Budget, began: Budget | None) -> None:
    """Refuse limits under which a policy is not total or not monotone, that of a team within included."""
    found = find_unapproved(team, limits, began, before)
    if found is None:
        return
    if found.failing:
        raise InputRefusedError(
            say(
                "under these limits the policy `{name}` is not {property}",
                name=found.policy.name,
                property=found.failing[0].property,
            )
        )
    raise InputRefusedError(say("under these limits the policy cannot be proved: {why}", why=found.too_many))


def _refuse_broken(state: State, thread: str) -> None:
    """Refuse to continue with a state that its events contradict; a team within keeps no record of its own."""
    case = state.get("case")
    broken = find_disagreement(thread, state) if case and case["task"] is None else None
    if broken is not None:
        raise InputRefusedError(
            say(
                "the thread's record is broken at event {place}: it {message}",
                place=broken.place,
                message=broken.message,
            )
        )


def check_given(given: Mapping[str, Any]) -> None:
    """Refuse an input that has a part of a wrong type.

    Raises:
        InputRefusedError: it has; all such parts.
    """
    try:
        RunInput.model_validate(given, strict=True)
    except ValidationError as error:
        raise InputRefusedError(say("; ").join(map(_problem, error.errors()))) from None


def _problem(detail: ErrorDetails) -> str:
    words = allowed_by(detail)  # without the value, which may be private
    name = f"`{detail['loc'][0]}`"
    if words is None:
        return say("{name}: {problem}", name=name, problem=detail["msg"].removeprefix("Value error, "))
    return say("{name} must be {allowed}", name=name, allowed=words)


def _reopened(state: State) -> Update:
    """Return the open round set aside: its seats are kept as superseded, and all of them are asked again.

    Between two rounds, and before the first, there is none. A decision that was not announced yet, or that people are
    asked for, rests on what moved, so the team talks once more.
    """
    if not PATTERNS[state["case"]["team"]["pattern"]].is_rounds:
        return _started_over(state)
    if state.get("outcome") == "next_round" or not state.get("seats"):
        return {}
    old = {"round": state["round"], "seats": state["seats"], "hashes": state["case"]["hashes"]}
    outcome = "next_round" if state.get("outcome") in (*DECISIONS, "escalate") else state.get("outcome")
    line = {"round": state["round"], "superseded": True}
    sent = [each["message"]["id"] for each in events_of(state, "sent") if _rests_on(each, state["round"])]
    withdrawn = {"withdrawn": [*state.get("withdrawn", []), *sent]} if sent else {}
    return {"superseded": [old], "seats": [], "outcome": outcome, "trace": [line], **withdrawn, "questions": []}


def _rests_on(sent: Mapping[str, Any], number: int) -> bool:
    """Return whether a message was sent by a role in this round; what people said rests on nothing that moved."""
    return sent["round"] == number and not sent["message"].get("outside")


def _started_over(state: State) -> Update:
    """Return the stages so far set aside: what was said rests on what moved, so it is all asked again."""
    if not state.get("seats"):
        return {}
    old = {"round": state["round"], "seats": state["seats"], "hashes": state["case"]["hashes"]}
    line = {"round": state["round"], "superseded": True}
    stages = len(state.get("stages", []))
    withdrawn = [message["id"] for message in state.get("messages", []) if not message.get("outside")]
    begun = {"outcome": GOES_ON, "since": stages, "withdrawn": withdrawn, "questions": []}
    return {"superseded": [old], "seats": [], "trace": [line], **begun}
