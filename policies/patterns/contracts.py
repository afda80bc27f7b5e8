"""Contracts of the patterns: from what a voice returned to the answer that a stage may use."""

from collections.abc import Callable, Mapping
from typing import Any

from policies.conditions.condition import holds
from policies.contract import MAX_LIST, MAX_NAME_SHOWN, Refusal, in_words, read_json, storable
from policies.patterns.plan import find_plan_fault, tidy_steps
from policies.patterns.stages import Answer, ContractName, Task
from policies.plain import MAX_TEXT, clean_text
from policies.stop import StopKind, stop_reason
from policies.team import FieldKind, Role, Team

MAX_SHORT = 500
MAX_REASONS = 10
MAX_ARTIFACTS = 5
MAX_NUMBER = 1e15
BALLOTS = ("approve", "reject", "abstain")

Fields = Mapping[str, Any]
Outcome = Answer | str
"""The answer, or the name of the check that failed."""


def judge(said: object, task: Task, team: Team) -> Answer | Refusal:
    """Return the answer in what a voice said, or the refusal that names the first check it fails.

    Text is read as JSON; text that is no JSON counts as an object without keys. Unknown keys are ignored.

    >>> from policies.team import Role
    >>> team = Team.model_construct(roles={"ops": Role(title="Ops", mandate="Vote.")}, options=None)
    >>> dict(judge({"vote": "approve", "reason": " Safe. "}, Task("ops", "ops", "ballot"), team))
    {'vote': 'approve', 'reason': 'Safe.'}
    >>> judge("approve", Task("ops", "ops", "ballot"), team).reason
    'invalid_output:ops'
    """
    value = read_json(said) if isinstance(said, str) else said
    found = _ACCEPTS[task.contract](value, task, team) if isinstance(value, dict) else "not_object"
    if not isinstance(found, str):
        return found
    kind = _KINDS.get(task.contract)
    reason = stop_reason(kind, found) if kind else stop_reason("invalid_output", task.role)
    return Refusal(reason, storable(said, value), None if kind else found, in_words(value))


def _output(value: Fields, task: Task, team: Team) -> Outcome:
    role = team.roles[task.role]
    text = _text(value.get("text"))
    if text is None:
        return "text"
    fields = {name: _field(value.get(name), kind) for name, kind in role.fields.items()}
    unusable = next((name for name, field in fields.items() if field is None), None)
    if unusable:
        return f"field:{unusable}"
    answer = {"text": text, **fields}
    return answer if _meets(role, answer) else "check"


def _meets(role: Role, answer: Answer) -> bool:
    """Tell whether an output meets the role's own check; one that has no answer does not."""
    return role.check is None or holds(role.check, answer, "output") is True


def _plan(value: Fields, task: Task, team: Team) -> Outcome:
    fault = find_plan_fault(value.get("steps"), task.choices, team.options.max_steps)
    return fault or {"steps": tidy_steps(value["steps"])}


def _assignments(value: Fields, task: Task, team: Team) -> Outcome:
    offered = value.get("assignments")
    if not isinstance(offered, list) or not offered:
        return "empty"
    if len(offered) > team.options.max_steps:
        return "too_many"
    kept: list[dict[str, str]] = []
    for number, item in enumerate(offered, 1):
        assignment = _assignment(item, task, kept)
        if isinstance(assignment, str):
            return f"assignment_{number}:{assignment}"
        kept.append(assignment)
    return {"assignments": kept}


def _assignment(item: object, task: Task, kept: list[dict[str, str]]) -> dict[str, str] | str:
    if not isinstance(item, Mapping):
        return "not_object"
    whom, subtask = _text(item.get("to")) or "", _text(item.get("subtask"))
    if whom not in task.choices:
        return f"unknown:{whom[:MAX_NAME_SHOWN]}"
    if subtask is None:
        return "subtask"
    if task.asks.get("once") is True and any(each["to"] == whom for each in kept):
        return f"again:{whom}"
    return {"to": whom, "subtask": subtask}


def _position(value: Fields, task: Task, team: Team) -> Outcome:
    return _texts(value, {"position": MAX_SHORT, "argument": MAX_TEXT})


def _verdict(value: Fields, task: Task, team: Team) -> Outcome:
    winner, decision = _offered(value, "winner"), _offered(value, "decision")
    if winner is None or (winner and winner not in task.choices):
        return "winner"
    if decision is None or not (winner or decision):
        return "decision"
    reasons = _list_of_texts(value.get("reasons"), MAX_REASONS)
    if not reasons:
        return "reasons"
    confidence = value.get("confidence")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float):
        return "confidence_type"
    if not 0 <= confidence <= 1:
        return "confidence_range"
    return {
        "winner": winner or None,
        "decision": decision or None,
        "reasons": reasons,
        "confidence": round(float(confidence), 3) + 0.0,
    }


def _note(value: Fields, task: Task, team: Team) -> Outcome:
    content, adds = _text(value.get("content")), _offered(value, "adds")
    if content is None:
        return "content"
    if adds is None:
        return "adds"
    artifacts = [] if value.get("artifacts") is None else value["artifacts"]
    if not isinstance(artifacts, list) or len(artifacts) > MAX_ARTIFACTS:
        return "artifacts"
    kept = [_texts(item, {"name": MAX_SHORT, "content": MAX_TEXT}) for item in artifacts if isinstance(item, Mapping)]
    if len(kept) < len(artifacts) or any(isinstance(item, str) for item in kept):
        return "artifacts"
    return {"content": content, "adds": adds, "artifacts": kept}


def _turn(value: Fields, task: Task, team: Team) -> Outcome:
    """Return what was said and who speaks next; a name counts only where there is somebody to choose from."""
    text, named = _text(value.get("text")), _offered(value, "next") if task.choices else ""
    if text is None:
        return "text"
    if named is None or (named and named not in task.choices):
        return "next"
    return {"text": text, "next": named or None}


def _proposal(value: Fields, task: Task, team: Team) -> Outcome:
    return _texts(value, {"proposal": MAX_TEXT, "reason": MAX_TEXT})


def _ballot(value: Fields, task: Task, team: Team) -> Outcome:
    vote = value.get("vote")
    if not isinstance(vote, str) or vote.strip() not in BALLOTS:
        return "vote"
    reason = _text(value.get("reason"))
    return {"vote": vote.strip(), "reason": reason} if reason else "reason"


_ACCEPTS: Mapping[ContractName, Callable[[Fields, Task, Team], Outcome]] = {
    "output": _output,
    "plan": _plan,
    "assignments": _assignments,
    "position": _position,
    "verdict": _verdict,
    "note": _note,
    "turn": _turn,
    "proposal": _proposal,
    "ballot": _ballot,
}

_KINDS: Mapping[ContractName, StopKind] = {
    "plan": "invalid_plan",
    "assignments": "invalid_assignment",
    "verdict": "invalid_verdict",
}
"""Contracts with a stop reason of their own; the others stop with `invalid_output:<role>`."""


def _texts(value: Fields, keys: Mapping[str, int]) -> Outcome:
    found = {key: _text(value.get(key), most) for key, most in keys.items()}
    missing = next((key for key, text in found.items() if text is None), None)
    return missing or found


def _text(value: object, most: int = MAX_TEXT) -> str | None:
    """Return the text trimmed and clean, or None where it is no text, blank or too long."""
    tidy = clean_text(value).strip() if isinstance(value, str) else ""
    return tidy if 0 < len(tidy) <= most else None


def _offered(value: Fields, key: str) -> str | None:
    """Return an optional text, empty where it is blank or not there, or None where it is no text or too long."""
    offered = value.get(key)
    tidy = "" if offered is None else clean_text(offered).strip() if isinstance(offered, str) else None
    return None if tidy is None or len(tidy) > MAX_TEXT else tidy


def _list_of_texts(value: object, most: int) -> list[str] | None:
    if not isinstance(value, list) or len(value) > most:
        return None
    texts = [_text(item) for item in value]
    return None if None in texts else [text for text in texts if text]


def _field(value: object, kind: FieldKind) -> Any:
    """Return the value of a declared field, or None where it is none of its kind."""
    if kind == "text":
        return _text(value)
    if kind == "list":
        return _list_of_texts(value, MAX_LIST)
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER
    return float(value) + 0.0 if is_number else None  # type: ignore[arg-type]  # it is a number
