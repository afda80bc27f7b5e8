"""What holds for every input: rules never raise, never depend on an order, and never spend beyond a budget."""

import json
import math
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.teams.policies import load_policy, shipped_policies
from policies.conditions.condition import Fault, holds
from policies.contracts.answers import Refusal
from policies.contracts.contribution import Contribution
from policies.decision.conflicts import find_conflicts
from policies.decision.guards import COMPARISONS, Guard, examine
from policies.decision.outcome import decide
from policies.decision.table import OUTCOMES, Policy
from policies.decision.vote import Vote
from policies.paths import MISSING, value_at
from policies.plain import clean_text, find_unplain, is_plain
from policies.run.budgets import Spent, grant, refuse_message
from policies.run.routing import next_nodes, next_step
from policies.run.stop import Stop
from policies.run.usage import Reservation, Usage, add_usage, cost_of, reserve
from policies.team.access import Access
from policies.team.fields import STANCES
from policies.team.privacy import WITHHELD, overlaps, withhold
from policies.team.rules import Problem, parse_policy, parse_team
from policies.team.team import Budget, Price, Team
from tests.contributions import accept
from tests.policy_files import CLASSIC, raw_policy

pytestmark = pytest.mark.slow

# --- hostile values ---------------------------------------------------------------------------------------------------


def nested(depth: int) -> Any:
    value: Any = "end"
    for level in range(depth):
        value = [value] if level % 2 else {"in": value}
    return value


BOUNDS = [2**53 - 1, 2**53, 2**63, 2**64, -(2**64), 10**400, -(10**400)]
NUMBERS = st.floats() | st.integers() | st.sampled_from(BOUNDS)
TEXT = st.text(st.characters(), max_size=30) | st.sampled_from(["\x00", "\ud800", "\udfff\ud800", "go", "NaN", "{}"])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT
JSON_LIKE = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5), max_leaves=12
)
NOT_JSON = st.sampled_from([b"{}", (1, 2), {1}, frozenset(), object(), 1j, ..., {7: 7}, {None: None}])
HOSTILE = JSON_LIKE | NOT_JSON

MEGABYTE = 1_000_000
LARGE: dict[str, Any] = {
    "letters": "x" * MEGABYTE,
    "blanks": " " * MEGABYTE,
    "surrogates": "\ud800" * 200_000,
    "brackets": "[" * MEGABYTE,
    "braces": '{"agent":' * 100_000,
    "json": json.dumps({"agent": "x" * MEGABYTE}),
    "digits": "9" * MEGABYTE,
    "integer": 10**5_000,
    "negative": -(10**5_000),
    "list": list(range(20_000)),
    "words": ["a"] * 20_000,
    "mapping": {str(number): number for number in range(20_000)},
    **{f"depth-{depth}": nested(depth) for depth in (31, 32, 33, 255, 1_000, 100_000)},
}
by_large_value = pytest.mark.parametrize("value", LARGE.values(), ids=LARGE)

ASKED = "risk_analyst"
EVERYBODY = Access(frozenset({ASKED, "finance_analyst"}), frozenset({ASKED, "finance_analyst"}))
GOOD: dict[str, Any] = {
    "agent": ASKED,
    "stance": "go",
    "summary": "Fine.",
    "confidence": 0.5,
    "actions": ["Go on."],
}
NEARLY = st.dictionaries(st.sampled_from([*GOOD, "note"]), HOSTILE, max_size=3).map(lambda bad: {**GOOD, **bad})
CUT_TEXT = st.builds(
    lambda start, end, more: json.dumps(GOOD)[:start] + more + json.dumps(GOOD)[end:],
    st.integers(0, 110),
    st.integers(0, 110),
    TEXT | st.sampled_from(["NaN", "1e999", "9" * 400, "null", "[]", "\\ud800", '"', "}"]),
)


def as_state(said: Contribution | Refusal) -> Any:
    """What the border makes of it: tuples become lists."""
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(said).items()}


# --- the contract -----------------------------------------------------------------------------------------------------


def check_answer(proposal: object) -> None:
    """A plain contribution within the limits or a plain refusal, and the same one again."""
    said = accept(proposal, ASKED, EVERYBODY)

    assert all(map(is_plain, as_state(said).values()))
    assert accept(proposal, ASKED, EVERYBODY) == said
    if isinstance(said, Refusal):
        assert Stop.parse(said.reason).kind == "invalid_contribution"
        assert len(said.reason) < 200
    else:
        assert said.agent == ASKED
        assert 0.0 <= said.confidence <= 1.0
        assert 1 <= len(said.actions) <= 3


@given(HOSTILE | NEARLY | CUT_TEXT)
@settings(max_examples=300)
def test_whatever_is_proposed_the_answer_is_a_plain_contribution_or_a_plain_refusal(proposal: object) -> None:
    check_answer(proposal)


@by_large_value
def test_a_value_of_any_size_in_any_place_is_accepted_or_refused(value: Any) -> None:
    check_answer(value)
    check_answer([value])
    for key in [*GOOD, "note"]:
        check_answer({**GOOD, key: value})
        check_answer({**GOOD, key: [value]})


@given(
    st.sampled_from(STANCES),
    st.text(),
    st.floats(0, 1),
    st.lists(st.text(max_size=490), min_size=1, max_size=50),
    st.dictionaries(st.text().filter(lambda key: key not in GOOD), JSON_LIKE, max_size=3),
)
def test_what_keeps_the_contract_is_accepted_once_and_for_all(
    stance: str, summary: str, confidence: float, steps: list[str], more: dict[str, Any]
) -> None:
    actions = [f"Step: {step}" for step in steps]
    raw = {
        **more,
        **GOOD,
        "stance": stance,
        "summary": f"Well: {summary}",
        "confidence": confidence,
        "actions": actions,
    }
    said = accept(raw, ASKED, EVERYBODY)

    assert isinstance(said, Contribution)
    assert said.stance == stance
    assert abs(said.confidence - confidence) <= 0.0005
    assert accept(as_state(said), ASKED, EVERYBODY) == said


@given((JSON_LIKE | NEARLY.filter(is_plain)).filter(lambda value: not isinstance(value, str)))
def test_json_text_is_judged_as_the_value_it_holds(value: Any) -> None:
    by_text, by_value = accept(json.dumps(value), ASKED, EVERYBODY), accept(value, ASKED, EVERYBODY)

    assert type(by_text) is type(by_value)
    assert getattr(by_text, "reason", by_text) == getattr(by_value, "reason", by_value)


# --- stances, routing, conditions, plain values, teams ---------------------------------------------------------------

VOTES = st.lists(st.sampled_from(STANCES), max_size=12)
SHIPPED = st.sampled_from([load_policy(name) for name in shipped_policies()])
ROUNDS = st.tuples(st.integers(1, 4), st.integers(0, 3))


def outcome_of(policy: Policy, casts: list[Any], min_go_votes: Any = 2, at: tuple[int, int] = (1, 0)) -> str:
    names = (f"role_{number}" for number in range(len(casts)))
    return decide(policy, Vote(dict(zip(names, casts, strict=False)), min_go_votes, at[0], 3, at[1])).final


@given(
    SHIPPED, VOTES.flatmap(lambda votes: st.tuples(st.just(votes), st.permutations(votes))), st.integers(1, 12), ROUNDS
)
def test_the_order_of_the_stances_never_matters(
    policy: Policy, orders: tuple[list[Any], list[Any]], min_go_votes: int, at: tuple[int, int]
) -> None:
    votes, shuffled = orders

    assert find_conflicts(votes) == find_conflicts(shuffled)
    assert outcome_of(policy, votes, min_go_votes, at) == outcome_of(policy, shuffled, min_go_votes, at)


@given(VOTES, st.integers(1, 12))
def test_one_more_block_never_leads_closer_to_a_go(votes: list[Any], min_go_votes: int) -> None:
    assert outcome_of(CLASSIC, [*votes, "block"], min_go_votes) in ("next_round", "no_go")


@given(SHIPPED, st.lists(TEXT | st.integers() | st.none() | st.sampled_from([*STANCES, "absent"]), max_size=9), NUMBERS)
def test_stances_nobody_knows_never_raise(policy: Policy, stances: list[Any], min_go_votes: Any) -> None:
    outcome = outcome_of(policy, stances, min_go_votes)

    assert outcome in OUTCOMES
    assert outcome_of(policy, stances, min_go_votes) == outcome
    assert find_conflicts(stances) == find_conflicts(stances)


@given(HOSTILE, HOSTILE, HOSTILE, st.lists(TEXT, max_size=3))
def test_the_router_always_leads_somewhere(outcome: object, pending: object, reason: object, asks: list[str]) -> None:
    assert next_step(outcome, pending) in ("convene", "finalize", "stop")
    assert next_nodes(asks, outcome, pending, reason)
    assert next_step(outcome, None) == next_step(outcome, None)


CONDITIONS = (
    "facts.x > 1",
    "facts.x == facts.y",
    "has(facts.x)",
    "facts.x in facts.y",
    "size(facts.x) > 2",
    "!facts.y",
)
PLAIN = JSON_LIKE.filter(is_plain)


@given(st.dictionaries(st.sampled_from("xyz"), PLAIN), st.sampled_from(CONDITIONS))
def test_a_condition_holds_or_not_or_is_a_fault_for_any_facts(facts: dict[str, Any], condition: str) -> None:
    answer = holds(condition, facts)

    assert isinstance(answer, bool | Fault)
    assert holds(condition, facts) == answer


@given(HOSTILE)
def test_what_is_plain_is_written_and_read_back_unchanged(value: object) -> None:
    fault = find_unplain(value)

    if fault is None:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        assert json.loads(text.encode("utf-8")) == value
    else:
        assert not is_plain(value)


@given(TEXT)
def test_cleaned_text_is_plain_and_stays_as_it_is(text: str) -> None:
    cleaned = clean_text(text)

    assert is_plain(cleaned)
    assert clean_text(cleaned) == cleaned


@by_large_value
def test_a_value_of_any_size_never_breaks_the_router_nor_the_check_for_plain_values(value: Any) -> None:
    assert next_step(value, None) == "stop"
    assert next_nodes([], value, None, None) == ["align"]
    assert next_nodes([], None, value, None) == ["stop"]
    assert is_plain(value) is (value is LARGE["depth-31"])
    assert len(find_unplain({"facts": value}) or "`") < 200


def check_team(raw: object) -> None:
    policy = parse_policy(raw)
    assert isinstance(policy, Policy) or all(isinstance(problem, Problem) for problem in policy)

    found = parse_team(raw)

    assert isinstance(found, Team) or all(isinstance(problem, Problem) for problem in found)


@by_large_value
def test_a_value_of_any_size_in_any_field_of_a_team_is_a_problem_told_in_short(value: Any) -> None:
    for raw in [value, *({field: value} for field in Team.model_fields)]:
        found = parse_team(raw)
        assert isinstance(found, list)
        assert all(len(problem.message) < 400 for problem in found)


@given(
    HOSTILE | st.dictionaries(st.sampled_from([*Team.model_fields, "mood"]), HOSTILE, max_size=6),
    st.dictionaries(st.sampled_from([*Budget.model_fields, "hurry"]), HOSTILE, max_size=3),
)
def test_whatever_is_called_a_team_gets_a_team_or_its_problems(raw: Any, budget: dict[str, Any]) -> None:
    check_team(raw)
    check_team({"name": "x", "roles": {"a": raw}, "sequence": ["a", raw], "facts": raw, "budget": budget})


ROLE = {"title": "Role", "mandate": "Judge."}
TEAM = {"name": "x", "title": "X", "goal": "g", "sequence": ["a"], "roles": {"a": ROLE}, "policy": raw_policy("median")}
NEARLY_ROW = st.fixed_dictionaries({"when": st.just("go > 1") | TEXT, "then": st.just("go") | HOSTILE}).flatmap(
    lambda row: st.dictionaries(st.sampled_from([*row, "because", "convene"]), HOSTILE).map(lambda bad: {**row, **bad})
)
NEARLY_GUARD = st.dictionaries(st.sampled_from([*Guard.model_fields, "mood"]), HOSTILE).map(
    lambda bad: {"name": "x", "fact": "x", "cap": "no_go", **bad}
)


@given(
    HOSTILE | st.lists(HOSTILE | NEARLY_ROW, max_size=3).map(lambda rows: {"name": "p", "rules": rows}),
    HOSTILE | st.lists(HOSTILE | NEARLY_GUARD, max_size=3),
    HOSTILE,
)
def test_whatever_stands_as_policy_guards_and_private_facts_gives_a_team_or_its_problems(
    policy: Any, guards: Any, private: Any
) -> None:
    check_team({**TEAM, "policy": policy})
    check_team({**TEAM, "guards": guards})
    check_team({**TEAM, "private": private})
    check_team(policy)


@given(st.dictionaries(st.sampled_from("xyz"), HOSTILE), st.sampled_from(["x", "x.y", "x.y.z"]), HOSTILE)
def test_a_guard_is_tripped_or_clear_for_any_facts_and_tripped_wherever_it_says_a_fault(
    facts: dict[str, Any], path: str, limit: Any
) -> None:
    for name in COMPARISONS:
        for each in (limit, "y", "y.z", 1):
            try:
                guard = Guard.model_validate({"name": "x", "fact": path, name: each, "cap": "no_go"})
            except ValueError:
                continue
            (found,) = examine([guard], facts)
            assert isinstance(found.tripped, bool)
            assert found.tripped or found.fault is None


@given(st.dictionaries(st.sampled_from("xyz"), JSON_LIKE), st.lists(st.sampled_from(["x", "x.y", "y.x.z", "z"])))
def test_whatever_is_withheld_is_gone_and_the_rest_is_as_it_was(facts: dict[str, Any], paths: list[str]) -> None:
    kept = withhold(facts, paths)

    assert all(value_at(path, kept) in (MISSING, WITHHELD) for path in paths)
    assert kept.keys() == facts.keys()
    assert {key: kept[key] for key in kept if not overlaps((key,), paths)} == {
        key: facts[key] for key in facts if not overlaps((key,), paths)
    }


# --- budgets ----------------------------------------------------------------------------------------------------------

BUDGETS = st.builds(Budget, max_messages=st.integers(1, 12), max_tokens=st.none() | st.integers(1, 3_000))
USAGES = st.builds(
    Usage,
    *[st.integers(0, 10**6)] * 3,
    st.integers(0, 10**6).map(lambda n: n / 10**6),
    st.integers(0, 10**4).map(float),
)
PRICES = st.none() | st.builds(Price, prompt=st.integers(0, 100), completion=st.integers(0, 100))


@given(USAGES, USAGES, USAGES)
def test_usages_add_up_in_any_order(one: Usage, two: Usage, three: Usage) -> None:
    left = add_usage(add_usage(one, two, two.seconds), three, three.seconds)
    right = add_usage(add_usage(three, two, two.seconds), one, one.seconds)

    assert left == right
    assert left.tokens == one.tokens + two.tokens + three.tokens
    assert math.isclose(left.cost_usd, one.cost_usd + two.cost_usd + three.cost_usd, abs_tol=1e-8)


@given(st.text(st.characters()), st.integers(1, 100_000), PRICES)
def test_a_reservation_is_never_below_what_the_call_can_cost(prompt: str, output: int, price: Price | None) -> None:
    held = reserve(prompt, output, price)
    size = len(prompt.encode("utf-8", "replace"))

    assert 3 * (held.tokens - output) in range(size, size + 3)
    assert held.cost_usd == cost_of(held.tokens - output, output, price)
    assert cost_of((held.tokens - output) // 2, output // 2, price) <= held.cost_usd


@given(BUDGETS, st.lists(st.builds(Reservation, st.integers(0, 900), st.just(0.0)), max_size=20))
def test_what_is_granted_while_it_fits_never_passes_the_budget(budget: Budget, held: list[Reservation]) -> None:
    spent = Spent()
    for reservation in held:
        if refuse_message(budget, spent, reservation) is None:
            spent = grant(spent, reservation)

    assert spent.messages <= budget.max_messages
    assert spent.reserved.tokens <= (budget.max_tokens or math.inf)
