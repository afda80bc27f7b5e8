"""Budgets: what is reserved before a call, what is settled after it, and that the call too many is never made."""

from pathlib import Path

import pytest

from tests.harness import run, settings_at, team_of, without_times
from tests.runs.expected import accepted, round_of, stopped, success, usage
from tests.runs.stage import (
    BACKWARDS,
    BRIEF,
    DEMAND,
    FINANCE,
    RISK,
    Played,
    play,
    prompt_tokens_reserved,
    rounds,
    script,
    state_of,
)
from tests.scripted_server import delayed, hangs, says, text, with_usage, without_usage

pytestmark = pytest.mark.slow

ALL_GO = [round_of(1, dict.fromkeys((DEMAND, FINANCE, RISK), "go"), [], "go")]
ONE_EACH = {DEMAND: 1, FINANCE: 1, RISK: 1}
PRICED = "prices={gpt-4.1-mini: {prompt: 3.0, completion: 5.0}, dear-1: {prompt: 30.0, completion: 50.0}}"


def reserved(played: Played, *roles: str, output: int = 800) -> int:
    """The tokens that asking these once reserves."""
    return sum(prompt_tokens_reserved(played.server.calls_of(role)[0]) + output for role in roles)


def cost_reserved(played: Played, *roles: str, prompt: int = 3, completion: int = 5, output: int = 800) -> float:
    tokens = [prompt_tokens_reserved(played.server.calls_of(role)[0]) for role in roles]
    return sum(each * prompt + output * completion for each in tokens) / 1_000_000


def waves(tmp_path: Path, thread: str) -> int:
    """How often convene asked: once, or once more for a seat whose reservation did not fit beside the others'."""
    number: int = state_of(settings_at(tmp_path), thread)["wave"]["number"]
    return number


ANSWERED, ANSWERED_USD = 120, 0.0004
"""What the first role's answer is settled at: it is asked alone, since nobody knows yet how the provider counts."""


def test_a_provider_that_counts_more_than_we_do_is_known_after_its_first_answer(tmp_path: Path) -> None:
    """Three at once would take three times what was reserved; one shows it, and the others no longer fit."""
    greedy = with_usage(says("go"), 2_800, 50)
    lines = script(demand_analyst=greedy, finance_analyst=greedy, risk_analyst=greedy)
    played = play(tmp_path, lines, "budget.max_tokens=5000")
    assert (played.record["stop_reason"], played.record["phase"]) == ("max_tokens", "round_1:finance_analyst")
    assert played.asked == {DEMAND: 1}
    assert max(state_of(settings_at(tmp_path))["ratios"].values()) > 3


def test_tokens_are_reserved_to_the_token_as_bytes_by_three_and_the_longest_answer(tmp_path: Path) -> None:
    umlauts = "goal=Größe überall — schön geprüft?"
    needed = ANSWERED + reserved(play(tmp_path, script(), umlauts, thread="free"), FINANCE, RISK)
    fits = play(tmp_path, script(), umlauts, f"budget.max_tokens={needed}", thread="fits")
    assert (fits.record["status"], fits.asked) == ("ok", {**ONE_EACH, "brief": 1})
    short = play(tmp_path, script(), umlauts, f"budget.max_tokens={needed - 1}", thread="short")
    assert (short.record["status"], short.asked) == ("ok", {**ONE_EACH, "brief": 1})
    assert (waves(tmp_path, "fits"), waves(tmp_path, "short")) == (2, 3)


def test_a_seat_that_does_not_fit_once_the_others_are_settled_ends_the_run(tmp_path: Path) -> None:
    used = with_usage(says("go"), 1500, 500)
    played = play(tmp_path, script(demand_analyst=used, finance_analyst=used), "budget.max_tokens=4800")
    assert (played.record["stop_reason"], played.record["phase"]) == ("max_tokens", "round_1:risk_analyst")
    assert (played.asked, played.record["trace"]) == ({DEMAND: 1, FINANCE: 1}, accepted(DEMAND, FINANCE))


def test_the_longest_answer_is_that_of_the_team_file(tmp_path: Path) -> None:
    needed = ANSWERED + reserved(play(tmp_path, script(), thread="free"), FINANCE, RISK, output=50)
    for thread, tokens, asked in (("fits", needed, 2), ("short", needed - 1, 3)):
        play(tmp_path, script(), "max_output_tokens=50", f"budget.max_tokens={tokens}", thread=thread)
        assert waves(tmp_path, thread) == asked


def test_money_is_reserved_to_the_last_digit_by_the_price_of_each_role_s_model(tmp_path: Path) -> None:
    sets = (PRICED, "roles.risk_analyst.model=dear-1")
    free = play(tmp_path, script(), *sets, thread="free")
    needed = ANSWERED_USD + cost_reserved(free, FINANCE) + cost_reserved(free, RISK, prompt=30, completion=50)
    fits = play(tmp_path, script(), *sets, f"budget.max_cost_usd={needed:.6f}", thread="fits")
    assert (fits.record["status"], fits.asked) == ("ok", {**ONE_EACH, "brief": 1})
    short = play(tmp_path, script(), *sets, f"budget.max_cost_usd={needed - 0.000001:.6f}", thread="short")
    assert (short.record["status"], short.asked) == ("ok", {**ONE_EACH, "brief": 1})
    assert (waves(tmp_path, "fits"), waves(tmp_path, "short")) == (2, 3)


def test_a_call_is_settled_at_what_was_used_so_a_second_round_fits_where_two_reservations_would_not(
    tmp_path: Path,
) -> None:
    lines = rounds(("go", "caution", "caution"), ("go", "go", "go"))
    needed = reserved(play(tmp_path, lines, thread="free"), DEMAND, FINANCE, RISK)
    played = play(tmp_path, lines, f"budget.max_tokens={needed + 700}")
    assert (played.record["final_decision"], played.record["usage"]) == ("go", usage(7, 7))


def test_a_call_that_used_more_than_reserved_counts_in_full_and_the_brief_is_not_asked_for(tmp_path: Path) -> None:
    greedy = with_usage(says("go"), 1000, 900)
    lines = script(demand_analyst=greedy, finance_analyst=greedy, risk_analyst=greedy)
    played = play(tmp_path, lines, "budget.max_tokens=5800")
    assert played.team is not None
    used = {"calls": 3, "prompt_tokens": 3000, "completion_tokens": 2700, "cost_usd": 0.0}
    assert without_times(played.record) == stopped(
        played.team, "max_tokens", used, resumable=True, phase="finalize", history=ALL_GO
    )
    assert played.asked == ONE_EACH


def test_the_brief_s_own_reservation_counts_to_the_token(tmp_path: Path) -> None:
    used = with_usage(says("go"), 500, 800)
    lines = script(demand_analyst=used, finance_analyst=used, risk_analyst=used)
    needed = 3900 + reserved(play(tmp_path, lines, thread="free"), "brief")
    assert play(tmp_path, lines, f"budget.max_tokens={needed}", thread="fits").record["status"] == "ok"
    short = play(tmp_path, lines, f"budget.max_tokens={needed - 1}", thread="short")
    assert (short.record["stop_reason"], short.record["phase"], short.asked) == ("max_tokens", "finalize", ONE_EACH)


def test_money_that_does_not_reach_for_the_brief_stops_at_finalize(tmp_path: Path) -> None:
    sets = (PRICED, "brief.model=dear-1", "budget.max_cost_usd=0.03")
    played = play(tmp_path, script(), *sets)
    assert (played.record["stop_reason"], played.record["phase"]) == ("max_cost", "finalize")
    assert (played.asked, played.record["usage"]["cost_usd"]) == (ONE_EACH, 0.0012)


def test_messages_of_all_rounds_count_together(tmp_path: Path) -> None:
    played = play(tmp_path, script("caution"), BACKWARDS, "budget.max_messages=5", "budget.max_rounds=9")
    assert (played.record["stop_reason"], played.record["phase"]) == ("max_messages", "round_2:demand_analyst")
    assert played.asked == {DEMAND: 1, FINANCE: 2, RISK: 2}


def test_messages_that_just_suffice_leave_the_brief_which_is_no_message(tmp_path: Path) -> None:
    played = play(tmp_path, script(), "budget.max_messages=3")
    assert played.team is not None
    assert without_times(played.record) == success(played.team, ALL_GO, usage(4, 4), BRIEF)


def test_a_next_round_without_a_message_left_stops_at_its_first_role(tmp_path: Path) -> None:
    played = play(tmp_path, script("caution"), BACKWARDS, "budget.max_messages=3")
    assert (played.record["stop_reason"], played.record["phase"]) == ("max_messages", "round_2:risk_analyst")
    assert played.asked == ONE_EACH


def test_rounds_and_messages_out_at_once_is_no_round_left(tmp_path: Path) -> None:
    played = play(tmp_path, script("caution"), "budget.max_messages=3", "budget.max_rounds=1")
    assert (played.record["stop_reason"], "phase" in played.record) == ("max_rounds_reached", False)


def test_a_denied_role_is_named_before_a_budget_that_would_stop_it_too(tmp_path: Path) -> None:
    played = play(tmp_path, script(), "sequence+=legal_analyst", "budget.max_messages=3")
    assert played.record["stop_reason"] == "agent_denied:legal_analyst"
    assert played.asked == ONE_EACH


def test_a_budget_that_ends_before_a_denied_role_is_named_instead(tmp_path: Path) -> None:
    played = play(tmp_path, script(), "sequence+=legal_analyst", "budget.max_messages=2")
    assert (played.record["stop_reason"], played.record["phase"]) == ("max_messages", "round_1:risk_analyst")


@pytest.mark.slow
def test_the_deadline_cuts_a_hanging_role_and_keeps_the_others(tmp_path: Path) -> None:
    played = play(tmp_path, script(finance_analyst=hangs(60)), "budget.max_seconds=1.5")
    assert played.team is not None
    assert without_times(played.record) == stopped(
        played.team,
        "max_seconds",
        usage(3, 2),
        resumable=True,
        phase="round_1:finance_analyst",
        trace=accepted(DEMAND, RISK),
    )
    assert 1.5 <= played.record["elapsed_seconds"] < 6


@pytest.mark.slow
def test_time_at_work_is_the_longest_role_of_a_wave_not_the_sum(tmp_path: Path) -> None:
    slow = delayed(says("go"), 1.0)
    lines = script(demand_analyst=slow, finance_analyst=slow, risk_analyst=slow)
    played = play(tmp_path, lines)
    assert played.record["status"] == "ok"
    assert 1.0 <= played.record["elapsed_seconds"] < 3.0


@pytest.mark.slow
def test_time_of_earlier_rounds_counts_against_the_deadline_of_the_later(tmp_path: Path) -> None:
    lines = script("caution") | {(RISK, 1): delayed(says("caution"), 1.5), (RISK, 2): hangs(60)}
    played = play(tmp_path, lines, "budget.max_seconds=2.4")
    assert (played.record["stop_reason"], played.record["phase"]) == ("max_seconds", "round_2:risk_analyst")
    assert 2.4 <= played.record["elapsed_seconds"] < 3.8


def test_rules_reserve_and_use_nothing(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    team = team_of(settings, "checkout_launch", PRICED, "budget.max_tokens=1", "budget.max_cost_usd=0.000001")
    record = run(team, settings)
    assert (record["status"], record["usage"]) == ("ok", usage(0, 0))


def test_only_convene_spends_messages_and_rounds(tmp_path: Path) -> None:
    play(tmp_path, script("caution") | {(RISK, 2): [text("{}"), says("caution")]}, "budget.max_rounds=2")
    assert state_of(settings_at(tmp_path))["spent"] == {"messages": 7, "rounds": 2}


# --- usage -----------------------------------------------------------------------------------------------------------


def test_tokens_are_counted_as_reported_and_cost_by_the_price_of_each_model(tmp_path: Path) -> None:
    lines = script(
        demand_analyst=with_usage(says("go"), 11, 7),
        finance_analyst=with_usage(says("go"), 13, 5),
        risk_analyst=with_usage(says("go"), 17, 3),
        brief=with_usage(text(BRIEF), 101, 53),
    )
    played = play(tmp_path, lines, PRICED, "roles.risk_analyst.model=dear-1")
    assert played.record["usage"] == {
        "calls": 4,
        "prompt_tokens": 11 + 13 + 17 + 101,
        "completion_tokens": 7 + 5 + 3 + 53,
        "cost_usd": pytest.approx((125 * 3 + 65 * 5 + 17 * 30 + 3 * 50) / 1_000_000, abs=1e-12),
    }


def test_a_model_without_a_price_costs_nothing(tmp_path: Path) -> None:
    played = play(tmp_path, script(), "prices={another: {prompt: 3.0, completion: 5.0}}")
    assert played.record["usage"] == usage(4, 4)


def test_an_answer_without_usage_counts_as_reserved_for_role_and_brief(tmp_path: Path) -> None:
    lines = script(risk_analyst=without_usage(says("go")), brief=without_usage(text(BRIEF)))
    played = play(tmp_path, lines, PRICED)
    counted = played.record["usage"]
    assert counted["prompt_tokens"] + counted["completion_tokens"] == 240 + reserved(played, RISK, "brief")
    reported = 2 * (100 * 3 + 20 * 5) / 1_000_000
    assert counted["cost_usd"] == pytest.approx(reported + cost_reserved(played, RISK, "brief"), abs=1e-9)


def test_answers_without_usage_use_up_the_budget_as_reserved(tmp_path: Path) -> None:
    quiet = without_usage(says("go"))
    lines = script(demand_analyst=quiet, finance_analyst=quiet, risk_analyst=quiet)
    needed = reserved(play(tmp_path, lines, thread="free"), DEMAND, FINANCE, RISK)
    played = play(tmp_path, lines, f"budget.max_tokens={needed}")
    assert (played.record["stop_reason"], played.record["phase"]) == ("max_tokens", "finalize")
    assert played.asked == ONE_EACH


def test_a_refused_proposal_is_paid_for(tmp_path: Path) -> None:
    lines = script(risk_analyst=[with_usage(text("{}"), 1000, 1), says("go")])
    assert play(tmp_path, lines).record["usage"] == usage(5, 4) | {"prompt_tokens": 1400, "completion_tokens": 81}


def test_an_empty_answer_is_paid_for_as_reported(tmp_path: Path) -> None:
    lines = script(risk_analyst=with_usage(text(""), 1000, 1))
    used = {"calls": 3, "prompt_tokens": 1200, "completion_tokens": 41, "cost_usd": 0.0}
    assert play(tmp_path, lines).record["usage"] == used
