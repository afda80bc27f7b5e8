"""Outcomes: `classic` against its table as it is written, and what becomes of rows, rounds, guards and faults."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from graph.teams.policies import load_policy
from policies.decision.guards import Finding, Guard
from policies.decision.outcome import Ruling, decide
from policies.decision.table import DECISIONS, OUTCOMES, Policy
from policies.decision.vote import Cast, Vote
from policies.team.fields import STANCES, Stance
from tests.policy_files import CLASSIC, LAUNCH, table

# One vote on each side of every border: (go, caution, block, min_go_votes, outcome).
ROWS = [
    (0, 0, 2, 2, "no_go"),
    (5, 0, 2, 2, "no_go"),
    (0, 4, 3, 2, "no_go"),
    (0, 0, 1, 2, "next_round"),
    (6, 0, 1, 2, "next_round"),
    (2, 3, 1, 2, "next_round"),
    (2, 0, 0, 2, "go"),
    (3, 0, 0, 2, "go"),
    (1, 0, 0, 1, "go"),
    (2, 1, 0, 2, "go_with_caution"),
    (2, 5, 0, 2, "go_with_caution"),
    (1, 1, 0, 1, "go_with_caution"),
    (1, 0, 0, 2, "next_round"),
    (1, 2, 0, 2, "next_round"),
    (0, 3, 0, 2, "next_round"),
    (0, 7, 0, 1, "next_round"),
    (3, 0, 0, 4, "next_round"),
    (0, 0, 0, 1, "next_round"),
]


def vote_of(casts: Sequence[Cast], min_go_votes: int = 2, **more: Any) -> Vote:
    return Vote({f"role_{number}": cast for number, cast in enumerate(casts)}, min_go_votes, **more)


def votes(go: int, caution: int, block: int) -> list[Cast]:
    counts: dict[Cast, int] = {"go": go, "caution": caution, "block": block}
    return [stance for stance, count in counts.items() for _ in range(count)]


# --- classic ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("go", "caution", "block", "min_go_votes", "expected"), ROWS)
def test_the_first_row_that_holds_gives_the_outcome(
    go: int, caution: int, block: int, min_go_votes: int, expected: str
) -> None:
    assert decide(CLASSIC, vote_of(votes(go, caution, block), min_go_votes)).final == expected


def as_written(stances: Sequence[Stance], min_go_votes: int) -> str:
    """The table of the specification, line by line."""
    if stances.count("block") >= 2:
        return "no_go"
    if stances.count("block") == 1:
        return "next_round"
    if stances.count("go") >= min_go_votes and "caution" not in stances:
        return "go"
    if stances.count("go") >= min_go_votes:
        return "go_with_caution"
    return "next_round"


@pytest.mark.parametrize("roles", range(1, 8))
def test_every_vote_of_every_team_gives_what_the_table_says(roles: int) -> None:
    for stances in product(STANCES, repeat=roles):
        for min_go_votes in range(1, roles + 2):
            ruling = decide(CLASSIC, vote_of(stances, min_go_votes))
            assert ruling.vote == ruling.final == as_written(stances, min_go_votes), (stances, min_go_votes)


@pytest.mark.parametrize("roles", range(1, 5))
def test_classic_decides_the_same_in_every_round_whatever_was_blocked_before(roles: int) -> None:
    for stances, at, blocked in product(product(STANCES, repeat=roles), (1, 2, 3), (0, 1, 2)):
        vote = vote_of(stances, 2, round=at, rounds_blocked=blocked)
        assert decide(CLASSIC, vote).final == as_written(stances, 2), (stances, at, blocked)


def test_the_decisions_are_the_outcomes_without_the_next_round_and_the_human() -> None:
    assert DECISIONS == ("go", "go_with_caution", "no_go")
    assert (*DECISIONS, "next_round", "escalate") == OUTCOMES


def test_the_known_holes_stay_as_they_are() -> None:
    assert decide(CLASSIC, vote_of(votes(0, 7, 0))).final == "next_round"
    assert decide(CLASSIC, vote_of(votes(6, 0, 1))).final == "next_round"
    assert decide(CLASSIC, vote_of(votes(2, 48, 0))).final == "go_with_caution"


# --- launch -----------------------------------------------------------------------------------------------------------


def launch_as_written(stances: Sequence[Stance], min_go_votes: int, at: int, blocked: int) -> str:
    """The table of new teams: as classic, but what does not resolve reaches a human."""
    if stances.count("block") == 1 and blocked >= 1:
        return "escalate"
    outcome = as_written(stances, min_go_votes)
    return "escalate" if outcome == "next_round" and at == 3 else outcome


@pytest.mark.parametrize("roles", range(1, 6))
def test_launch_differs_from_classic_only_where_a_human_is_asked(roles: int) -> None:
    for stances, at, blocked in product(product(STANCES, repeat=roles), (1, 2, 3), (0, 1, 2)):
        for min_go_votes in range(1, roles + 1):
            vote = vote_of(stances, min_go_votes, round=at, max_rounds=3, rounds_blocked=blocked)
            expected = launch_as_written(stances, min_go_votes, at, blocked)
            assert decide(LAUNCH, vote).final == expected, (stances, min_go_votes, at, blocked)


# --- rows and rounds --------------------------------------------------------------------------------------------------


def test_the_ruling_names_the_row_its_reason_and_whom_it_convenes() -> None:
    first = {"when": "block >= 2", "then": "no_go", "because": "two block"}
    second = {"when": "block == 1", "then": "next_round", "convene": "legal", "because": "ask legal"}
    policy = Policy.model_validate({"name": "x", "rules": [first, second], "otherwise": "go"})

    assert decide(policy, vote_of(["block", "block"])) == Ruling("no_go", "no_go", 0, "two block")
    assert decide(policy, vote_of(["block", "go"])) == Ruling("next_round", "next_round", 1, "ask legal", "legal")
    assert decide(policy, vote_of(["go", "go"])) == Ruling("go", "go", None)


def test_a_row_above_wins_over_every_row_below_it() -> None:
    upwards = table(("go >= 1", "go"), ("go >= 2", "no_go"))
    downwards = table(("go >= 2", "no_go"), ("go >= 1", "go"))

    assert [decide(policy, vote_of(["go", "go"])).row for policy in (upwards, downwards)] == [0, 0]
    assert decide(upwards, vote_of(["go", "go"])).final == "go"
    assert decide(downwards, vote_of(["go", "go"])).final == "no_go"
    assert decide(downwards, vote_of(["go", "block"])).row == 1


@pytest.mark.parametrize(
    ("when_rounds_end", "outcome", "ended"),
    [("stop", "next_round", False), ("escalate", "escalate", True), ("no_go", "no_go", True)],
)
@pytest.mark.parametrize("from_row", [True, False])
def test_the_last_round_turns_one_more_round_into_what_the_policy_says(
    when_rounds_end: str, outcome: str, ended: bool, from_row: bool
) -> None:
    rows = [("go >= 0", "next_round")] if from_row else [("go < 0", "go")]
    policy = table(*rows, when_rounds_end=when_rounds_end)
    row = 0 if from_row else None

    for earlier in (1, 2):
        assert decide(policy, vote_of(["go"], round=earlier)) == Ruling("next_round", "next_round", row)
    for last in (3, 4):
        expected = Ruling(outcome, outcome, row, rounds_ended=ended)  # type: ignore[arg-type]
        assert decide(policy, vote_of(["go"], round=last)) == expected


@pytest.mark.parametrize("outcome", ["go", "go_with_caution", "no_go", "escalate"])
def test_the_last_round_leaves_every_other_outcome_as_it_is(outcome: str) -> None:
    ruling = decide(table(("true", outcome), when_rounds_end="no_go"), vote_of(["go"], round=3))

    assert (ruling.vote, ruling.final, ruling.rounds_ended) == (outcome, outcome, False)


def test_nobody_is_convened_or_released_for_a_round_that_does_not_come() -> None:
    row = {"when": "true", "then": "next_round", "convene": "legal", "release": "risk"}
    policy = Policy.model_validate({"name": "x", "rules": [row], "when_rounds_end": "escalate"})
    capped = decide(policy, vote_of(["go"]), [held("no_go")])
    later, last = (decide(policy, vote_of(["go"], round=number)) for number in (2, 3))
    lowered = decide(policy, vote_of(["go"]), [held("go_with_caution")])

    assert (later.convene, later.release) == ("legal", "risk")
    assert (last.convene, last.release) == (None, None)
    assert (capped.vote, capped.final, capped.convene, capped.release) == ("next_round", "no_go", None, None)
    assert (lowered.convene, lowered.release) == ("legal", "risk")


def test_a_role_is_still_convened_where_the_run_may_only_stop_after_the_round() -> None:
    row = {"when": "true", "then": "next_round", "convene": "legal", "release": "risk"}
    ruling = decide(Policy.model_validate({"name": "x", "rules": [row]}), vote_of(["go"], round=3))

    assert (ruling.convene, ruling.release) == ("legal", "risk")


# --- nobody guesses ---------------------------------------------------------------------------------------------------


def test_a_vote_that_no_row_covers_goes_to_a_human() -> None:
    ruling = decide(table(("go > 5", "go"), otherwise=None), vote_of(["go"]))

    assert ruling == Ruling("escalate", "escalate", fault="no row holds")


def test_a_row_without_an_answer_goes_to_a_human_even_if_a_later_row_would_hold() -> None:
    policy = table(('stances["nobody"] == "go"', "go"), ("true", "go"))

    ruling = decide(policy, vote_of(["go"]))

    assert (ruling.vote, ruling.final, ruling.row) == ("escalate", "escalate", None)
    assert ruling.fault is not None
    assert ruling.fault.startswith('rules.0 `stances["nobody"] == "go"`: ')


def test_a_row_without_an_answer_below_the_one_that_holds_is_never_read() -> None:
    policy = table(("true", "go"), ('stances["nobody"] == "go"', "no_go"))

    assert decide(policy, vote_of(["go"])) == Ruling("go", "go", 0)


def test_a_fault_and_a_vote_without_a_row_are_capped_like_any_other() -> None:
    faulty = table(("1 / absent == 1", "go"))
    open_ended = table(("false", "go"), otherwise=None)

    for policy in (faulty, open_ended):
        ruling = decide(policy, vote_of(["go"]), [held("no_go")])
        assert (ruling.vote, ruling.final, ruling.guards) == ("escalate", "no_go", ("limit",))
        assert ruling.fault


# --- guards -----------------------------------------------------------------------------------------------------------


def held(cap: str, name: str = "limit", holds: bool = True) -> Finding:
    guard = Guard.model_validate({"name": name, "fact": "x", "above": 1, "cap": cap})
    return Finding(guard, holds, 2, 1)


@pytest.mark.parametrize(
    ("vote", "cap", "final"),
    [
        ("go", "go_with_caution", "go_with_caution"),
        ("go_with_caution", "go_with_caution", "go_with_caution"),
        ("next_round", "go_with_caution", "next_round"),
        ("escalate", "go_with_caution", "escalate"),
        ("no_go", "go_with_caution", "no_go"),
        *((outcome, "no_go", "no_go") for outcome in OUTCOMES),
    ],
)
def test_a_guard_that_holds_caps_what_the_vote_gives_and_the_vote_stays_on_record(
    vote: str, cap: str, final: str
) -> None:
    ruling = decide(table(("true", vote)), vote_of(["go"]), [held(cap)])

    assert (ruling.vote, ruling.final, ruling.row, ruling.guards) == (vote, final, 0, ("limit",))


def test_the_strictest_guard_that_holds_counts_and_those_that_hold_are_named_in_order() -> None:
    findings = [held("go_with_caution", "first"), held("no_go", "second", holds=False), held("no_go", "third")]

    assert decide(table(("true", "go")), vote_of(["go"]), findings).guards == ("first", "third")
    assert decide(table(("true", "go")), vote_of(["go"]), findings).final == "no_go"
    assert decide(table(("true", "go")), vote_of(["go"]), findings[:2]).final == "go_with_caution"
    assert decide(table(("true", "go")), vote_of(["go"]), findings[1:2]).final == "go"


def test_a_guard_caps_what_the_end_of_the_rounds_gives() -> None:
    ruling = decide(LAUNCH, vote_of(["go", "block"], round=3), [held("no_go")])

    assert (ruling.vote, ruling.final, ruling.rounds_ended) == ("escalate", "no_go", True)


# --- absences and roles with a weight or a veto -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("casts", "outcome"),
    [
        (["go", "absent", "absent"], "next_round"),
        (["go", "go", "absent"], "go"),
        (["go", "caution", "absent"], "go_with_caution"),
        (["block", "block", "absent"], "no_go"),
        (["block", "absent", "absent"], "next_round"),
        (["absent", "absent", "absent"], "next_round"),
    ],
)
def test_a_quorum_counts_who_is_absent_and_fills_nothing_in(casts: list[Cast], outcome: str) -> None:
    assert decide(load_policy("quorum"), vote_of(casts)).final == outcome


def test_a_veto_refuses_alone_and_only_by_a_block() -> None:
    veto = load_policy("veto")
    casts: dict[str, Cast] = {"risk": "block", "finance": "go", "demand": "go"}

    assert decide(veto, Vote(casts, vetoers=frozenset({"risk"}))).final == "no_go"
    assert decide(veto, Vote(casts, vetoers=frozenset({"finance"}))).final == "go"
    assert decide(veto, Vote({**casts, "risk": "caution"}, vetoers=frozenset({"risk"}))).final == "go"


def test_a_weight_counts_as_many_stances() -> None:
    weighted = load_policy("weighted")
    casts: dict[str, Cast] = {"risk": "block", "finance": "go", "demand": "go"}

    assert decide(weighted, Vote(casts)).final == "go"
    assert decide(weighted, Vote(casts, weights={"risk": 3})).final == "no_go"
    assert decide(weighted, Vote(casts, weights={"risk": 2})).final == "next_round"
