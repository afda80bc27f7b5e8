"""Why a pattern stopped, and what its contracts refused, in words."""

import re
from collections.abc import Callable, Mapping

from policies.stop import Stop

PLACED = re.compile(r"(step|assignment)_(\d+):([^:]*)(?::(.*))?", re.DOTALL)

FAULTS = {
    "empty": "nothing is in it",
    "too_many_steps": "it has more steps than `max_steps` allows",
    "too_many": "it has more assignments than `max_steps` allows",
    "not_object": "it is no JSON object",
    "winner": "the winner is none of the debaters",
    "decision": "it names neither a winner nor a decision",
    "reasons": "there is no usable list of reasons",
    "confidence_type": "the confidence is no number",
    "confidence_range": "the confidence is not between 0 and 1",
}

PLACED_FAULTS = {
    "not_object": "is no JSON object",
    "unknown_agent": "names an agent that the team does not have",
    "task": "has no usable task",
    "dependencies": "has no usable list of dependencies",
    "dependency_out_of_range": "depends on a step that is not there",
    "depends_on_itself": "depends on itself",
    "dependency_twice": "names a dependency twice",
    "same_as_step": "is the same as step",
    "cycle": "waits for itself by way of others",
    "unknown": "names somebody the team does not have",
    "subtask": "has no usable subtask",
    "again": "is a second one for",
}

OUTPUT_FAULTS = {
    "not_object": "the answer is no JSON object",
    "text": "there is no usable text",
    "check": "it does not meet the role’s check",
    "position": "there is no usable position",
    "argument": "there is no usable argument",
    "content": "there is no usable content",
    "adds": "what it adds is no usable text",
    "artifacts": "there is no usable list of artifacts",
    "next": "the next speaker is none of the others",
    "proposal": "there is no usable proposal",
    "reason": "there is no usable reason",
    "vote": "the vote is none of approve, reject, abstain",
}


def said_output_fault(check: str) -> str:
    """Return what is wrong with an output, a position, a note, a turn, a proposal or a ballot.

    >>> said_output_fault("vote"), said_output_fault("field:margin_pct")
    ('the vote is none of approve, reject, abstain', 'the field margin_pct is missing or of another kind')
    """
    kind, _, name = check.partition(":")
    if kind == "field" and name:
        return f"the field {name} is missing or of another kind"
    return OUTPUT_FAULTS.get(check, check.replace("_", " "))


def said_fault(fault: str) -> str:
    """Return what is wrong with a plan, an assignment or a verdict.

    >>> said_fault("step_3:same_as_step_1"), said_fault("assignment_1:unknown:ops")
    ('step 3 is the same as step 1', 'assignment 1 names somebody the team does not have: ops')
    """
    placed = PLACED.fullmatch(fault)
    if not placed:
        return FAULTS.get(fault, fault.replace("_", " "))
    what, number, name, detail = placed.groups()
    name, _, other = name.partition("_step_") if name.startswith("same_as_step_") else (name, "", "")
    words = PLACED_FAULTS.get("same_as_step" if other else name, name.replace("_", " "))
    return f"{what} {number} {words}{f' {other}' if other else ''}{f': {detail}' if detail else ''}"


def said_end(stop: Stop) -> str | None:
    """Return why a pattern ended as one sentence, or None for a reason that is no pattern's own.

    >>> said_end(Stop("step_failed:2")), said_end(Stop("llm_timeout"))
    ('Step 2 of the plan failed, and the planner may not be asked again.', None)
    """
    return _ENDS[stop.kind](stop.detail) if stop.kind in _ENDS and stop.detail else None


_ENDS: Mapping[str, Callable[[str], str]] = {
    "invalid_plan": lambda fault: f"The plan broke its contract, and no repair was left: {said_fault(fault)}.",
    "invalid_assignment": lambda fault: (
        f"The assignment broke its contract, and no repair was left: {said_fault(fault)}."
    ),
    "invalid_verdict": lambda fault: f"The verdict broke its contract, and no repair was left: {said_fault(fault)}.",
    "invalid_output": lambda role: f"What {role} returned broke its contract, and no repair was left.",
    "step_failed": lambda number: f"Step {number} of the plan failed, and the planner may not be asked again.",
}
