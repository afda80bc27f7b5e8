"""In whose name somebody answers: with a token in their own, without one in any."""

import pytest

from policies.access.answering import find_false_name, may_see
from policies.access.caller import NOBODY, SCOPES, Caller, Scope

ADA = Caller("acme", "ada", frozenset({"decide"}), is_proved=True)


@pytest.mark.parametrize(
    ("by", "is_false"),
    [("ada", False), (None, False), ("", False), ("bob", True), ("Ada", True), (7, True), ([], True)],
)
def test_a_token_proves_one_person(by: object, is_false: bool) -> None:
    assert (find_false_name(by, ADA) is not None) == is_false
    assert find_false_name(by, NOBODY) is None


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("given_by", [set(), {"ada"}, {"bob"}, {"ada", "bob"}])
def test_answers_to_an_open_question_are_for_admins_and_for_those_who_gave_one(
    scope: Scope, given_by: set[str]
) -> None:
    assert may_see(Caller("acme", "ada", frozenset({scope}), is_proved=True), given_by) == (
        scope == "admin" or "ada" in given_by
    )
