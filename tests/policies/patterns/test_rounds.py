"""Rounds: who is asked next and what each reads, what a round decides, and where no round may follow."""

from dataclasses import replace
from typing import Any

import pytest

from policies.decision.marks import Marks
from policies.decision.vote import Cast
from policies.patterns.course import advance, count_of
from policies.patterns.rounds import history_of, stop_after
from policies.patterns.stages import Closed, Entry, Finish, Stage
from policies.run.seats import Reseating
from policies.run.stop import ESCALATED, Stop
from policies.team.team import Team
from tests.policies.patterns.courses import ANN, BOB, CID, FACTS, SEQUENCE, person, policy_of
from tests.policies.patterns.courses import team_of as team_by

BENCH = "dan"
ROWS = [
    {"when": "block >= 2", "then": "no_go"},
    {"when": "block_streak >= 2", "then": "next_round", "convene": BENCH},
    {"when": "go == team", "then": "go"},
]


def team_of(absent: str = "stop", **changes: Any) -> Team:
    roles = {name: person(name) for name in (*SEQUENCE, BENCH)}
    policy = policy_of(ROWS, otherwise="next_round", on_absent=absent)
    return team_by("rounds", **{"roles": roles, "policy": policy, **changes})


def said(role: str, cast: Cast) -> Entry:
    if cast == "absent":
        return Entry(role, role, "output", absent="llm_timeout")
    answer = {"agent": role, "stance": cast, "summary": "So.", "confidence": 0.5, "actions": ["Act."], "evidence": []}
    return Entry(role, role, "contribution", answer)


def round_of(number: int, *casts: Cast, **decided: Any) -> Closed:
    roles = (*SEQUENCE, BENCH)[: len(casts)]
    return Closed(f"round_{number}", tuple(map(said, roles, casts)), **decided)


FIRST, SECOND = round_of(1, "block", "go", "go"), round_of(2, "go", "go", "go")


def asked(found: object) -> tuple[str, list[str]]:
    assert isinstance(found, Stage), found
    assert all(task.contract == "contribution" and task.seat == task.role for task in found.tasks)
    return found.label, [task.role for task in found.tasks]


def test_each_round_asks_the_sequence_whoever_was_convened_and_may_join_and_nobody_who_was_released() -> None:
    team = team_of()
    joined = replace(FIRST, changes=(Reseating(BENCH), Reseating("stranger")))
    left = replace(SECOND, changes=(Reseating(release=BOB),))

    assert asked(advance(team, [], FACTS)) == ("round_1", [ANN, BOB, CID])
    assert asked(advance(team, [FIRST], FACTS)) == ("round_2", [ANN, BOB, CID])
    assert asked(advance(team, [joined, SECOND], FACTS)) == ("round_3", [ANN, BOB, CID, BENCH])
    assert asked(advance(team, [joined, left], FACTS)) == ("round_3", [ANN, CID, BENCH])


@pytest.mark.parametrize(("absent", "tolerance"), [("stop", "none"), ("count", "all")])
def test_a_round_bears_an_absent_seat_where_the_policy_counts_it(absent: str, tolerance: str) -> None:
    found = advance(team_of(absent), [], FACTS)
    assert isinstance(found, Stage)
    assert found.tolerance == tolerance


def test_all_read_the_last_two_rounds_and_what_is_in_conflict_since() -> None:
    found = advance(team_of(budget={"max_rounds": 9}), [FIRST, SECOND, round_of(3, "go", "caution", "block")], FACTS)
    assert isinstance(found, Stage)
    [asks] = [task.asks for task in found.tasks if task.role == ANN]

    assert all(task.asks == asks for task in found.tasks)
    assert [(each["round"], each["decision"], each["conflicts"]) for each in asks["recent_rounds"]] == [
        (2, "next_round", []),
        (3, "next_round", ["blocking_vs_non_block", "high_divergence"]),
    ]
    assert asks["open_conflicts"] == ["blocking_vs_non_block", "high_divergence"]
    stances = asks["recent_rounds"][1]["stances"]
    assert stances[1] == {"agent": BOB, "stance": "caution", "confidence": 0.5}


@pytest.mark.parametrize("outcome", ["go", "go_with_caution", "no_go"])
def test_a_decision_is_the_end_unless_what_it_rests_on_moved(outcome: Any) -> None:
    team, decided = team_of(), replace(SECOND, outcome=outcome)

    assert advance(team, [FIRST, decided], FACTS) == Finish(decision=outcome)
    assert asked(advance(team, [FIRST, replace(decided, set_aside=True)], FACTS))[0] == "round_3"


@pytest.mark.parametrize(
    ("outcome", "most", "follows"),
    [
        ("next_round", 2, Stop("max_rounds_reached")),
        (None, 1, Stop("max_rounds_reached")),
        ("escalate", 2, ESCALATED),
        ("escalate", 3, "round_3"),
        ("next_round", 3, "round_3"),
    ],
)
def test_no_round_follows_beyond_the_limit_and_an_escalated_one_still_waits(
    outcome: Any, most: int, follows: object
) -> None:
    found = advance(team_of(budget={"max_rounds": most}), [FIRST, replace(SECOND, outcome=outcome)], FACTS)
    assert (found if isinstance(found, Stop) else asked(found)[0]) == follows


def test_a_round_is_counted_as_the_table_reads_it() -> None:
    team = team_of("count", budget={"max_rounds": 5, "min_go_votes": 2})
    counted = count_of(team, [FIRST, round_of(2, "block", "absent", "go")], FACTS, Marks(3))
    assert counted is not None
    vote, ruling = counted.vote, counted.ruling

    assert dict(vote.casts) == {ANN: "block", BOB: "absent", CID: "go"}
    assert (vote.round, vote.max_rounds, vote.min_go_votes, vote.rounds_blocked) == (2, 5, 2, 1)
    assert (vote.marks, vote.confidences) == (Marks(3), (0.5, 0.5))
    assert (ruling.final, ruling.row, ruling.convene) == ("next_round", 1, BENCH)
    assert count_of(team, [], FACTS) is None


def test_only_an_escalated_round_stops_the_run() -> None:
    outcomes: tuple[Any, ...] = ("go", "go_with_caution", "no_go", "next_round", "escalate", None)
    assert [stop_after(replace(FIRST, outcome=each)) for each in outcomes] == [None, None, None, None, ESCALATED, None]


def test_the_history_shows_contributions_without_their_evidence_and_no_absent_seat() -> None:
    log = [round_of(1, "block", "absent", "go"), replace(SECOND, outcome="go"), round_of(3, outcome="next_round")]
    first, second, third = history_of(log)

    assert [each["agent"] for each in first["contributions"]] == [ANN, CID]
    assert list(first["contributions"][0]) == ["agent", "stance", "summary", "confidence", "actions"]
    assert (first["round"], first["decision"]) == (1, None)
    assert (second["round"], second["decision"], second["conflicts"]) == (2, "go", [])
    assert (third["decision"], third["conflicts"]) == (None, ["no_contributions"])
    assert history_of(log, newest=1) == [third]


def test_the_history_is_the_same_whatever_order_a_database_gives_keys_in() -> None:
    turned = [replace(each, answer=dict(reversed([*(each.answer or {}).items()]))) for each in FIRST.entries]
    assert str(history_of([replace(FIRST, entries=tuple(turned))])) == str(history_of([FIRST]))
