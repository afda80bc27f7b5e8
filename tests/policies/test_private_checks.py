"""Checks may not read what is private, however they are written and however deep their team is."""

from typing import Any

import pytest

from policies.team.rules import Path, Problem, parse_team
from policies.team.team import Team
from tests.policies.patterns.courses import ANN, BOB, inner_team, person, raw_team

POSITION: dict[str, Any] = {"stance": "go", "summary": "Fine.", "actions": ["Go."]}
SAID = "reads a private fact, which is withheld; allowed: other facts"
WHEN: Path = ("roles", ANN, "checks", 0, "when")


def people(when: str) -> dict[str, Any]:
    """Ann, who decides by this check, and Bob."""
    ann = person(ANN, checks=[{"when": when, **POSITION, "stance": "block"}], otherwise=POSITION)
    return {ANN: ann, BOB: person(BOB)}


def problems(when: str, *private: str) -> list[Problem]:
    found = parse_team(raw_team("parallel", (ANN, BOB), roles=people(when), private=[*private]))
    return [] if isinstance(found, Team) else found


@pytest.mark.parametrize(
    "when",
    [
        "facts.customer.name == 'Ann'",
        'facts["customer"].name == "Ann"',
        'facts["customer"]["name"] == "Ann"',
        "facts.customer['name'] == 'Ann'",
        "facts.customer == {'name': 'Ann'}",
        "has(facts.customer.name) && facts.lost > 1",
        "has(facts['customer'].name)",
        "facts['cust' + 'omer'].name == 'Ann'",
        "facts[facts.key].name == 'Ann'",
        "facts.customer[facts.key] == 'Ann'",
        "facts.customer.exists(key, key == 'name')",
        "facts.exists(key, facts[key] == 'Ann')",
        "[facts.customer].exists(each, each.name == 'Ann')",
        "{'x': facts.customer}.x.name == 'Ann'",
        "facts == {}",
        "size(facts.customer) > 1",
        "facts // it is not facts.other\n.customer.name == 'Ann'",
        "facts[r'customer'].name == 'Ann' || 'facts.other' == ''",
        "facts.`customer`.name == 'Ann'",
        "(facts.age > 1 ? facts : facts).customer.name == 'Ann'",
        "dyn(facts.customer).name == 'Ann'",
        "[1].exists(facts, .facts.customer.name == 'Ann')",
    ],
)
def test_a_check_may_not_read_a_private_fact_however_it_is_written(when: str) -> None:
    assert problems(when, "customer.name") == [Problem(WHEN, SAID)]
    assert problems(when, "other", "customer") == [Problem(WHEN, SAID)]
    assert problems(when, "customers") == ([] if "facts.customer" in when else problems(when, "x"))


@pytest.mark.parametrize(
    "when",
    [
        "facts.customer.age > 1",
        "has(facts.customer) && 'customer' in facts",
        "facts.customers.name == 'Ann'",
        "facts.a['customer'].name == 'Ann'",
        "'facts.customer.name' == ''",
        "facts.age > 1 // facts.customer.name",
        "[{'name': 1}].exists(facts, facts.name == 1)",
    ],
)
def test_a_check_that_reads_other_facts_may_name_a_private_one(when: str) -> None:
    assert problems(when, "customer.name") == []


def test_a_list_of_things_that_are_in_part_private_may_be_walked_over() -> None:
    assert problems("facts.people.exists(each, each.age > 3)", "people.name") == []
    for reading in ("each.name == ''", "each == {}", "has(each.name)", "each[facts.key] == ''"):
        assert problems(f"facts.people.exists(each, {reading})", "people.name") == [Problem(WHEN, SAID)]
    assert problems("facts.people[0].name == ''", "people.name") == [Problem(WHEN, SAID)]
    assert problems("facts.people.exists(each, each.age > 3)", "people") == [Problem(WHEN, SAID)]


@pytest.mark.parametrize(
    ("outer", "inner", "facts", "is_refused"),
    [
        (["customer"], [], None, True),
        ([], ["customer"], None, True),
        (["customer"], ["customer"], None, True),
        (["other"], ["other"], None, False),
        # A team within that has facts of its own is not given those of the team around it.
        (["customer"], [], {"customer": {"name": "Bob"}}, False),
        ([], ["customer"], {"customer": {"name": "Bob"}}, True),
    ],
)
def test_a_check_of_a_team_within_may_not_read_what_is_private_in_the_facts_it_is_given(
    outer: list[str], inner: list[str], facts: dict[str, Any] | None, is_refused: bool
) -> None:
    team = inner_team(roles=people('facts["customer"].name == "Ann"'), private=inner, facts=facts)
    wrapped = inner_team(roles={ANN: person(ANN, team=team), BOB: person(BOB)})
    raw = raw_team("parallel", (ANN, BOB), roles={ANN: person(ANN, team=wrapped), BOB: person(BOB)}, private=outer)
    found = parse_team(raw)

    where: Path = ("roles", ANN, "team", "roles", ANN, "team", *WHEN)
    assert isinstance(found, Team) is not is_refused
    assert not is_refused or found == [Problem(where, SAID)]
