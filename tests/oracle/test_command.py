"""The command line: each counterexample's line shows it again, and any vote at any place is decided as here."""

import io
import json
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from random import Random
from typing import Any

import pytest

from graph.cli.main import run
from tests.judged import team_file
from tests.oracle.deciding import STANCES, Decision, capped, decide
from tests.oracle.drawing import Limits, draw
from tests.oracle.guarding import CAPS
from tests.oracle.places import Simulation
from tests.oracle.tables import Ballot, Place, Team, Told

pytestmark = pytest.mark.usefixtures("accord_home")

SMALL = Limits(votes=300)
PLACES = 4
"""Random places for each table."""


def answer_to(*arguments: object) -> Any:
    """Run `accord … --json` in this process."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(out):
        code = run([*map(str, arguments), "--json"])
    assert code in (0, 1), (code, arguments)
    out.flush()
    out.seek(0)
    return json.loads(out.read())


# --- any vote --------------------------------------------------------------------------------------------------------


def wrong_single(random: Random, path: Path, run: Simulation) -> str:
    """Return what is wrong with one random vote, asked for on the command line."""
    team, table = run.team, run.table
    max_rounds = random.randint(1, team.max_rounds + 3)
    number = random.randint(1, max_rounds)
    joined = random.sample(team.bench, min(len(team.bench), random.randint(0, number - 1)))
    place = Place(number, random.randint(0, number - 1), frozenset(joined), max_rounds, _left(random, run, number))
    words = (*STANCES, "absent") if table.counts_absences else STANCES
    ballot = tuple(random.choice(words) for _ in team.seats(place))
    seats = len(team.seats(place))
    sure, flagged = random.choice((0.0, 0.2, 0.5, 0.7, 1.0)), Random(f"{place} {ballot}")
    moved = flagged.randint(0, seats) if number > 1 else 0
    ungrounded = flagged.randint(0, seats) if "ungrounded" in table.reads else 0  # where numbers are grounded
    told = Told(random.randint(0, 9), sure, ungrounded, moved)
    caps = random.sample(CAPS, random.choice((0, 0, 1, 2)))
    shown = answer_to(
        "policy", "decide", path, *options(place, told, caps, table.trusts_confidence), *votes_of(team, place, ballot)
    )
    found = decide(table, team, place, ballot, told)
    wanted = as_shown(found, tuple(caps)) | {"reachable": place in run.resumed}
    got = {key: shown[key] for key in wanted if key != "reachable"}
    got["reachable"] = shown["way"] != "No run can get to this place"
    return "" if got == wanted else f"{ballot} with {told} at {place} under {caps}: {shown}, by the oracle {wanted}"


def _left(random: Random, run: Simulation, number: int) -> frozenset[str]:
    """Draw roles of the sequence that have left, as many as can by then; one stays."""
    may_leave = [role for role in run.team.sequence if role in run.table.released]
    most = min(len(may_leave), number - 1, len(run.team.sequence) - 1)
    return frozenset(random.sample(may_leave, random.randint(0, most)))


def options(place: Place, told: Told, caps: list[str], trusts: bool) -> Iterator[object]:
    yield from ("--round", place.round, "--streak", place.blocked, "--max-rounds", place.max_rounds)
    yield from ("--open-questions", told.open_questions, "--ungrounded", told.ungrounded, "--moved", told.moved)
    yield from ("--confidence", told.confidence) if trusts else ()
    yield from (("--joined", ",".join(place.joined)) if place.joined else ())
    yield from (("--released", ",".join(place.left)) if place.left else ())
    for cap in caps:
        yield from ("--tripped", f"at most {cap}")


def votes_of(team: Team, place: Place, ballot: Ballot) -> list[str]:
    return [f"{role}={said}" for role, said in zip(team.seats(place), ballot, strict=True)]


def as_shown(found: Decision, caps: tuple[str, ...]) -> dict[str, Any]:
    """Return what the command shows of a decision, under the caps of the guards that are tripped."""
    final = capped(found.outcome, caps)
    stops = found.stops and final == found.outcome
    row = "otherwise" if found.row is None and not found.faulty else found.row
    return {
        "vote": found.outcome,
        "final": final,
        "row": row + 1 if isinstance(row, int) and not found.faulty else row if not found.faulty else "otherwise",
        "joins": found.convene if final == found.outcome else None,
        "leaves": found.release if final == found.outcome else None,
        "stops": "max_rounds_reached" if stops else None,
    }


# --- counterexamples -------------------------------------------------------------------------------------------------


def wrong_lines(path: Path) -> Iterator[str]:
    """Yield each counterexample whose lines do not show it."""
    proof = answer_to("policy", "verify", path)
    for check in (*proof["properties"], *proof["reports"]):
        example = check.get("counterexample")
        if example is None or not example["votes"]:
            continue
        finals = [answer_to(*shlex.split(line)[1:])["final"] for line in example["lines"]]
        ways = {answer_to(*shlex.split(line)[1:])["way"] for line in example["lines"]}
        if finals != [*example["outcomes"]] or "No run can get to this place" in ways:
            yield f"{check['property']}: {example['lines']} give {finals}, {ways}, not {example['outcomes']}"


def check_seed(seed: int, home: Path) -> str:
    """Return what the commands say of a random team that is not so, or an empty text."""
    table, team = draw(seed, SMALL)
    path = home / f"drawn_{seed}.yaml"
    path.write_text(team_file(table, team, CAPS), encoding="utf-8")
    random, places = Random(-seed - 1), Simulation(table, team, team.max_rounds + 3)
    found = [*(wrong_single(random, path, places) for _ in range(PLACES)), *wrong_lines(path)]
    return "; ".join(f"seed {seed}: {each}" for each in found if each)


@pytest.mark.slow
def test_lines_of_counterexamples_show_them_again(tmp_path: Path) -> None:
    assert not [found for seed in range(6) if (found := check_seed(seed, tmp_path))]
