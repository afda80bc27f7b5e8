"""The places the oracle finds are those that runs visit: of whole histories one by one, and of scripted runs."""

from collections.abc import Iterator
from random import Random

from tests.oracle.deciding import ballots, decide
from tests.oracle.drawing import Limits, draw
from tests.oracle.places import Simulation
from tests.oracle.runs import BROKEN, Run
from tests.oracle.tables import Place

TINY = Limits(roles=2, votes=20)
SMALL = Limits(votes=300)
ROUNDS = 8


def visited(run: Simulation, place: Place) -> Iterator[Place]:
    """Yield every place of every history from here on, each history for itself."""
    yield place
    for ballot in ballots(run.table, run.team, place):
        for told in run.tolds(place):
            found = decide(run.table, run.team, place, ballot, told)
            if found.final == "next_round":
                yield from visited(run, run.after(place, ballot, found))


def test_each_history_for_itself_visits_the_same_places() -> None:
    judged = 0
    for seed in range(150):
        table, team = draw(seed, TINY)
        run = Simulation(table, team)
        if team.max_rounds <= (3 if len(run.tolds(Place(2, 0, frozenset(), 2))) == 1 else 2):
            assert frozenset(visited(run, run.start)) == run.plain, seed
            judged += len(run.plain) > 1
    assert judged > 30


def test_runs_with_failures_and_resumes_visit_no_other_place() -> None:
    for seed in range(60):
        table, team = draw(seed, SMALL)
        run, random = Simulation(table, team, ROUNDS), Random(-seed - 1)
        everybody = Place(1, 0, frozenset(team.bench), 1)
        votes = {number: random.choice(ballots(table, team, everybody)) for number in range(1, ROUNDS + 1)}
        said = {
            (role, number): [word]
            for number in votes
            for role, word in zip(team.seats(everybody), votes[number], strict=True)
        }
        script = {key: ["llm_empty"] if words == ["absent"] else words for key, words in said.items()}
        script[random.choice([*script])].insert(0, BROKEN)
        paper, most = Run(table, team, script), team.max_rounds
        paper.go()
        assert paper.place in run.plain | run.resumed
        for _ in range(4):
            most = min(ROUNDS, most + random.randint(0, 2))
            paper.resume(max_rounds=most, max_messages=1_000)
            assert paper.place in run.resumed, (seed, paper.place)
