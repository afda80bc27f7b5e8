"""The border between the state's plain values and the frozen values of the policies."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from policies.contracts.answers import Accepted, Refusal
from policies.run.budgets import Charge, Spent
from policies.run.recovery import Recoveries
from policies.run.seats import Failure, Reply, Seat
from policies.run.stop import Stop
from policies.run.usage import Usage
from policies.run.waves import Ask, Wave
from policies.team.team import Budget

Plain = dict[str, Any]


def plain_accepted(accepted: Accepted) -> Plain:
    """Return an accepted answer as plain values: {agent, contract, answer, inner}."""
    inner = None if accepted.inner is None else dict(accepted.inner)
    return {"agent": accepted.agent, "contract": accepted.contract, "answer": dict(accepted.answer), "inner": inner}


LABEL = "task"
"""What the state calls the label of a seat; events commit to it by that name."""


def charge_from(plain: Mapping[str, Any]) -> Charge:
    """Return what a team was charged for, as `plain` holds it."""
    return Charge(plain["messages"], Usage(**plain["usage"]))


def name_of(plain: Mapping[str, Any]) -> str:
    """Return the name of a seat, of it or of an ask of it as plain values: its own, or its role's."""
    return str(plain.get(LABEL) or plain["role"])


def named(plain: Mapping[str, Any]) -> Plain:
    """Return the seat's own name for an event, where it has one."""
    return {"seat": plain[LABEL]} if plain.get(LABEL) else {}


def seat_from(plain: Mapping[str, Any]) -> Seat:
    """Return the seat that `plain` holds."""
    accepted, refusal, charged = plain["accepted"], plain["refusal"], plain.get("charged")
    return Seat(
        plain["role"],
        Accepted(**accepted) if accepted else None,
        plain["refusals"],
        Refusal(**refusal) if refusal else None,
        plain["absent"],
        plain.get(LABEL),
        tuple(plain.get("inbox", ())),
        charge_from(charged) if charged else Charge(),
        plain.get("forgiven", 0),
    )


def plain_seat(seat: Seat) -> Plain:
    """Return a seat as plain values."""
    return {
        "role": seat.role,
        "accepted": plain_accepted(seat.accepted) if seat.accepted else None,
        "refusals": seat.refusals,
        "refusal": asdict(seat.refusal) if seat.refusal else None,
        "absent": seat.absent,
        LABEL: seat.label,
        "inbox": list(seat.inbox),
        "charged": asdict(seat.charged) if seat.charged != Charge() else None,
        **({"forgiven": seat.forgiven} if seat.forgiven else {}),
    }


def reply_from(plain: Mapping[str, Any]) -> Reply:
    """Return the accepted answer, refusal or failure that `plain` holds."""
    if plain["kind"] == "accepted":
        return Accepted(**plain["accepted"])
    if plain["kind"] == "refusal":
        return Refusal(**plain["refusal"])
    return Failure(plain["reason"], plain.get("raw"), plain.get("is_own", False), plain.get("cause"))


def plain_reply(reply: Reply) -> Plain:
    """Return a reply as plain values, with its `kind`."""
    if isinstance(reply, Accepted):
        return {"kind": "accepted", "accepted": plain_accepted(reply)}
    if isinstance(reply, Refusal):
        return {"kind": "refusal", "refusal": asdict(reply)}
    return {"kind": "failure", "reason": reply.reason}


def wave_from(plain: Mapping[str, Any], spent: Spent) -> Wave:
    """Return the wave that `plain` holds."""
    blocked = plain["blocked"]
    return Wave(tuple(map(_ask_from, plain["asks"])), Stop(**blocked) if blocked else None, spent)


def plain_wave(wave: Wave, number: int) -> Plain:
    """Return a wave as plain values under its number."""
    blocked = asdict(wave.blocked) if wave.blocked else None
    return {"number": number, "asks": [_plain_ask(ask) for ask in wave.asks], "blocked": blocked}


def _ask_from(plain: Mapping[str, Any]) -> Ask:
    return Ask(**{"label" if key == LABEL else key: value for key, value in plain.items()})


def _plain_ask(ask: Ask) -> Plain:
    return {LABEL if key == "label" else key: value for key, value in asdict(ask).items()}


def replies_of(state: Mapping[str, Any]) -> dict[str, Plain]:
    """Return the replies to the wave that convene asked last, by seat."""
    number = state.get("wave", {}).get("number", 0)
    given = {seat: reply for seat, reply in state.get("replies", {}).items() if reply["wave"] == number}
    return given | {
        each["seat"]: _reply_of_person(each)
        for each in state.get("questions") or []
        if each["kind"] == "contribute" and each["wave"] == number and each["answers"]
    }


def _reply_of_person(question: Mapping[str, Any]) -> Plain:
    """Return what a person answered for a seat as a reply to its wave; it used no model, and read no prompt."""
    told = {"usage": plain_usage(Usage()), "prompt": None, "wave": question["wave"]}
    return {"kind": "accepted", "accepted": question["answers"][-1]["answer"], **told}


def unused_messages(state: Mapping[str, Any]) -> int:
    """Return how many messages teams were granted in the last wave and did not use."""
    replies = replies_of(state)
    asks = [ask for ask in state.get("wave", {}).get("asks", []) if "messages" in replies.get(name_of(ask), {})]
    return sum(ask["messages"] - replies[name_of(ask)]["messages"] for ask in asks)


def usage_from(state: Mapping[str, Any]) -> Usage:
    """Return the usage so far; nothing on a new thread."""
    return Usage(**state.get("usage", {}))


def spent_from(state: Mapping[str, Any]) -> Spent:
    """Return what counts as spent, with no reservation open."""
    return Spent(**state.get("spent", {}), usage=usage_from(state))


def plain_spent(spent: Spent) -> Plain:
    """Return what was granted as plain values."""
    return {"messages": spent.messages, "rounds": spent.rounds}


def granted(state: Mapping[str, Any]) -> Plain:
    """Return {messages, rounds}: what was granted so far, without what teams were granted and did not use."""
    spent = spent_from(state)
    return plain_spent(replace(spent, messages=spent.messages - unused_messages(state)))


def recoveries_from(state: Mapping[str, Any]) -> Recoveries:
    """Return how often the run was brought back; never on a new thread."""
    return Recoveries(**state.get("recovered", {}))


def plain_usage(usage: Usage) -> Plain:
    """Return a usage as plain values."""
    return asdict(usage)


def plain_stop(stop: Stop | None, raw: Any = None, cause: str | None = None) -> Plain | None:
    """Return a stop under way as plain values, with the proposal or the words behind it; None for no stop."""
    return {"reason": stop.reason, "phase": stop.phase, "raw": raw, "cause": cause} if stop else None


def budget_from(state: Mapping[str, Any]) -> Budget:
    """Return the budget in force."""
    return Budget(**state["limits"])
