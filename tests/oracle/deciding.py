"""What one vote gives, and what the run then does."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from tests.oracle.expressions import Fault, Values
from tests.oracle.tables import PLAIN, Ballot, Place, Table, Team, Told

STANCES = ("go", "caution", "block")
RANKS = {"no_go": 0, "go_with_caution": 2, "go": 3}
UNDECIDED = 1


Moves = tuple[str | None, str | None]
"""Who joins from the next round on, and who leaves."""
NOBODY: Moves = (None, None)


@dataclass(frozen=True)
class Decision:
    """What a vote gives in its place, where no guard limits it."""

    outcome: str
    """The outcome in effect: next_round of the last round became what `when_rounds_end` says, unless that is stop."""
    row: int | None
    """Which row fired, from 0; None: otherwise, or none."""
    faulty: bool
    """Whether a row failed, or nothing gave an outcome."""
    convene: str | None
    """Who joins that did not sit before."""
    release: str | None
    """Who leaves that did sit."""
    stops: bool
    """Whether the run ends here for want of another round."""

    @property
    def moves(self) -> Moves:
        return self.convene, self.release

    @property
    def final(self) -> str:
        """What becomes of the run: a decision, a human, another round, or the end of the rounds."""
        return "max_rounds_reached" if self.stops else self.outcome


def find_conflicts(ballot: Ballot) -> tuple[str, ...]:
    """Return the conflicts of a round, as the table of the rounds names them."""
    said = set(ballot) - {"absent"}
    named = {
        "no_contributions": not said,
        "go_vs_caution": said == {"go", "caution"},
        "blocking_vs_non_block": "block" in said and len(said) > 1,
        "high_divergence": len(said) == 3,
    }
    return tuple(name for name, holds in named.items() if holds)


def values_of_vote(
    team: Team, place: Place, ballot: Ballot, told: Told, confidences: Sequence[float] | None = None
) -> dict[str, Any]:
    """Return what a row may read of the vote itself.

    `confidences` are those of the roles that are not absent, where they differ from role to role.
    """
    seats = team.seats(place)
    sure = [told.confidence for word in ballot if word != "absent"] if confidences is None else confidences
    stances = dict(zip(seats, ballot, strict=True))
    weighed = {word: sum(team.weight(role) for role in seats if stances[role] == word) for word in STANCES}
    return {
        **{word: ballot.count(word) for word in (*STANCES, "absent")},
        **{f"weighted_{word}": total for word, total in weighed.items()},
        "team": len(seats),
        "stances": stances,
        "conflicts": find_conflicts(ballot),
        "vetoes": sum(stances[role] == "block" for role in seats if role in team.vetoers),
        "open_questions": told.open_questions,
        "ungrounded": told.ungrounded,
        "moved": told.moved,
        "min_go_votes": team.min_go_votes,
        "mean_confidence": mean_of(sure),
        "min_confidence": min(sure, default=0.0),
    }


def mean_of(confidences: Sequence[float]) -> float:
    """Return the mean of decimal numbers as they are written; 0 where nobody says anything."""
    return float(sum(Fraction(str(each)) for each in confidences) / len(confidences)) if confidences else 0.0


def values_of_place(place: Place, ballot: Ballot) -> dict[str, int]:
    """Return what a row may read of the rounds so far."""
    streak = place.blocked + 1 if "block" in ballot else 0
    return {"round": place.round, "rounds_left": place.max_rounds - place.round, "block_streak": streak}


def decide(
    table: Table,
    team: Team,
    place: Place,
    ballot: Ballot,
    told: Told = PLAIN,
    confidences: Sequence[float] | None = None,
) -> Decision:
    """Return what the vote gives in its place."""
    values = values_of_vote(team, place, ballot, told, confidences) | values_of_place(place, ballot)
    return decide_values(table, team, place, values)


def decide_values(table: Table, team: Team, place: Place, values: Values) -> Decision:
    """Return what the table gives for these values in this place."""
    outcome, row, faulty = first_that_holds(table, values)
    stops = False
    if outcome == "next_round" and place.is_last:
        stops = table.when_rounds_end == "stop"
        outcome = "next_round" if stops else table.when_rounds_end
    comes, goes = None, None
    if row is not None and outcome == "next_round":
        seated = set(team.seats(place))
        if table.rows[row].convene in set(team.bench) - seated:
            comes = table.rows[row].convene
        if table.rows[row].release in seated and (comes or len(seated) > 1):
            goes = table.rows[row].release
    return Decision(outcome, row, faulty, comes, goes, stops)


def first_that_holds(table: Table, values: Values) -> tuple[str, int | None, bool]:
    """Return the outcome of the first row that holds, its number, and whether a fault asks a human instead."""
    for number, row in enumerate(table.rows):
        try:
            holds = row.when.value(values)
        except Fault:
            return "escalate", number, True
        if holds:
            return row.then, number, False
    return table.otherwise or "escalate", None, table.otherwise is None


def capped(outcome: str, caps: tuple[str, ...]) -> str:
    """Return the outcome under the caps of the guards that are tripped."""
    if "no_go" in caps:
        return "no_go"
    return "go_with_caution" if caps and outcome == "go" else outcome


def ballots(table: Table, team: Team, place: Place) -> list[Ballot]:
    """Return every vote of the roles that sit."""
    words = (*STANCES, "absent") if table.counts_absences else STANCES
    return list(product(words, repeat=len(team.seats(place))))


def next_place(place: Place, blocks: bool, moves: Moves, max_rounds: int) -> Place:
    """Return the place of the round after a vote with or without a block, by which these roles join and leave."""
    comes, goes = (frozenset({role} if role else ()) for role in moves)
    left = place.left | (goes - place.joined)
    return Place(place.round + 1, place.blocked + 1 if blocks else 0, place.joined - goes | comes, max_rounds, left)


def rank_of(outcome: str) -> int:
    """Return how permissive an outcome is; whatever decides nothing lies between no_go and go_with_caution."""
    return RANKS.get(outcome, UNDECIDED)


def is_permissive(outcome: str) -> bool:
    return outcome in ("go", "go_with_caution")
