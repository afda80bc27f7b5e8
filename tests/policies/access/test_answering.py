"""In whose name somebody answers: with a token in their own, without one in any."""

import pytest

from policies.access.answering import find_false_name
from policies.access.caller import NOBODY, Caller

ADA = Caller("acme", "ada", frozenset({"decide"}), is_proved=True)


@pytest.mark.parametrize(
    ("by", "is_false"),
    [("ada", False), (None, False), ("", False), ("bob", True), ("Ada", True), (7, True), ([], True)],
)
def test_a_token_proves_one_person(by: object, is_false: bool) -> None:
    assert (find_false_name(by, ADA) is not None) == is_false
    assert find_false_name(by, NOBODY) is None
