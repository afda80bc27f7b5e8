"""Parallel: everybody at once, results in sequence order."""

from policies.contracts.answers import Task
from policies.patterns.stages import Finish, Stage
from tests.policies.patterns.courses import ANN, BOB, CID, SEQUENCE, Said, extended, finished, opened, team_of

SAID: list[Said] = [{"text": "1"}, {"text": "2"}, {"text": "3"}]


def test_all_are_asked_at_once_and_read_nothing_of_each_other() -> None:
    assert opened(team_of("parallel"), []) == Stage("answers", tuple(Task(name, name, "output") for name in SEQUENCE))
    assert opened(team_of("parallel", absent="count"), []).tolerance == "some"


def test_results_stand_in_sequence_order_and_a_synthesis_writes_the_answer() -> None:
    team = team_of("parallel", (CID, ANN, BOB))
    results = tuple({"agent": name, "text": text} for name, text in ((CID, "1"), (ANN, "2"), (BOB, "3")))
    assert finished(team, extended(team, SAID)) == Finish(results, details={"missing": []})


def test_without_a_synthesis_they_stand_side_by_side() -> None:
    team = team_of("parallel", options={"synthesis": False})
    assert finished(team, extended(team, SAID)).answer == "ann: 1\n\nbob: 2\n\ncid: 3"


def test_who_is_absent_is_reported_missing() -> None:
    team = team_of("parallel", absent="count")
    end = finished(team, extended(team, [{"text": "1"}, "llm_timeout", "llm_error:503"]))
    assert end.results == ({"agent": ANN, "text": "1"},)
    missing = [{"agent": BOB, "reason": "llm_timeout"}, {"agent": CID, "reason": "llm_error:503"}]
    assert end.details == {"missing": missing}
