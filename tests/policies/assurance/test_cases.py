"""Cases: what a case file may say, every problem in a sentence, and which rows no case covers."""

from typing import Any

import pytest

from policies.assurance.cases import Case, parse_case, rule_on, uncovered
from policies.decision.guards import Guard
from policies.decision.marks import Marks
from policies.decision.outcome import Ruling
from policies.decision.vote import Vote
from tests.policies.assurance.enumeration import policy

FRAUD = Guard(name="fraud", fact="risk.rate", at_least=0.5, cap="no_go")
ROWS = policy(("block > 0", "no_go"), ("go >= min_go_votes", "go"), otherwise="next_round")


def case(raw: object) -> Case:
    parsed = parse_case(raw)
    assert isinstance(parsed, Case), parsed
    return parsed


def test_a_case_by_counts_is_an_ordinary_first_round_of_so_many_roles() -> None:
    assert case({"go": 2, "caution": 1, "absent": 1}).vote == Vote(
        {"role_1": "go", "role_2": "go", "role_3": "caution", "role_4": "absent"}
    )


def test_a_case_by_role_says_everything_a_vote_has() -> None:
    raw = {
        "votes": {"risk": "block", "legal": "absent"},
        **{"round": 2, "max_rounds": 5, "rounds_blocked": 1, "min_go_votes": 3},
        **{"weights": {"risk": 2}, "vetoers": ["legal"]},
    }

    assert case(raw).vote == Vote(
        {"risk": "block", "legal": "absent"}, 3, 2, 5, 1, Marks(), {"risk": 2}, frozenset({"legal"})
    )


FIELDS = ", ".join(Case.model_fields)


@pytest.mark.parametrize(
    ("raw", "problems"),
    [
        ({"go": 2, "votes": {"risk": "go"}}, ["has both; allowed: `votes` by role, or counts of stances"]),
        ({}, ["has neither; allowed: `votes` by role, or counts of stances"]),
        ({"round": 2}, ["has neither; allowed: `votes` by role, or counts of stances"]),
        (
            {"votes": {"risk": "yes"}},
            ["`votes.risk` is 'yes'; allowed: 'go', 'caution', 'block' or 'absent'"],
        ),
        ({"go": "2"}, ["`go` is '2'; allowed: a whole number without quotes"]),
        ({"go": 1.0}, ["`go` is 1.0; allowed: a whole number"]),
        ({"go": 1001}, ["`go` is 1001; allowed: at most 1000"]),
        ({"go": 1, "round": 0}, ["`round` is 0; allowed: at least 1"]),
        ({"go": 1, "mood": "good"}, [f"`mood` is an unknown key; allowed: {FIELDS}"]),
        (
            {"go": -1, "block": True},
            [
                "`go` is -1; allowed: at least 0",
                "`block` is True; allowed: a whole number",
            ],
        ),
        (
            {"go": 1, "weights": {"risk": 0}},
            ["`weights.risk` is 0; allowed: at least 1"],
        ),
    ],
)
def test_what_is_wrong_with_a_case_is_told_in_a_sentence_each(raw: Any, problems: list[str]) -> None:
    assert parse_case(raw) == problems


@pytest.mark.parametrize("field", ["go", "round", "max_rounds", "rounds_blocked", "min_go_votes", "weights"])
def test_no_number_of_a_case_is_beyond_a_thousand(field: str) -> None:
    def with_number(number: int) -> dict[str, Any]:
        return {"go": 1, field: {"risk": number} if field == "weights" else number}

    assert isinstance(parse_case(with_number(1_000)), Case)
    assert isinstance(parse_case(with_number(1_001)), list)


@pytest.mark.parametrize("raw", [None, 3, "go", [], ["go"]])
def test_what_is_no_mapping_is_no_case(raw: object) -> None:
    problems = parse_case(raw)

    assert isinstance(problems, list)
    assert len(problems) == 1


@pytest.mark.parametrize("raw", [{"go": 10**5_000}, {"go": [[1]] * 5_000}])
def test_a_value_of_any_size_is_a_problem_told_in_short(raw: Any) -> None:
    problems = parse_case(raw)

    assert isinstance(problems, list)
    assert all(len(problem) < 400 for problem in problems)


def test_facts_that_may_not_enter_a_record_are_refused() -> None:
    problems = parse_case({"go": 1, "facts": {"rate": float("nan")}})

    assert isinstance(problems, list)
    assert "`rate` is nan; allowed: finite numbers" in problems[0]


def test_facts_are_held_against_the_guards_and_without_facts_no_guard_is() -> None:
    held, free = {"risk": {"rate": 0.5}}, {"risk": {"rate": 0.25}}

    assert rule_on(case({"go": 2, "facts": held}), ROWS, [FRAUD]).final == "no_go"
    assert rule_on(case({"go": 2, "facts": held}), ROWS, [FRAUD]).vote == "go"
    assert rule_on(case({"go": 2, "facts": free}), ROWS, [FRAUD]).final == "go"
    assert rule_on(case({"go": 2, "facts": {}}), ROWS, [FRAUD]).guards == ("fraud",)
    assert rule_on(case({"go": 2}), ROWS, [FRAUD]).guards == ()
    assert rule_on(case({"go": 2, "facts": held}), ROWS).final == "go"


def test_rows_that_decided_no_case_are_uncovered_and_so_is_otherwise() -> None:
    def rulings(*raw: dict[str, int]) -> list[Ruling]:
        return [rule_on(case(each), ROWS) for each in raw]

    assert uncovered(ROWS, []) == [0, 1, None]
    assert uncovered(ROWS, rulings({"block": 1})) == [1, None]
    assert uncovered(ROWS, rulings({"block": 1}, {"caution": 1})) == [1]
    assert uncovered(ROWS, rulings({"block": 1}, {"caution": 1}, {"go": 2})) == []


def test_a_table_without_otherwise_has_only_rows_to_cover_and_a_fault_covers_nothing() -> None:
    open_table = policy(("go > 0", "go"), ("6 / caution > 9", "no_go"))
    faulty = rule_on(case({"block": 1}), open_table)
    no_row = rule_on(case({"caution": 1}), open_table)

    assert (faulty.row, faulty.fault is None) == (None, False)
    assert no_row.fault == "no row holds"
    assert uncovered(open_table, [faulty, no_row]) == [0, 1]
    with_otherwise = policy(("6 / caution > 9", "no_go"), otherwise="go")
    assert uncovered(with_otherwise, [rule_on(case({"block": 1}), with_otherwise)]) == [0, None]


def test_a_row_that_a_guard_overrules_is_covered_all_the_same() -> None:
    ruling = rule_on(case({"go": 2, "facts": {}}), ROWS, [FRAUD])

    assert (ruling.row, ruling.final) == (1, "no_go")
    assert uncovered(ROWS, [ruling]) == [0, None]


def test_a_row_over_open_questions_can_be_covered() -> None:
    asking = policy(("open_questions > 0", "next_round"), otherwise="go")

    assert rule_on(case({"go": 1, "open_questions": 1}), asking).row == 0


@pytest.mark.parametrize(
    ("raw", "grounds", "problems"),
    [
        ({"go": 3, "round": 2, "moved": 3, "ungrounded": 3}, True, None),
        ({"go": 3, "moved": 1}, True, ["`moved` is 1: no role has an earlier stance in round 1; allowed: 0"]),
        ({"go": 1, "round": 2, "moved": 2}, True, ["`moved` is 2: 1 role votes there; allowed: 0 to 1"]),
        ({"go": 2, "ungrounded": 3}, True, ["`ungrounded` is 3: 2 roles vote there; allowed: 0 to 2"]),
        (
            {"go": 2, "ungrounded": 1, "moved": 1},
            False,
            [
                "`ungrounded` is 1: numbers are not grounded there (`ground: true`); allowed: 0",
                "`moved` is 1: no role has an earlier stance in round 1; allowed: 0",
            ],
        ),
    ],
)
def test_a_case_that_no_run_can_reach_is_refused(raw: object, grounds: bool, problems: list[str] | None) -> None:
    found = parse_case(raw, grounds)

    assert isinstance(found, Case) if problems is None else found == problems
