"""The result record: what a run came to, as plain values whose keys never change."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from nodes.events import cause_of, events_of
from policies.patterns.course import pattern_named
from policies.patterns.pattern import Pattern
from policies.stop import Stop

Record = dict[str, Any]
Status = Literal["ok", "stopped", "waiting", "interrupted", "running"]


def record_of(thread: str, state: Mapping[str, Any], is_running: bool = False) -> Record:
    """Return the record of a thread from its state; `is_running` says that somebody works on it now."""
    reason = state.get("stop_reason")
    status = _status(reason, is_running)
    record: Record = {"status": status, "stop_reason": reason}
    if status == "stopped":
        record |= _stopped(state)
    if status == "ok":
        record |= _finished(state)
    record |= {"trace": list(state.get("trace", [])), "history": list(state.get("history", []))}
    return record | _beside(thread, state, reason)


def refused_record(thread: str, reason: str, cause: str | None = None) -> Record:
    """Return the record of an attempt that may not write to the thread, or not any more: `busy` or `stale_thread:*`."""
    refused = {
        "status": "stopped",
        "stop_reason": reason,
        "thread_id": thread,
        "resumable": Stop.parse(reason).rule.is_resumable,
    }
    return {**refused, **({"cause": cause} if cause else {})}


def _status(reason: str | None, is_running: bool) -> Status:
    if reason is None:
        return "running" if is_running else "interrupted"
    return "ok" if reason == "success" else "stopped"


def _stopped(state: Mapping[str, Any]) -> Record:
    cause = cause_of(state)
    stopped = {**({"phase": state["phase"]} if state.get("phase") else {}), **({"cause": cause} if cause else {})}
    is_contract = Stop.parse(state["stop_reason"]).rule.is_contract
    return stopped | ({"raw_contribution": state.get("raw_contribution")} if is_contract else {})


def _finished(state: Mapping[str, Any]) -> Record:
    if not state.get("history"):
        decided = {"final_decision": state["final_decision"]} if state.get("final_decision") else {}
        return {"answer": state["answer"], **decided, "rounds_used": len(_stages(state))}
    last = state["history"][-1]
    facts = state["case"]["facts"]
    stances = [{key: said[key] for key in ("agent", "stance", "confidence")} for said in last["contributions"]]
    return {
        "answer": state["answer"],
        "final_decision": state["final_decision"],
        "rounds_used": last["round"],
        "team_summary": {
            "report_date": facts.get("report_date"),
            "region": facts.get("region"),
            "stances": stances,
            "conflicts": last["conflicts"],
        },
    }


def _beside(thread: str, state: Mapping[str, Any], reason: str | None) -> Record:
    """Return what stands beside the pattern's own keys."""
    used = dict(state.get("usage", {}))
    seconds = used.pop("seconds", 0.0)
    case, outcomes = state.get("case", {}), events_of(state, "outcome")
    events = [*_all_of(state.get("events", []))]
    learned, estimated = _learned(events), sum("estimated" in event for event in events)
    return {
        "thread_id": thread,
        "team": case.get("team", {}).get("name"),
        "hashes": case.get("hashes", {}),
        "usage": used,
        "elapsed_seconds": round(seconds, 3),
        "resumable": reason is None or Stop.parse(reason).rule.is_resumable,
        "flags": [{"round": each["round"], "flags": each["flags"]} for each in outcomes if each["flags"]],
        "absent": _absent(state),
        "outcome": _outcome(state, outcomes),
        "recoveries": state.get("recovered", {}).get("made", 0),
        "waiting": [],
        "outputs": outputs_of(state),
        **({"endpoints": learned} if learned else {}),
        **({"estimated": estimated} if estimated else {}),
        **_pattern(state),
    }


def _all_of(events: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the events, those of a team within before the event that holds them."""
    for event in events:
        inner = event.get("inner") or (event.get("output") or {}).get("inner") or {}
        yield from _all_of(inner.get("events", []))
        yield event


def _learned(events: Iterable[Mapping[str, Any]]) -> Record:
    """Return, by model, what was learned of the forms in which it takes a question."""
    found: Record = {}
    for event in events:
        if "dialect" in event:
            found[event["model"]] = {**found.get(event["model"], {}), **event["dialect"]}
    return dict(sorted(found.items()))


def outputs_of(state: Mapping[str, Any]) -> list[Record]:
    """Return what each seat of a stage answered, in order.

    Each is {round, stage, seat, agent, contract, answer, absent, inner}. `inner` is what a team did that answered for a
    role: {pattern, team, decision, history, outputs}.
    """
    return [
        {
            "round": stage["round"],
            "stage": stage["stage"],
            "seat": entry["seat"],
            "agent": entry["role"],
            "contract": entry["contract"],
            "answer": entry["answer"],
            "absent": entry["absent"],
            "inner": _inner(entry["inner"]),
        }
        for stage in _stages(state)
        for entry in stage["entries"]
    ]


def _stages(state: Mapping[str, Any]) -> list[Record]:
    """Return the finished stages that stand: those since changes were last accepted."""
    return list(state.get("stages", [])[state.get("since", 0) :])


def _absent(state: Mapping[str, Any]) -> list[Record]:
    """Return the seats that counted as absent, and were not asked again since."""
    if not state.get("stages"):
        return [{key: each[key] for key in ("round", "role", "reason")} for each in events_of(state, "absent")]
    standing = state["stages"][max(state.get("since", 0), state.get("forgiven", 0)) :]
    return [
        {"round": stage["round"], "role": entry["role"], "reason": entry["absent"], **_named(entry)}
        for stage in standing
        for entry in stage["entries"]
        if entry["absent"]
    ]


def _named(entry: Mapping[str, Any]) -> Record:
    return {"seat": entry["seat"]} if entry["seat"] != entry["role"] else {}


def _inner(told: Mapping[str, Any] | None) -> Record | None:
    if told is None:
        return None
    kept = {key: told[key] for key in ("pattern", "team", "decision", "history")}
    return {**kept, "outputs": outputs_of(told)}


def _pattern(state: Mapping[str, Any]) -> Record:
    """Return how another pattern than the rounds ended: whether early, and what it shows beside its answer."""
    if pattern_of(state).is_rounds:
        return {}
    ending = state.get("ending") or {}
    return {
        "pattern": state["case"]["team"]["pattern"],
        "ended_early": ending.get("ended_early", False),
        "details": ending.get("details", {}),
    }


def pattern_of(state: Mapping[str, Any]) -> Pattern:
    """Return the pattern that a thread works by; that of the rounds where it has not begun."""
    return pattern_named(state.get("case", {}).get("team", {}).get("pattern"))


def is_of_rounds(record: Mapping[str, Any]) -> bool:
    """Tell whether a record is one of rounds; one of any other pattern names it."""
    return "pattern" not in record


def _outcome(state: Mapping[str, Any], outcomes: list[dict[str, Any]]) -> Record | None:
    """Return what decided the last finished round: the vote alone, the row, the tripped guards, the decision announced.

    `unread` says of a guard that is tripped because its path could not be read which path that is.
    """
    if not outcomes:
        return None
    last = outcomes[-1]
    unread = {found["name"]: found["fault"] for found in last["findings"] if found["fault"]}
    return {
        "vote": last["vote"],
        "row": row_name(last["row"]),
        "guards": last["guards"],
        **({"unread": unread} if unread else {}),
        "final": state.get("final_decision"),
    }


def row_name(row: int | None) -> int | str:
    """Return a row as people count it, from 1; `otherwise` where none held."""
    return "otherwise" if row is None else row + 1
