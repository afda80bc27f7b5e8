"""Debate: positions, replies to the others', an early end, and the judge."""

from typing import Any

import pytest

from policies.contracts.answers import Task
from policies.patterns.debate import standing
from policies.patterns.stages import Finish, Stage
from policies.team.team import Team
from tests.policies.patterns.courses import ANN, BOB, CID, LEA, Said, extended, finished, opened, team_of
from tests.policies.patterns.courses import SEQUENCE as DEBATERS

VERDICT: dict[str, Any] = {"winner": BOB, "decision": None, "reasons": ["Clear.", "Kind."], "confidence": 0.8}


def debate(max_rounds: int = 3, absent: str = "stop") -> Team:
    return team_of("debate", absent=absent, budget={"max_rounds": max_rounds})


def holds(position: str, argument: str = "Since.") -> Said:
    return {"position": position, "argument": argument}


def told(agent: str, position: str, argument: str = "Since.") -> dict[str, str]:
    return {"agent": agent, "position": position, "argument": argument}


def moved(number: int) -> list[Said]:
    """Return a round in which every debater takes a new position."""
    return [holds(f"Position {number}.")]


def label(team: Team, *rounds: list[Said]) -> str:
    return opened(team, extended(team, *rounds)).label


def test_the_opening_asks_all_debaters_and_shows_them_nothing() -> None:
    tasks = tuple(Task(name, name, "position") for name in DEBATERS)
    assert opened(debate(), []) == Stage("opening", tasks)


def test_a_reply_reads_its_own_last_position_and_the_others_last_ones() -> None:
    team = debate()
    first, second = [holds("A1"), holds("B1"), holds("C1")], [holds("A2"), holds("B2"), holds("C2")]
    for log, number in ((extended(team, first), 1), (extended(team, first, second), 2)):
        stage = opened(team, log)
        assert stage.label == f"reply_{number}"
        assert [task.asks for task in stage.tasks] == [
            {"your_position": told(ANN, f"A{number}"), "others": [told(BOB, f"B{number}"), told(CID, f"C{number}")]},
            {"your_position": told(BOB, f"B{number}"), "others": [told(ANN, f"A{number}"), told(CID, f"C{number}")]},
            {"your_position": told(CID, f"C{number}"), "others": [told(ANN, f"A{number}"), told(BOB, f"B{number}")]},
        ]


@pytest.mark.parametrize("max_rounds", [1, 2, 5])
def test_replies_end_after_max_rounds(max_rounds: int) -> None:
    team = debate(max_rounds)
    rounds = [moved(number) for number in range(max_rounds + 1)]
    assert label(team, *rounds[:-1]) == f"reply_{max_rounds}"
    assert label(team, *rounds) == "verdict"
    assert not finished(team, extended(team, *rounds, [VERDICT])).ended_early


@pytest.mark.parametrize(
    ("before", "after", "is_settled"),
    [
        ("Go.", "Go.", True),
        ("Go on.", " GO   on. ", True),
        ("Go on.", "Go\non.", True),
        ("Straße", "STRASSE", True),
        ("Go.", "Go", False),
        ("Go.", "Stop.", False),
    ],
)
def test_a_position_that_differs_in_case_and_spaces_alone_is_no_move(before: str, after: str, is_settled: bool) -> None:
    rounds = [[holds(before)], [holds(before), holds(after, "For another reason."), holds(before)]]
    assert (label(debate(), *rounds) == "verdict") == is_settled


def test_the_opening_alone_settles_nothing() -> None:
    assert label(debate(1), [holds("Go.")]) == "reply_1"


def test_a_debate_in_which_nobody_moved_ends_early_unless_it_was_the_last_round_anyway() -> None:
    early: list[list[Said]] = [moved(1), moved(2), moved(2), [VERDICT]]
    assert finished(debate(3), extended(debate(3), *early)).ended_early
    assert not finished(debate(2), extended(debate(2), *early)).ended_early
    assert not finished(debate(2), extended(debate(2), moved(1), moved(2), moved(3), [VERDICT])).ended_early


def test_one_who_moves_is_enough_to_go_on() -> None:
    rounds = [[holds("Go.")], [holds("Go."), holds("Go."), holds("Stop.")]]
    assert label(debate(), *rounds) == "reply_2"


def test_who_is_absent_keeps_the_last_position_and_does_not_move() -> None:
    team = debate(5, absent="count")
    first, second = [holds("A"), holds("B"), holds("C")], [holds("A2"), "llm_timeout", holds("C")]
    stage = opened(team, extended(team, first, second))
    assert stage.tolerance == "some"
    assert stage.tasks[0].asks["others"] == [told(BOB, "B"), told(CID, "C")]
    assert stage.tasks[1].asks["your_position"] == told(BOB, "B")
    assert label(team, first, second, ["llm_timeout", holds("b"), holds("C")]) == "verdict"
    assert label(team, first, second, ["llm_timeout", holds("B2"), holds("C")]) == "reply_3"


def test_who_speaks_up_for_the_first_time_moves() -> None:
    team = debate(5, absent="count")
    late = [["llm_empty", holds("B"), holds("C")], [holds("A"), holds("B"), holds("C")]]
    assert label(team, *late) == "reply_2"
    first = opened(team, extended(team, late[0]))
    assert first.tasks[0].asks == {"your_position": None, "others": [told(BOB, "B"), told(CID, "C")]}
    assert [each["agent"] for each in standing(team, extended(team, *late))] == [*DEBATERS]


def test_where_absences_do_not_count_no_debater_may_fail() -> None:
    assert opened(debate(), []).tolerance == "none"
    assert opened(debate(absent="count"), []).tolerance == "some"
    assert opened(debate(absent="count"), extended(debate(1), moved(1), moved(2))).tolerance == "some"


def test_the_judge_reads_the_last_positions_and_the_whole_debate_and_may_name_a_debater() -> None:
    team = debate(1, absent="count")
    stage = opened(team, extended(team, [holds("A"), holds("B"), holds("C")], [holds("A2"), "llm_empty", holds("C2")]))
    last = [told(ANN, "A2"), told(CID, "C2")]
    debated = [
        {"round": "opening", "positions": [told(ANN, "A"), told(BOB, "B"), told(CID, "C")]},
        {"round": "reply_1", "positions": last},
    ]
    asks = {"positions": [last[0], told(BOB, "B"), last[1]], "debate": debated}
    assert stage == Stage("verdict", (Task("verdict", LEA, "verdict", asks, DEBATERS),))


def test_a_budget_raised_while_the_judge_is_asked_lets_the_debate_go_on() -> None:
    rounds = [moved(1), moved(2)]
    log = extended(debate(1), *rounds)
    assert opened(debate(1), log).label == "verdict"
    assert opened(debate(2), log).label == "reply_2"


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, "Winner: bob\nReasons:\n- Clear.\n- Kind."),
        ({"winner": None, "decision": "Ship."}, "Verdict: Ship.\nReasons:\n- Clear.\n- Kind."),
        ({"decision": "Ship."}, "Winner: bob\nVerdict: Ship.\nReasons:\n- Clear.\n- Kind."),
    ],
)
def test_the_verdict_is_the_answer(changes: dict[str, Any], answer: str) -> None:
    verdict = {**VERDICT, **changes}
    end = finished(debate(1), extended(debate(1), moved(1), moved(2), [verdict]))
    assert end == Finish(answer=answer, details={"verdict": verdict, "judge": LEA})
