"""Contracts of the patterns: what holds for everything that a voice may return."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from policies.contracts.answers import Accepted, ContractName, Refusal, Task
from policies.contracts.note import MAX_ARTIFACTS
from policies.contracts.table import answer_form, judge
from policies.contracts.verdict import MAX_REASONS
from policies.plain import MAX_TEXT, is_plain
from policies.run.stop import Stop
from tests.policies.patterns.courses import ANN, ANSWERS, BOB, CID, SEQUENCE, person, team_of

pytestmark = pytest.mark.slow

CONTRACTS: tuple[ContractName, ...] = get_args(ContractName)
FIELDS = {"note": "text", "margin": "number", "ready": "boolean", "risks": "list"}
FULL = {"note": "Fine.", "margin": 7.5, "ready": False, "risks": ["Rain."]}
TEAM = team_of(
    "parallel",
    roles={ANN: person(ANN), BOB: person(BOB, fields=FIELDS), CID: person(CID, check="output.text != 'No.'")},
)
ASKED = [answer_form(Task("seat", BOB, contract, {}, SEQUENCE), TEAM.roles[BOB]) for contract in get_args(ContractName)]
NAMES = sorted({name for form in ASKED for name in form["schema"]["properties"]} | {"task", "to", "subtask", "name"})
"""What an answer of any contract may hold, and what the parts of some hold."""
WORDS = st.sampled_from(
    (*SEQUENCE, "dan", "", " ", " ann ", "a\x00nn", "\ud800", "approve", "reject", "No.", "x" * 501, "x" * 20_001)
)
NUMBERS = st.integers(-3, 6) | st.floats(0, 1) | st.sampled_from((float("nan"), float("inf"), 1e300, 2**53, 10**400))
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=20,
)

STANCE = {"agent": ANN, "stance": "go", "summary": "Fine.", "confidence": 0.5, "actions": ["Ship it."]}
GOOD = {**{key: value for each in ANSWERS.values() for key, value in each.items()}, **STANCE, **FULL}
"""An answer of Ann's that keeps every contract."""

STEPS = st.lists(
    st.fixed_dictionaries({"agent": WORDS, "task": WORDS, "dependencies": st.lists(st.integers(0, 3), max_size=2)}),
    max_size=3,
)
ASSIGNMENTS = st.lists(st.fixed_dictionaries({"to": WORDS, "subtask": WORDS}), max_size=3)
ARTIFACTS = st.lists(st.fixed_dictionaries({"name": WORDS, "content": WORDS}), max_size=6)
OTHER = st.dictionaries(st.sampled_from(NAMES), VALUES | st.lists(WORDS, max_size=12), max_size=3)
LISTS = st.fixed_dictionaries({}, optional={"steps": STEPS, "assignments": ASSIGNMENTS, "artifacts": ARTIFACTS})
NEARLY = st.builds(lambda lists, other: {**GOOD, **lists, **other}, LISTS, OTHER)
"""Answers that keep the contracts but for a few values."""

SAID = NEARLY | VALUES | st.text(max_size=20) | NEARLY.map(json.dumps) | VALUES.map(json.dumps)


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_of(part)


@given(said=SAID, contract=st.sampled_from(CONTRACTS), role=st.sampled_from(SEQUENCE), once=st.booleans())
def test_whatever_is_said_is_an_answer_that_may_enter_the_state_or_a_refusal_with_a_known_reason(
    said: Any, contract: ContractName, role: str, once: bool
) -> None:
    found = judge(said, Task("seat", role, contract, {"once": once}, SEQUENCE), TEAM)
    if isinstance(found, Refusal):
        kind = {
            "contribution": "invalid_contribution",
            "plan": "invalid_plan",
            "assignments": "invalid_assignment",
            "verdict": "invalid_verdict",
        }
        assert Stop.parse(found.reason).kind == kind.get(contract, "invalid_output")
        assert (found.check is None) == (contract in kind)
        assert is_plain(found.raw)
    else:
        assert is_plain(dict(found.answer))
        assert all(text == text.strip() and len(text) <= MAX_TEXT for text in texts_of(dict(found.answer)))


@given(said=SAID, contract=st.sampled_from(CONTRACTS), role=st.sampled_from(SEQUENCE))
def test_an_answer_that_was_accepted_is_accepted_again_and_stays_as_it_is(
    said: Any, contract: ContractName, role: str
) -> None:
    task = Task("seat", role, contract, {}, SEQUENCE)
    found = judge(said, task, TEAM)
    if not isinstance(found, Refusal):
        answer = dict(found.answer)
        # Null says that what was offered was not a list of paths; offered itself it says that there was nothing.
        assume(answer.get("evidence", ()) is not None)
        assert judge(answer, task, TEAM) == judge(json.dumps(answer), task, TEAM) == found


@given(said=SAID)
def test_accepted_answers_keep_their_caps_and_name_known_roles_only(said: Any) -> None:
    answers = {name: judge(said, Task("seat", ANN, name, {}, SEQUENCE), TEAM) for name in CONTRACTS}
    kept: dict[str, Any] = {name: found.answer for name, found in answers.items() if isinstance(found, Accepted)}
    assert len(kept.get("note", {"artifacts": []})["artifacts"]) <= MAX_ARTIFACTS
    assert 1 <= len(kept.get("verdict", {"reasons": [""]})["reasons"]) <= MAX_REASONS
    assert 0 <= kept.get("verdict", {"confidence": 0})["confidence"] <= 1
    named = [kept.get("verdict", {}).get("winner"), kept.get("turn", {}).get("next")]
    named += [each["to"] for each in kept.get("assignments", {"assignments": []})["assignments"]]
    named += [each["agent"] for each in kept.get("plan", {"steps": []})["steps"]]
    assert {*named} <= {None, *SEQUENCE}


@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize("role", SEQUENCE)
def test_what_is_changed_in_these_tests_is_an_answer_that_every_contract_accepts(
    contract: ContractName, role: str
) -> None:
    assert not isinstance(judge({**GOOD, "agent": role}, Task("seat", role, contract, {}, SEQUENCE), TEAM), Refusal)
