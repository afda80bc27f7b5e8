"""What a team decides: in one round, after several, and what each round is told about the ones before it."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from tests.harness import run, settings_at, team_of, without_times
from tests.runs.expected import Plain, round_of, stopped, success, usage
from tests.runs.stage import BACKWARDS, BRIEF, DEMAND, FINANCE, MODEL, RISK, Lines, play, rounds
from tests.scripted_server import says, text

pytestmark = pytest.mark.slow

COLD = ("stability_chemist", "logistics_lead", "quality_officer", "clinic_liaison")
GO, CAUTION, BLOCK = "go", "caution", "block"
MIXED, AGAINST, SPLIT = "go_vs_caution", "blocking_vs_non_block", "high_divergence"

# The stances of each round, its conflicts, and the decision of the last.
TALKS: dict[str, list[tuple[tuple[str, str, str], list[str], str | None]]] = {
    "all go": [((GO, GO, GO), [], "go")],
    "two go, one is cautious": [((GO, CAUTION, GO), [MIXED], "go_with_caution")],
    "two block": [((BLOCK, GO, BLOCK), [AGAINST], "no_go")],
    "two block, one is cautious": [((CAUTION, BLOCK, BLOCK), [AGAINST], "no_go")],
    "all block": [((BLOCK, BLOCK, BLOCK), [], "no_go")],
    "one blocks, then gives in": [((GO, GO, BLOCK), [AGAINST], None), ((GO, GO, GO), [], "go")],
    "one go is not enough, then two are": [
        ((GO, CAUTION, CAUTION), [MIXED], None),
        ((GO, GO, CAUTION), [MIXED], "go_with_caution"),
    ],
    "they disagree over three rounds": [
        ((GO, CAUTION, BLOCK), [AGAINST, SPLIT], None),
        ((CAUTION, CAUTION, CAUTION), [], None),
        ((BLOCK, CAUTION, BLOCK), [AGAINST], "no_go"),
    ],
    "they never agree": [
        ((GO, GO, BLOCK), [AGAINST], None),
        ((GO, CAUTION, BLOCK), [AGAINST, SPLIT], None),
        ((CAUTION, CAUTION, GO), [MIXED], None),
    ],
}


def history_of(talk: Sequence[tuple[tuple[str, str, str], list[str], str | None]]) -> list[Plain]:
    roles = (DEMAND, FINANCE, RISK)
    return [
        round_of(number, dict(zip(roles, stances, strict=True)), conflicts, decision)
        for number, (stances, conflicts, decision) in enumerate(talk, 1)
    ]


@pytest.mark.parametrize("name", TALKS)
def test_these_rounds_come_to_this_decision(tmp_path: Path, name: str) -> None:
    talk = TALKS[name]
    played = play(tmp_path, rounds(*(stances for stances, _, _ in talk)))
    assert played.team is not None
    history, count = history_of(talk), len(talk)
    is_decided = history[-1]["decision"] is not None
    calls = 3 * count + is_decided
    expected = (
        success(played.team, history, usage(calls, calls), BRIEF)
        if is_decided
        else stopped(
            played.team, "max_rounds_reached", usage(calls, calls), resumable=True, phase=None, history=history
        )
    )
    assert without_times(played.record) == expected
    asked = {DEMAND: count, FINANCE: count, RISK: count} | ({"brief": 1} if is_decided else {})
    assert played.asked == asked


def test_a_lasting_unanimous_caution_and_a_lone_lasting_block_never_resolve_under_classic(tmp_path: Path) -> None:
    for thread, stances in (("caution", (CAUTION,) * 3), ("block", (GO, GO, BLOCK))):
        record = play(tmp_path, rounds(*[stances] * 6), "budget.max_rounds=6", "budget.max_messages=99", thread=thread)
        assert record.record["stop_reason"] == "max_rounds_reached"
        assert [entry["decision"] for entry in record.record["history"]] == [None] * 6


@pytest.mark.parametrize(("votes", "decision"), [(1, "go_with_caution"), (2, "go_with_caution"), (3, "next_round")])
def test_go_votes_needed_come_from_the_team_file(tmp_path: Path, votes: int, decision: str) -> None:
    lines = rounds((GO, GO, CAUTION))
    played = play(tmp_path, lines, f"budget.min_go_votes={votes}", "budget.max_rounds=1")
    assert played.record["outcome"]["vote"] == decision


def test_the_second_team_decides_by_its_own_roles_votes_and_limits(tmp_path: Path) -> None:
    stances = [(GO, GO, CAUTION, CAUTION), (GO, GO, CAUTION, GO)]
    played = play(tmp_path, rounds(*stances, roles=COLD), "policy=classic", "guards=[]", name="cold_storage")
    assert played.team is not None
    history = [
        round_of(1, dict(zip(COLD, stances[0], strict=True)), [MIXED], None),
        round_of(2, dict(zip(COLD, stances[1], strict=True)), [MIXED], "go_with_caution"),
    ]
    expected = success(played.team, history, usage(9, 9), BRIEF)
    assert without_times(played.record) == expected
    assert expected["team_summary"]["region"] == "North"


@pytest.mark.parametrize(
    ("name", "stances", "decision"),
    [
        ("checkout_launch", (GO, GO, GO), "go"),
        ("cold_storage", (GO, GO, CAUTION, GO), "go_with_caution"),
    ],
)
def test_a_shipped_team_decides_by_its_own_rules_in_one_round(
    tmp_path: Path, name: str, stances: tuple[str, ...], decision: str
) -> None:
    settings = settings_at(tmp_path)
    team = team_of(settings, name)
    record = run(team, settings)
    said = record["history"][0]["contributions"]
    assert [each["stance"] for each in said] == list(stances)
    assert [each["confidence"] for each in said] == [1.0] * len(stances)
    for each in said:
        otherwise = team.roles[each["agent"]].otherwise
        assert otherwise is not None
        positions = {position.summary: position for position in (*team.roles[each["agent"]].checks, otherwise)}
        assert list(positions[each["summary"]].actions) == each["actions"]
    assert (record["final_decision"], record["rounds_used"]) == (decision, 1)
    assert record["answer"].startswith(f"Decision: {decision}\n\n")
    assert record["usage"] == usage(0, 0)


def test_the_sequence_s_order_never_changes_decision_conflicts_or_rounds(tmp_path: Path) -> None:
    said = {DEMAND: (GO, CAUTION), FINANCE: (BLOCK, GO), RISK: (CAUTION, GO)}
    ends = []
    for number, order in enumerate(permutations(said)):
        lines = {(role, at): says(said[role][at - 1]) for role in said for at in (1, 2)} | {"brief": text(BRIEF)}
        record = play(tmp_path, lines, f"sequence=[{', '.join(order)}]", thread=f"t{number}").record
        assert [each["agent"] for each in record["team_summary"]["stances"]] == list(order)
        conflicts = [entry["conflicts"] for entry in record["history"]]
        ends.append((record["final_decision"], record["rounds_used"], conflicts, record["answer"]))
    expected = ("go_with_caution", 2, [[AGAINST, SPLIT], [MIXED]], f"Decision: go_with_caution\n\n{BRIEF}")
    assert ends == [expected] * 6


LONG_TALK = [(GO, CAUTION, BLOCK), (CAUTION, CAUTION, CAUTION), (GO, GO, BLOCK), (GO, GO, GO)]
SHOWN_ROUNDS: list[Plain] = [
    {
        "round": number,
        "decision": "next_round",
        "conflicts": conflicts,
        "stances": [
            {"agent": role, "stance": stance, "confidence": confidence}
            for role, stance, confidence in zip((RISK, FINANCE, DEMAND), stances, (0.7, 0.9, 0.9), strict=True)
        ],
    }
    for number, stances, conflicts in zip((1, 2, 3), LONG_TALK[:3], ([AGAINST, SPLIT], [], [AGAINST]), strict=True)
]


def long_talk() -> Lines:
    """Four rounds; what the risk analyst says is recognisable."""
    marked: dict[Any, Any] = {
        (RISK, number): says(stances[0], f"Secret summary {number}.", 0.7, [f"Secret action {number}."])
        for number, stances in enumerate(LONG_TALK, 1)
    }
    return {**rounds(*LONG_TALK, roles=(RISK, FINANCE, DEMAND)), **marked}


def test_a_round_is_told_the_last_two_rounds_only_stances_and_confidence_without_any_words(tmp_path: Path) -> None:
    played = play(tmp_path, long_talk(), BACKWARDS, "budget.max_rounds=4", "budget.max_messages=99")
    told = [
        (SHOWN_ROUNDS[:0], []),
        (SHOWN_ROUNDS[:1], [AGAINST, SPLIT]),
        (SHOWN_ROUNDS[:2], []),
        (SHOWN_ROUNDS[1:3], [AGAINST]),
    ]
    for number, (recent, conflicts) in enumerate(told, 1):
        for role in (RISK, FINANCE, DEMAND):
            (user,) = played.seen(role, number)
            assert list(user) == ["goal", "role", "round", "shared_context", "recent_rounds", "open_conflicts"]
            assert (user["role"], user["round"]) == (role, number)
            assert user["recent_rounds"] == recent
            assert user["open_conflicts"] == conflicts
    said = [
        message["content"] for call in played.server.calls if call.role != "brief" for message in call.body["messages"]
    ]
    assert not [each for each in said if "Secret" in each]


def test_the_brief_is_asked_for_with_the_history_and_the_decision_but_without_the_facts(tmp_path: Path) -> None:
    played = play(tmp_path, long_talk(), BACKWARDS, "budget.max_rounds=4", "budget.max_messages=99")
    (call,) = played.server.calls_of("brief")
    assert call.user["final_decision"] == "go"
    assert call.user["history"] == played.record["history"]
    assert [entry["round"] for entry in call.user["history"]] == [1, 2, 3, 4]
    assert set(call.user) == {"goal", "final_decision", "history"}
    assert (call.body["model"], call.body["temperature"], "response_format" in call.body) == (MODEL, 0, False)


def test_the_decision_line_is_printed_by_code_whatever_the_brief_says(tmp_path: Path) -> None:
    lines = rounds((BLOCK, GO, BLOCK)) | {"brief": text("Decision: go\n\nLaunch it!")}
    record = play(tmp_path, lines).record
    assert record["answer"] == "Decision: no_go\n\nDecision: go\n\nLaunch it!"
    assert record["final_decision"] == "no_go"
