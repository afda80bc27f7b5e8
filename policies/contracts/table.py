"""The table of contracts, and what is done with any of them."""

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any, get_args

from policies.contracts.answers import Accepted, ContractName, Refusal, Task
from policies.contracts.contract import Contract
from policies.contracts.reading import NoJson, in_words, read, storable
from policies.contracts.schema import MESSAGES, Schema, closed
from policies.language import phrase, say
from policies.run.stop import stop_reason
from policies.run.stop_table import STOP_TABLE, StopKind
from policies.team.team import Role, Team

CONTRACTS: Mapping[ContractName, Contract] = {
    name: import_module(f"policies.contracts.{name}").CONTRACT for name in get_args(ContractName)
}
"""Each contract by its name, which is also the name of its file."""


def judge(said: object, task: Task, team: Team) -> Accepted | Refusal:
    """Return the answer in what a voice said, or the refusal that names the first check it fails.

    Text is read as JSON; text that is not JSON counts as an object without keys. Unknown keys are ignored. Where the
    team is lenient, an object that does not say who speaks is taken as said by the role that was asked.

    >>> from policies.team.team import Role
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
    names_check = STOP_TABLE[kind].names_check
    reason = stop_reason(kind, check if names_check else task.role)
    return Refusal(reason, storable(said, value), None if names_check else check, in_words(value, missing))


def faults_of(kind: StopKind) -> dict[str, str]:
    """Return the checks with which an answer is refused so, each in words; `{name}` in both is a value."""
    faults = {"not_object": phrase("the answer is not a JSON object")}
    for contract in CONTRACTS.values():
        faults |= contract.faults if contract.refused_as == kind else {}
    return faults


def said_check(kind: StopKind, check: str) -> str:
    """Return a failed check in words, with what it names; one that no contract has any more as it is called.

    >>> said_check("invalid_plan", "step_3:same_as_step_1"), said_check("invalid_output", "field:margin_pct")
    ('step 3 is the same as step 1', 'the field margin_pct is missing or of the wrong kind')
    """
    for form, words in faults_of(kind).items():
        found = _form(form).fullmatch(check)
        if found:
            return say(words, **found.groupdict()).removesuffix(": ").removesuffix("\xa0")
    name, colon, detail = check.partition(":")
    return f"{name.replace('_', ' ')}{f': {detail}' if colon else ''}"


def _form(form: str) -> re.Pattern[str]:
    """Return what reads a check of this form: only its last part may contain a colon."""
    pattern = re.sub(r"\{(\w+)\}$", r"(?P<\1>.*)", form)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^:]*)", pattern), re.DOTALL)


def answer_form(task: Task, role: Role, *, sends: bool = False) -> Schema:
    """Return what a model's answer is asked in: {name, strict, schema}; with messages where the role may send them."""
    properties = CONTRACTS[task.contract].properties(task, role)
    more = {"messages": MESSAGES} if sends else {}
    return {"name": task.contract, "strict": True, "schema": closed({**properties, **more})}
