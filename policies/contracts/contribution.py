"""Contribution: a stance on the question, with its reason and what to do."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from policies.contracts.answers import Accepted, Answer, Task
from policies.contracts.contract import Contract, Said
from policies.contracts.reading import (
    CONFIDENCE_FAULTS,
    MAX_NAME_SHOWN,
    Fields,
    confidence_fault,
    confidence_of,
    text_in,
    tidied,
)
from policies.contracts.schema import NUMBER, TEXT, TEXTS, Schema, one_of
from policies.language import phrase
from policies.rehearsal.scene import Scene
from policies.team.fields import MAX_ACTION, MAX_LIST, MAX_SUMMARY, STANCES, Position, Stance
from policies.team.team import Role, Team

KEYS = ("agent", "stance", "summary", "confidence", "actions")
ACTIONS_KEPT = 3
MAX_PATH = 200


@dataclass(frozen=True, slots=True)
class Contribution:
    """A proposal that passed the contract.

    `summary` is trimmed, `confidence` is within 0..1 with 3 decimals, `actions` are the first 3. `evidence` holds
    dotted paths into the facts; none where nothing was offered, null where what was offered is not a list of paths.
    """

    agent: str
    stance: Stance
    summary: str
    confidence: float
    actions: tuple[str, ...]
    evidence: tuple[str, ...] | None = ()

    @property
    def accepted(self) -> Accepted:
        """The answer that it is, as plain values."""
        evidence = None if self.evidence is None else [*self.evidence]
        answer = {**asdict(self), "actions": [*self.actions], "evidence": evidence}
        return Accepted(self.agent, "contribution", answer)


def contribution_of(accepted: Accepted) -> Contribution:
    """Return an accepted answer as a contribution."""
    answer = accepted.answer
    lists = {key: None if answer[key] is None else tuple(answer[key]) for key in ("actions", "evidence")}
    return Contribution(**{**answer, **lists})


def _properties(task: Task, role: Role) -> Schema:
    return {
        "agent": one_of(task.choices or [task.role]),
        "stance": one_of(STANCES),
        "summary": TEXT,
        "confidence": NUMBER,
        "actions": TEXTS,
        "evidence": TEXTS,
    }


def _accept(value: Fields, task: Task, team: Team) -> Answer | str:
    failed = next((name for fails, name in CHECKS if fails(value, task, team)), None)
    if failed is None:
        return _answer(value)
    if failed == "agent_not_allowed":
        return f"{failed}:{tidied(value['agent'])[:MAX_NAME_SHOWN]}"
    return f"{failed}:{task.role}" if failed == "agent_mismatch" else failed


def _lacks_keys(value: Fields, task: Task, team: Team) -> bool:
    return any(key not in value for key in KEYS)


def _agent_is_blank(value: Fields, task: Task, team: Team) -> bool:
    return not _is_said(value["agent"])


def _agent_is_denied(value: Fields, task: Task, team: Team) -> bool:
    return not team.access.admits(value["agent"].strip())


def _stance_is_unknown(value: Fields, task: Task, team: Team) -> bool:
    return not isinstance(value["stance"], str) or value["stance"].strip() not in STANCES


def _summary_is_unusable(value: Fields, task: Task, team: Team) -> bool:
    return text_in(value["summary"], MAX_SUMMARY) is None


def _confidence_is_no_number(value: Fields, task: Task, team: Team) -> bool:
    return confidence_fault(value["confidence"]) == "confidence_type"


def _confidence_is_out_of_range(value: Fields, task: Task, team: Team) -> bool:
    return confidence_fault(value["confidence"]) == "confidence_range"


def _actions_are_no_list(value: Fields, task: Task, team: Team) -> bool:
    return not isinstance(value["actions"], list) or not 1 <= len(value["actions"]) <= MAX_LIST


def _an_action_is_unusable(value: Fields, task: Task, team: Team) -> bool:
    return any(text_in(item, MAX_ACTION) is None for item in value["actions"])


def _agent_is_another(value: Fields, task: Task, team: Team) -> bool:
    return bool(value["agent"].strip() != task.role)


def _is_said(value: object) -> bool:
    return isinstance(value, str) and bool(tidied(value))


CHECKS: tuple[tuple[Callable[[Fields, Task, Team], bool], str], ...] = (
    (_lacks_keys, "missing_keys"),
    (_agent_is_blank, "agent"),
    (_agent_is_denied, "agent_not_allowed"),
    (_stance_is_unknown, "stance"),
    (_summary_is_unusable, "summary"),
    (_confidence_is_no_number, "confidence_type"),
    (_confidence_is_out_of_range, "confidence_range"),
    (_actions_are_no_list, "actions"),
    (_an_action_is_unusable, "action_item"),
    (_agent_is_another, "agent_mismatch"),
)
"""The checks after `not_object`, in order; each may rely on the ones before it."""

FAULTS = {
    "not_object": phrase("the proposal is not a JSON object"),
    "missing_keys": phrase("a key is missing"),
    "agent": phrase("nobody signed"),
    "agent_not_allowed:{name}": phrase("the signer may not speak: {name}"),
    "stance": phrase("the stance is not go, caution or block"),
    "summary": phrase("there is no usable summary"),
    **CONFIDENCE_FAULTS,
    "actions": phrase("there is no usable list of actions"),
    "action_item": phrase("an action is not usable text"),
    "agent_mismatch:{name}": phrase("somebody else signed: {name}"),
}


def _answer(value: Fields) -> Answer:
    return {
        "agent": value["agent"].strip(),
        "stance": value["stance"].strip(),
        "summary": tidied(value["summary"]),
        "confidence": confidence_of(value["confidence"]),
        "actions": [tidied(item) for item in value["actions"][:ACTIONS_KEPT]],
        "evidence": _evidence(value.get("evidence")),
    }


def _evidence(offered: Any) -> list[str] | None:
    if offered is None:
        return []
    if not isinstance(offered, list) or len(offered) > MAX_LIST:
        return None
    is_usable = all(isinstance(path, str) and path.strip() and len(path) <= MAX_PATH for path in offered)
    return [tidied(path) for path in offered] if is_usable else None


def _by_rules(position: Position, task: Task) -> Said:
    return {
        "agent": task.role,
        "stance": position.stance,
        "summary": position.summary,
        "confidence": 1.0,
        "actions": list(position.actions),
    }


def _rehearsed(task: Task, scene: Scene) -> Answer:
    """Go; who rehearses a vote changes the stance."""
    action = scene.words(task)[:MAX_ACTION]
    summary = scene.text(task)[:MAX_SUMMARY]
    return {"agent": task.role, "stance": "go", "summary": summary, "confidence": 1.0, "actions": [action]}


def _told(answer: Answer) -> str:
    return str(answer["summary"])


CONTRACT = Contract(
    _properties,
    _accept,
    _by_rules,
    _rehearsed,
    _told,
    word=lambda answer: str(answer["stance"]),
    refused_as="invalid_contribution",
    instructions="role",
    begins_alike=True,
    asks_beside=True,
    shows=("stance", "confidence"),
    faults=FAULTS,
    required=KEYS,
)
