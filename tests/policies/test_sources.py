"""Sources of facts in a team file: their types, where their data goes, and what a thread keeps of them."""

from typing import Any

import pytest

from policies.paths import data_in, put_under
from policies.team.mismatch import is_echo
from policies.team.rules import Problem, parse_team
from policies.team.sources import SOURCES, TAGS, FileSource, HttpSource, InlineSource, SqlSource
from policies.team.team import Team, pinned
from tests.policies.test_team_rules import RAW

WITHHELD = "(withheld)"
KEYS = "`inline`, `file`, `http`, `sql`"
COMMON = ("name", "into", "select", "expect", "max_age", "tenants", "as_of")


def parsed(facts: Any, **changes: Any) -> Team | list[Problem]:
    plain = {key: value for key, value in RAW.items() if key not in ("guards", "derive", "private", "requires")}
    return parse_team({**plain, "facts": facts, **changes})


def team_of(*facts: Any, **changes: Any) -> Team:
    team = parsed([*facts], **changes)
    assert isinstance(team, Team), team
    return team


NAME = "a name of lower-case letters, digits, `_` and `-` that begins with a letter and has at most 40 characters"
WRONG: list[tuple[Any, tuple[Any, ...], str, tuple[str, ...]]] = [
    ([{"fil": "x"}], ("facts", 0), f"is not a source of facts; allowed: a mapping with one of the keys {KEYS}", ()),
    ([5], ("facts", 0), f"is not a source of facts; allowed: a mapping with one of the keys {KEYS}", ()),
    ([{"inline": {}}, {"file": 3}], ("facts", 1, "file"), "is 3; allowed: text", ()),
    ([{"file": "x", "row": "all"}], ("facts", 0, "row"), "is an unknown key", ("file", "rows", *COMMON)),
    ([{"file": "x", "rows": "some"}], ("facts", 0, "rows"), "is 'some'; allowed: 'one' or 'all'", ()),
    ([{"sql": "x"}], ("facts", 0, "query"), "is missing", ()),
    ([{"sql": "S", "query": "q"}], ("facts", 0, "sql"), f"is 'S'; allowed: {NAME}", ()),
    (
        [{"sql": "x", "query": "select :a", "params": {"a": [1]}}],
        ("facts", 0, "params", "a"),
        "is [1]: takes one text, number, true, false or null for each name",
        (),
    ),
    ([{"http": "https://x", "timeout": 0}], ("facts", 0, "timeout"), "is 0; allowed: more than 0", ()),
    ([{"file": "x", "name": "a\nb"}], ("facts", 0, "name"), "is 'a\\nb'; allowed: text in one line", ()),
    ([{"inline": {"a": 2**60}}], ("facts", 0, "inline"), "cannot be used: `a` is an integer beyond ±(2^53-1)", ()),
    ([], ("facts",), "is []; allowed: at least 1 item", ()),
    ("x", ("facts",), "is 'x'; allowed: a mapping", ()),
]


@pytest.mark.parametrize(("facts", "path", "message", "allowed"), WRONG, ids=lambda each: str(each)[:40])
def test_a_wrong_source_is_one_problem_with_its_place(
    facts: Any, path: tuple[Any, ...], message: str, allowed: tuple[str, ...]
) -> None:
    found = parsed(facts)
    assert isinstance(found, list)
    (problem,) = found

    assert (problem.path, problem.message) == (path, message)
    assert {*problem.allowed} == {*allowed}


def test_a_wrong_source_of_a_team_within_has_its_place_there() -> None:
    inner = {**RAW, "facts": [{"file": "x", "age": 1}], "sequence": ["planner"]}
    roles = {**RAW["roles"], "planner": {"title": "P", "mandate": "M.", "team": inner}}
    problems = parsed({"a": 1}, roles=roles, pattern="parallel")

    assert isinstance(problems, list)
    assert ("roles", "planner", "team", "facts", 0, "age") in [each.path for each in problems]


def test_only_a_list_that_is_long_enough_has_an_echo() -> None:
    def of(value: Any, kind: str = "too_short") -> bool:
        return is_echo({"type": kind, "ctx": {"min_length": 1}, "input": value, "loc": (), "msg": ""})

    assert [of([]), of([3]), of([3], "missing"), of("text")] == [False, True, False, False]


def test_each_kind_has_a_tag_and_no_key_of_a_file_is_like_it() -> None:
    assert [each for each in TAGS.values() if each] == [*SOURCES]
    assert all(tag.startswith("<") for tag in TAGS)
    assert [each.key for each in SOURCES] == ["inline", "file", "http", "sql"]


def test_a_team_with_sources_comes_back_from_json_the_same() -> None:
    team = team_of(
        {"inline": {"a": 1}, "into": "b"},
        {"file": "x.csv", "rows": "all", "into": "lots", "expect": {"a": "number"}},
        {"http": "https://x", "max_age": "15m", "as_of": "at"},
        {"sql": "stock", "query": "select :id as a", "params": {"id": 3}},
    )

    assert [type(each) for each in team.sources] == [InlineSource, FileSource, HttpSource, SqlSource]
    assert Team.model_validate_json(team.model_dump_json()) == team
    assert Team.model_validate({**pinned(team), "goal": team.goal}, strict=False) == team


def test_what_is_required_of_a_source_is_named_from_the_top_of_the_facts() -> None:
    expect: Any = {"rate": "number", "note": {"kind": "text", "optional": True}, "a.b": "text"}
    source = FileSource(file="x", into="market.today", expect=expect)

    assert source.required == ("market.today.rate", "market.today.a.b")
    assert FileSource(file="x").required == ()


KEPT: list[tuple[dict[str, Any], tuple[str, ...], dict[str, Any]]] = [
    ({"inline": {"a": 1, "b": 2}}, ("a",), {"a": WITHHELD, "b": 2}),
    ({"inline": {"a": 1}, "into": "x"}, ("x.a",), {"a": WITHHELD}),
    ({"inline": {"a": 1}, "into": "x"}, ("a",), {"a": 1}),
    ({"inline": {"a": 1}, "into": "x.y"}, ("x",), {}),
    ({"inline": {"a": 1}, "into": "x.y"}, ("x.y",), {}),
    ({"inline": {"all": {"a": 1}, "rest": "secret"}, "select": "all"}, ("a",), {"all": {"a": WITHHELD}}),
    ({"inline": {"all": [{"a": 1}]}, "select": "all", "into": "x"}, ("x.a",), {"all": [{"a": WITHHELD}]}),
    ({"inline": {"all": {"a": 1}}, "select": "all", "into": "x"}, ("x",), {"all": WITHHELD}),
    ({"inline": {"a": 1}, "select": "gone"}, ("a",), {"a": 1}),
    ({"inline": {"a": [1]}, "select": "a"}, (), {"a": [1]}),
    ({"inline": {"a": [1]}, "select": "a", "into": "x"}, (), {"a": [1]}),
]


@pytest.mark.parametrize(("source", "private", "kept"), KEPT)
def test_a_thread_keeps_no_private_fact_of_a_source(
    source: dict[str, Any], private: tuple[str, ...], kept: dict[str, Any]
) -> None:
    assert InlineSource(**source).kept(private).inline == kept


def test_nothing_private_is_expected_of_what_is_kept() -> None:
    expect: Any = {"a": "number", "b": "number", "c.d": "text"}
    source = InlineSource(inline={"a": 1, "b": 2, "c": {"d": "x"}}, into="x", expect=expect)

    assert source.kept(("x.a", "x.c")).expect == {"b": source.expect["b"]}
    assert FileSource(file="x", expect=expect).kept(("a",)).expect == source.expect


def test_data_is_found_again_where_it_was_put() -> None:
    for keys in ((), ("a",), ("a", "b")):
        assert data_in(put_under(keys, {"x": 1}), keys) == {"x": 1}
    assert data_in({"a": WITHHELD}, ("a", "b")) == WITHHELD
