"""Access: a role speaks only if it stands on both allowlists."""

import pytest

from policies.team.access import Access, find_denial

ACCESS = Access(known=frozenset({"risk_analyst", "legal_analyst"}), enabled=frozenset({"risk_analyst", "guest"}))


def test_a_role_that_is_known_and_enabled_may_speak() -> None:
    assert ACCESS.admits("risk_analyst")
    assert find_denial("risk_analyst", ACCESS) is None


@pytest.mark.parametrize("role", ["legal_analyst", "guest", "stranger", "", "Risk_analyst", " risk_analyst"])
def test_everybody_else_is_denied_by_name(role: str) -> None:
    assert not ACCESS.admits(role)
    assert find_denial(role, ACCESS) == f"agent_denied:{role}"


def test_with_empty_allowlists_nobody_speaks() -> None:
    assert find_denial("risk_analyst", Access(frozenset(), frozenset())) == "agent_denied:risk_analyst"
