"""Runs played vote by vote from round 1, to judge what a proof says: no kinds of votes, no classes, nothing shared.

Every role's stance is spelled out, every limit and every number of open questions is tried one by one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from policies.assurance.electorate import Electorate, Place
from policies.decision.marks import Marks
from policies.decision.outcome import Ruling, decide
from policies.decision.table import Policy
from policies.decision.vote import Cast, Vote

CASTS: tuple[Cast, ...] = ("go", "caution", "block", "absent")
RANK = {"no_go": 0, "next_round": 1, "escalate": 1, "go_with_caution": 2, "go": 3}
CAUTIOUS: Mapping[Cast, tuple[Cast, ...]] = {"go": ("caution", "block"), "caution": ("block",)}

State = tuple[int, int, frozenset[str], int]
"""Round, rounds in a row with a block right before it, who sits, max_rounds."""

Said = tuple[Cast, ...]


@dataclass
class Simulation:
    """All runs of a policy on a team; resumes raise `max_rounds` up to `highest`, and `late` is the last round."""

    policy: Policy
    team: Electorate
    questions: Sequence[int] = (0,)
    confidences: Sequence[float | None] = (None,)
    highest: int = 9
    late: int = 7
    known: dict[object, Ruling] = field(default_factory=dict)

    def begun(self) -> State:
        """Where a run begins."""
        return 1, 0, frozenset(self.team.roles), self.team.max_rounds

    def roles(self, seated: frozenset[str]) -> tuple[str, ...]:
        return tuple(role for role in self.team.roles + self.team.joining if role in seated)

    def votes(self, seated: frozenset[str]) -> list[Said]:
        casts = CASTS if self.policy.on_absent == "count" else CASTS[:3]
        return list(product(casts, repeat=len(self.roles(seated))))

    def variants(self) -> list[tuple[int, float | None]]:
        return list(product(self.questions, self.confidences))

    def rule(self, state: State, said: Said, variant: tuple[int, float | None]) -> Ruling:
        key = (state, said, variant)
        if key not in self.known:
            number, blocked, seated, limit = state
            asked, sure = variant
            casts = dict(zip(self.roles(seated), said, strict=True))
            there = sum(cast != "absent" for cast in said)
            team = self.team
            vote = Vote(
                casts, team.min_go_votes, number, limit, blocked, Marks(asked), team.weights, team.vetoers,
                () if sure is None else (sure,) * there,
            )  # fmt: skip
            self.known[key] = decide(self.policy, vote)
        return self.known[key]

    def after(self, state: State, said: Said, ruling: Ruling) -> State:
        """The next round, should there be one."""
        number, blocked, seated, limit = state
        if ruling.final == "next_round":
            seated |= frozenset(role for role in self.team.joining if role == ruling.convene)
            seated = seated - {ruling.release} or seated
        return number + 1, blocked + 1 if "block" in said else 0, seated, limit

    def plain(self) -> set[State]:
        """Where runs get to without a resume."""
        return self._spread({self.begun()}, resumes=False)

    def resumed(self) -> set[State]:
        """Where runs get to with resumes, too."""
        return self._spread({self.begun()}, resumes=True)

    def _spread(self, found: set[State], resumes: bool) -> set[State]:
        waiting = list(found)
        while waiting:
            state = waiting.pop()
            for following in {*self._next(state, resumes)}:
                if following not in found:
                    found.add(following)
                    waiting.append(following)
        return found

    def _next(self, state: State, resumes: bool) -> Iterator[State]:
        number, blocked, seated, limit = state
        if resumes:
            yield from ((number, blocked, seated, more) for more in range(limit + 1, self.highest + 1))
        for said in self.votes(seated):
            for variant in self.variants():
                ruling = self.rule(state, said, variant)
                follows = ruling.final == "next_round" or (ruling.final == "escalate" and resumes)
                if not follows or number >= self.late:
                    continue
                after = self.after(state, said, ruling)
                if number < limit:
                    yield after
                elif resumes:
                    yield from ((*after[:3], more) for more in range(number + 1, self.highest + 1))

    def failing(self, name: str, states: set[State]) -> Iterator[tuple[State, tuple[int, float | None], Said]]:
        """Every vote at these states that breaks a property that is about one place."""
        for state in states:
            for variant in self.variants():
                for said in self.votes(state[2]):
                    if getattr(self, f"breaks_{name}")(state, variant, said):
                        yield state, variant, said

    def breaks_total(self, state: State, variant: tuple[int, float | None], said: Said) -> bool:
        return self.rule(state, said, variant).fault is not None

    def breaks_monotone(self, state: State, variant: tuple[int, float | None], said: Said) -> bool:
        moves = ((seat, to) for seat, cast in enumerate(said) for to in CAUTIOUS.get(cast, ()))
        return any(self._rises(state, variant, said, seat, to) for seat, to in moves)

    def breaks_absence_never_helps(self, state: State, variant: tuple[int, float | None], said: Said) -> bool:
        if self.policy.on_absent == "stop":
            return False
        seats = (seat for seat, cast in enumerate(said) if cast == "go")
        return any(self._rises(state, variant, said, seat, "absent") for seat in seats)

    def _rises(self, state: State, variant: tuple[int, float | None], said: Said, seat: int, to: Cast) -> bool:
        other = (*said[:seat], to, *said[seat + 1 :])
        return RANK[self.rule(state, other, variant).final] > RANK[self.rule(state, said, variant).final]

    def breaks_veto_honoured(self, state: State, variant: tuple[int, float | None], said: Said) -> bool:
        pairs = zip(self.roles(state[2]), said, strict=True)
        blocks = any(cast == "block" and role in self.team.vetoers for role, cast in pairs)
        return blocks and self.rule(state, said, variant).final in ("go", "go_with_caution")

    def lasting(self) -> set[Said]:
        """The stances of all roles, of those too that may join, that end undecided when all keep them."""
        everybody = self.team.roles + self.team.joining
        casts = CASTS if self.policy.on_absent == "count" else CASTS[:3]
        return {
            said
            for said in product(casts, repeat=len(everybody))
            if any(self._lasts(dict(zip(everybody, said, strict=True)), sure) for sure in self.confidences)
        }

    def _lasts(self, stances: Mapping[str, Cast], sure: float | None) -> bool:
        states: set[State] = {self.begun()}
        for number in range(1, self.team.max_rounds + 1):
            following = set()
            for state in states:
                said = tuple(stances[role] for role in self.roles(state[2]))
                for asked in self.questions:
                    ruling = self.rule(state, said, (asked, sure))
                    if ruling.final == "next_round":
                        following.add(self.after(state, said, ruling))
            if number == self.team.max_rounds:
                return bool(following)
            states = following
        raise AssertionError("a run has a round")

    def open_ends(self) -> set[tuple[State, Said]]:
        """The last votes, after whatever was cast before, that end undecided."""
        return {
            (state, said)
            for state in self.plain()
            if state[0] == self.team.max_rounds
            for said in self.votes(state[2])
            for variant in self.variants()
            if self.rule(state, said, variant).final == "next_round"
        }

    def seats(self) -> int:
        """The most messages that a run can need when nothing is repaired."""
        sizes: dict[int, int] = {}
        for number, _, seated, _ in self.plain():
            sizes[number] = max(sizes.get(number, 0), len(seated))
        total = size = 0
        for number in range(1, self.team.max_rounds + 1):
            size = sizes.get(number, size)
            total += size
        return total


def seated_at(team: Electorate, place: Place) -> frozenset[str]:
    """Who sits at a place."""
    return frozenset(team.roles) - {*place.released} | {*place.joined}


def departures(casts: Sequence[Cast]) -> tuple[int, int, int]:
    """How far a vote is from a unanimous go: others than go, those that block or are absent, those absent."""
    absent = casts.count("absent")
    return len(casts) - casts.count("go"), absent + casts.count("block"), absent
