"""Nesting: every team within a team is found once, in order, and changed where it is."""

from typing import Any

from policies.team.nesting import each_changed, teams_within
from policies.team.team import Team
from tests.policies.patterns.courses import raw_team

Paths = list[tuple[str, ...]]


def team(name: str, **within: dict[str, Any]) -> dict[str, Any]:
    """A team of `left` and `right`, for some of which a team answers."""
    person = {"title": "T", "mandate": "m."}
    roles = {role: {**person, **({"team": within[role]} if role in within else {})} for role in ("left", "right")}
    return raw_team("parallel", ("left", "right"), name=name, roles=roles)


NESTED = Team.model_validate(team("top", left=team("one", left=team("two"), right=team("three")), right=team("four")))


def names_of(nested: Team) -> list[str]:
    return [each.name for _, each in teams_within(nested)]


def test_the_outer_team_comes_before_those_within_it_and_these_in_the_order_of_the_roles() -> None:
    assert [(path, each.name) for path, each in teams_within(NESTED)] == [
        ((), "top"),
        (("left",), "one"),
        (("left", "left"), "two"),
        (("left", "right"), "three"),
        (("right",), "four"),
    ]


def test_a_team_without_another_is_all_that_is_found() -> None:
    assert names_of(Team.model_validate(team("alone"))) == ["alone"]


def test_only_so_many_teams_within_each_other_are_looked_into() -> None:
    found = {most: [each.name for _, each in teams_within(NESTED, deepest=most)] for most in (1, 2, 3)}
    assert found == {1: ["top"], 2: ["top", "one", "four"], 3: ["top", "one", "two", "three", "four"]}


def test_only_the_roles_that_are_named_are_looked_into() -> None:
    assert [path for path, _ in teams_within(NESTED, through=lambda each: ["right"])] == [(), ("right",)]


def test_a_change_is_made_to_every_team_and_to_the_outer_one_first() -> None:
    seen: list[str] = []

    def change(each: Team) -> Team:
        seen.append(each.name)
        return each.model_copy(update={"name": f"{each.name}_again"})

    changed = each_changed(NESTED, change)
    assert seen == names_of(NESTED)
    assert names_of(changed) == [f"{name}_again" for name in seen]
    assert names_of(NESTED) == seen
