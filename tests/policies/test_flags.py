"""Flags: what a round is flagged with, given the rounds before it and the facts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from graph.teams.loader import load_team
from policies.contracts.contribution import Contribution
from policies.team.fields import STANCES, Position, Stance
from policies.team.flags import carrying, find_flags, find_moves
from policies.team.team import Check, Role, Team

LAUNCH = load_team("checkout_launch")
FACTS: dict[str, Any] = {
    "rate": 0.1,
    "risk": {"rate": 0.02, "a.b": 3, "none": None},
    "region": "US",
    "deep": {"er": {"value": 1}},
    "rates": 2,
    "items": [{"late": 3}, {"late": 0}],
}
JUDGE = Role(title="Risk", mandate="Judge.")

Evidence = tuple[str, ...] | None


def team_with(risk: Role = JUDGE, **changes: Any) -> Team:
    return LAUNCH.model_copy(update={"roles": {**LAUNCH.roles, "risk": risk, "audit": JUDGE}, **changes})


def said(stance: Stance, evidence: Evidence = (), role: str = "risk") -> Contribution:
    return Contribution(role, stance, "Fine.", 0.9, ("Go on.",), evidence)


def flags(now: Contribution, *earlier: Contribution, team: Team | None = None, facts: Any = None) -> tuple[str, ...]:
    """The flags of a round in which the role says this, after rounds of which it said one thing each."""
    rounds = [[each] for each in earlier]
    return find_flags(team or team_with(), [now], rounds, FACTS if facts is None else facts)


# --- what contradicts the facts, and what they do not support --------------------------------------------------------


@pytest.mark.parametrize("allowed", STANCES)
@pytest.mark.parametrize("taken", STANCES)
def test_a_stance_more_permissive_than_the_role_s_own_checks_allow_is_flagged(allowed: Stance, taken: Stance) -> None:
    order = ("block", "caution", "go")
    otherwise = Position(stance=allowed, summary="Otherwise.", actions=("Wait.",))
    role = Role(title="Role", mandate="Judge.", otherwise=otherwise)
    expected = ("contradicts_facts:risk",) if order.index(taken) > order.index(allowed) else ()

    assert flags(said(taken), team=team_with(role)) == expected


@pytest.mark.parametrize(
    ("stance", "alerts", "is_flagged"), [("go", 4, False), ("go", 6, True), ("caution", 6, False), ("go", None, False)]
)
def test_a_model_is_held_against_the_check_that_holds_for_these_facts(
    stance: Stance, alerts: int | None, is_flagged: bool
) -> None:
    facts = {**LAUNCH.own_facts, "risk_signals": {**LAUNCH.own_facts["risk_signals"], "chargeback_alerts": alerts}}  # type: ignore[dict-item,index]
    expected = ("contradicts_facts:risk",) if is_flagged else ()

    assert flags(said(stance), team=team_with(LAUNCH.roles["risk_analyst"]), facts=facts) == expected


@pytest.mark.parametrize(
    ("evidence", "is_flagged"),
    [
        ((), False),
        (("rate",), False),
        (("risk", "region"), False),
        (("risk.rate", "risk.lost"), True),
        (("region.code",), True),
        (("the payment failures",), True),
        (("risk.none",), False),
        (("facts.risk.rate", "facts.region"), False),
        (('risk["rate"]', "facts['risk'].rate", '["risk"]["a.b"]'), False),
        (("risk.a.b",), True),
        (('risk["lost"]',), True),
        (("facts.facts.region",), True),
        (("facts.risk.lost",), True),
        (("facts",), True),
        (("",), True),
        (("items[0].late", "items.1.late", "facts.items[1]['late']", "shared_context.items[0]"), False),
        (("shared_context.risk.rate", 'shared_context["rate"]'), False),
        (("items[2].late",), True),
        (("items[-1]",), True),
        (("items.late",), True),
        (None, True),
    ],
)
def test_evidence_that_is_not_in_the_facts_is_flagged(evidence: Evidence, is_flagged: bool) -> None:
    assert flags(said("go", evidence)) == (("unsupported:risk",) if is_flagged else ())


@pytest.mark.parametrize(
    ("voice", "evidence", "is_flagged"),
    [
        ("model", (), True),
        (None, (), True),
        ("own:legal", (), True),
        ("rules", (), False),
        ("human", (), False),
        ("model", ("rate",), False),
        ("rules", ("lost",), True),
        ("human", None, True),
    ],
)
def test_a_team_may_require_evidence_of_whom_it_can_ask_for_some(
    voice: Any, evidence: Evidence, is_flagged: bool
) -> None:
    requiring = team_with(JUDGE.model_copy(update={"voice": voice}), require_evidence=True)

    assert flags(said("go", evidence), team=requiring) == (("unsupported:risk",) if is_flagged else ())


def test_all_flags_of_a_role_come_in_their_order_and_those_of_a_round_by_role() -> None:
    check = Check(when="facts.rate > 5.0", stance="go", summary="Fine.", actions=("Go.",))
    strict = Role(
        title="Risk",
        mandate="Judge.",
        checks=(check,),
        otherwise=Position(stance="block", summary="No.", actions=("Wait.",)),
    )
    before = [[said("block", role=role) for role in ("risk", "audit")]]
    now = [said("go", ("lost",), role) for role in ("audit", "risk")]

    assert find_flags(team_with(strict), now, before, FACTS) == (
        "unsupported:audit",
        "moved_without_reason:audit",
        "contradicts_facts:risk",
        "unsupported:risk",
        "moved_without_reason:risk",
    )


# --- who moved, and why ----------------------------------------------------------------------------------------------

MOVES: Mapping[str, tuple[list[Contribution], Contribution, bool]] = {
    "nothing was said before": ([], said("go"), False),
    "the stance is the same": ([said("go")], said("go"), False),
    "no evidence at all": ([said("block")], said("go"), True),
    "evidence that is no list of paths": ([said("block")], said("go", None), True),
    "a fact that is new to the role": ([said("block", ("rate",))], said("go", ("rate", "risk.rate")), False),
    "the same fact": ([said("block", ("rate",))], said("go", ("rate",)), True),
    "the same fact in other words": ([said("block", ("risk.rate",))], said("go", ("facts['risk'][\"rate\"]",)), True),
    "an item of a list": ([said("block", ("items[0].late",))], said("go", ("items[1].late",)), False),
    "the same item in other words": (
        [said("block", ("items.0.late",))],
        said("go", ("shared_context.items[0]['late']",)),
        True,
    ),
    "what the named fact is a part of": ([said("block", ("risk.rate",))], said("go", ("facts.risk",)), True),
    "far above the named fact": ([said("block", ("deep.er.value",))], said("go", ("deep",)), True),
    "its own and what it is a part of": ([said("block", ("risk.rate",))], said("go", ("risk.rate", "risk")), True),
    "next to the named fact": ([said("block", ("risk.rate",))], said("go", ("risk", 'risk["a.b"]')), False),
    "a part of what was named": ([said("block", ("risk",))], said("go", ("risk.rate",)), False),
    "all there is in what was named": ([said("block", ("deep",))], said("go", ("deep.er.value",)), True),
    "a name that begins alike": ([said("block", ("rate",))], said("go", ("rates",)), False),
    "a path that is not in the facts": ([said("block")], said("go", ("lost",)), True),
    "a fact named two rounds ago": ([said("go", ("rate",)), said("block", ("region",))], said("go", ("rate",)), True),
    "moved two rounds ago, stayed since": ([said("go"), said("block")], said("block"), False),
    "what came before was no list": ([said("block", None)], said("go", ("rate",)), False),
    "more caution is a move too": ([said("go")], said("block"), True),
}


@pytest.mark.parametrize("case", MOVES)
def test_a_stance_that_moved_without_a_fact_that_is_new_to_the_role_is_flagged(case: str) -> None:
    earlier, now, is_flagged = MOVES[case]
    found = flags(now, *earlier)

    assert ("moved_without_reason:risk" in found) == is_flagged
    assert bool(find_moves(team_with(), [now], [[each] for each in earlier])) == (
        bool(earlier) and earlier[-1].stance != now.stance
    )


def test_a_role_that_was_absent_in_between_is_held_against_its_last_word() -> None:
    earlier = [[said("block", ("rate",))], [], [said("go", role="audit")]]

    assert find_flags(team_with(), [said("go", ("rate",))], earlier, FACTS) == ("moved_without_reason:risk",)
    assert find_flags(team_with(), [said("block")], earlier, FACTS) == ()


def test_a_fact_that_only_another_role_named_is_new_to_this_one() -> None:
    earlier = [[said("block"), said("go", ("rate",), "audit")]]

    assert find_flags(team_with(), [said("go", ("rate",))], earlier, FACTS) == ()


def test_people_may_change_their_minds() -> None:
    person = team_with(JUDGE.model_copy(update={"voice": "human"}))

    assert flags(said("go"), said("block"), team=person) == ()
    assert find_moves(person, [said("go")], [[said("block")]]) == ()


def test_a_flag_is_counted_once_a_role() -> None:
    found = ("unsupported:a", "moved_without_reason:a", "moved_without_reason:b", "moved_without_reason:b")

    assert [carrying(found, name) for name in ("unsupported", "moved_without_reason", "moved")] == [1, 2, 0]


# --- after changes were accepted --------------------------------------------------------------------------------------

SINCE: Mapping[str, tuple[Evidence, list[list[tuple[str, ...]]], bool]] = {
    "nothing was altered": (("rate",), [[], []], True),
    "another fact was altered": (("rate",), [[("region",)], []], True),
    "it was altered": (("rate",), [[("rate",)], []], False),
    "something in it was altered": (("risk",), [[("risk", "rate")], []], False),
    "what it is in was altered": (("risk.rate",), [[("risk",)], []], False),
    "more was altered than can be named": (("rate",), [[()], []], False),
    "it was altered, and named again since": (("region",), [[("region",)], []], True),
    "it was altered once more": (("region",), [[("region",)], [("region",)]], False),
}


@pytest.mark.parametrize("case", SINCE)
def test_a_fact_that_was_named_is_new_again_once_it_was_altered(case: str) -> None:
    evidence, altered, is_flagged = SINCE[case]
    earlier = [[said("block", ("rate", "risk", "risk.rate", "region"))], [said("block", ("region",))]]
    found = find_flags(team_with(), [said("go", evidence)], earlier, FACTS, altered)

    assert found == (("moved_without_reason:risk",) if is_flagged else ())


def test_what_its_checks_say_needs_no_path() -> None:
    check = Check(when="facts.rate > 5.0", stance="go", summary="Fine.", actions=("Go on.",))
    otherwise = Position(stance="caution", summary="So so.", actions=("Wait.",))
    role = Role(title="Risk", mandate="Judge.", checks=(check,), otherwise=otherwise)
    unanswered = role.model_copy(update={"checks": (check.model_copy(update={"when": "facts.lost > 5.0"}),)})

    for each, rate, is_flagged in ((role, 6.0, False), (role, 5.0, True), (unanswered, 6.0, True)):
        now = replace(said("go"), confidence=1.0)
        found = flags(now, said("block"), team=team_with(each), facts={"rate": rate})
        assert ("moved_without_reason:risk" in found) == is_flagged
