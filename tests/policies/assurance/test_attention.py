"""Which decisions need attention, and in which order."""

from itertools import product
from typing import get_args

import pytest

from policies.assurance.attention import URGENCY, Attention, attention_of, urgency_of
from policies.assurance.tripwires import WatchVerdict

VERDICTS: tuple[WatchVerdict | None, ...] = (None, *get_args(WatchVerdict))


@pytest.mark.parametrize(
    ("verdict", "attention"),
    [(None, "unseen"), ("holds", "holds"), ("weakened", "weakened"), ("reopen", "reopen"), ("unknown", "unknown")],
)
def test_a_decision_asks_for_what_the_last_look_found(verdict: WatchVerdict | None, attention: Attention) -> None:
    assert attention_of(verdict) == attention
    assert attention_of(verdict, is_expired=True) == "reopen"
    assert attention_of(verdict, is_expired=True, has_source=False) == "reopen"
    assert attention_of(verdict, is_expired=True, is_reopened=True, has_source=False) == "reopened"


def test_what_has_no_source_is_that_alone_where_nobody_knows_more() -> None:
    found = [attention_of(verdict, has_source=False) for verdict in VERDICTS]
    assert found == ["sourceless", "holds", "weakened", "reopen", "sourceless"]


def test_all_comes_in_an_order_and_what_asks_for_a_deed_comes_first() -> None:
    flags = product(VERDICTS, (True, False), (True, False), (True, False))
    found = {
        attention_of(verdict, has_source=has_source, is_expired=is_expired, is_reopened=is_reopened)
        for verdict, has_source, is_expired, is_reopened in flags
    }
    assert found == {*URGENCY}
    assert sorted(found, key=urgency_of) == [*URGENCY]
    assert URGENCY[0] == "reopen"
    assert URGENCY[-1] == "reopened"
