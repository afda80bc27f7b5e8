"""Tenants: their names, whose a row is, and what of a team is limited to some of them."""

from typing import Any

import pytest
from pydantic import ValidationError

from policies.access.caller import NOBODY, SCOPES, Caller, identity_of, tenant_in
from policies.access.limits import Foreign, find_foreign, is_open_to, limit_in_words
from policies.access.names import NAME, find_misnamed
from policies.access.owners import owned_by, tenant_of
from policies.team.team import Team, pinned
from tests.policies.patterns.courses import raw_team

GOOD = ("a", "7", "acme", "local", "acme-eu_1.x@y", "a" * 64)
BAD = ("", "A", "Acme", "-a", "_a", ".a", "@a", "a b", "a/b", "a\n", "é", "a" * 65, "*", "a:b", "%61")


def team(name: str = "desk", **roles: dict[str, Any]) -> dict[str, Any]:
    """A team of `left` and `right`, with more said of either."""
    person = {"title": "T", "mandate": "m."}
    told = {role: {**person, **roles.get(role, {})} for role in ("left", "right")}
    return raw_team("parallel", ("left", "right"), name=name, roles=told)


def read(raw: dict[str, Any]) -> Team:
    return Team.model_validate(raw)


@pytest.mark.parametrize("name", GOOD)
def test_a_tenant_may_be_called_so(name: str) -> None:
    assert find_misnamed(name) is None
    assert read(team(left={"tenants": [name]})).roles["left"].tenants == (name,)


@pytest.mark.parametrize("name", BAD)
def test_a_tenant_may_not_be_called_so_and_no_team_file_names_one(name: str) -> None:
    assert "allowed: 1 to 64 of" in str(find_misnamed(name))
    with pytest.raises(ValidationError):
        read(team(left={"tenants": [name]}))


def test_the_pattern_of_names_is_anchored() -> None:
    assert (NAME[0], NAME[-1]) == ("^", "$")


def test_a_row_without_a_tenant_is_the_command_lines_own() -> None:
    assert [owned_by(tenant_of(row)) for row in ({}, {"tenant": "local"}, {"tenant": "a"})] == [{}, {}, {"tenant": "a"}]


def test_an_identity_has_its_tenant_whatever_the_person_is_called() -> None:
    assert tenant_in(identity_of(Caller("acme", "ada"))) == "acme"
    assert (tenant_in("acme"), tenant_in("acme/a/b"), identity_of(NOBODY)) == ("acme", "acme", "local/local")


def test_what_names_no_tenants_is_open_to_all() -> None:
    assert is_open_to(None, "acme")
    assert not is_open_to((), "acme")
    assert find_foreign(read(team()), "acme") is None


def test_a_role_is_open_to_its_tenants_alone() -> None:
    limited = read(team(left={"tenants": ["acme", "globex"]}))
    assert [find_foreign(limited, tenant) for tenant in ("acme", "globex")] == [None, None]
    assert find_foreign(limited, "local") == Foreign("role", "left", "desk")


def test_a_role_that_may_not_speak_is_limited_all_the_same() -> None:
    assert find_foreign(read(team(right={"enabled": False, "tenants": ["acme"]})), "b") == Foreign(
        "role", "right", "desk"
    )


def test_a_role_of_a_team_within_is_named_with_the_roles_that_lead_there() -> None:
    inner = team("within", right={"tenants": ["acme"]})
    nested = read(team(left={"team": team("middle", right={"team": inner})}))
    found = find_foreign(nested, "b")
    assert found == Foreign("role", "right", "within", ("left", "right"))
    assert limit_in_words(found, "b") == (
        "the role `right` of the team `within`, which answers for `left.right`, is limited to tenants other than `b`; "
        "run another team"
    )
    assert find_foreign(nested, "acme") is None


@pytest.mark.parametrize(("name", "called"), [("prices", "`prices`"), (None, "2")])
def test_a_source_is_named_or_counted(name: str | None, called: str) -> None:
    second = {"inline": {"rate": 1}, "tenants": ["acme"], **({"name": name} if name else {})}
    limited = read({**team(), "facts": [{"inline": {}}, second]})
    found = find_foreign(limited, "b")
    assert found == Foreign("source", called, "desk")
    assert limit_in_words(found, "b") == (
        f"the source of facts {called} of the team `desk` is limited to tenants other than `b`; run another team"
    )
    assert find_foreign(limited, "acme") is None


def test_limits_are_pinned_and_a_team_without_any_is_pinned_as_before_there_were_limits() -> None:
    limited = {**team(left={"tenants": ["acme"]}), "facts": [{"inline": {"a": 1}, "tenants": ["acme"]}]}
    assert pinned(read(limited))["roles"]["left"]["tenants"] == ["acme"]
    assert pinned(read(limited))["facts"][0]["tenants"] == ["acme"]
    assert Team.model_validate({**pinned(read(limited)), "goal": "g"}, strict=False) == read({**limited, "goal": "g"})
    assert "tenants" not in str(pinned(read({**team(), "facts": [{"inline": {"a": 1}}]})))


@pytest.mark.parametrize("tenants", [[], ["a", "a"], "a", [1], ["a"] * 51, [None], {"a": 1}])
def test_other_lists_of_tenants_are_refused(tenants: Any) -> None:
    with pytest.raises(ValidationError):
        read(team(left={"tenants": tenants}))


def test_an_admin_may_do_all_and_others_what_their_scopes_say() -> None:
    assert Caller(scopes=frozenset({"admin"})).may("decide")
    assert [Caller(scopes=frozenset({"run"})).may(scope) for scope in SCOPES] == [False, True, False, False]
