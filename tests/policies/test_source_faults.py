"""What is wrong with the sources of a team's facts beyond the types of their fields, and where."""

from typing import Any

import pytest

from policies.team.expectation import Expectation
from policies.team.rules import parse_team
from policies.team.sources import names_at
from policies.team.team import Team, pinned

ROLES = {
    "risk": {"title": "Risk", "mandate": "Judge.", "otherwise": {"stance": "go", "summary": "S", "actions": ["A"]}}
}
POLICY = {"name": "p", "rules": [], "otherwise": "no_go"}


def parsed(*sources: dict[str, Any], **changes: Any) -> Any:
    raw = {"name": "x", "title": "X", "goal": "G?", "sequence": ["risk"], "roles": ROLES, "policy": POLICY, **changes}
    return parse_team({**raw, "facts": [*sources]})


def faults(*sources: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    found = parsed(*sources, **changes)
    return [] if isinstance(found, Team) else [(".".join(map(str, each.path)), each.message) for each in found]


@pytest.mark.parametrize(
    "source",
    [
        {"file": "a.json", "max_age": "10m"},
        {"http": "https://a.example/x", "max_age": "10m"},
        {"sql": "db", "query": "select 1", "max_age": "10m", "as_of": "at"},
        {"inline": {"at": "2026-01-31T09:30:00Z"}, "max_age": "10m", "as_of": "at"},
        {"file": "A.CSV", "rows": "all", "into": "lots"},
        {"file": "a.yaml", "rows": "one"},
        {"sql": "db", "query": "select 1", "rows": "all", "into": "lots"},
        {"inline": {"a": {"rate": 1}}, "select": "a", "into": "risk", "expect": {"rate": "number", "more": "text"}},
        {"inline": {"a": None}, "select": "a", "into": "b"},
    ],
)
def test_a_source_may_say_what_can_be_done(source: dict[str, Any]) -> None:
    assert faults(source) == []


NOTHING_THERE = "leads to nothing in `inline`; allowed: the path of something that is there"
NO_OBJECT = "leads to what is not an object; allowed: the path of an object, or name with `into` where it goes"
NO_AGE = "needs `as_of`, the path of a time in the data: a source of this kind does not say its age"


@pytest.mark.parametrize(
    ("source", "field", "told"),
    [
        ({"sql": "db", "query": "select 1", "max_age": "10m"}, "max_age", NO_AGE),
        ({"inline": {"a": 1}, "max_age": "10m"}, "max_age", NO_AGE),
        ({"sql": "db", "query": "q", "rows": "all"}, "rows", "gives a list; name with `into` where it goes"),
        ({"file": "a.csv", "rows": "all"}, "rows", "gives a list; name with `into` where it goes"),
        ({"file": "a.json", "rows": "all", "into": "a"}, "rows", "is for CSV files; leave it out for others"),
        ({"inline": {"a": 1}, "select": "b", "expect": {"rate": "number"}}, "select", NOTHING_THERE),
        ({"inline": {"a": 1}, "select": "a.b", "into": "c"}, "select", NOTHING_THERE),
        ({"inline": {"a": 1}, "select": "a"}, "select", NO_OBJECT),
        ({"inline": {"a": [1]}, "select": "a"}, "select", NO_OBJECT),
        ({"inline": {"a": None}, "select": "a"}, "select", NO_OBJECT),
        (
            {"inline": {"risk": {"rate": "high"}}, "expect": {"risk.rate": "number"}},
            "inline",
            "is not as expected: `risk.rate` is 'high'; expected: a number",
        ),
        (
            {"inline": {"a": {"rate": True}}, "select": "a", "into": "risk", "expect": {"rate": "number"}},
            "inline",
            "is not as expected: `risk.rate` is True; expected: a number",
        ),
    ],
)
def test_what_cannot_be_done_with_a_source_is_refused_when_the_team_is_loaded(
    source: dict[str, Any], field: str, told: str
) -> None:
    assert faults({"file": "first.json"}, source) == [(f"facts.1.{field}", told)]


def test_the_time_of_a_source_is_not_a_private_fact() -> None:
    source = {"file": "a.json", "into": "risk", "as_of": "checked.at"}
    told = "is a private fact, which is withheld; allowed: other facts"
    assert faults(source, private=["risk.checked"]) == [("facts.0.as_of", told)]
    assert faults(source, private=["checked.at"]) == []


def test_a_private_fact_that_is_not_as_expected_is_not_shown() -> None:
    source = {"inline": {"name": "Ada"}, "expect": {"name": "number"}}
    [(_, told)] = faults(source, private=["name"])
    assert "Ada" not in told


@pytest.mark.parametrize(
    ("expected", "field", "told"),
    [
        ({"kind": "number", "atleast": 1}, "facts.0.expect.rate.atleast", "is an unknown key"),
        ("nummer", "facts.0.expect.rate.kind", "is 'nummer'; did you mean `number`? Allowed: "),
        (5, "facts.0.expect.rate", "is 5: allowed: a kind (number, integer, text, boolean, list, object), or a map"),
        ({"kind": "text", "below": 5}, "facts.0.expect.rate", "is {'kind': 'text', 'below': 5}: it has `below`, which"),
        ({"at_least": 5}, "facts.0.expect.rate.kind", "is missing"),
        ({"kind": "number", "below": "x"}, "facts.0.expect.rate.below", "is 'x': allowed: a finite number"),
    ],
)
def test_what_cannot_be_expected_is_refused_at_its_place(expected: object, field: str, told: str) -> None:
    [(where, message)] = faults({"file": "a.json", "expect": {"rate": expected}})
    assert where == field
    assert message.startswith(told)


def test_the_names_of_an_expectation_are_those_it_may_have() -> None:
    assert names_at(("facts", "<list>", 0, "<file>", "expect", "rate", "x")) == tuple(Expectation.model_fields)
    assert "rows" in (names_at(("facts", "<list>", 0, "<file>", "row")) or ())
    assert "rows" not in (names_at(("facts", "<list>", 0, "<http>", "row")) or ())
    assert names_at(("guards", 0, "row")) is None


def test_a_thread_keeps_what_is_expected_as_it_was() -> None:
    source = {
        "file": "a.json",
        "into": "risk",
        "expect": {"rate": {"kind": "number", "one_of": [1, 2.5]}, "n": "integer"},
    }
    team = parsed(source)
    again = Team.model_validate({**pinned(team), "goal": "G?"})
    assert again.sources == team.sources
    assert team.sources[0].required == ("risk.rate", "risk.n")


def test_a_query_and_its_values_have_the_same_names() -> None:
    query = {"sql": "db", "query": "select :a as n"}
    assert faults({**query, "params": {"a": 1}}) == []
    (found,) = faults(query)
    assert found[0].endswith(".params")
    assert found[1] == "the query wants a value for `:a`, which `params` does not have"
