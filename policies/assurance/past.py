"""A past run, the rules under which it is decided again, and the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from policies.assurance.tape import Asked, Tape
from policies.decision.guards import Guard
from policies.decision.table import Policy
from policies.run.seats import open_seats
from policies.team.access import Access, find_joining
from policies.team.people import Escalation
from policies.team.stability import Stability
from policies.team.team import Budget

PastAnswer = Literal["same", "flipped", "undetermined", "refused"]
"""`undetermined`: the rules ask for what never took place. `refused`: they name roles that the run does not have."""


@dataclass(frozen=True)
class People:
    """Whom a team asks: who decides where its policy escalates, what silence gives, and who signs what it decides."""

    escalate: Escalation = field(default_factory=Escalation)
    signers: tuple[str, ...] = ()

    def asked_for(self, kind: Asked) -> tuple[object, ...]:
        """Return who is asked for a decision, for names to one, or for what a seat holds; and what silence gives."""
        asked = {"decide": self.escalate.decide, "sign_off": self.signers, "contribute": None}
        return (asked[kind], self.escalate.expires_after, self.escalate.on_timeout)


@dataclass(frozen=True)
class Rules:
    """What decides: the policy; and guards, the votes a go needs, weights, vetoes and people (None: as in the run).

    `roles` is the sequence of the team whose rules they are; none where a policy alone is tried.
    """

    policy: Policy
    guards: tuple[Guard, ...] | None = None
    min_go_votes: int | None = None
    weights: Mapping[str, int] | None = None
    vetoers: frozenset[str] | None = None
    roles: tuple[str, ...] = ()
    people: People | None = None
    stability: Stability | None = None
    """How the team of these rules checks its decisions; a policy alone leaves that as in the run."""

    def checks(self, run: "PastRun") -> Stability | None:
        """Return how a decision of the run is checked, if it is: only rounds are asked again."""
        return None if run.proposer else self.stability if self.roles else run.stability

    @property
    def counts_absent(self) -> bool:
        """Whether a seat that fails may count as absent."""
        return self.policy.on_absent == "count"

    def votes_needed(self, limits: Budget) -> int:
        """Return the `go` votes that a go needs."""
        return limits.min_go_votes if self.min_go_votes is None else self.min_go_votes

    def electorate(self, run: "PastRun") -> tuple[Mapping[str, int], frozenset[str]]:
        """Return the weights and the vetoers of a run's roles."""
        weights = run.weights if self.weights is None else self.weights
        return weights, run.vetoers if self.vetoers is None else self.vetoers


@dataclass(frozen=True)
class PastRun:
    """A run that ended, with all that is needed to decide it again.

    `ended` is its decision, or the reason why it stopped without one. `proposer` is the role that makes the proposal of
    a vote; a run without one talked in rounds. `has_messages` says whether its roles could send each other messages.
    """

    thread: str
    ended: str
    tape: Tape
    sequence: tuple[str, ...]
    access: Access
    facts: Mapping[str, Any] = field(default_factory=dict)
    guards: tuple[Guard, ...] = ()
    weights: Mapping[str, int] = field(default_factory=dict)
    vetoers: frozenset[str] = frozenset()
    proposer: str | None = None
    has_messages: bool = False
    human: frozenset[str] = frozenset()
    """The roles that people answer for."""
    people: People = field(default_factory=People)
    grounds: bool = False
    """Whether the team of the run compared the numbers in its answers with the facts."""
    stability: Stability | None = None
    """How the team of the run checked its decisions, if it did."""

    def joining(self, policy: Policy) -> tuple[str, ...]:
        """Return the roles outside the sequence that the policy may convene."""
        return find_joining(policy.joining, self.sequence, self.access)

    def table_in(self, number: int) -> tuple[str, ...]:
        """Return the roles that sat in a round."""
        changes = self.tape.changes_before(number)
        convened = (change.convene for change in changes if change.convene)
        joining = find_joining(convened, self.sequence, self.access)
        return tuple(seat.role for seat in open_seats(self.sequence, changes, joining))


@dataclass(frozen=True)
class Verdict:
    """The answer for one run: what it was, what it would be (None: nobody can know), and why.

    `round`, `row` and `guards` are those of the vote behind it, where there is one.
    """

    thread: str
    answer: PastAnswer
    was: str
    now: str | None
    round: int | None = None
    row: int | None = None
    reason: str | None = None
    guards: tuple[str, ...] = ()
