"""A role that a team answers for: the team's own graph runs as a subgraph, in a namespace of its seat.

The namespace is made of the seat's name, not of the task's id, so that a team that stopped continues where it was when
the thread is resumed: its state is in its own checkpoints.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from nodes.border import (
    budget_from,
    name_of,
    named,
    plain_reply,
    plain_usage,
    seat_from,
    spent_from,
    unused_messages,
    usage_from,
)
from nodes.call import thread_of
from nodes.closing import Update
from nodes.events import cause_of, shown_reply
from nodes.fingerprint import fingerprint
from nodes.labels import reply_labels, role_labels, seat_labels
from nodes.mail import inbox_shown
from nodes.services import Services
from nodes.stages import Stages
from nodes.state import Node, State
from policies.contracts.answers import Accepted
from policies.plain import MAX_TEXT
from policies.run.budgets import Charge, charge, limits_of_team, raised
from policies.run.stop import Stop, stop_reason
from policies.team.team import Budget, Team

SCRATCHPAD = "__pregel_scratchpad"
"""LangGraph numbers a node's subgraphs by it, in the order of calls; ours are told apart by their seat."""

Plain = dict[str, Any]
Inner = CompiledStateGraph[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class _Granted:
    """One seat that a team is asked for, and the last part of the namespace in which it answers."""

    role: str
    ask: Plain
    charged: Charge
    scope: str

    @property
    def name(self) -> str:
        return name_of(self.ask)


def build_inner(name: str, team: Team, inner: Team, services: Services, stages: Stages, graph: Inner) -> Node:
    """Return the node of the role of `team` that the team `inner` answers for; `graph` is the inner one's own."""

    async def ask(state: State, config: RunnableConfig, runtime: Runtime[Any]) -> Update:
        granted = [_granted(each, state) for each in state["wave"]["asks"] if each["role"] == name]
        thread, place = thread_of(runtime), stages.place(state)
        services.annotate(role_labels([seat_labels(state, each.ask, place, thread) for each in granted]))
        for each in granted:
            runtime.stream_writer({"event": "asked", **_where(state, stages, each)})
        own = raised(inner.budget, team.budget, budget_from(state))
        inputs = [_given(state, inner, own, each) | _task(state, team, stages, each) for each in granted]
        works = (graph.ainvoke(each, _config(config, seat)) for each, seat in zip(inputs, granted, strict=True))
        ends = await _all([*works])
        replies = {each.name: _reply(each, end, own) for each, end in zip(granted, ends, strict=True)}
        for each in granted:
            runtime.stream_writer({**_where(state, stages, each), **shown_reply(replies[each.name])})
        services.annotate(reply_labels(replies))
        number = state["wave"]["number"]
        return {"replies": {seat: {**reply, "wave": number} for seat, reply in replies.items()}}

    return ask


async def _all(works: Sequence[Awaitable[Any]]) -> list[Any]:
    """Return the results of all works; where one raises, the others are ended before the error is passed on."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def _granted(ask: Plain, state: State) -> _Granted:
    seat = next(each for each in state["seats"] if name_of(each) == name_of(ask))
    scope = f"{ask['role']}:{state['case']['revision']}.{state['round']}.{name_of(ask)}"
    return _Granted(ask["role"], ask, seat_from(seat).charged, scope)


def _where(state: State, stages: Stages, granted: _Granted) -> Plain:
    where = {"round": state["round"], "role": granted.role, "attempt": granted.ask["attempt"]}
    return {**where, **stages.place(state), **named(granted.ask)}


def _given(state: State, inner: Team, own: Budget, granted: _Granted) -> dict[str, Any]:
    """Return what the team starts or continues with: its goal, its own facts or the run's, its share of the budget."""
    share = limits_of_team(own, granted.charged, granted.ask["messages"], budget_from(state), spent_from(state))
    return {
        "goal": inner.goal,
        "facts": inner.own_facts if inner.has_facts else state["case"]["facts"],
        "sources": None if inner.has_facts else state["case"]["sources"],
        "budget": {**share, "max_rounds": own.max_rounds},
    }


def _task(state: State, team: Team, stages: Stages, granted: _Granted) -> dict[str, Any]:
    """Return what the seat is asked, with the messages delivered to it: the team reads them, nobody else could."""
    inbox = inbox_shown(state, granted.name) if team.messages else []
    asks = stages.question(state, granted.name, None).task.asks
    return {"task": {"part_of": state["case"]["goal"], **asks, **({"inbox": inbox} if inbox else {})}}


def _config(config: RunnableConfig, granted: _Granted) -> RunnableConfig:
    configurable = {key: value for key, value in config.get("configurable", {}).items() if key != SCRATCHPAD}
    above = str(configurable.get("checkpoint_ns", "")).split("|")[:-1]
    return {**config, "configurable": {**configurable, "checkpoint_ns": "|".join([*above, granted.scope])}}


def _reply(granted: _Granted, end: Mapping[str, Any], own: Budget) -> Plain:
    total = Charge(spent_from(end).messages - unused_messages(end), usage_from(end))
    used = charge(total, granted.charged)
    told = {
        "usage": plain_usage(used.usage),
        "prompt": fingerprint(end["case"]["task"]),
        "messages": used.messages,
        "charged": {"messages": total.messages, "usage": plain_usage(total.usage)},
    }
    if end.get("stop_reason") != stop_reason("success"):
        reason = end.get("stop_reason") or stop_reason("cancelled")
        broken = {"raw": end["raw_contribution"]} if end.get("raw_contribution") is not None else {}
        at_limit = {"is_own": True} if _is_own_limit(reason, budget_from(end), own) else {}
        cause = cause_of(end)
        caused = {"cause": cause} if cause else {}
        inner = _told(end, granted.scope)
        return {"kind": "failure", "reason": reason, **broken, **at_limit, **caused, "inner": inner, **told}
    decided = {"decision": end["final_decision"]} if end.get("final_decision") else {}
    inner = _told(end, granted.scope)
    text = end["answer"].partition("\n\n")[2] if decided else end["answer"]  # without the line that states it
    answer = {"text": text[:MAX_TEXT], **decided}
    return {**plain_reply(Accepted(granted.role, "output", answer, inner)), **told}


def _is_own_limit(reason: str, limits: Budget, own: Budget) -> bool:
    """Return whether a team stopped at a limit of its own: one that the run did not cut."""
    name = Stop.parse(reason).rule.raised_by
    return name in LIMITS and getattr(own, name) is not None and getattr(limits, name) >= getattr(own, name)


LIMITS = ("max_messages", "max_seconds", "max_tokens", "max_cost_usd")


def _told(end: Mapping[str, Any], scope: str) -> Plain:
    """Return what the record of the thread keeps of the team's own run."""
    return {
        "pattern": end["case"]["team"]["pattern"],
        "team": end["case"]["team"]["name"],
        "scope": scope,
        "decision": end.get("final_decision"),
        "history": list(end.get("history", [])),
        "stages": list(end.get("stages", [])),
        "events": list(end.get("events", [])),
    }
