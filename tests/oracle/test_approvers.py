"""The table of approvers: what its proof says, against every vote they can cast, each judged without the table."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from random import Random

import pytest

from policies.assurance.approval import find_unapproved
from policies.assurance.electorate import electorate_of_panel
from policies.assurance.proof import NEEDED_OF_PEOPLE, prove
from policies.people.panel import panel_of
from policies.team.people import Deciders
from policies.team.rules import parse_team
from policies.team.team import Team

CASTS = ("go", "caution", "block", "absent")
RANKS = {"no_go": 0, "open": 1, "go_with_caution": 2, "go": 3}
SEATS = ("cfo", "cto", "coo", "ceo")
Votes = Mapping[str, str]
Holds = Callable[["Votes", "Drawn"], bool]


@dataclass(frozen=True)
class Drawn:
    """A table as a team file has it, and how each of its rows is judged without reading it."""

    seats: tuple[str, ...]
    rows: tuple[tuple[str, str, Holds], ...]
    otherwise: str | None
    ends: str
    veto: frozenset[str]
    weights: Mapping[str, int]
    needed: int

    def gives(self, votes: Votes) -> str | None:
        """What a vote gives: a decision, `open`, or None where nothing says."""
        found = next((then for _, then, holds in self.rows if holds(votes, self)), self.otherwise)
        if found != "next_round":
            return found
        return "open" if self.ends == "stop" else "no_go"  # nobody is asked after them: that would be a no

    def everything(self) -> Iterator[Votes]:
        """Every vote there is."""
        for casts in product(CASTS, repeat=len(self.seats)):
            yield dict(zip(self.seats, casts, strict=True))


def count(votes: Votes, *casts: str) -> int:
    return sum(cast in casts for cast in votes.values())


def weight(votes: Votes, drawn: Drawn, cast: str) -> int:
    return sum(drawn.weights.get(seat, 1) for seat in votes if votes[seat] == cast)


def a_condition(rng: Random, seats: tuple[str, ...]) -> tuple[str, Holds]:
    """A condition as a table has it, and the same told in Python."""
    few, who = rng.randint(0, len(seats)), rng.choice(seats)
    found: list[tuple[str, Holds]] = [
        (f"go >= {few}", lambda v, d: count(v, "go") >= few),
        (f"go + caution > {few}", lambda v, d: count(v, "go", "caution") > few),
        (f"block >= {few}", lambda v, d: count(v, "block") >= few),
        (f"absent > {few}", lambda v, d: count(v, "absent") > few),
        ("go >= min_go_votes", lambda v, d: count(v, "go") >= d.needed),
        ("vetoes > 0", lambda v, d: any(v[seat] == "block" for seat in d.veto)),
        (f"weighted_go > {few}", lambda v, d: weight(v, d, "go") > few),
        (f'stances.{who} == "block"', lambda v, d: v[who] == "block"),
        (f'stances.{who} == "go"', lambda v, d: v[who] == "go"),
        ("2 * go > team", lambda v, d: 2 * count(v, "go") > len(v)),
    ]
    return rng.choice(found)


def drawn(seed: int) -> Drawn:
    rng = Random(f"approvers {seed}")
    seats = SEATS[: rng.randint(2, 4)]
    rows: list[tuple[str, str, Holds]] = []
    for _ in range(rng.randint(1, 3)):
        when, holds = a_condition(rng, seats)
        rows.append((when, rng.choice(["go", "go", "go_with_caution", "no_go", "next_round"]), holds))
    return Drawn(
        seats,
        tuple(rows),
        rng.choice(["no_go", "no_go", "no_go", "next_round", None]),
        rng.choice(["stop", "no_go", "escalate"]),
        frozenset(rng.sample(seats, rng.choice([0, 0, 1]))),
        {seat: rng.randint(1, 3) for seat in seats if rng.random() < 0.4},
        rng.randint(1, len(seats)),
    )


def decide_of(table: Drawn) -> dict[str, object]:
    """What a team file says of the approvers."""
    rules = [{"when": when, "then": then} for when, then, _ in table.rows]
    otherwise = {} if table.otherwise is None else {"otherwise": table.otherwise}
    policy = {"name": "drawn", "rules": rules, "when_rounds_end": table.ends, **otherwise}
    rule = {"policy": policy, "veto": [*table.veto], "weights": table.weights, "min_go_votes": table.needed}
    return {"by": list(table.seats), "rule": rule}


def failing(table: Drawn) -> set[str]:
    """The properties that some vote breaks."""
    found = {"total"} if any(table.gives(votes) is None for votes in table.everything()) else set[str]()
    moves: dict[str, dict[str, tuple[str, ...]]] = {
        "monotone": {"go": ("caution", "block"), "caution": ("block",)},
        "absence_never_helps": {"go": ("absent",)},
    }
    for votes in table.everything():
        before = table.gives(votes)
        if before == "open":
            found.add("resolves")
        if before in ("go", "go_with_caution") and any(votes[seat] == "block" for seat in table.veto):
            found.add("veto_honoured")
        for name, steps in moves.items():
            for seat, cast in votes.items():
                for other in steps.get(cast, ()):
                    after = table.gives({**votes, seat: other})
                    if None not in (before, after) and RANKS[str(after)] > RANKS[str(before)]:
                        found.add(name)
    return found


def test_the_proof_of_approvers_is_what_every_vote_says() -> None:
    seen: set[str] = set()
    for seed in range(250):
        table = drawn(seed)
        panel = panel_of(Deciders.model_validate(decide_of(table), strict=False))
        proof = prove(panel.policy, electorate_of_panel(panel))
        told = {check.property for check in proof.checks if not check.holds}
        wanted = failing(table)
        if "total" in wanted:
            assert "total" in told, (seed, table)
            continue
        assert told == wanted, (seed, table, told ^ wanted)
        seen |= wanted or {"sound"}
        assert proof.votes == len(CASTS) ** len(table.seats)

    assert seen == {"sound", "monotone", "absence_never_helps", "veto_honoured", "resolves"}


@pytest.mark.parametrize("hundreds", range(2))
def test_no_table_of_approvers_runs_that_some_vote_breaks_and_every_other_does(hundreds: int) -> None:
    for seed in range(hundreds * 100, hundreds * 100 + 100):
        table = drawn(seed)
        team = parse_team(team_with(table))
        assert isinstance(team, Team), (seed, team)
        found = find_unapproved(team, team.budget)
        told = {check.property for check in found.failing} if found else set[str]()
        wanted = failing(table) & {*NEEDED_OF_PEOPLE}
        assert ("total" in told) if "total" in wanted else told == wanted, (seed, table, told ^ wanted)
        assert found is None or found.is_of_people


def team_with(table: Drawn) -> dict[str, object]:
    said = {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}
    return {
        "name": "small",
        "title": "Small",
        "goal": "Decide.",
        "sequence": ["risk"],
        "budget": {"min_go_votes": 1},
        "roles": {"risk": {"title": "Risk", "mandate": "Judge.", "otherwise": said}},
        "policy": {"name": "own", "rules": [{"when": "go == team", "then": "go"}], "otherwise": "no_go"},
        "approvers": {seat: {"title": seat} for seat in table.seats},
        "escalate": {"decide": decide_of(table)},
    }
