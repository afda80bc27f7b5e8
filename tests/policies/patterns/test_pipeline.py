"""Pipeline: one role after the other, each reading the one before."""

from policies.contracts.answers import Task
from policies.patterns.stages import Finish, Stage
from tests.policies.patterns.courses import ANN, BOB, CID, Said, extended, finished, opened, person, team_of


def output(text: str, **fields: object) -> list[Said]:
    return [{"text": text, **fields}]


def test_each_stage_asks_one_role_that_reads_the_output_before_it_alone() -> None:
    team = team_of("pipeline")
    log = extended(team, output("1"), output("2", margin=7.5))
    assert opened(team, log[:0]) == Stage(ANN, (Task(ANN, ANN, "output"),))
    for role, stages, previous in (
        (BOB, 1, {"agent": ANN, "text": "1"}),
        (CID, 2, {"agent": BOB, "text": "2", "margin": 7.5}),
    ):
        assert opened(team, log[:stages]) == Stage(role, (Task(role, role, "output", {"previous": previous}),))


def test_the_last_output_is_the_answer() -> None:
    team = team_of("pipeline")
    assert finished(team, extended(team, output("1"), output("2"), output("3"))) == Finish(answer="3")


def test_a_pipeline_of_one_ends_after_it() -> None:
    team = team_of("pipeline", (ANN,))
    assert finished(team, extended(team, output("1"))).answer == "1"


def test_the_decision_of_a_team_that_ends_it_is_the_decision() -> None:
    team = team_of("pipeline", (ANN, BOB))
    end = finished(team, extended(team, output("1", decision="no_go"), output("2", decision="go")))
    assert (end.answer, end.decision) == ("2", "go")


def test_a_disabled_role_has_its_turn_so_that_it_is_refused_and_not_left_out() -> None:
    roles = {ANN: person(ANN), BOB: person(BOB, enabled=False), CID: person(CID)}
    team = team_of("pipeline", roles=roles)
    assert opened(team, extended(team, output("1"))).label == BOB
