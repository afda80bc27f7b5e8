"""A whole run of rounds on paper: who is asked, what the answers make of a round, where and why the run ends.

Seats answer from a script: a stance, an answer that breaks the contract, or the reason of a failure. What is counted is
messages and rounds; time, tokens and texts are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.oracle.deciding import NOBODY, RANKS, STANCES, Moves, capped, decide, next_place
from tests.oracle.tables import Place, Table, Team, Told

BROKEN = "invalid_contribution:stance"
ABSENCES = (
    BROKEN, "llm_timeout", "llm_rate_limited", "llm_error:503", "llm_error:protocol", "llm_error:too_large",
    "llm_truncated", "llm_refused", "llm_empty",
)  # fmt: skip
"""Failures that make a seat absent where absences count; a broken contract only once its repairs are used up."""
ALWAYS_STOPS = ("llm_auth",)

Sure = Mapping[tuple[str, int], float]
"""How sure a role is in a round; 1 where nothing is written."""

Cites = Mapping[tuple[str, int], Sequence[str]]
"""The facts that a role names in a round."""

Script = Mapping[tuple[str, int], Sequence[str]]
"""What a role says in a round, time after time that it is asked; the last for ever, and go where nothing is written."""


@dataclass(frozen=True)
class Ending:
    """Where a run is when nobody is at work on it."""

    stop_reason: str
    at: str | None = None
    """The round and role of a stop at a seat; `human` where a person ended the run."""
    decision: str | None = None
    rounds: tuple[tuple[tuple[str, str], ...], ...] = ()
    """Who said what in each finished round, in the order of the seats, without who was absent."""
    outcomes: tuple[str, ...] = ()
    """What each finished round gave, guards counted in."""
    absent: tuple[tuple[int, str, str], ...] = ()
    """Round, role and reason of each absence, those of an unfinished round too."""
    messages: int = 0


@dataclass
class Run:
    """One thread of a team, from its first round, over its stops and resumes."""

    table: Table
    team: Team
    script: Script
    caps: tuple[str, ...] = ()
    """What the guards that are tripped allow at most."""
    sure: Sure = field(default_factory=dict)
    cites: Cites = field(default_factory=dict)
    place: Place = field(init=False)
    seats: dict[str, str] = field(init=False)
    _order: tuple[str, ...] = field(init=False)
    """The seats: the sequence, then whoever joined, in the order in which they did, without whoever left."""
    _asked: dict[tuple[str, int], int] = field(default_factory=dict)
    _refusals: dict[str, int] = field(default_factory=dict)
    _said: dict[str, str] = field(default_factory=dict)
    """The last stance of each role."""
    _cited: dict[str, frozenset[str]] = field(default_factory=dict)
    """The facts that each role named so far."""
    _moves: Moves = NOBODY
    _ending: Ending = field(default_factory=lambda: Ending("running"))

    def __post_init__(self) -> None:
        self.place = Place(1, 0, frozenset(), self.team.max_rounds)
        self.seats, self._order = {}, self.team.sequence

    def go(self) -> Ending:
        """Run until something ends it."""
        self._ending = replace(self._ending, stop_reason="running", at=None)
        while self._ending.stop_reason == "running":
            if not self._ask_once():
                continue
            self._close_round()
        return self._ending

    def resume(self, max_rounds: int | None = None, max_messages: int | None = None) -> Ending:
        """Run on with raised budgets; an ended run stays as it is."""
        self.place = replace(self.place, max_rounds=max_rounds or self.place.max_rounds)
        self.team = replace(self.team, max_messages=max_messages or self.team.max_messages)
        is_over = self._ending.stop_reason in ("success", "human_stopped", "waiting")
        if is_over or (self._lacks_a_round() and self.place.is_last):
            return self._ending
        if self._lacks_a_round():
            self._open_next()
        return self.go()

    def answer(self, word: str) -> Ending:
        """Answer a run that waits for a person; what is beyond the guards or the rounds is not taken."""
        least = min((RANKS[cap] for cap in self.caps), default=RANKS["go"])
        is_allowed = RANKS.get(word, 0) <= least and not (word == "again" and self.place.is_last)
        if self._ending.stop_reason != "waiting" or not is_allowed:
            return self._ending
        if word == "again":
            self._open_next()
            return self.go()
        if word == "stop":
            self._ending = replace(self._ending, stop_reason="human_stopped", at="human")
        else:
            self._ending = replace(self._ending, stop_reason="success", decision=word)
        return self._ending

    def _lacks_a_round(self) -> bool:
        return self._ending.stop_reason == "max_rounds_reached"

    def _ask_once(self) -> bool:
        """Ask every empty seat once, as far as messages go; return whether all seats are taken then."""
        empty = [role for role in self._order if role not in self.seats]
        open_seats = [role for role in empty if self._refusals.get(role, 0) <= self.team.max_repairs]
        granted = open_seats[: max(0, self.team.max_messages - self._ending.messages)]
        self._ending = replace(self._ending, messages=self._ending.messages + len(granted))
        answers = {role: self._answer(role) for role in granted}
        for role in empty:
            if role in open_seats and role not in granted:
                self._stop("max_messages", role)
            else:
                self._take(role, answers.get(role, BROKEN), again=role not in granted)
            if self._ending.stop_reason in (BROKEN, "max_messages"):
                return False
        return self._ending.stop_reason == "running" and all(role in self.seats for role in empty)

    def _answer(self, role: str) -> str:
        key = (role, self.place.round)
        said = self.script.get(key) or ("go",)
        nth = self._asked.get(key, 0)
        self._asked[key] = nth + 1
        return said[min(nth, len(said) - 1)]

    def _take(self, role: str, said: str, again: bool) -> None:
        """Fill the seat, leave it for a repair, or stop; `again`: it was refused for good in an earlier wave.

        Behind a failure that stops the run, what the other seats said is kept: nobody is asked twice.
        """
        if said == BROKEN and not again:
            self._refusals[role] = self._refusals.get(role, 0) + 1
        repairable = said == BROKEN and self._refusals[role] <= self.team.max_repairs
        if said in STANCES:
            self.seats[role] = said
        elif said in ABSENCES and self.table.counts_absences and not repairable:
            self.seats[role] = "absent"
            self._ending = replace(self._ending, absent=(*self._ending.absent, (self.place.round, role, said)))
        elif not repairable and self._ending.stop_reason == "running":
            self._stop(said, role)

    def _stop(self, reason: str, role: str) -> None:
        if self._ending.stop_reason == "running":
            self._ending = replace(self._ending, stop_reason=reason, at=f"round_{self.place.round}:{role}")

    def _close_round(self) -> None:
        ballot = tuple(self.seats[role] for role in self.team.seats(self.place))
        sure = [
            self.sure.get((role, self.place.round), 1.0)
            for role in self.team.seats(self.place)
            if self.seats[role] != "absent"
        ]
        found = decide(self.table, self.team, self.place, ballot, Told(moved=self._moved()), confidences=sure)
        outcome = capped(found.outcome, self.caps)
        said = tuple((role, self.seats[role]) for role in self._order if self.seats[role] != "absent")
        before = self._ending
        self._ending = replace(before, rounds=(*before.rounds, said), outcomes=(*before.outcomes, outcome))
        self._moves = found.moves if outcome == found.outcome else NOBODY
        if outcome == "next_round" and not found.stops:
            self._open_next()
        elif outcome == "next_round":
            self._ending = replace(self._ending, stop_reason="max_rounds_reached")
        elif outcome == "escalate":
            self._ending = replace(self._ending, stop_reason="waiting")
        else:
            self._ending = replace(self._ending, stop_reason="success", decision=outcome)

    def _moved(self) -> int:
        """Return how many roles say another stance than last, and name no fact that is new to them; and keep both."""
        moved = 0
        for role, stance in self.seats.items():
            if stance == "absent":
                continue
            known, named = self._cited.get(role, frozenset()), frozenset(self.cites.get((role, self.place.round), ()))
            moved += self._said.get(role, stance) != stance and named <= known
            self._said[role], self._cited[role] = stance, known | named
        return moved

    def _open_next(self) -> None:
        blocks = any(word == "block" for _, word in self._ending.rounds[-1])
        self.place = next_place(self.place, blocks, self._moves, self.place.max_rounds)
        comes, goes = self._moves
        self._order = tuple(role for role in (*self._order, *([comes] if comes else [])) if role != goes)
        self.seats, self._refusals = {}, {}
