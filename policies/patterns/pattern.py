"""A pattern: one way in which a team works together, as one value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from policies.contracts.answers import ContractName
from policies.decision.marks import Marks
from policies.decision.table import Policy
from policies.patterns.stages import Count, Log, Next
from policies.team.team import Team

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Counted:
    """Stages that a limit counts: what they are called, what their labels begin with, and where the limit is."""

    what: str
    label: str
    limit: Literal["max_rounds", "max_turns"] = "max_rounds"


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a team is asked next, what its answers decide, what its file may say, and what people read about it."""

    good_for: str
    """What one takes it for."""
    talk: str
    """How its agents talk."""
    complexity: Literal["low", "medium", "high"]
    """How hard it is to foresee what a run of it does."""

    advance: Callable[[Team, Log, Facts], Next]
    """What follows on the finished stages; the team carries the budget in force."""
    contracts: tuple[ContractName, ...]
    """The kinds of answer that it asks for."""
    writes: Literal["brief", "synthesis"] | None = None
    """What is written of the answers at the end, if anything."""
    count: Callable[[Team, Log, Facts, Marks], Count | None] | None = None
    """The vote that the last stage makes, with these marks; None where the policy decides nothing."""
    ruling: Callable[[Policy], Policy] = lambda policy: policy
    """The policy as it is applied to that vote."""
    is_ballot: bool = False
    """Whether one vote is cast, on a proposal of the lead."""
    is_rounds: bool = False
    """Whether its stages are rounds: each is an entry of the history, which stays when changes are accepted."""
    lead: str | None = None
    """What its lead does; None where it has no lead."""
    lead_writes: bool = False
    """Whether the lead writes the synthesis, with its own model unless `brief.model` names one."""
    least_roles: int = 1
    """How many roles its sequence has at least."""
    is_composed: bool = False
    """Whether its roles give outputs, so that a team may answer for one."""
    assigns_teams: bool = False
    """Whether a team must answer for every role of the sequence."""
    may_fail: ContractName | None = None
    """The answers that can fail without a stop of their own, so that the pattern says how it ends."""
    counted: Counted | None = None
    """Its stages where a limit counts them; None where they just follow."""
    ends_early: str | None = None
    """The sentence on a run that ended before that limit."""
    options: tuple[str, ...] = ()
    """The options of a team file that it reads."""
