"""The result record: how a run ended, as plain values whose keys never change."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from graph.past import Past
from graph.people import questions_in
from nodes.asking import shown_question
from nodes.events import cause_of
from policies.access.owners import owned_by
from policies.run.stop import Stop
from policies.team.flags import MOVED, UNGROUNDED, carrying
from policies.team.provenance import briefly

Record = dict[str, Any]
Status = Literal["ok", "stopped", "waiting", "interrupted", "running"]


def record_of(thread: str, state: Mapping[str, Any], is_running: bool = False) -> Record:
    """Return the record of a thread from its state; `is_running` says that somebody works on it now."""
    past = Past.of(state)
    status = status_of(past, is_running)
    record: Record = {"status": status, "stop_reason": past.stop_reason}
    if status == "stopped":
        record |= _stopped(past)
    if status == "ok":
        record |= _finished(past)
    return record | {"trace": list(past.trace), "history": list(past.history)} | _beside(thread, past)


def refused_record(thread: str, reason: str, cause: str | None = None) -> Record:
    """Return the record of an attempt that may not write to the thread, or not any more: `busy` or `stale_thread:*`."""
    refused = {
        "status": "stopped",
        "stop_reason": reason,
        "thread_id": thread,
        "resumable": Stop.parse(reason).rule.is_resumable,
    }
    return {**refused, **({"cause": cause} if cause else {})}


def status_of(past: Past, is_running: bool) -> Status:
    """Return how far a thread came: whether it ended, and if not, whether somebody works on it."""
    if past.is_open and is_running:
        return "running"
    if past.is_open:
        return "waiting" if past.waiting else "interrupted"
    return "ok" if past.stop_reason == "success" else "stopped"


def _stopped(past: Past) -> Record:
    cause = cause_of(past.state)
    stopped = {**({"phase": past.phase} if past.phase else {}), **({"cause": cause} if cause else {})}
    is_contract = Stop.parse(past.stop_reason or "").rule.is_contract
    return stopped | ({"raw_contribution": past.raw_contribution} if is_contract else {})


def _finished(past: Past) -> Record:
    if not past.history:
        decided = {"final_decision": past.final_decision} if past.final_decision else {}
        return {"answer": past.result["answer"], **decided, "rounds_used": len(past.standing)}
    last, facts = past.history[-1], past.facts
    stances = [{key: said[key] for key in ("agent", "stance", "confidence")} for said in last["contributions"]]
    return {
        **past.result,
        "rounds_used": last["round"],
        "team_summary": {
            "report_date": facts.get("report_date"),
            "region": facts.get("region"),
            "stances": stances,
            "conflicts": last["conflicts"],
        },
    }


def _beside(thread: str, past: Past) -> Record:
    """Return what every record has besides the pattern's own keys."""
    used, outcomes, events = dict(past.usage), past.events_of("outcome"), [*all_events(past.events)]
    seconds = used.pop("seconds", 0.0)
    learned, estimated = _learned(events), sum("estimated" in event for event in events)
    return {
        "thread_id": thread,
        **owned_by(past.tenant),
        "team": past.team.get("name"),
        "hashes": past.case.get("hashes", {}),
        "sources": [*map(briefly, past.sources)],
        **_reopens(past),
        "usage": used,
        "elapsed_seconds": round(seconds, 3),
        "resumable": past.stop_reason is None or Stop.parse(past.stop_reason).rule.is_resumable,
        "flags": _flags(past, outcomes),
        **_moves(past, outcomes),
        "absent": _absent(past),
        "outcome": _outcome(past, outcomes),
        "recoveries": past.recovered.get("made", 0),
        "waiting": [shown_question(question) for question in past.waiting],
        "outputs": outputs_of(past),
        **_ungrounded(past, outcomes),
        **_stability(past),
        **_by_people(past),
        **({"held": past.hold} if past.hold else {}),
        **({"endpoints": learned} if learned else {}),
        **({"estimated": estimated} if estimated else {}),
        **_pattern(past),
    }


def _reopens(past: Past) -> Record:
    """Return the id of the thread whose decision this one reopens; nothing where it reopens none."""
    reopens = past.case.get("reopens")
    return {"reopens": reopens["thread"]} if reopens else {}


def _flags(past: Past, outcomes: list[dict[str, Any]]) -> list[Record]:
    """Return what each round was flagged with, and with the last one the brief that followed it."""
    flags = {each["round"]: [*each["flags"]] for each in outcomes}
    for each in _in_brief(past)[:1]:
        flags.setdefault(each["round"], []).append(f"{UNGROUNDED}:{each['role']}")
    return [{"round": number, "flags": found} for number, found in flags.items() if found]


def _ungrounded(past: Past, outcomes: list[dict[str, Any]]) -> Record:
    """Return the numbers that nothing bears out, as they are written; no key where there are none."""
    said = [{"round": event["round"], **each} for event in outcomes for each in event.get("ungrounded", ())]
    found = [*said, *_in_brief(past)]
    return {"ungrounded": found} if found else {}


def _in_brief(past: Past) -> list[Record]:
    """Return the numbers that nothing bears out in the brief that was kept, the last one that was written."""
    said = [event for event in past.events if event["event"] in ("outcome", "proposed")]
    last = said[-1] if said and said[-1].get("text") is not None else {}
    return [{"round": last["round"], **each} for each in last.get("ungrounded", ())]


def _moves(past: Past, outcomes: list[dict[str, Any]]) -> Record:
    """Return how many stances moved from one round to a later one, and how many of them without a reason."""
    if not past.pattern.is_rounds:
        return {}
    moved = sum(len(each.get("moves", ())) for each in outcomes)
    without = sum(carrying(each["flags"], MOVED) for each in outcomes)
    share = round(without / moved, 3) if moved else None
    return {"moves": {"moved": moved, "without_reason": without, "share": share}}


def _stability(past: Past) -> Record:
    """Return what the last stability check found; no key where no decision was checked."""
    checks = past.events_of("stability")
    if not checks:
        return {}
    last, kept = checks[-1], ("round", "samples", "completed", "flips", "rate")
    told = {
        "interval": [last["low"], last["high"]],
        **{key: last[key] for key in ("max_flip_rate", "announced", "acts")},
    }
    return {"stability": {**{key: last[key] for key in kept}, **told}}


def _by_people(past: Past) -> Record:
    """Return what people were asked and that has ended; nothing where nobody was asked."""
    closed = [each for each in questions_in(past) if each["status"] != "open"]
    return {"people": closed} if closed else {}


def all_events(events: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the events, those of a team within before the event that holds them."""
    for event in events:
        yield from all_events(inner_of(event).get("events", []))
        yield event


def inner_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a team did whose answer an event has; empty where no team answered."""
    return event.get("inner") or (event.get("output") or {}).get("inner") or {}


def _learned(events: Iterable[Mapping[str, Any]]) -> Record:
    """Return, by model, what was learned of the forms in which it takes a question."""
    found: Record = {}
    for event in events:
        if "dialect" in event:
            found[event["model"]] = {**found.get(event["model"], {}), **event["dialect"]}
    return dict(sorted(found.items()))


def outputs_of(past: Past) -> list[Record]:
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
        for stage in past.standing
        for entry in stage["entries"]
    ]


def _absent(past: Past) -> list[Record]:
    """Return the seats that counted as absent, and were not asked again since."""
    if not past.stages:
        return [{key: each[key] for key in ("round", "role", "reason")} for each in past.events_of("absent")]
    standing = past.stages[max(past.since, past.forgiven) :]
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
    return {**kept, "outputs": outputs_of(Past.of(told))}


def _pattern(past: Past) -> Record:
    """Return how a pattern other than rounds ended: whether early, and what it shows besides its answer."""
    if past.pattern.is_rounds:
        return {}
    ending = past.ending or {}
    return {
        "pattern": past.team["pattern"],
        "ended_early": ending.get("ended_early", False),
        "details": ending.get("details", {}),
    }


def is_of_rounds(record: Mapping[str, Any]) -> bool:
    """Return whether a record is one of rounds; one of any other pattern names it."""
    return "pattern" not in record


def _outcome(past: Past, outcomes: list[dict[str, Any]]) -> Record | None:
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
        "final": past.final_decision if past.stop_reason == "success" else None,
    }


def row_name(row: int | None) -> int | str:
    """Return a row as people count it, from 1; `otherwise` where none held."""
    return "otherwise" if row is None else row + 1


def said_hold(held: Mapping[str, Any]) -> Record:
    """Return a hold as a sentence names it: {by, because, when}."""
    return {"by": held["by"], "because": held["because"], "when": f"{str(held['at'])[:16].replace('T', ' ')} UTC"}
