"""Resumption: every kind of thread with every kind of input, and how it goes on."""

from itertools import product

import pytest

from policies.run.resumption import Resumption, Way, resumption_of
from policies.run.stop import stop_reason
from policies.run.stop_table import STOP_KINDS, STOP_TABLE, StopKind

CUT_OFF, RESUMABLE, FINISHED = None, "max_messages", "success"
ENTER, SHOW = Resumption("enter"), Resumption("show")
REFUSE = Resumption("refuse", refused_as="stale_thread:facts")
CONTINUE = Resumption("continue", charges_lost=True)
CHARGE_AND_ENTER = Resumption("enter", charges_lost=True)
CONTINUE_THEN_ENTER = Resumption("continue", charges_lost=True, enters_after=True)

# (why it stopped, what moved, whether changes are accepted, whether limits are raised, how it goes on)
TABLE: list[tuple[str | None, str | None, bool, bool, Resumption]] = [
    (CUT_OFF, None, False, False, CONTINUE),
    (CUT_OFF, None, False, True, CONTINUE_THEN_ENTER),
    (CUT_OFF, None, True, False, CONTINUE),
    (CUT_OFF, None, True, True, CONTINUE_THEN_ENTER),
    (CUT_OFF, "facts", False, False, REFUSE),
    (CUT_OFF, "facts", False, True, REFUSE),
    (CUT_OFF, "facts", True, False, CHARGE_AND_ENTER),
    (CUT_OFF, "facts", True, True, CHARGE_AND_ENTER),
    (RESUMABLE, None, False, False, ENTER),
    (RESUMABLE, None, False, True, ENTER),
    (RESUMABLE, None, True, False, ENTER),
    (RESUMABLE, None, True, True, ENTER),
    (RESUMABLE, "facts", False, False, REFUSE),
    (RESUMABLE, "facts", False, True, REFUSE),
    (RESUMABLE, "facts", True, False, ENTER),
    (RESUMABLE, "facts", True, True, ENTER),
    (FINISHED, None, False, False, SHOW),
    (FINISHED, None, False, True, SHOW),
    (FINISHED, None, True, False, SHOW),
    (FINISHED, None, True, True, SHOW),
    (FINISHED, "facts", False, False, REFUSE),
    (FINISHED, "facts", False, True, REFUSE),
    (FINISHED, "facts", True, False, REFUSE),
    (FINISHED, "facts", True, True, REFUSE),
]


@pytest.mark.parametrize(("reason", "moved", "accepts", "raises", "goes_on"), TABLE)
def test_a_thread_goes_on_as_the_table_says(
    reason: str | None, moved: str | None, accepts: bool, raises: bool, goes_on: Resumption
) -> None:
    assert resumption_of(reason, moved, accepts, raises) == goes_on


def test_the_table_has_every_case_once() -> None:
    every = product((CUT_OFF, RESUMABLE, FINISHED), (None, "facts"), (False, True), (False, True))
    assert [case[:4] for case in TABLE] == list(every)


@pytest.mark.parametrize("kind", STOP_KINDS)
def test_a_thread_that_stopped_is_entered_only_where_its_reason_can_be_resumed(kind: StopKind) -> None:
    reason = stop_reason(kind, "detail" if STOP_TABLE[kind].is_detailed else None)
    assert resumption_of(reason) == (ENTER if STOP_TABLE[kind].is_resumable else SHOW)


def test_a_refusal_names_what_moved() -> None:
    assert resumption_of(CUT_OFF, "goal").refused_as == "stale_thread:goal"


@pytest.mark.parametrize(
    ("moved", "raises", "way"), [(None, False, "show"), (None, True, "enter"), ("facts", False, "enter")]
)
def test_a_thread_that_waits_is_shown_unless_what_is_asked_may_change(
    moved: str | None, raises: bool, way: Way
) -> None:
    assert resumption_of(None, moved, accepts_changes=True, raises_limits=raises, waits=True) == Resumption(way)
    assert resumption_of(None, "facts", waits=True).refused_as == "stale_thread:facts"
