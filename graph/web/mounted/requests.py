"""Requests: what a client may ask of a thread, and the input of a run as it is admitted, before anything is kept."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graph.past import Past
from graph.problems import UsageError
from graph.service.answering import check_name
from graph.teams.forms import Configuration
from graph.teams.overrides import merged
from nodes.admission import check_given
from nodes.services import InputRefusedError, StaleThreadError
from nodes.state import Input
from policies.access.caller import Caller
from policies.language import phrase, say
from policies.nearest import allowed_names
from policies.run.budgets import change_budget
from policies.team.privacy import withhold
from policies.team.team import Team

Value = Mapping[str, Any]
LANGGRAPHS_OWN = "__pregel_"
MAX_NAME = 80
MAX_DIGITS = 9
"""Of a number that a database is to take."""
MAX_DELAY_SECONDS = 86_400
"""A run may wait for a day until it begins."""
INTERRUPT_ID = re.compile(r"[0-9a-f]{32}")
"""LangGraph takes an answer whose keys are all of this form for a map of answers."""


def refuse_query(query: Value) -> str | None:
    """Return why the query of a request is refused, in a sentence; None where it is not."""
    if "delete_threads" in query:
        return say("`delete_threads` is refused: a thread is a record; delete it itself (DELETE /threads/ID)")
    return None


def refuse_limit(query: Value) -> str | None:
    """Return why the length of a list is refused, in a sentence; None where it is not.

    >>> refuse_limit({"limit": "10"}), refuse_limit({"limit": "9223372036854775808"})
    (None, '`limit` is 9223372036854775808; it has 9 digits at most')
    """
    limit = str(query.get("limit", ""))
    if len(limit) > MAX_DIGITS:
        told = phrase("`limit` is {given}; it has {most} digits at most")
        return say(told, given=limit[:MAX_NAME], most=str(MAX_DIGITS))
    return None


def refuse_history(said: Value) -> str | None:
    """Return why a request for the states of a thread is refused, in a sentence; None where it is not.

    >>> refuse_history({"before": {"configurable": {"checkpoint_id": "1f0"}}})
    >>> refuse_history({"before": {}})
    '`before` must have `configurable.checkpoint_id`; leave it out to begin with the newest state'
    """
    before: Any = said.get("before")
    if before is None or (isinstance(before, dict) and isinstance(before.get("configurable"), dict)):
        return None
    return say("`before` must have `configurable.checkpoint_id`; leave it out to begin with the newest state")


def refuse_search(asked: Value) -> str | None:
    """Return why a search for threads is refused, in a sentence; None where it is not.

    By values, answers could be guessed that are not shown yet; and the server fails at threads that have none.

    >>> refuse_search({"metadata": {"team": "loan"}, "values": {}})
    >>> refuse_search({"values": {"goal": "Ship?"}})
    '`values` is refused: a thread that has not begun has none; search by `metadata`, `status` or `ids`'
    """
    if asked.get("values"):
        return say("`values` is refused: a thread that has not begun has none; search by `metadata`, `status` or `ids`")
    return None


def refuse_cancel(asked: Value) -> str | None:
    """Return why it is refused to cancel a run, in a sentence; None where it is not.

    >>> refuse_cancel({"action": "interrupt"}), refuse_cancel({"action": "rollback"})
    (None, '`action=rollback` is refused: it deletes records; use interrupt, and the run can be resumed')
    """
    if asked.get("action") == "rollback":
        return say("`action=rollback` is refused: it deletes records; use interrupt, and the run can be resumed")
    return None


def refuse_run(run: Value) -> str | None:
    """Return why a run is refused that would write past the nodes or its record, in a sentence, or None.

    `run` is what the server hands its handler: {multitask_strategy, kwargs: {input, command, webhook, ...}}.
    """
    return next(_unwanted(run), None)


def _unwanted(run: Value) -> Iterator[str]:
    kwargs = run["kwargs"]
    command = kwargs.get("command") or {}
    for part in ("goto", "update"):
        if part in command and command[part] is not None:
            told = phrase(
                "`command.{part}` is refused: it writes past every node; a run carries an input or `command.resume`"
            )
            yield say(told, part=part)
    if run.get("multitask_strategy") == "rollback":
        yield say("`multitask_strategy: rollback` is refused: it deletes records; use enqueue, reject or interrupt")
    wrong = refuse_configurable((kwargs.get("config") or {}).get("configurable") or {})
    if wrong:
        yield wrong
    if kwargs.get("feedback_keys"):
        yield say("`feedback_keys` is refused: it asks LangSmith for addresses to post to; use `accord feedback`")
    if kwargs.get("webhook"):
        yield say("`webhook` is refused: this server calls no address that a client names; follow the run instead")


def refuse_configurable(configurable: Value, may_name_checkpoint: bool = True) -> str | None:
    """Return why entries of a configuration are refused that LangGraph sets itself, in a sentence, or None."""
    inner = [name for name in configurable if name.startswith(LANGGRAPHS_OWN)]
    inner += ["checkpoint_ns"] if configurable.get("checkpoint_ns", "") not in ("", None) else []
    if not isinstance(configurable.get("checkpoint_map") or {}, dict):
        inner.append("checkpoint_map")
    if not may_name_checkpoint:
        inner += [name for name in ("checkpoint_id", "checkpoint_map", "thread_id") if configurable.get(name)]
    if not inner:
        return None
    return say("`configurable.{name}` is refused: LangGraph sets it; leave it out", name=inner[0][:MAX_NAME])


def check_keeping(run: Value) -> None:
    """Refuse a run that is kept only once it is over, which a crash would lose, and one that begins too late.

    >>> check_keeping({"kwargs": {"durability": "sync", "checkpoint_during": True}, "after_seconds": 0})

    Raises:
        UsageError: it is such a run.
    """
    kwargs, delay = run["kwargs"], run.get("after_seconds") or 0
    if kwargs.get("checkpoint_during") is False:  # asked first: the server makes a durability of it
        told = phrase("`checkpoint_during: false` is refused: a crash would lose the run; leave it out, or say true")
        raise UsageError(say(told))
    if kwargs.get("durability") not in (None, "sync", "async"):
        told = phrase("`durability: {given}` is refused: a crash would lose the run; allowed: sync, async")
        raise UsageError(say(told, given=str(kwargs["durability"])[:MAX_NAME]))
    if not 0 <= delay <= MAX_DELAY_SECONDS:
        told = phrase("`after_seconds` must be 0 to {most}; got {given}")
        raise UsageError(say(told, most=str(MAX_DELAY_SECONDS), given=str(delay)[:MAX_NAME]))


def check_configuration(context: Value) -> None:
    """Refuse entries of a run's context that nobody reads.

    Raises:
        UsageError: there is one; all of them.
    """
    known = Configuration.model_fields
    unknown = [name for name in context if name not in known]
    if unknown:
        told = phrase("`context.{name}` is not known{allowed}")
        wrong = ((name[:MAX_NAME], allowed_names(name, known)) for name in unknown)
        raise UsageError(*(say(told, name=name, allowed=allowed) for name, allowed in wrong))


def check_command(command: Value, past: Past, interrupts: Sequence[str]) -> None:
    """Refuse to answer what nobody has asked.

    `interrupts` are LangGraph's ids of what waits: an answer by another of them would get lost without a word.

    Raises:
        UsageError: the thread has not begun, waits for nobody or for something else, or the answer is null.
    """
    if not past.case:
        told = say("`command.resume` answers a thread that has begun; this one has not: send a run with an input")
        raise UsageError(told)
    if command.get("resume") is None:
        raise UsageError(say("`command.resume` is null; give the answer, or send a run with an input"))
    named = command["resume"]
    stale = [name for name in named if name not in interrupts] if _is_map(named) else []
    if stale:
        told = phrase("the interrupt `{id}` is stale: it does not wait for an answer; read the thread again")
        raise UsageError(say(told, id=stale[0]))


def check_answerer(command: Value, caller: Caller) -> None:
    """Refuse to answer in somebody else's name.

    Raises:
        NotThemselvesError: an answer is by another than the caller, whom a token names.
    """
    resumed: Any = command.get("resume")
    for each in resumed.values() if _is_map(resumed) else [resumed]:
        if isinstance(each, dict):
            check_name(each.get("by"), caller)


def _is_map(resumed: Any) -> bool:
    """Return whether LangGraph takes an answer for a map of answers, by the interrupts that they are for."""
    return isinstance(resumed, dict) and bool(resumed) and all(map(INTERRUPT_ID.fullmatch, map(str, resumed)))


def admitted_input(given: Any, team: Team, own: Value | None, past: Past) -> dict[str, Any]:
    """Return the input of a run as it is kept: what is empty left to the team, facts merged, private ones withheld.

    `own` are the team's facts; those of a thread that has begun come before them.

    Raises:
        UsageError: a part of it is unknown, or its type or value is not allowed; all such parts.
    """
    if not isinstance(given, dict):
        raise UsageError(say("the input must be an object; allowed: {names}", names=", ".join(Input.model_fields)))
    unknown = [name for name in given if name not in Input.model_fields]
    if unknown:
        told = phrase("`{name}` is not part of the input{allowed}")
        wrong = ((name[:MAX_NAME], allowed_names(name, Input.model_fields)) for name in unknown)
        raise UsageError(*(say(told, name=name, allowed=allowed) for name, allowed in wrong))
    trimmed: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value for name, value in given.items()
    }
    filled = {name: value for name, value in trimmed.items() if value not in (None, "", {})}
    try:
        check_given(filled)
        change_budget(past.budget if past.case else team.budget, filled.get("budget") or {})
    except (InputRefusedError, ValueError) as error:
        raise UsageError(str(error)) from None
    if "facts" in filled:
        base = past.facts if past.case else own
        filled["facts"] = withhold(merged(base or {}, filled["facts"]), team.private)
    return filled


def refuse_another(filled: Value, team: Team, past: Past) -> None:
    """Refuse to ask a thread something else that has ended for good: its record does not answer that.

    Raises:
        StaleThreadError: the team, the goal or the facts are others.
    """
    asked = {"team": (team.name, past.team["name"]), "goal": (filled.get("goal"), past.case["goal"])}
    for field, (now, kept) in {**asked, "facts": (filled.get("facts"), past.facts)}.items():
        if now is not None and now != kept:
            raise StaleThreadError(field)


def changed(given: Any, form: Value) -> Any:
    """Return what of an input differs from the form that was shown: the rest was left as it was.

    >>> changed({"goal": "Ship?", "budget": {"max_rounds": 5}}, {"goal": "Ship?", "budget": {"max_rounds": 3}})
    {'budget': {'max_rounds': 5}}
    """
    if not isinstance(given, dict):
        return given
    return {name: value for name, value in given.items() if name not in form or value != form[name]}
