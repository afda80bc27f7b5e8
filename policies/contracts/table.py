"""The table of contracts, and what is done with any of them."""

from collections.abc import Mapping
from typing import Any

from policies.contracts import (
    assignments,
    ballot,
    contribution,
    note,
    output,
    plan,
    position,
    proposal,
    turn,
    verdict,
)
from policies.contracts.answers import Accepted, ContractName, Refusal, Task
from policies.contracts.contract import Contract
from policies.contracts.reading import NoJson, in_words, read, storable
from policies.contracts.schema import MESSAGES, Schema, closed
from policies.stop import stop_reason
from policies.team import Role, Team

CONTRACTS: Mapping[ContractName, Contract] = {
    "contribution": contribution.CONTRACT,
    "output": output.CONTRACT,
    "plan": plan.CONTRACT,
    "assignments": assignments.CONTRACT,
    "position": position.CONTRACT,
    "verdict": verdict.CONTRACT,
    "note": note.CONTRACT,
    "turn": turn.CONTRACT,
    "proposal": proposal.CONTRACT,
    "ballot": ballot.CONTRACT,
}


def judge(said: object, task: Task, team: Team) -> Accepted | Refusal:
    """Return the answer in what a voice said, or the refusal that names the first check it fails.

    Text is read as JSON; text that is no JSON counts as an object without keys. Unknown keys are ignored. Where the
    team is lenient, an object that does not say who speaks is taken as said by the role that was asked.

    >>> from policies.team import Role
    >>> team = Team.model_construct(roles={"ops": Role(title="Ops", mandate="Vote.")}, options=None)
    >>> judge({"vote": "approve", "reason": " Safe. "}, Task("ops", "ops", "ballot"), team).answer
    {'vote': 'approve', 'reason': 'Safe.'}
    >>> judge("approve", Task("ops", "ops", "ballot"), team).reason
    'invalid_output:ops'
    """
    value = read(said)
    if not isinstance(value, dict):
        return _refused("not_object", said, value, task, ())
    is_signed = not team.lenient_agent or isinstance(value, NoJson)
    fields = value if is_signed else {"agent": task.role, **value}
    contract = CONTRACTS[task.contract]
    found = contract.accept(fields, task, team)
    if not isinstance(found, str):
        return Accepted(task.role, task.contract, found)
    required = contract.required if found == "missing_keys" else ()
    return _refused(found, said, value, task, tuple(key for key in required if key not in fields))


def _refused(check: str, said: object, value: Any, task: Task, missing: tuple[str, ...]) -> Refusal:
    kind = CONTRACTS[task.contract].refused_as
    names_check = kind != "invalid_output"
    reason = stop_reason(kind, check if names_check else task.role)
    return Refusal(reason, storable(said, value), None if names_check else check, in_words(value, missing))


def form_of(task: Task, role: Role, *, sends: bool = False) -> Schema:
    """Return what a model's answer is asked in: {name, strict, schema}; with messages where the role may send them."""
    properties = CONTRACTS[task.contract].properties(task, role)
    more = {"messages": MESSAGES} if sends else {}
    return {"name": task.contract, "strict": True, "schema": closed({**properties, **more})}
