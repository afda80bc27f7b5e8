"""Guards: what no vote can beat is capped, named in the decision, and the vote stays on the record."""

from pathlib import Path
from typing import Any

import pytest

from tests.harness import settings_at
from tests.runs.stage import BRIEF, go_on, play, rounds, script, state_of
from tests.scripted_server import says, status, text

pytestmark = pytest.mark.slow

ALERTS = "{name: chargeback alerts, fact: risk_signals.chargeback_alerts, above: %s, cap: %s}"
RATE = (
    "{name: payment failures, fact: risk_signals.failed_payment_rate, "
    "at_least: policy_limits.payment_failure_block_threshold, cap: no_go}"
)
LOST = "{name: sign-off, fact: sign_off.given, equals: true, cap: %s}"
UNDER = "facts.risk_signals.failed_payment_rate=0.03"
"""A guard on a fact that nobody gave; with facts of the run alone, since the team's own are checked when it loads."""

SOME = {"report_date": "2026-03-02", "risk_signals": {"failed_payment_rate": 0.03, "chargeback_alerts": 4}}
SOME |= {"policy_limits": {"payment_failure_block_threshold": 0.03}}
GO, CAUTIOUS, LONE_BLOCK = ("go",) * 3, ("caution",) * 3, ("go", "go", "block")


def guards(*each: str) -> str:
    return f"guards=[{', '.join(each)}]"


def findings(home: Path) -> list[dict[str, Any]]:
    events = state_of(settings_at(home))["events"]
    found: list[dict[str, Any]] = next(event for event in events if event["event"] == "outcome")["findings"]
    return found


def test_a_go_under_a_tripped_guard_is_announced_as_no_go_and_the_guard_is_named(tmp_path: Path) -> None:
    played = play(tmp_path, script(), guards(RATE), UNDER)
    record = played.record

    assert (record["status"], record["final_decision"]) == ("ok", "no_go")
    assert record["outcome"] == {"vote": "go", "row": 3, "guards": ["payment failures"], "final": "no_go"}
    first = "Decision: no_go (capped by payment failures; the vote alone gave go)"
    assert record["answer"] == f"{first}\n\n{BRIEF}"
    assert [entry["decision"] for entry in record["history"]] == ["no_go"]
    assert record["trace"][-1] == {"round": 1, "conflicts": [], "decision": "no_go"}
    assert [each["stance"] for each in record["team_summary"]["stances"]] == ["go", "go", "go"]
    assert played.server.calls_of("brief")[0].user["final_decision"] == "no_go"


def test_a_clear_guard_changes_nothing_and_is_not_named(tmp_path: Path) -> None:
    record = play(tmp_path, script(), guards(RATE, ALERTS % (4, "no_go"))).record

    assert record["outcome"] == {"vote": "go", "row": 3, "guards": [], "final": "go"}
    assert record["answer"] == f"Decision: go\n\n{BRIEF}"
    found = [(each["name"], each["tripped"], each["value"], each["limit"]) for each in findings(tmp_path)]
    assert found == [("payment failures", False, 0.028, 0.03), ("chargeback alerts", False, 4, 4)]


@pytest.mark.parametrize(
    ("stances", "cap", "vote", "final"),
    [
        (GO, "go_with_caution", "go", "go_with_caution"),
        (("go", "go", "caution"), "go_with_caution", "go_with_caution", "go_with_caution"),
        (("block", "block", "go"), "go_with_caution", "no_go", "no_go"),
        (("go", "go", "caution"), "no_go", "go_with_caution", "no_go"),
        (("block", "block", "go"), "no_go", "no_go", "no_go"),
        (LONE_BLOCK, "no_go", "next_round", "no_go"),
        (CAUTIOUS, "no_go", "next_round", "no_go"),
    ],
)
def test_a_cap_lowers_what_the_vote_gives_and_never_lifts_it(
    tmp_path: Path, stances: tuple[str, ...], cap: str, vote: str, final: str
) -> None:
    record = play(tmp_path, rounds(stances), guards(ALERTS % (3, cap))).record

    assert (record["final_decision"], record["rounds_used"]) == (final, 1)
    assert record["outcome"]["vote"] == vote
    assert record["outcome"]["guards"] == ["chargeback alerts"]
    is_capped = vote != final
    capping = f" (capped by chargeback alerts; the vote alone gave {vote})" if is_capped else ""
    assert record["answer"] == f"Decision: {final}{capping}\n\n{BRIEF}"


def test_a_cap_to_caution_leaves_one_more_round_and_a_human_as_they_are(tmp_path: Path) -> None:
    cap = guards(ALERTS % (3, "go_with_caution"))
    talked = play(tmp_path, rounds(LONE_BLOCK, GO), cap, thread="talked").record
    asked = play(tmp_path, rounds(LONE_BLOCK, LONE_BLOCK), cap, "policy=launch", thread="asked").record

    assert (talked["final_decision"], talked["rounds_used"]) == ("go_with_caution", 2)
    assert (asked["status"], asked["outcome"]["guards"]) == ("waiting", ["chargeback alerts"])
    assert asked["waiting"][0]["options"] == ["go_with_caution", "no_go", "again", "stop"]


def test_a_no_go_by_a_guard_is_no_case_for_a_human(tmp_path: Path) -> None:
    record = play(tmp_path, rounds(LONE_BLOCK), guards(RATE), UNDER, "policy=launch", "budget.max_rounds=1").record

    assert (record["final_decision"], record["outcome"]["vote"]) == ("no_go", "escalate")


@pytest.mark.parametrize("cap", ["no_go", "go_with_caution"])
def test_a_guard_whose_fact_is_missing_is_tripped_and_names_the_path(tmp_path: Path, cap: str) -> None:
    played = play(tmp_path, script(), guards(LOST % cap), changes={"facts": SOME})
    record, fault = played.record, "could not be read: sign_off.given (it is not in the facts)"

    assert (record["final_decision"], record["outcome"]["guards"]) == (cap, ["sign-off"])
    assert record["outcome"]["unread"] == {"sign-off": fault}
    unread = f"sign-off (could not be read: sign_off.given); the vote alone gave go)\n\n{BRIEF}"
    assert record["answer"] == f"Decision: {cap} (capped by {unread}"
    assert played.server.calls_of("brief")[0].user["capped_by_guards"] == [
        "sign-off (could not be read: sign_off.given)"
    ]
    (found,) = findings(tmp_path)
    assert (found["tripped"], found["fault"], found["value"]) == (True, fault, None)


@pytest.mark.parametrize("value", ["many", True, None, [4], "4"])
def test_a_guard_whose_fact_is_of_the_wrong_type_is_tripped(tmp_path: Path, value: Any) -> None:
    facts = {**SOME, "risk_signals": {"chargeback_alerts": value}}
    record = play(tmp_path, script(), guards(ALERTS % (99, "no_go")), changes={"facts": facts}).record

    assert (record["final_decision"], record["outcome"]["guards"]) == ("no_go", ["chargeback alerts"])
    assert findings(tmp_path)[0]["fault"].startswith("could not be read: risk_signals.chargeback_alerts (it is ")


def test_the_strictest_of_several_guards_counts_and_all_that_are_tripped_are_on_the_record(tmp_path: Path) -> None:
    each = guards(ALERTS % (3, "go_with_caution"), RATE, LOST % "go_with_caution")
    record = play(tmp_path, script(), each, changes={"facts": SOME}).record

    assert record["final_decision"] == "no_go"
    assert record["outcome"]["guards"] == ["chargeback alerts", "payment failures", "sign-off"]


def test_a_decision_by_a_guard_survives_a_brief_that_fails(tmp_path: Path) -> None:
    first = play(tmp_path, script(brief=status(401)), guards(RATE), UNDER)
    assert (first.record["stop_reason"], first.record["phase"]) == ("llm_auth", "finalize")
    assert first.record["outcome"] == {"vote": "go", "row": 3, "guards": ["payment failures"], "final": None}
    resumed = go_on(tmp_path, {"brief": text(BRIEF)})

    assert (resumed.record["final_decision"], resumed.asked) == ("no_go", {"brief": 1})
    assert resumed.record["answer"].startswith("Decision: no_go (capped by payment failures;")


def test_better_facts_that_are_accepted_lift_the_guard_in_the_round_that_is_asked_again(tmp_path: Path) -> None:
    first = play(tmp_path, script(brief=status(401)), guards(RATE), UNDER)
    assert first.team is not None
    facts = {**(first.team.own_facts or {}), "risk_signals": {"failed_payment_rate": 0.01, "chargeback_alerts": 1}}
    lines = {(role, 2): says("go") for role in first.team.sequence} | {"brief": text(BRIEF)}
    resumed = go_on(tmp_path, lines, facts=facts, accept_changes=True)

    assert (resumed.record["final_decision"], resumed.record["rounds_used"]) == ("go", 2)
    assert resumed.record["answer"] == f"Decision: go\n\n{BRIEF}"


def test_flags_and_guards_are_told_apart_a_flag_changes_no_outcome(tmp_path: Path) -> None:
    alerts = "facts.risk_signals.chargeback_alerts=6"
    lines = script(finance_analyst=says("go", evidence=["finance_signals.expected_margin_pct", "finance_signals.lost"]))
    record = play(tmp_path, lines, alerts).record

    assert (record["final_decision"], record["outcome"]["guards"]) == ("go", [])
    flags = ["unsupported:finance_analyst", "contradicts_facts:risk_analyst"]
    assert record["flags"] == [{"round": 1, "flags": flags}]
    kept = record["history"][0]["contributions"]
    assert all(set(said) == {"agent", "stance", "summary", "confidence", "actions"} for said in kept)
