"""Debate, by whole runs: who reads what, when it ends, what the judge may say, and how it stops and goes on."""

from pathlib import Path
from typing import Any

import pytest

from policies.team.team import Team
from tests.harness import without_times
from tests.patterns.stage import Plain, answer, go_on, play, position, refused, seat, team_of, usage, verdict
from tests.patterns.talk import (
    DEARLY,
    FAILURES,
    LIMITS,
    cut_and_gone_on,
    dear,
    events_of,
    finished,
    flying,
    halted,
    plain,
    repairs,
    said,
    same_end,
    slow,
    stop_of,
)
from tests.scripted_server import Answer, hangs, text

pytestmark = pytest.mark.slow

OPENING = "opening"
VERDICT = {"winner": None, "decision": "Wait.", "reasons": ["It is safer."], "confidence": 0.8}
TOLD = "Verdict: Wait.\nReasons:\n- It is safer."
JUDGED = {"verdict": VERDICT, "judge": "judge"}


def debate(*debaters: str, rounds: int = 2, **changes: Any) -> Team:
    budget = {"max_rounds": rounds, "max_messages": 50, **changes.pop("budget", {})}
    return team_of("debate", *(debaters or ("pro", "con")), budget=budget, **changes)


def stands(stands_for: str, argument: str = "Because.") -> Plain:
    return {"position": stands_for, "argument": argument}


def as_seen(agent: str, stands_for: str) -> Plain:
    return {"agent": agent, **stands(stands_for)}


def judged(number: int, said_by_judge: Plain | None = None) -> Plain:
    return seat(number, "verdict", "verdict", said_by_judge or VERDICT, agent="judge", contract="verdict")


def script(*moves: tuple[str, str], **others: Any) -> dict[str, list[Answer]]:
    """What `pro` and `con` stand for, round by round, and the verdict."""
    pro, con = ([position(each) for each in side] for side in zip(*moves, strict=True))
    return {"pro": pro, "con": con, "judge": [verdict()], **others}


def rounds(*moves: tuple[str, str]) -> list[Plain]:
    labels = [OPENING, *(f"reply_{number}" for number in range(1, len(moves)))]
    return [
        entry
        for number, (label, (pro, con)) in enumerate(zip(labels, moves, strict=True), 1)
        for entry in said(number, label, "position", {"pro": stands(pro), "con": stands(con)})
    ]


MOVING = (("A", "B"), ("A1", "B"), ("A2", "B1"))
SETTLED = (("A", "B"), ("A", "C"), (" a ", "c"))


def test_a_debate_of_all_its_rounds_leaves_this_very_record(tmp_path: Path) -> None:
    played = play(tmp_path, debate(), script(*MOVING, judge=[verdict("con", "Wait.")]))
    said_by_judge = VERDICT | {"winner": "con"}

    assert without_times(played.record) == finished(
        played,
        [*rounds(*MOVING), judged(4, said_by_judge)],
        f"Winner: con\n{TOLD}",
        {"verdict": said_by_judge, "judge": "judge"},
        usage(7),
    )


@pytest.mark.parametrize(
    ("limit", "moves"),
    [(9, (("A", "B"), ("A", "B"))), (9, SETTLED), (3, SETTLED), (2, (("A", "B"), ("A1", "B"), ("A1", "B")))],
    ids=["at once", "but for case and blanks", "a round before the last", "in the last round"],
)
def test_it_ends_early_when_nobody_moved_and_asks_nobody_again(
    limit: int, moves: tuple[tuple[str, str], ...], tmp_path: Path
) -> None:
    played = play(tmp_path, debate(rounds=limit), script(*moves))

    assert played.asked == {"pro": len(moves), "con": len(moves), "judge": 1}
    assert played.record["ended_early"] == (len(moves) - 1 < limit)
    assert played.record["rounds_used"] == len(moves) + 1


def test_another_argument_for_the_same_position_is_no_move(tmp_path: Path) -> None:
    same = [position("A", "First."), position("A", "Second.")]
    played = play(tmp_path, debate(rounds=5), {"pro": same, "con": same, "judge": verdict()})

    assert (played.asked, played.record["ended_early"]) == ({"pro": 2, "con": 2, "judge": 1}, True)


def test_each_debater_reads_its_own_last_position_and_those_of_the_others_and_nothing_of_its_own_round(
    tmp_path: Path,
) -> None:
    lines = {role: [position(f"{role}{number}") for number in range(3)] for role in ("a", "b", "c")}
    played = play(tmp_path, debate("a", "b", "c"), {**lines, "judge": verdict()})

    for own in ("a", "b", "c"):
        others = [role for role in ("a", "b", "c") if role != own]
        assert played.tasks(own) == [
            {},
            *(
                {
                    "your_position": as_seen(own, f"{own}{last}"),
                    "others": [as_seen(role, f"{role}{last}") for role in others],
                }
                for last in (0, 1)
            ),
        ]
    debated = [
        {"round": label, "positions": [as_seen(role, f"{role}{number}") for role in ("a", "b", "c")]}
        for number, label in enumerate((OPENING, "reply_1", "reply_2"))
    ]
    assert played.tasks("judge") == [
        {"positions": debated[-1]["positions"], "debate": debated, "choices": ["a", "b", "c"]}
    ]


def test_all_debaters_of_a_round_are_in_flight_together_and_the_judge_comes_alone(tmp_path: Path) -> None:
    lines = {role: slow(*(position(f"{role}{number}") for number in range(2))) for role in ("a", "b", "c")}
    played = play(tmp_path, debate("a", "b", "c", rounds=1), {**lines, "judge": slow(verdict())})

    assert flying(played) == [3, 3, 1]


WRONG_VERDICTS = [
    (text("Con wins."), "decision"),
    (text("[]"), "not_object"),
    (verdict("judge"), "winner"),
    (verdict(True), "winner"),
    (verdict(None, "  "), "decision"),
    (verdict("pro", reasons=[]), "reasons"),
    (verdict("pro", reasons="It is safer."), "reasons"),
    (verdict("pro", reasons=["One."] * 11), "reasons"),
    (verdict("pro", confidence="high"), "confidence_type"),
    (verdict("pro", confidence=True), "confidence_type"),
    (verdict("pro", confidence=1.01), "confidence_range"),
    (verdict("pro", confidence=float("nan")), "confidence_range"),
]


@pytest.mark.parametrize(
    ("wrong", "check"), WRONG_VERDICTS, ids=[f"{n}-{each[1]}" for n, each in enumerate(WRONG_VERDICTS)]
)
def test_a_verdict_that_breaks_its_contract_twice_stops_the_run(wrong: Answer, check: str, tmp_path: Path) -> None:
    played = play(tmp_path, debate(rounds=1), script(*MOVING[:2], judge=[wrong, wrong]))
    reason = f"invalid_verdict:{check}"

    assert stop_of(played) == (reason, "verdict:judge", True)
    assert repairs(played, "judge") == [None, reason]
    assert played.asked == {"pro": 2, "con": 2, "judge": 2}
    again = go_on(tmp_path, {"judge": [wrong, verdict()]})
    assert (again.record["status"], again.order) == ("ok", ["judge", "judge"])


def test_a_broken_verdict_is_in_the_record_and_no_answer_is(tmp_path: Path) -> None:
    wrong = verdict("nobody")
    played = play(tmp_path, debate(rounds=1, max_repairs=0), script(*MOVING[:2], judge=[wrong]))
    expected = halted(
        played,
        rounds(*MOVING[:2]),
        "invalid_verdict:winner",
        "verdict:judge",
        usage(5),
        resumable=True,
        raw=plain(wrong),
    )

    assert without_times(played.record) == expected


def test_a_verdict_that_is_mended_ends_the_debate_as_if_it_had_been_right(tmp_path: Path) -> None:
    played = play(tmp_path, debate(), script(*MOVING, judge=[verdict("nobody"), verdict()]))
    expected = finished(played, [*rounds(*MOVING), judged(4)], TOLD, JUDGED, usage(8))

    assert without_times(played.record) == expected
    assert [event["rule"] for event in events_of(tmp_path, "refused")] == ["invalid_verdict:winner"]


WRONG_POSITIONS = [
    (text("I am for it."), "position"),
    (position("  "), "position"),
    (position("A", "  "), "argument"),
    (answer(position="A"), "argument"),
    (position("A" * 501), "position"),
    (position(7), "position"),
]


@pytest.mark.parametrize(("wrong", "check"), WRONG_POSITIONS)
def test_a_position_that_breaks_its_contract_twice_stops_the_run_with_the_debater_named(
    wrong: Answer, check: str, tmp_path: Path
) -> None:
    lines = script(("A", "B"), ("A", "B"))
    played = play(tmp_path, debate(), {**lines, "con": [position("B"), wrong, wrong]})

    assert stop_of(played) == ("invalid_output:con", "reply_1:con", True)
    assert repairs(played, "con") == [None, None, f"invalid_output:con:{check}"]
    assert played.asked == {"pro": 2, "con": 3}


def test_only_the_debater_that_broke_the_contract_is_asked_again_and_reads_nothing_of_its_round(tmp_path: Path) -> None:
    lines = script(*MOVING)
    played = play(tmp_path, debate(), {**lines, "con": [lines["con"][0], answer(position="B"), *lines["con"][1:]]})

    assert played.tasks("con")[1] == played.tasks("con")[2]
    assert "A1" not in str(played.tasks("con")[:3])
    expected = finished(played, [*rounds(*MOVING), judged(4)], TOLD, JUDGED, usage(8))
    assert without_times(played.record) == expected


@pytest.mark.parametrize(("budget", "raised", "reason"), LIMITS)
def test_a_budget_stops_it_before_the_next_call_and_raised_it_goes_on_as_if_nothing_had_happened(
    budget: Plain, raised: Plain, reason: str, tmp_path: Path
) -> None:
    lines = script(*MOVING)
    lines = {role: [dear(answers[0]), *answers[1:]] for role, answers in lines.items()}
    team = debate(**DEARLY)
    whole = play(tmp_path / "whole", team, lines)
    before, after = cut_and_gone_on(tmp_path / "cut", team, lines, budget, raised)

    assert stop_of(before) == (reason, "reply_1:pro", True)
    assert before.asked == {"pro": 1, "con": 1}
    assert same_end(after.record, whole.record)
    assert after.record["usage"] == whole.record["usage"]


def test_the_call_that_the_deadline_cuts_is_asked_again_and_the_other_debater_is_not(tmp_path: Path) -> None:
    lines = script(*MOVING)
    cut = {**lines, "pro": [lines["pro"][0], hangs(20)]}
    before = play(tmp_path, debate(budget={"max_seconds": 2}), cut)
    rest = {"pro": lines["pro"][1:], "con": lines["con"][2:], "judge": lines["judge"]}
    after = go_on(tmp_path, rest, budget={"max_seconds": 60})

    assert stop_of(before) == ("max_seconds", "reply_1:pro", True)
    assert after.asked == {"pro": 2, "con": 1, "judge": 1}
    assert after.record["outputs"] == [*rounds(*MOVING), judged(4)]


@pytest.mark.parametrize(("failure", "reason", "calls"), FAILURES)
@pytest.mark.parametrize("place", ["con", "judge"])
def test_a_provider_that_fails_stops_it_there_and_only_what_is_missing_is_asked_again(
    place: str, failure: Answer, reason: str, calls: int, tmp_path: Path
) -> None:
    moves = MOVING[:2]
    lines = script(*moves)
    failing = {**lines, place: [*lines[place][:-1], failure]}
    before = play(tmp_path, debate(rounds=1), failing)
    after = go_on(tmp_path, {place: lines[place][-1:], "judge": lines["judge"]})

    assert stop_of(before) == (reason, f"{'verdict' if place == 'judge' else 'reply_1'}:{place}", True)
    assert before.asked[place] == len(lines[place]) - 1 + calls
    assert after.asked == ({"judge": 1} if place == "judge" else {"con": 1, "judge": 1})
    assert after.record["outputs"] == [*rounds(*moves), judged(3)]
    assert after.record["usage"]["calls"] == 5 + calls


def test_raising_the_rounds_while_the_judge_is_still_unasked_lets_the_debate_go_on(tmp_path: Path) -> None:
    before = play(tmp_path, debate(rounds=1), script(*MOVING[:2], judge=[refused(401)]))
    after = go_on(
        tmp_path,
        {"pro": position("A2"), "con": position("B1"), "judge": verdict()},
        budget={"max_rounds": 2},
    )

    assert stop_of(before) == ("llm_auth", "verdict:judge", True)
    assert after.asked == {"pro": 1, "con": 1, "judge": 1}
    assert after.record["outputs"] == [*rounds(*MOVING), judged(4)]
    assert after.record["ended_early"] is False


def test_after_a_debate_that_settled_more_rounds_are_not_taken_up(tmp_path: Path) -> None:
    play(tmp_path, debate(rounds=1), script(("A", "B"), ("A", "B"), judge=[refused(401)]))
    after = go_on(tmp_path, {"judge": verdict()}, budget={"max_rounds": 5})

    assert (after.asked, after.record["ended_early"]) == ({"judge": 1}, True)


def test_under_a_policy_that_counts_absences_a_debater_may_fail_and_the_others_go_on(tmp_path: Path) -> None:
    lines = script(("A", "B"), ("A1", "B"), con=[position("B"), refused(503)])
    played = play(tmp_path, debate(rounds=1, policy="quorum"), lines)
    outputs = [
        *rounds(("A", "B")),
        *said(2, "reply_1", "position", {"pro": stands("A1"), "con": "llm_error:503"}),
        judged(3),
    ]

    expected = finished(played, outputs, TOLD, JUDGED, usage(4, calls=7))
    assert without_times(played.record) == expected
    assert played.tasks("judge")[0]["positions"] == [as_seen("pro", "A1"), as_seen("con", "B")]


def test_where_every_debater_fails_it_stops_with_the_first_and_all_of_them_are_asked_again(tmp_path: Path) -> None:
    team = debate(rounds=1, policy="quorum")
    before = play(tmp_path, team, {"pro": refused(503), "con": refused(429)})
    lines = script(*MOVING[:2])
    after = go_on(tmp_path, lines)

    assert stop_of(before) == ("llm_error:503", "opening:pro", True)
    assert before.record["absent"] == []
    assert (after.record["absent"], after.record["outputs"]) == ([], [*rounds(*MOVING[:2]), judged(3)])
