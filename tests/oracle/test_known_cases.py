"""The oracle alone, on tables whose faults are known: it finds each, at a place where a run shows it."""

from dataclasses import replace

import pytest

from tests.oracle.deciding import decide, find_conflicts
from tests.oracle.differences import Comparison
from tests.oracle.expressions import Both, Expression, Fault, Name, Not, Number, Pair, Stance
from tests.oracle.known import launch
from tests.oracle.places import Simulation
from tests.oracle.properties import (
    absence_never_helps,
    idle_rows,
    messages_suffice,
    monotone,
    overlaps,
    repairs_fit,
    resolves,
    resolves_always,
    seats_needed,
    total,
    veto_honoured,
)
from tests.oracle.tables import Place, Row, Table, Team

NOBODY = frozenset[str]()
PAIR = Team(("ada", "bert"))


def at_least(name: str, number: int) -> Expression:
    return Pair(">=", Name(name), Number(number))


def is_(name: str, number: int) -> Expression:
    return Pair("==", Name(name), Number(number))


def both(*parts: Expression) -> Expression:
    first, *others = parts
    return Both("&&", first, both(*others)) if others else first


LAUNCH = launch()
CLASSIC = replace(LAUNCH, rows=(*LAUNCH.rows[:1], *LAUNCH.rows[2:]), when_rounds_end="stop")
THREE = Team(("ada", "bert", "cleo"), min_go_votes=2)


# --- the team in between: one of two roles that may be called has joined -------------------------------------------

TWO_CALLS = Table((
    Row(both(is_("team", 3), at_least("block", 1)), "go"),
    Row(both(is_("team", 2), is_("round", 1)), "next_round", "legal"),
    Row(both(is_("team", 3), is_("round", 2)), "next_round", "audit"),
    Row(at_least("block", 1), "no_go"),
    Row(is_("caution", 0), "go"),
), "go_with_caution", "escalate")  # fmt: skip
CALLING = Team(("ada", "bert"), ("legal", "audit"), vetoers=frozenset({"legal"}))


def test_a_veto_that_only_the_team_in_between_overrules_is_not_honoured() -> None:
    run = Simulation(TWO_CALLS, CALLING)
    assert {place.joined for place in run.plain} == {NOBODY, frozenset({"legal"}), frozenset({"legal", "audit"})}
    assert {case.place.joined for case in veto_honoured(run, run.resumed)} == {frozenset({"legal"})}
    nobody_may = Simulation(TWO_CALLS, replace(CALLING, vetoers=NOBODY))
    assert not list(veto_honoured(nobody_may, nobody_may.resumed))


def test_nobody_is_called_by_a_row_whose_round_never_opens() -> None:
    run = Simulation(TWO_CALLS, replace(CALLING, max_rounds=1))
    assert run.plain == {Place(1, 0, NOBODY, 1)}


# --- a role that is let go ----------------------------------------------------------------------------------------

LETS_GO = Table((
    Row(both(is_("team", 1), at_least("block", 1)), "no_go"),
    Row(is_("round", 1), "next_round", "legal", "ada"),
    Row(at_least("block", 1), "next_round", "legal", "bert"),
), "go")  # fmt: skip


def test_whoever_is_let_go_leaves_for_whoever_is_called_and_the_last_seat_stays() -> None:
    run = Simulation(LETS_GO, replace(CALLING, bench=("legal",), max_rounds=4))
    ada, bert, legal = (frozenset({role}) for role in ("ada", "bert", "legal"))
    assert {(place.round, place.joined, place.left) for place in run.plain} == {
        (1, NOBODY, NOBODY), (2, legal, ada), (3, legal, ada | bert),
    }  # fmt: skip
    alone = Simulation(LETS_GO, Team(("bert",), max_rounds=4))
    assert {place.left for place in alone.plain} == {NOBODY}


def test_a_role_that_left_and_comes_again_says_in_repeated_rounds_what_it_said() -> None:
    turns = Table((
        Row(is_("round", 1), "next_round", "legal"),
        Row(is_("round", 2), "next_round", None, "legal"),
        Row(is_("round", 3), "next_round", "legal"),
        Row(both(is_("round", 4), at_least("block", 1)), "next_round"),
    ), "go")  # fmt: skip
    cases = list(resolves(Simulation(turns, Team(("ada",), ("legal",), max_rounds=4))))
    assert {case.votes[0] for case in cases} == {
        ("go", "block"), ("caution", "block"), ("block", "go"), ("block", "caution"), ("block", "block"),
    }  # fmt: skip


# --- a streak that begins when a role joins ----------------------------------------------------------------------

LATE_BLOCK = Table((
    Row(at_least("block_streak", 4), "escalate"),
    Row(at_least("block", 1), "next_round"),
    Row(both(is_("round", 1), at_least("caution", 1)), "next_round", "legal"),
    Row(is_("caution", 0), "go"),
), "go_with_caution", "stop")  # fmt: skip


def test_a_block_from_the_second_round_on_never_resolves_where_only_a_streak_of_four_does() -> None:
    team = Team(("ada", "bert"), ("legal",), max_rounds=4)
    cases = list(resolves(Simulation(LATE_BLOCK, team)))
    assert cases
    assert all(case.votes[0][-1] == "block" and len(case.votes[0]) == 3 for case in cases)
    assert ("caution", "go", "block") in {case.votes[0] for case in cases}
    sooner = replace(LATE_BLOCK, rows=(Row(at_least("block_streak", 3), "escalate"), *LATE_BLOCK.rows[1:]))
    assert not list(resolves(Simulation(sooner, team)))


def test_votes_that_change_may_end_open_where_no_vote_that_stays_does() -> None:
    turns = Table((
        Row(both(is_("round", 1), at_least("caution", 1)), "next_round"),
        Row(both(is_("round", 2), at_least("block", 1)), "next_round"),
        Row(both(is_("round", 3), at_least("caution", 1)), "next_round"),
    ), "go_with_caution")  # fmt: skip
    run = Simulation(turns, Team(("ada",)))
    assert not list(resolves(run))
    assert [case.votes for case in resolves_always(run)] == [(("caution",),)]
    assert not list(resolves_always(Simulation(replace(turns, rows=turns.rows[:2]), Team(("ada",)))))
    assert not list(resolves_always(Simulation(replace(turns, when_rounds_end="escalate"), Team(("ada",)))))


# --- counterexamples ------------------------------------------------------------------------------------------------


def test_an_absence_helps_only_where_one_go_became_one() -> None:
    table = Table((
        Row(both(is_("absent", 0), at_least("block", 1)), "no_go"),
        Row(is_("absent", 1), "go_with_caution"),
    ), "go", on_absent="count")  # fmt: skip
    run, stopping = Simulation(table, PAIR), Simulation(replace(table, on_absent="stop"), PAIR)
    cases = list(absence_never_helps(run, run.resumed))
    assert {case.votes for case in cases} == {
        (("go", "block"), ("absent", "block")),
        (("block", "go"), ("block", "absent")),
        (("go", "absent"), ("absent", "absent")),
        (("absent", "go"), ("absent", "absent")),
    }
    assert not list(absence_never_helps(stopping, stopping.resumed))


def test_the_reference_rule_is_total_and_monotone_and_leaves_votes_open() -> None:
    run = Simulation(CLASSIC, THREE, 6)
    assert not [*total(run, run.resumed), *monotone(run, run.resumed)]
    never = {case.votes[0] for case in resolves(run)}
    assert ("caution", "caution", "caution") in never
    assert ("go", "go", "block") in never
    assert ("go", "go", "caution") not in never


def test_new_teams_have_a_rule_that_always_resolves() -> None:
    run = Simulation(LAUNCH, THREE, 6)
    assert not [*total(run, run.resumed), *monotone(run, run.resumed), *resolves(run), *resolves_always(run)]
    assert idle_rows(run, run.resumed) == frozenset()
    disagree = {rows for _, rows in overlaps(run, run.resumed)}
    assert {frozenset({1, 2}), frozenset({3, 4})} <= disagree
    assert not any(0 in rows for rows in disagree)


# --- differences ----------------------------------------------------------------------------------------------------

HALVES = Table((
    Row(Pair(">", Pair("*", Number(2), Name("go")), Name("team")), "go"),
    Row(Pair(">", Pair("*", Number(2), Name("block")), Name("team")), "no_go"),
))  # fmt: skip


def told_apart(first: Table, second: Table, one: Team = THREE, other: Team = THREE) -> bool:
    return Comparison((first, one), (second, other), 8).can_be_told_apart()


def test_to_count_absences_is_not_to_stop_at_them() -> None:
    assert told_apart(HALVES, replace(HALVES, on_absent="count"))
    assert not told_apart(HALVES, HALVES)


def test_to_call_a_role_is_not_to_call_nobody_unless_the_team_has_no_such_role() -> None:
    calls = Table((Row(at_least("block", 1), "next_round", "legal"),), "go")
    calls_not = Table((Row(at_least("block", 1), "next_round"),), "go")
    assert told_apart(calls, calls_not, replace(PAIR, bench=("legal",)), replace(PAIR, bench=("legal",)))
    assert not told_apart(calls, calls_not, PAIR, PAIR)


def test_more_rounds_are_a_difference_only_where_a_vote_reaches_the_end_of_the_fewer() -> None:
    five = replace(THREE, max_rounds=5)
    assert told_apart(HALVES, HALVES, THREE, five)
    at_once = replace(HALVES, otherwise="no_go")
    assert not told_apart(at_once, at_once, THREE, five)


@pytest.mark.parametrize("constant", [1, 4, 9])
def test_a_row_on_many_open_questions_is_a_difference(constant: int) -> None:
    plain = Table((Row(at_least("block", 1), "no_go"),), "go")
    asking = replace(plain, rows=(*plain.rows, Row(at_least("open_questions", constant), "next_round")))
    assert told_apart(plain, asking)


def test_rows_in_another_order_are_no_difference_where_they_agree() -> None:
    assert not told_apart(HALVES, replace(HALVES, rows=HALVES.rows[::-1]))


# --- budgets ---------------------------------------------------------------------------------------------------------


def test_seats_are_those_of_the_longest_run_with_whoever_joins() -> None:
    run = Simulation(TWO_CALLS, replace(CALLING, max_messages=9))
    assert seats_needed(run) == 2 + 3 + 4
    assert messages_suffice(run)
    assert repairs_fit(run)
    assert not messages_suffice(Simulation(TWO_CALLS, replace(CALLING, max_messages=8)))
    assert not repairs_fit(Simulation(TWO_CALLS, replace(CALLING, max_messages=17, max_repairs=1)))


# --- conditions ------------------------------------------------------------------------------------------------------


def test_a_fault_counts_only_where_the_other_side_does_not_decide() -> None:
    fault = is_("go", 1)
    broken = Pair("==", Pair("/", Number(6), Name("block")), Number(3))
    values = {"go": 1, "block": 0, "stances": {}}
    assert Both("||", broken, fault).value(values) is True
    assert Both("&&", broken, Not(fault)).value(values) is False
    for part in (broken, Not(broken), Both("&&", broken, fault), Stance("ada", "go"), Both("||", Not(fault), broken)):
        with pytest.raises(Fault):
            part.value(values)


def test_division_goes_toward_zero() -> None:
    minus = Pair("-", Name("go"), Number(7))
    assert Pair("/", minus, Number(2)).value({"go": 0}) == -3
    assert Pair("%", minus, Number(2)).value({"go": 0}) == -1
    assert Pair("/", minus, Number(2)).text() == "(go - 7) / 2"


def test_conflicts_are_those_of_the_table() -> None:
    assert find_conflicts(("absent", "absent")) == ("no_contributions",)
    assert find_conflicts(("go", "absent", "caution")) == ("go_vs_caution",)
    assert find_conflicts(("block", "go", "caution")) == ("blocking_vs_non_block", "high_divergence")
    assert find_conflicts(("block", "absent")) == ()


def test_a_vote_in_the_last_round_ends_as_the_table_says() -> None:
    lone = ("go", "go", "block")
    last = Place(3, 0, NOBODY, 3)
    ends = {end: decide(replace(LAUNCH, when_rounds_end=end), THREE, last, lone).final for end in ("stop", "no_go")}
    assert ends == {"stop": "max_rounds_reached", "no_go": "no_go"}
    assert decide(LAUNCH, THREE, Place(2, 1, NOBODY, 3), lone).final == "escalate"
