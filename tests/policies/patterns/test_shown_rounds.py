"""Shown rounds: what roles read of earlier rounds for each `show`, with names and without, whoever sits where."""

import json
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.patterns.course import advance
from policies.patterns.rounds import argued_in
from policies.patterns.stages import Closed, Entry, Stage
from policies.run.seats import Reseating
from policies.team.options import Rounds
from policies.team.rules import parse_team
from policies.team.team import Team
from tests.policies.patterns.courses import ANN, BOB, CID, FACTS, SEQUENCE, person, policy_of, raw_team, team_of

BENCH = "dan"
ALIKE = [Rounds(show=show, names=names) for show in ("arguments", "both") for names in (True, False)]
VOTE_WORDS = ("stance", "confidence", "actions", "conflicts", "decision")


def said(role: str, stance: str = "go", **changes: Any) -> Entry:
    answer = {"agent": role, "stance": stance, "summary": "So.", "confidence": 0.5, "actions": ["Act."], "evidence": []}
    return Entry(role, role, "contribution", {**answer, **changes})


def asks_of(log: list[Closed], rounds: Rounds, **changes: Any) -> dict[str, Any]:
    """What each role is asked in the round after these."""
    table = policy_of([{"when": "round == 9", "then": "next_round", "convene": BENCH}], otherwise="next_round")
    roles = {name: person(name) for name in (*SEQUENCE, BENCH)}
    plain = {"policy": table, "roles": roles, "budget": {"max_rounds": 9}, **changes}
    stage = advance(team_of("rounds", rounds=rounds.model_dump(), **plain), log, FACTS)
    assert isinstance(stage, Stage)
    return {task.role: task for task in stage.tasks}


FIRST = Closed(
    "round_1",
    (
        said(ANN, "go", summary="Orders fit.", evidence=["demand.orders"], confidence=0.9),
        said(BOB, "block", summary="A fraud wave.", evidence=None, confidence=1.0),
        Entry(CID, CID, "output", absent="llm_timeout"),
    ),
    "next_round",
)


def test_arguments_are_reasons_and_the_facts_they_cite_and_nothing_of_a_vote() -> None:
    shown = argued_in(FIRST, Rounds(show="arguments", names=False))
    assert shown == {
        "round": 1,
        "arguments": [
            {"summary": "A fraud wave.", "evidence": []},
            {"summary": "Orders fit.", "evidence": ["demand.orders"]},
        ],
    }
    assert not [word for word in VOTE_WORDS if word in json.dumps(shown)]


def test_both_have_the_stances_and_what_the_round_came_to_as_well() -> None:
    fraud = {"stance": "block", "confidence": 1.0, "summary": "A fraud wave.", "evidence": []}
    orders = {"stance": "go", "confidence": 0.9, "summary": "Orders fit.", "evidence": ["demand.orders"]}
    came_to = {"round": 1, "conflicts": ["blocking_vs_non_block"], "decision": "next_round"}
    assert argued_in(FIRST, Rounds(show="both", names=False)) == {**came_to, "arguments": [fraud, orders]}
    named = [{"agent": BOB, **fraud}, {"agent": ANN, **orders}]
    assert argued_in(FIRST, Rounds(show="both")) == {**came_to, "arguments": named}


@pytest.mark.parametrize("rounds", ALIKE, ids=str)
def test_a_round_in_which_nobody_answered_has_no_arguments(rounds: Rounds) -> None:
    empty = Closed("round_3", tuple(Entry(role, role, "output", absent="llm_empty") for role in SEQUENCE))
    shown = argued_in(empty, rounds)
    assert (shown["round"], shown["arguments"]) == (3, [])


def test_names_order_arguments_only_where_all_else_that_is_shown_is_equal() -> None:
    """A hidden stance must not order them either: `block` comes before `go` in any alphabet."""
    log = Closed("round_1", (said(ANN, "go"), said(BOB, "caution"), said(CID, "block")))
    hidden = argued_in(log, Rounds(show="arguments"))["arguments"]
    assert [each["agent"] for each in hidden] == [ANN, BOB, CID]
    shown = argued_in(log, Rounds(show="both"))["arguments"]
    assert [each["agent"] for each in shown] == [CID, BOB, ANN]


SUMMARIES = st.sampled_from(["So.", "so.", "Soon.", "Ça.", "\U0001f6d1", ""]).map(lambda each: each or "-")
EVIDENCE = st.one_of(st.none(), st.lists(st.sampled_from(["a.b", "a.c", "z"]), max_size=2))
STANCE = st.sampled_from(["go", "caution", "block"])
SAYINGS = st.lists(st.tuples(SUMMARIES, EVIDENCE, STANCE, st.sampled_from([0.0, 0.5, 1.0])), max_size=4)


@given(SAYINGS, st.sampled_from(["stances", "arguments", "both"]))
def test_without_names_the_bytes_are_the_same_whoever_said_what_in_whatever_order(
    sayings: list[tuple[str, Any, str, float]], show: Any
) -> None:
    names = ("ann", "bob", "cid", "dan")
    found = set()
    for order in permutations(range(len(sayings))):
        entries = []
        for name, place in zip(names, order, strict=False):
            summary, evidence, stance, confidence = sayings[place]
            entries.append(said(name, stance, summary=summary, evidence=evidence, confidence=confidence))
        asks = asks_of([Closed("round_1", tuple(entries), "next_round")], Rounds(show=show, names=False))
        told = {key: value for key, value in asks[ANN].asks.items() if key != "you_said"}
        found.add(json.dumps(told))
    assert len(found) == 1
    assert "agent" not in next(iter(found))


def test_stances_without_names_are_those_with_them_and_no_more() -> None:
    with_names, without = (asks_of([FIRST], Rounds(names=names))[ANN].asks for names in (True, False))
    (told,), (blind,) = with_names["recent_rounds"], without["recent_rounds"]
    assert blind == {**told, "stances": [{"stance": "block", "confidence": 1.0}, {"stance": "go", "confidence": 0.9}]}
    assert without["open_conflicts"] == with_names["open_conflicts"]


@pytest.mark.parametrize("rounds", ALIKE, ids=str)
def test_all_rounds_are_shown_to_all_alike_and_a_round_never_changes_once_it_was_shown(rounds: Rounds) -> None:
    log = [Closed(f"round_{n}", tuple(said(role, summary=f"{role} {n}") for role in SEQUENCE)) for n in range(1, 6)]
    for finished in range(6):
        asks = asks_of(log[:finished], rounds)
        assert [task.asks["rounds"] for task in asks.values()] == [
            [argued_in(each, rounds) for each in log[:finished]]
        ] * 3


def test_each_role_reads_what_it_said_last_itself_also_after_it_was_absent_or_away() -> None:
    away = Closed("round_2", (said(BOB, "caution", summary="Later."),), changes=(Reseating(BENCH),))
    asks = asks_of([FIRST, away], Rounds(show="arguments", names=False))
    own = {"stance": "go", "summary": "Orders fit.", "confidence": 0.9, "actions": ["Act."]}
    assert asks[ANN].asks["you_said"] == {"round": 1, **own, "evidence": ["demand.orders"]}
    assert asks[BOB].asks["you_said"]["round"] == 2
    assert ["you_said" in asks[role].asks for role in (CID, BENCH)] == [False, False]


@pytest.mark.parametrize("rounds", ALIKE, ids=str)
def test_the_same_names_may_sign_in_every_round_those_of_the_bench_included(rounds: Rounds) -> None:
    joined = Closed("round_1", FIRST.entries, "next_round", (Reseating(BENCH),))
    for log in ([], [FIRST], [joined]):
        assert {task.choices for task in asks_of(log, rounds).values()} == {(ANN, BOB, CID, BENCH)}
    assert {task.choices for task in asks_of([], Rounds()).values()} == {()}


def test_nobody_signs_who_may_not_speak() -> None:
    roles = {name: person(name, enabled=name != CID) for name in (*SEQUENCE, BENCH)}
    asks = asks_of([], Rounds(show="both"), roles=roles)
    assert asks[ANN].choices == (ANN, BOB, BENCH)


@pytest.mark.parametrize("pattern", ["vote", "debate", "pipeline"])
def test_what_is_shown_of_rounds_is_a_key_of_the_rounds_alone(pattern: Any) -> None:
    found = parse_team(raw_team(pattern, rounds={"show": "arguments"}))
    assert isinstance(found, list)
    assert [(each.path, each.message) for each in found] == [
        (("rounds",), f"is read by rounds, and not by `{pattern}`")
    ]
    assert isinstance(parse_team(raw_team(pattern, rounds={"show": "stances", "names": True})), Team)


def test_a_word_that_is_not_shown_is_refused_with_those_that_are() -> None:
    found = parse_team(raw_team("rounds", rounds={"show": "votes", "name": False}))
    assert isinstance(found, list)
    assert [each.path for each in found] == [("rounds", "show"), ("rounds", "name")]
    assert "stances" in found[0].message
    assert found[1].allowed == ("show", "names")
