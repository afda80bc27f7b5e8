"""Grounded numbers: one that equals no fact, derivation or count is flagged, and the brief is mended once."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.harness import CHECKOUT_ROLES, settings_at
from tests.hostile.command import Captured, accord
from tests.runs.stage import BRIEF, DEMAND, RISK, Played, go_on, play, prompt_tokens_reserved, script, state_of
from tests.scripted_server import says, status, text

pytestmark = pytest.mark.slow

GROUND = "ground=true"
MOST_OUTPUT = 800
INVENTED = says("go", summary="Failures are at 2.8 %, and 42 % of carts are lost.", actions=["Cap spend at $7,000."])
KNOWN = says(
    "go", summary="684 k$ less $94k leaves 590,000, in round 1 of 3.", actions=["1. Watch 4 alerts by 2 March."]
)
DERIVE = "derive.margin=facts.finance_signals.projected_revenue_usd - facts.finance_signals.promo_cost_usd"
BAD, WORSE = "Some 77 alerts.\n1. Start.\n2. Watch.", "Some 88 alerts, not 77.\n1. Start.\n2. Watch."
SAID = [
    {"round": 1, "role": RISK, "where": "summary", "number": "42 %"},
    {"round": 1, "role": RISK, "where": "actions", "number": "$7,000"},
]


def events(home: Path, kind: str, role: str | None = None) -> list[dict[str, Any]]:
    found = state_of(settings_at(home))["events"]
    return [each for each in found if each["event"] == kind and (role is None or each.get("role") == role)]


def in_brief(*numbers: str) -> list[dict[str, Any]]:
    return [{"round": 1, "role": "brief", "where": "brief", "number": number} for number in numbers]


def surfaces(capsys: Captured) -> list[str]:
    """What terminal, Markdown and page show, without marks and breaks."""
    shown = [accord(capsys, "show", "t", *more).out for more in ((), ("--markdown", "-"), ("--html", "-"))]
    return [" ".join(re.sub(r"<[^>]*>", " ", unescape(each).replace("\\", "")).split()) for each in shown]


def flags(played: Played) -> list[str]:
    return [flag for each in played.record["flags"] for flag in each["flags"] if flag.startswith("ungrounded")]


def test_a_role_that_invents_a_number_is_flagged_with_it_and_others_are_not(tmp_path: Path) -> None:
    played = play(tmp_path, script(risk_analyst=INVENTED, finance_analyst=KNOWN), GROUND, DERIVE)

    assert flags(played) == [f"ungrounded:{RISK}"]
    assert played.record["ungrounded"] == SAID
    [outcome] = events(tmp_path, "outcome")
    assert outcome["ungrounded"] == [{key: each[key] for key in ("role", "where", "number")} for each in SAID]
    assert played.asked["brief"] == 1


def test_it_is_shown_with_its_numbers_and_the_record_holds(accord_home: Path, capsys: Captured) -> None:
    played = play(accord_home, script(risk_analyst=INVENTED), GROUND)

    assert played.team
    told = f"{played.team.roles[RISK].title} says a number that nothing bears out: 42 %; $7,000"
    assert [each.count(told) for each in surfaces(capsys)] == [1, 1, 1]
    assert [accord(capsys, *each, "t").code for each in (("audit", "verify"), ("replay",), ("why",))] == [0, 0, 0]


def test_without_ground_nothing_is_looked_at(tmp_path: Path) -> None:
    played = play(tmp_path, script(risk_analyst=INVENTED, brief=text(BAD)))
    assert flags(played) == []
    assert "ungrounded" not in played.record
    assert played.asked["brief"] == 1


def test_a_derivation_is_shown_to_roles_and_bears_numbers_out_where_it_can_be_worked_out(tmp_path: Path) -> None:
    played = play(tmp_path, script(finance_analyst=KNOWN), GROUND, DERIVE)
    assert played.seen(RISK, 1)[0]["derived"] == {"margin": 590_000}
    assert flags(played) == []

    facts = {"finance_signals": {"revenue": 684_000}, "promo": {"cost": 94_000, "alerts": 4}, "on": "2026-03-02"}
    other = play(tmp_path, script(finance_analyst=KNOWN), GROUND, DERIVE, thread="u", changes={"facts": facts})
    assert other.seen(RISK, 1)[0]["derived"] == {}
    assert [each["number"] for each in other.record["ungrounded"]] == ["590,000"]
    assert other.record["final_decision"] == played.record["final_decision"] == "go"


def test_a_brief_that_invents_a_number_is_written_once_more_and_told_which(tmp_path: Path) -> None:
    played = play(tmp_path, script(brief=[text(BAD), text(BRIEF)]), GROUND)
    first, second = played.server.calls_of("brief")

    assert played.record["answer"] == f"Decision: go\n\n{BRIEF}"
    assert "repair" not in first.user
    told = "numbers that equal no fact, derivation or count of the record: 77"
    assert second.user == {**first.user, "repair": {"failed_check": told}}
    before, now = (call.body["messages"][0]["content"] for call in (first, second))
    assert now.startswith(before)
    assert "`repair`" in now.removeprefix(before)
    assert flags(played) == []
    assert "ungrounded" not in played.record
    assert [(each["attempt"], each["repair"]) for each in events(tmp_path, "asked", "brief")] == [(1, None), (2, told)]
    assert [each.get("ungrounded") is not None for each in events(tmp_path, "proposed", "brief")] == [True, False]
    assert played.record["usage"]["calls"] == 5


def test_a_brief_that_invents_again_is_kept_and_flagged_with_what_it_still_says(
    accord_home: Path, capsys: Captured
) -> None:
    played = play(accord_home, script(brief=[text(BAD), text(WORSE)]), GROUND)

    assert played.record["answer"] == f"Decision: go\n\n{WORSE}"
    assert flags(played) == ["ungrounded:brief"]
    assert played.record["ungrounded"] == in_brief("88", "77")
    told = "The brief says a number that nothing bears out: 88; 77"
    assert [each.count(told) for each in surfaces(capsys)] == [1, 1, 1]
    assert [accord(capsys, *each, "t").code for each in (("audit", "verify"), ("replay",), ("why",))] == [0, 0, 0]


def test_the_first_brief_is_kept_and_flagged_where_the_second_fails(accord_home: Path, capsys: Captured) -> None:
    failing = status(401)
    played = play(accord_home, script(brief=[text(BAD), failing]), GROUND)

    assert (played.record["status"], played.record["answer"]) == ("ok", f"Decision: go\n\n{BAD}")
    assert (flags(played), played.record["ungrounded"]) == (["ungrounded:brief"], in_brief("77"))
    assert [each["attempt"] for each in events(accord_home, "failed", "brief")] == [2]
    assert [accord(capsys, *each, "t").code for each in (("show",), ("audit", "verify"), ("replay",))] == [0, 0, 0]


def test_no_second_brief_is_asked_for_beyond_the_budget(tmp_path: Path) -> None:
    long: dict[str, Any] = {role: says("go", summary="Fine. " * 600) for role in CHECKOUT_ROLES}
    whole = play(tmp_path, script(brief=[text(BAD), text(BRIEF)], **long), GROUND, thread="whole")
    first, second = map(prompt_tokens_reserved, whole.server.calls_of("brief"))
    assert second > first
    most = 3 * (100 + 20) + first + MOST_OUTPUT
    played = play(tmp_path, script(brief=text(BAD), **long), GROUND, f"budget.max_tokens={most}")

    assert (played.record["status"], played.asked["brief"]) == ("ok", 1)
    assert (flags(played), played.record["ungrounded"]) == (["ungrounded:brief"], in_brief("77"))


def test_a_brief_by_rules_is_flagged_and_not_written_again(tmp_path: Path) -> None:
    played = play(tmp_path, script(risk_analyst=INVENTED), GROUND, "brief.voice=rules")
    assert flags(played) == [f"ungrounded:{RISK}", "ungrounded:brief"]
    assert played.record["ungrounded"] == [*SAID, *in_brief("42 %", "$7,000")]
    assert [each["attempt"] for each in events(tmp_path, "asked", "brief")] == [1]


def test_each_round_is_judged_by_itself_and_counts_what_came_before(tmp_path: Path) -> None:
    second = says("go", summary="Round 2 of 3, after 1 block.")
    lines = {**script(), (RISK, 1): says("block", summary="17 alerts."), (RISK, 2): second}
    played = play(tmp_path, lines, GROUND, "policy=launch")
    assert [(each["round"], each["number"]) for each in played.record["ungrounded"]] == [(1, "17")]


def test_a_run_that_stops_after_its_round_keeps_the_numbers_and_mends_the_brief_when_it_is_resumed(
    tmp_path: Path,
) -> None:
    stopped = play(tmp_path, script(risk_analyst=INVENTED, brief=status(401)), GROUND)
    assert (stopped.record["status"], stopped.record["ungrounded"]) == ("stopped", SAID)

    resumed = go_on(tmp_path, {"brief": [text(BAD), text(BRIEF)]})
    assert (resumed.record["status"], resumed.record["ungrounded"]) == ("ok", SAID)
    assert resumed.record["answer"] == f"Decision: go\n\n{BRIEF}"
    assert DEMAND not in resumed.asked
