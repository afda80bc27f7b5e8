"""One call of a voice: journaled, cut at the run's deadline, stopped by the halt, charged to the run."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore

from nodes.border import budget_from, name_of, replies_of, spent_from
from nodes.fingerprint import fingerprint
from nodes.halt import Cut
from nodes.journal import CallKey, forget_call, note_call, read_call, write_call
from nodes.services import Services
from nodes.stages import Stages
from nodes.state import State
from nodes.voices.voice import Limits, Meter, Prompt, Utterance
from policies.access.caller import tenant_in
from policies.run.budgets import seconds_left
from policies.run.seats import Failure, Seat, repair_of
from policies.run.stop import Stop, stop_reason
from policies.run.usage import Reservation, Usage, cost_of, is_credible, learn_ratio, reserve
from policies.team.team import Brief, Price, Role, Team

DEFAULT_MODEL = "default"
"""How the process's own model is called in the state."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked, under which key, within which limits, and how the answer is judged."""

    key: CallKey
    ask: Callable[[], Awaitable[Utterance]]
    judge: Callable[[Utterance], dict[str, Any]]
    prompt: Prompt
    meter: Meter
    limits: Limits
    reservation: Reservation
    price: Price | None

    @property
    def asks_model(self) -> bool:
        """Whether the call goes to a model, and so costs something."""
        return self.reservation.tokens > 0

    @property
    def at_most(self) -> Reservation:
        """What the call may cost where its answer is cut and asked for again, twice as long, if it may be."""
        held = self.reservation
        if not self.limits.grows:
            return held
        cost = round(held.cost_usd + held.longer_usd, 9)
        return replace(held, tokens=held.tokens + held.longer_tokens, cost_usd=cost)


def reservation_of(speaker: Role | Brief, prompt: Prompt, team: Team, ratios: Mapping[str, float]) -> Reservation:
    """Return what asking a role, or for the brief, may cost at most; nothing where no model is asked.

    `ratios` says how many tokens each model was seen to count for one of ours; without one it is a guess.
    """
    if speaker.voice != "model":
        return Reservation()
    ratio = ratios.get(speaker.model or DEFAULT_MODEL)
    held = reserve(prompt.text, team.max_output_tokens, team.price_of(speaker.model), ratio or 1.0)
    return replace(held, is_guess=ratio is None)


def learned(state: Mapping[str, Any], team: Team) -> dict[str, float]:
    """Return how many tokens each model was seen to count for one of ours, the most, with the newest replies."""
    ratios = dict(state.get("ratios", {}))
    asked = {name_of(ask): team.roles[ask["role"]].model for ask in state["wave"]["asks"]}
    for seat, reply in replies_of(state).items():
        if "ratio" in reply and seat in asked:
            model = asked[seat] or DEFAULT_MODEL
            ratios[model] = max(ratios.get(model, 1.0), reply["ratio"])
    return ratios


def reservation_for(seat: Seat, state: State, team: Team, stages: Stages) -> Reservation:
    """Return what asking a seat may cost at most now; a team that answers for a role minds its own share."""
    if team.roles[seat.role].team is not None:
        return Reservation()
    prompt = stages.question(state, seat.name, repair_of(seat)).prompt
    return reservation_of(team.roles[seat.role], prompt, team, state.get("ratios", {}))


def limits_of(team: Team, state: Mapping[str, Any], grows: bool) -> Limits:
    """Return what one question may use."""
    left = seconds_left(budget_from(state), spent_from(state))
    return Limits(team.max_output_tokens, left, team.grow_output and grows)


def thread_of(runtime: Runtime[Any]) -> str:
    """Return the id of the thread that runs."""
    info = runtime.execution_info
    return (info.thread_id if info else None) or ""


def served_tenant(runtime: Runtime[Any]) -> str | None:
    """Return on whose behalf a server runs the graph; None where no server does."""
    user = runtime.server_info.user if runtime.server_info else None
    return tenant_in(user.identity) if user else None


def scope_of(runtime: Runtime[Any]) -> str:
    """Return the checkpoint namespace of the graph that runs: empty, or that of a team that answers for a role."""
    info = runtime.execution_info
    return "|".join(((info.checkpoint_ns if info else None) or "").split("|")[:-1])


def journal_of(runtime: Runtime[Any]) -> BaseStore:
    """Return the store that keeps the call journal.

    Raises:
        RuntimeError: the graph was compiled without a store.
    """
    if runtime.store is None:
        raise RuntimeError("this graph was compiled without a store, and the call journal needs one")
    return runtime.store


async def make_call(call: Call, store: BaseStore, services: Services) -> dict[str, Any]:
    """Return the plain reply with its usage: from the journal if it was answered before, else by asking now."""
    # At once, so that a store that reads together what is asked together is asked once.
    kept, cut = await asyncio.gather(read_call(store, call.key), services.cut(store, call.key.thread))
    if kept is not None:
        return kept
    if cut is not None:
        return _failed(_cancelled(cut), _measured(call, Utterance(failure=_cancelled(cut)), 0.0))
    if call.asks_model:
        await note_call(store, call.key, call.at_most, services.now())
    started = services.clock()
    answer = await _ask(call, store, services)
    measured = _measured(call, answer, services.clock() - started)
    if answer.failure:
        await _forget(call, store)
        return _failed(answer.failure, measured)
    reply = {**call.judge(answer), **measured}
    if reply["kind"] == "failure":
        await _forget(call, store)
        return reply
    await write_call(store, call.key, reply)
    return reply


def _failed(failure: Failure, measured: dict[str, Any]) -> dict[str, Any]:
    told = {"cause": failure.cause} if failure.cause else {}
    return {"kind": "failure", "reason": failure.reason, **told, **measured}


def _cancelled(cut: Cut) -> Failure:
    return Failure(stop_reason("cancelled"), cause=cut.stoppage.told() if cut.stoppage else None)


def _measured(call: Call, answer: Utterance, seconds: float) -> dict[str, Any]:
    """Return what an answer used, and what was learned from it."""
    usage = answer.usage or _charge(call, answer, seconds)
    is_estimated = answer.is_estimated or (not answer.usage and _is_estimated(call, answer))
    beyond = 0 if is_estimated else answer.beyond
    found: dict[str, Any] = {"dialect": dict(answer.dialect), "estimated": is_estimated, "beyond": beyond}
    if call.asks_model and not answer.failure:
        found["ratio"] = learn_ratio(call.prompt.text, usage, beyond)
    known = {name: value for name, value in found.items() if value}
    return {"usage": asdict(usage), "prompt": fingerprint(call.prompt.text), **known}


async def _forget(call: Call, store: BaseStore) -> None:
    if call.asks_model:
        await forget_call(store, call.key)


async def _ask(call: Call, store: BaseStore, services: Services) -> Utterance:
    if services.halt.is_set:
        return Utterance(failure=_cancelled(Cut()))
    try:
        async with asyncio.timeout(call.limits.seconds_left):
            answer = await services.halt.guard(call.ask(), call.key.thread, store, services.look)
    except TimeoutError:
        return Utterance(failure=Failure(stop_reason("max_seconds")))
    if isinstance(answer, Cut):
        return Utterance(failure=_cancelled(answer))
    if not isinstance(answer, Utterance):
        raise TypeError(f"the voice that was asked for `{call.key.seat}` returned {answer!r:.80}, not an Utterance")
    return answer


def _charge(call: Call, answer: Utterance, seconds: float) -> Usage:
    """Return what the call counts for: as reported; an answer without a report that can be true counts as reserved."""
    calls = call.meter.calls
    if answer.tokens and _is_reported(answer):
        prompt, completion = answer.tokens.prompt, answer.tokens.completion
        return Usage(calls, prompt, completion, cost_of(prompt, completion, call.price), seconds)
    if _is_estimated(call, answer):
        return Usage(calls, call.reservation.tokens, 0, call.reservation.cost_usd, seconds)
    return Usage(calls=calls, seconds=seconds)


def _is_reported(answer: Utterance) -> bool:
    return answer.tokens is not None and is_credible(answer.tokens.prompt, answer.tokens.completion)


def _is_estimated(call: Call, answer: Utterance) -> bool:
    """Return whether an answer counts as reserved, since what it used was not reported in a way that can be true."""
    was_given = answer.failure is None or Stop.parse(answer.failure.reason).rule.is_given
    return bool(call.meter.calls) and was_given and not _is_reported(answer)
