"""One call of a voice: journaled, cut at the run's deadline, stopped by the halt, charged to the run."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore

from nodes.fingerprint import fingerprint
from nodes.journal import CallKey, read_call, write_call
from nodes.services import Services
from nodes.voices.voice import Answer, Meter, Prompt
from policies.budgets import Reservation, Usage, cost_of, is_credible, reserve
from policies.seats import Failure
from policies.stop import stop_reason
from policies.team import Brief, Budget, Price, Role, Team


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked, under which key, within which limits, and how the answer is judged."""

    key: CallKey
    ask: Callable[[], Awaitable[Answer]]
    judge: Callable[[Answer], dict[str, Any]]
    prompt: Prompt
    meter: Meter
    seconds_left: float
    reservation: Reservation
    price: Price | None


def reservation_of(speaker: Role | Brief, prompt: Prompt, team: Team) -> Reservation:
    """Return what asking a role, or for the brief, may cost at most; nothing where no model is asked."""
    if speaker.voice != "model":
        return Reservation()
    return reserve(prompt.text, team.max_output_tokens, team.price_of(speaker.model))


def may_grow(team: Team, limits: Budget) -> bool:
    """Tell whether an answer may have more tokens than were reserved for it: where nobody limits tokens or cost."""
    return team.grow_output and limits.max_tokens is None and limits.max_cost_usd is None


def thread_of(runtime: Runtime[Any]) -> str:
    """Return the id of the thread that runs."""
    info = runtime.execution_info
    return (info.thread_id if info else None) or ""


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
    kept = await read_call(store, call.key)
    if kept is not None:
        return kept
    started = services.clock()
    answer = await _ask(call, services)
    usage = answer.usage or _charge(call, answer, services.clock() - started)
    more: dict[str, Any] = {"dialect": dict(answer.dialect)} if answer.dialect else {}
    if answer.is_estimated or (not answer.usage and _is_estimated(call, answer)):
        more["estimated"] = True
    measured = {"usage": asdict(usage), "prompt": fingerprint(call.prompt.text), **more}
    if answer.failure:
        told = {"cause": answer.failure.cause} if answer.failure.cause else {}
        return {"kind": "failure", "reason": answer.failure.reason, **told, **measured}
    reply = {**call.judge(answer), **measured}
    if reply["kind"] == "failure":
        return reply
    await write_call(store, call.key, reply)
    return reply


async def _ask(call: Call, services: Services) -> Answer:
    if services.halt.is_set:
        return Answer(failure=Failure(stop_reason("cancelled")))
    try:
        async with asyncio.timeout(call.seconds_left):
            answer = await services.halt.guard(call.ask())
    except TimeoutError:
        return Answer(failure=Failure(stop_reason("max_seconds")))
    return answer or Answer(failure=Failure(stop_reason("cancelled")))


def _charge(call: Call, answer: Answer, seconds: float) -> Usage:
    """Return what the call counts for: as reported; an answer without a report that can be true counts as reserved."""
    calls = call.meter.calls
    if answer.tokens and _is_reported(answer):
        prompt, completion = answer.tokens.prompt, answer.tokens.completion
        return Usage(calls, prompt, completion, cost_of(prompt, completion, call.price), seconds)
    if _is_estimated(call, answer):
        return Usage(calls, call.reservation.tokens, 0, call.reservation.cost_usd, seconds)
    return Usage(calls=calls, seconds=seconds)


def _is_reported(answer: Answer) -> bool:
    return answer.tokens is not None and is_credible(answer.tokens.prompt, answer.tokens.completion)


def _is_estimated(call: Call, answer: Answer) -> bool:
    """Tell whether an answer counts as reserved, since what it used was not reported in a way that can be true."""
    return bool(call.meter.calls) and not answer.failure and not _is_reported(answer)
