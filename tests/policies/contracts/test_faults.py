"""The words of the checks: every check that a contract makes is said, with what it names."""

import re
from random import Random

import pytest

from policies.contracts import contribution
from policies.contracts.table import CONTRACTS, said_check
from policies.patterns.plan import find_plan_fault
from policies.run.stop_table import STOP_KINDS, STOP_TABLE, StopKind
from tests.policies.patterns.plans import AGENTS, FAULTS, broken_plan

SAID: list[tuple[StopKind, str, str]] = [
    ("invalid_contribution", "not_object", "the proposal is not a JSON object"),
    ("invalid_contribution", "stance", "the stance is not go, caution or block"),
    ("invalid_contribution", "confidence_type", "the confidence is not a number"),
    ("invalid_contribution", "agent_not_allowed:no: such_agent", "the signer may not speak: no: such_agent"),
    ("invalid_contribution", "agent_mismatch:risk_analyst", "somebody else signed: risk_analyst"),
    ("invalid_plan", "not_object", "it is not a JSON object"),
    ("invalid_plan", "too_many_dependencies", "too many dependencies"),
    ("invalid_plan", "step_1:not_object", "step 1 is not a JSON object"),
    ("invalid_plan", "step_2:unknown_agent:ops\n", "step 2 names an agent that the team does not have: ops\n"),
    ("invalid_plan", "step_2:unknown_agent:x:task", "step 2 names an agent that the team does not have: x:task"),
    ("invalid_plan", "step_2:unknown_agent:", "step 2 names an agent that the team does not have"),
    ("invalid_plan", "step_13:same_as_step_12", "step 13 is the same as step 12"),
    ("invalid_plan", "step_4:cycle", "step 4 waits for itself through other steps"),
    ("invalid_assignment", "too_many", "it has more assignments than `max_steps` allows"),
    ("invalid_assignment", "assignment_1:unknown:ops", "assignment 1 names somebody the team does not have: ops"),
    ("invalid_assignment", "assignment_2:again:ops", "assignment 2 is a second one for: ops"),
    ("invalid_verdict", "confidence_range", "the confidence is not between 0 and 1"),
    ("invalid_output", "not_object", "the answer is not a JSON object"),
    ("invalid_output", "field:margin_pct", "the field margin_pct is missing or of the wrong kind"),
    ("invalid_output", "check", "it does not meet the role’s check"),
    ("invalid_output", "no_such_check", "no such check"),
    ("invalid_plan", "no_such_check:step_1", "no such check: step_1"),
]


@pytest.mark.parametrize(("kind", "check", "words"), SAID)
def test_a_check_is_said_with_what_it_names(kind: StopKind, check: str, words: str) -> None:
    assert said_check(kind, check) == words


def test_every_check_of_a_contribution_has_its_words() -> None:
    names = [form.partition(":")[0] for form in contribution.FAULTS]
    assert names == ["not_object", *(name for _, name in contribution.CHECKS)]


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_a_plan_has_its_words(fault: str) -> None:
    found = [find_plan_fault(broken_plan(Random(seed), fault), AGENTS, 100) for seed in range(50)]
    checks = [check for check in found if check]
    assert checks
    said = [said_check("invalid_plan", check).partition(": ")[0] for check in checks]
    assert [words for words in said if not re.fullmatch(r"step \d+ [^_]*", words)] == []


def test_the_kinds_that_name_a_check_are_those_of_contracts_and_no_other() -> None:
    kinds = {contract.refused_as for contract in CONTRACTS.values()}
    assert kinds == {kind for kind in STOP_KINDS if STOP_TABLE[kind].is_contract}
    assert kinds - {"invalid_output"} == {kind for kind in STOP_KINDS if STOP_TABLE[kind].names_check}


@pytest.mark.parametrize("kind", STOP_KINDS)
def test_contracts_refused_alike_say_a_check_alike(kind: StopKind) -> None:
    said = [each for contract in CONTRACTS.values() if contract.refused_as == kind for each in contract.faults.items()]
    assert len(dict(said)) == len({*said})
