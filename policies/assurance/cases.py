"""Cases: votes with the outcome they must have, as files; and which rows of a table they cover."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, ValidationError

from policies.assurance.electorate import Electorate
from policies.decision.guards import Guard, examine
from policies.decision.marks import Excess, Marks, find_excess
from policies.decision.outcome import Ruling, decide
from policies.decision.table import Policy
from policies.decision.vote import Cast, Vote
from policies.language import phrase, say
from policies.nearest import allowed_names
from policies.plain import shown
from policies.team.fields import Facts, RoleName, Value
from policies.wording import refusal

Number = Annotated[int, Field(ge=0, le=1_000)]


class Case(Value):
    """One vote: either `votes` by role, or counts; every other field has the value of an ordinary first round."""

    votes: dict[RoleName, Cast] | None = None
    """What each role casts: go, caution, block or absent."""
    go: Number = 0
    """Roles that say go, where `votes` names none."""
    caution: Number = 0
    """Roles that say caution."""
    block: Number = 0
    """Roles that block."""
    absent: Number = 0
    """Roles that gave nothing."""
    round: Annotated[int, Field(ge=1, le=1_000)] = 1
    """The round."""
    max_rounds: Annotated[int, Field(ge=1, le=1_000)] = 3
    """The rounds there may be."""
    rounds_blocked: Number = 0
    """Rounds in a row right before this one that had a block."""
    open_questions: Number = 0
    """Questions open at once."""
    ungrounded: Number = 0
    """Roles that said a number which nothing bears out."""
    moved: Number = 0
    """Roles whose stance moved without a reason."""
    min_go_votes: Annotated[int, Field(ge=1, le=1_000)] = 2
    """Votes that a go needs."""
    confidences: Annotated[tuple[Annotated[float, Field(ge=0, le=1)], ...], Field(max_length=50, strict=False)] = ()
    """The roles' confidences, for a policy that trusts them."""
    weights: dict[RoleName, Annotated[int, Field(ge=1, le=1_000)]] = Field(default_factory=dict)
    """What a role's stance weighs; 1 where nothing is said."""
    vetoers: tuple[RoleName, ...] = Field(default=(), strict=False)
    """Roles with a veto."""
    facts: Facts | None = None
    """Facts that the guards are checked against; without them no guard is."""

    @property
    def marks(self) -> Marks:
        """The marks of this case."""
        return Marks(self.open_questions, self.ungrounded, self.moved)

    @property
    def vote(self) -> Vote:
        """The vote of this case."""
        counted = {"go": self.go, "caution": self.caution, "block": self.block, "absent": self.absent}
        casts = self.votes if self.votes is not None else _listed(counted)
        limits = (self.min_go_votes, self.round, self.max_rounds, self.rounds_blocked, self.marks)
        return Vote(casts, *limits, weights=self.weights, vetoers=frozenset(self.vetoers), confidences=self.confidences)


def _listed(counted: Mapping[Any, int]) -> dict[str, Cast]:
    casts = [cast for cast, count in counted.items() for _ in range(count)]
    return {f"role_{number}": cast for number, cast in enumerate(casts, 1)}


def parse_case(raw: object, grounds: bool = True) -> Case | list[str]:
    """Return the case that `raw` describes, or a sentence for every problem.

    `grounds` says whether the numbers of the team are grounded, so that roles may be ungrounded.

    >>> parse_case({"go": 2, "block": -1})
    ['`block` is -1; allowed: at least 0']
    """
    try:
        case = Case.model_validate(raw)
    except ValidationError as error:
        return [_problem(detail) for detail in error.errors(include_url=False)]
    is_counted = any((case.go, case.caution, case.block, case.absent))
    if (case.votes is not None) == is_counted:
        return [
            say("has both; allowed: `votes` by role, or counts of stances")
            if is_counted
            else say("has neither; allowed: `votes` by role, or counts of stances")
        ]
    return [*map(_beyond, find_excess(case.marks, case.round, len(case.vote.casts), grounds))] or case


def _beyond(excess: Excess) -> str:
    told = phrase("`{mark}` is {count}: {why}; allowed: {allowed}")
    return say(told, mark=excess.mark, count=excess.count, why=excess.why, allowed=excess.allowed)


def _problem(detail: Any) -> str:
    if not detail["loc"]:
        return say("is {input}; allowed: a mapping of a case's fields", input=shown(detail["input"]))
    where = f"`{'.'.join(map(str, detail['loc']))}`"
    if detail["type"] == "extra_forbidden":
        return say(
            "{where} is an unknown key{allowed}",
            where=where,
            allowed=allowed_names(str(detail["loc"][-1]), Case.model_fields),
        )
    return f"{where} {refusal(detail)}"


def rule_on(case: Case, policy: Policy, guards: Sequence[Guard] = (), team: Electorate | None = None) -> Ruling:
    """Return what the policy makes of a case; limits, weights and vetoes that it leaves out are the team's."""
    vote = case.vote if team is None else replace(case.vote, **_of_team(case, team))
    return decide(policy, vote, () if case.facts is None else examine(guards, case.facts))


def _of_team(case: Case, team: Electorate) -> dict[str, Any]:
    names = {*("min_go_votes", "max_rounds", "weights", "vetoers")} - case.model_fields_set
    return {name: getattr(team, name) for name in names}


def uncovered(policy: Policy, rulings: Iterable[Ruling]) -> list[int | None]:
    """Return the rows, by index, that decided no case; None stands for `otherwise`."""
    rows: list[int | None] = [*range(len(policy.rules)), *([None] if policy.otherwise else [])]
    reached = {ruling.row for ruling in rulings if ruling.fault is None}
    return [row for row in rows if row not in reached]
