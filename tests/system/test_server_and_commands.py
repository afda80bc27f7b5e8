"""The real `langgraph dev` and real commands exclude each other; `make soak` lets them meet more often."""

from typing import Any

import pytest

from tests.system.sittings import ALL_MET, STORES, Sitting, sit_for

pytestmark = [
    pytest.mark.system,
    pytest.mark.needs("langgraph_dev"),
    pytest.mark.needs("postgres"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module", params=range(len(STORES)), ids=STORES)
def sitting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sitting:
    return sit_for(request.param, tmp_path_factory.mktemp("sitting"))


def test_one_writes_to_a_thread_at_a_time_and_the_record_is_of_one_run(
    sitting: Sitting, record_testsuite_property: Any
) -> None:
    """What is wrong by an umpire that reads the rows by itself, in trials in which two always met."""
    record_testsuite_property(f"server and commands on {sitting.store}", str(sitting))
    assert (sitting.met, sitting.wrong) == (ALL_MET, {}), str(sitting)


def test_the_event_loop_of_the_server_is_never_blocked_meanwhile(sitting: Sitting) -> None:
    assert sitting.blocked == 0
    assert sitting.complaints == []
