"""Answers in the timeline: what a role proposed, what was accepted or refused of it, and that none came."""

from collections.abc import Callable, Mapping
from typing import Any

from graph.report.words import joined, said_reason, said_rule, tone_of, written
from policies.language import in_figures, phrase, say, say_count

Plain = dict[str, Any]

CONTRACTS: Mapping[str, str] = {
    "contribution": phrase("contribution"),
    "output": phrase("output"),
    "plan": phrase("plan"),
    "assignments": phrase("assignments"),
    "position": phrase("position"),
    "verdict": phrase("verdict"),
    "note": phrase("note"),
    "turn": phrase("turn"),
    "proposal": phrase("proposal"),
    "ballot": phrase("ballot"),
}
"""What was accepted, by its contract."""

MAX_RAW = 400
"""Characters shown of a proposal that was refused."""


def speaker(event: Mapping[str, Any]) -> str:
    """Return who answered for a role: its voice, and the model where one did; without a voice a team of its own."""
    return f"{event['voice']} ({event['model']})" if event.get("model") else event["voice"] or say("a team")


def _measured(event: Mapping[str, Any]) -> str:
    used = event["usage"]
    tokens = used["prompt_tokens"] + used["completion_tokens"]
    parts = [
        speaker(event),
        say_count("{number} token", "{number} tokens", tokens) if tokens else None,
        say("{number} s", number=in_figures(f"{used['seconds']:.1f}")) if used["calls"] else None,
    ]
    return ", ".join(filter(None, parts))


def _proposed(group: list[Mapping[str, Any]]) -> Plain:
    is_brief = "text" in group[-1]
    said = {"what": say("Brief written"), "role": None} if is_brief else {"what": say("Proposed")}
    return {**said, "detail": _measured(group[-1])}


def _accepted(group: list[Mapping[str, Any]]) -> Plain:
    if "output" in group[-1]:
        return _taken(group)
    said = group[-1]["contribution"]
    confidence = in_figures(f"{said['confidence']:.2f}")
    told = f"{said['stance']} ({confidence})"
    return {"what": say("Accepted: {what}", what=told), "tone": tone_of(said["stance"]), "detail": _of_proposal(group)}


def _taken(group: list[Mapping[str, Any]]) -> Plain:
    """Return an answer of another pattern than the rounds that was accepted."""
    event, output = group[-1], group[-1]["output"]
    inner = output.get("inner")
    by = say("by the team {team}", team=inner["team"]) if inner else None
    vote = output["answer"].get("vote") if output["contract"] == "ballot" else None
    tone = {"approve": "go", "abstain": "caution", "reject": "block"}.get(vote or "", "plain")
    what = say("Accepted: {what}", what=vote or _named(output["contract"]))
    return {"what": what, "tone": tone, "detail": joined([event.get("seat"), by, _of_proposal(group)]) or None}


def _named(contract: str) -> str:
    """Return what an answer is called; one that a program of its own has, by the name of its contract."""
    words = CONTRACTS.get(contract)
    return say(words) if words else contract.replace("_", " ")


def _refused(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    rule = f"{said_rule(event['rule'], event.get('check'))} [{event['rule']}]"
    said = {"what": say("Refused"), "tone": "refused", "rule": rule}
    return {**said, "quote": written(event["raw"], MAX_RAW), "detail": _of_proposal(group)}


def _of_proposal(group: list[Mapping[str, Any]]) -> str | None:
    return _measured(group[0]) if group[0]["event"] == "proposed" else None


def _failed(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    return {"what": say("Failed"), "tone": "refused", "rule": reason_of(event), "detail": _measured(event)}


def _absent(group: list[Mapping[str, Any]]) -> Plain:
    event = group[-1]
    return {"what": say("Absent"), "tone": "absent", "rule": reason_of(event), "detail": event.get("seat")}


def reason_of(event: Mapping[str, Any], key: str = "reason") -> str:
    """Return the reason of an event as people say it, as it is called behind it."""
    return f"{said_reason(event[key], event['titles']).removesuffix('.')} [{event[key]}]"


SAID_OF_ANSWERS: Mapping[str, Callable[[list[Mapping[str, Any]]], Plain]] = {
    "proposed": _proposed,
    "accepted": _accepted,
    "refused": _refused,
    "failed": _failed,
    "absent": _absent,
}
