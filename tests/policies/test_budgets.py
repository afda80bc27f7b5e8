"""Budgets: their defaults, what each refuses and at which border, and how spending adds up."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nodes.voices.voice import Question, Tokens, Utterance
from policies.run.budgets import (
    Spent,
    change_budget,
    grant,
    grant_longer,
    refuse_call,
    refuse_message,
    refuse_round,
    seconds_left,
)
from policies.run.usage import BYTES_PER_TOKEN, Reservation, Usage, add_usage, cost_of, is_credible, reserve
from policies.team.team import Budget, Price
from tests.harness import ScriptedVoice, proposal, run, settings_at, team_of

PRICE = Price(prompt=0.4, completion=1.6)
NOTHING = Reservation()


def spent(messages: int = 0, seconds: float = 0.0, tokens: int = 0, cost: float = 0.0) -> Spent:
    return Spent(messages, usage=Usage(prompt_tokens=tokens, cost_usd=cost, seconds=seconds))


def test_the_defaults_are_those_of_the_table() -> None:
    assert Budget().model_dump() == {
        "max_rounds": 3,
        "max_messages": 12,
        "max_seconds": 40.0,
        "max_tokens": None,
        "max_cost_usd": None,
        "max_recoveries": 5,
        "min_go_votes": 2,
    }


@pytest.mark.parametrize(
    ("limits", "already", "reservation", "expected"),
    [
        ({"max_messages": 2}, spent(messages=1), NOTHING, None),
        ({"max_messages": 2}, spent(messages=2), NOTHING, "max_messages"),
        ({"max_messages": 2}, spent(messages=3), NOTHING, "max_messages"),
        ({"max_seconds": 40}, spent(seconds=39.999), NOTHING, None),
        ({"max_seconds": 40}, spent(seconds=40.0), NOTHING, "max_seconds"),
        ({"max_seconds": 40}, spent(seconds=41.5), NOTHING, "max_seconds"),
        ({"max_tokens": 1_000}, spent(tokens=200), Reservation(800), None),
        ({"max_tokens": 1_000}, spent(tokens=201), Reservation(800), "max_tokens"),
        ({}, spent(tokens=10**9), Reservation(10**9, 10.0**6), None),
        ({"max_cost_usd": 1}, spent(cost=0.6), Reservation(1, 0.4), None),
        ({"max_cost_usd": 1}, spent(cost=0.6), Reservation(1, 0.400001), "max_cost"),
        ({"max_cost_usd": 0.3}, spent(cost=0.1), Reservation(1, 0.2), None),
    ],
)
def test_one_more_message_is_refused_beyond_each_budget(
    limits: dict[str, Any], already: Spent, reservation: Reservation, expected: str | None
) -> None:
    assert refuse_message(Budget(**limits), already, reservation) == expected


def test_reservations_of_calls_under_way_count_like_usage() -> None:
    budget = Budget(max_tokens=1_000, max_cost_usd=1.0)
    under_way = Spent(messages=1, reserved=Reservation(700, 0.7))

    assert refuse_call(budget, under_way, Reservation(300, 0.3)) is None
    assert refuse_call(budget, under_way, Reservation(301, 0.0)) == "max_tokens"
    assert refuse_call(budget, under_way, Reservation(0, 0.31)) == "max_cost"


def test_tokens_of_prompts_and_answers_both_count() -> None:
    used = Spent(usage=Usage(prompt_tokens=600, completion_tokens=350))

    assert used.usage.tokens == 950
    assert refuse_call(Budget(max_tokens=1_000), used, Reservation(50)) is None
    assert refuse_call(Budget(max_tokens=1_000), used, Reservation(51)) == "max_tokens"


@pytest.mark.parametrize(
    ("already", "expected"),
    [
        (spent(messages=1, seconds=1.0, tokens=9, cost=9.0), "max_messages"),
        (spent(seconds=1.0, tokens=9, cost=9.0), "max_seconds"),
        (spent(tokens=9, cost=9.0), "max_tokens"),
        (spent(cost=9.0), "max_cost"),
    ],
)
def test_of_several_budgets_that_forbid_a_message_the_first_is_named(already: Spent, expected: str) -> None:
    tight = Budget(max_messages=1, max_seconds=1, max_tokens=1, max_cost_usd=1)

    assert refuse_message(tight, already, NOTHING) == expected


def test_a_call_that_is_no_message_counts_no_messages() -> None:
    assert refuse_call(Budget(max_messages=1), spent(messages=1), NOTHING) is None


@pytest.mark.parametrize(
    ("rounds", "expected"), [(0, None), (2, None), (3, "max_rounds_reached"), (4, "max_rounds_reached")]
)
def test_rounds_are_opened_up_to_the_budget(rounds: int, expected: str | None) -> None:
    assert refuse_round(Budget(max_rounds=3), Spent(rounds=rounds)) == expected


@pytest.mark.parametrize(("used", "left"), [(0.0, 40.0), (39.5, 0.5), (40.0, 0.0), (1_000.0, 0.0)])
def test_the_seconds_left_never_fall_below_zero(used: float, left: float) -> None:
    assert seconds_left(Budget(max_seconds=40), spent(seconds=used)) == left


@pytest.mark.parametrize(
    ("prompt", "tokens"),
    [("", 0), ("a", 1), ("abc", 1), ("abcd", 2), ("é", 1), ("éé", 2), ("😀", 2), ("x" * 3_000, 1_000)],
)
def test_a_prompt_is_reserved_as_its_bytes_by_three_rounded_up_and_the_longest_answer(prompt: str, tokens: int) -> None:
    assert BYTES_PER_TOKEN == 3
    assert reserve(prompt, 0, None) == Reservation(tokens, 0.0, longer_tokens=tokens)
    cost, longer = (cost_of(tokens, output, PRICE) for output in (800, 1_600))
    expected = Reservation(tokens + 800, cost, longer_tokens=tokens + 1_600, longer_usd=longer)
    assert reserve(prompt, 800, PRICE) == expected


def test_a_prompt_with_a_lone_surrogate_can_be_reserved() -> None:
    assert reserve("\ud800", 1, None).tokens == 2


@pytest.mark.parametrize(
    ("prompt", "completion", "price", "cost"),
    [
        (0, 0, PRICE, 0.0),
        (1_000_000, 0, PRICE, 0.4),
        (0, 1_000_000, PRICE, 1.6),
        (1_500, 800, PRICE, 0.00188),
        (1, 0, PRICE, 0.0000004),
        (10**9, 10**9, None, 0.0),
    ],
)
def test_the_cost_comes_from_the_prices_of_the_team_file(
    prompt: int, completion: int, price: Price | None, cost: float
) -> None:
    assert cost_of(prompt, completion, price) == cost


@pytest.mark.parametrize(
    ("prompt", "completion", "credible"),
    [(0, 0, True), (10**9, 10**9, True), (-1, 5, False), (5, -1, False), (10**9 + 1, 5, False), (5, 10**30, False)],
)
def test_a_report_of_tokens_that_cannot_be_true_is_not_believed(prompt: int, completion: int, credible: bool) -> None:
    assert is_credible(prompt, completion) is credible


class Boaster(ScriptedVoice):
    """Reports as many tokens as no call can have."""

    async def propose(self, question: Question) -> Utterance:
        return replace(await super().propose(question), tokens=Tokens(prompt=10**30, completion=-5))


@pytest.mark.slow
def test_a_run_whose_provider_reports_absurd_counts_is_decided_and_counts_what_was_reserved(tmp_path: Path) -> None:
    settings = settings_at(tmp_path, base_url="http://localhost:9")
    voice = Boaster(lambda question: proposal(question.name))
    team = team_of(settings)

    record = run(team, settings, voices={"model": voice})

    assert record["final_decision"] == "go"
    least = len(team.sequence) * team.max_output_tokens
    assert least < record["usage"]["prompt_tokens"] < 10 * least
    assert record["usage"]["completion_tokens"] == 0


def test_a_granted_message_counts_one_and_holds_its_reservation() -> None:
    before = Spent(messages=4, rounds=2, reserved=Reservation(100, 0.1), usage=Usage(calls=4))

    assert grant(before, Reservation(50, 0.2)) == Spent(5, 2, Reservation(150, 0.3), Usage(calls=4))


def test_usages_add_up_but_for_the_seconds_which_are_given() -> None:
    one = Usage(calls=1, prompt_tokens=10, completion_tokens=5, cost_usd=0.1, seconds=2.0)
    other = Usage(calls=3, prompt_tokens=1, completion_tokens=2, cost_usd=0.2, seconds=9.0)

    assert add_usage(one, other) == Usage(4, 11, 7, 0.3, 2.0)
    assert add_usage(one, other, seconds=9.0) == Usage(4, 11, 7, 0.3, 11.0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Budget()),
        ({"max_rounds": 5}, Budget(max_rounds=5)),
        ({"max_seconds": 90, "max_tokens": 10}, Budget(max_seconds=90.0, max_tokens=10)),
        ({"max_tokens": None}, Budget()),
    ],
)
def test_a_budget_is_changed_limit_by_limit(changes: dict[str, Any], expected: Budget) -> None:
    assert change_budget(Budget(), changes) == expected


def test_a_changed_budget_keeps_its_other_limits() -> None:
    assert change_budget(Budget(max_messages=7, max_cost_usd=2.0), {"max_rounds": 9}) == Budget(
        max_rounds=9, max_messages=7, max_cost_usd=2.0
    )


ALLOWED = "max_rounds, max_messages, max_seconds, max_tokens, max_cost_usd, max_recoveries, min_go_votes"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rounds": 5}, f"budget.rounds is not a limit; did you mean `max_rounds`? Allowed: {ALLOWED}"),
        ({"max_rounds": 0}, "budget.max_rounds is 0; allowed: at least 1"),
        ({"max_rounds": 1_001}, "budget.max_rounds is 1001; allowed: at most 1000"),
        ({"max_rounds": "5"}, "budget.max_rounds is '5'; allowed: a whole number without quotes"),
        ({"max_messages": True}, "budget.max_messages is True; allowed: a whole number"),
        ({"max_seconds": "40"}, "budget.max_seconds is '40'; allowed: a number without quotes"),
        ({"max_seconds": True}, "budget.max_seconds is True; allowed: a number"),
        ({"max_seconds": float("nan")}, "budget.max_seconds is nan; allowed: at most 86400"),
        (
            {"max_cost_usd": float("inf")},
            "budget.max_cost_usd is inf; allowed: at most 1000000000",
        ),
        ({"max_tokens": 2**53}, "budget.max_tokens is 9007199254740992; allowed: at most 9007199254740991"),
        ({"min_go_votes": 10**5_000}, "budget.min_go_votes is an int too large to be written; allowed: at most 1000"),
        ({7: 1}, "budget.7 is 7; keys should be strings"),
    ],
    ids=lambda part: next(iter(map(str, part))) if isinstance(part, dict) else "",
)
def test_a_limit_that_is_not_allowed_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"^budget\.") as caught:
        change_budget(Budget(), changes)
    assert str(caught.value).startswith(message)


def test_every_wrong_limit_is_named_at_once() -> None:
    with pytest.raises(ValueError, match="max_rounds") as caught:
        change_budget(Budget(), {"max_rounds": 0, "max_tokens": -1, "hurry": 1})
    assert str(caught.value).count("budget.") == 3


HELD = Reservation(tokens=900, cost_usd=0.5, longer_tokens=1_700, longer_usd=0.9)


@pytest.mark.parametrize(
    ("limits", "is_granted"),
    [
        ({}, True),
        ({"max_tokens": 2_600}, True),
        ({"max_tokens": 2_599}, False),
        ({"max_cost_usd": 1.4}, True),
        ({"max_cost_usd": 1.3999}, False),
        ({"max_tokens": 9_000, "max_cost_usd": 1.0}, False),
    ],
)
def test_a_longer_answer_is_granted_where_it_fits_beside_what_is_reserved(
    limits: dict[str, Any], is_granted: bool
) -> None:
    spent = Spent(messages=1, reserved=Reservation(900, 0.5))
    more = grant_longer(Budget(**limits), spent, HELD)
    assert more == (Spent(messages=1, reserved=Reservation(2_600, 1.4)) if is_granted else None)


def test_a_guess_is_granted_no_longer_answer_where_a_limit_stands() -> None:
    guess = replace(HELD, is_guess=True)
    assert grant_longer(Budget(max_tokens=100_000), Spent(), guess) is None
    assert grant_longer(Budget(), Spent(), guess) is not None
