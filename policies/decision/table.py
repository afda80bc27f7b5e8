"""The decision table: rows over the vote, read from the top; the first that holds gives the outcome."""

from functools import lru_cache
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from policies.conditions.condition import (
    ConditionError,
    Fault,
    compile_condition,
    holds_for_vote,
)
from policies.conditions.reading import constants_compared, find_strange_word, roles_in, variables_in
from policies.decision.marks import MARKS
from policies.decision.variables import Variables, named_values, reads_confidences, reads_weights
from policies.decision.vote import Vote
from policies.language import phrase, say
from policies.team.fields import RoleName, Text, Value

Decision = Literal["go", "go_with_caution", "no_go"]
"""`go`: do it. `go_with_caution`: do it under the conditions raised. `no_go`: do not."""

Outcome = Literal["go", "go_with_caution", "no_go", "next_round", "escalate"]
"""A decision; `next_round`: the team talks once more; `escalate`: a human decides."""

DECISIONS: tuple[Decision, ...] = get_args(Decision)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

Property = Literal["total", "monotone", "absence_never_helps", "guards_bind", "veto_honoured", "resolves"]
"""What a proof shows of a policy; see `policies.assurance.proof`."""

Report = Literal["overlaps", "idle_rows", "asymmetry", "resolves_always", "repairs_fit"]
"""What a proof reports without failing for it, unless the policy requires it."""

MAX_ROWS = 50


_UNPROVABLE = phrase(
    "the condition uses `{mark}` in a way that no proof covers; allowed: `{mark}` compared with whole numbers, "
    "for example `{mark} >= 2`"
)


def _compiles(text: str) -> str:
    try:
        compile_condition(text, "vote")
    except ConditionError as error:
        raise ValueError(str(error)) from None
    strange = find_strange_word(text)
    if strange:
        raise ValueError(strange)
    for mark in MARKS:  # a proof decides each class of numbers that rows tell apart
        if constants_compared(text, mark) is None:
            raise ValueError(say(_UNPROVABLE, mark=mark))
    return text


class Row(Value):
    """A row of the table: a condition on the vote, and the outcome it gives."""

    when: Annotated[str, AfterValidator(_compiles)]
    """A CEL condition on the vote, for example `block >= 2`."""
    then: Outcome
    """The outcome while the condition is true."""
    because: Text | None = None
    """The reason in words, for the decision and the record."""
    convene: RoleName | None = None
    """A role that joins from the next round on, if the team knows and enables it. The row must give `next_round`."""
    release: RoleName | None = None
    """A role that leaves after this round, if it is there and not the last one. `when` may not read `stances` then."""

    @model_validator(mode="after")
    def _changes_the_team_for_a_round(self) -> "Row":
        for name, role in (("convene", self.convene), ("release", self.release)):
            if role is not None and self.then != "next_round":
                raise ValueError(
                    say(
                        "`{name}` goes with `then: next_round` alone, not with `then: {then}`",
                        name=name,
                        then=self.then,
                    )
                )
        return self

    @model_validator(mode="after")
    def _releases_with_reason(self) -> "Row":
        if self.release is not None and self.release == self.convene:
            raise ValueError(
                say(
                    "it convenes and releases `{release}`; allowed: one of the two, or another role",
                    release=self.release,
                )
            )
        if self.release is not None and "stances" in variables_in(self.when):
            raise ValueError(
                say(
                    "it releases `{release}` on a condition that reads `stances`; "
                    "allowed: other variables, since no role is released because of its stance",
                    release=self.release,
                )
            )
        return self


class Waiver(Value):
    """A property that the policy does not have, accepted by its owner."""

    property: Property
    """The property that the policy does not have."""
    because: Text
    """Why its owner accepts that."""


class Policy(Value):
    """A decision table and what surrounds it."""

    name: RoleName
    """The policy's name, which differs from those of the shipped policies."""
    title: Text | None = None
    """How the policy decides, in one line."""
    rules: Annotated[tuple[Row, ...], Field(max_length=MAX_ROWS, strict=False)]
    """The rows, read from the top. The first one that is true gives the outcome."""
    otherwise: Outcome | None = None
    """The outcome when no row is true. Without it such a vote has none, and the policy fails its proof."""
    when_rounds_end: Literal["escalate", "no_go", "stop"] = "stop"
    """What `next_round` becomes in the last round. With `stop` the run ends with `max_rounds_reached`."""
    on_absent: Literal["stop", "count"] = "stop"
    """What happens when a role gives no usable answer: `stop` ends the run, `count` counts the role as absent."""
    trust_confidence: bool = False
    """Whether rows may read `mean_confidence` and `min_confidence`. In recorded councils these carried no signal."""
    accept: Annotated[tuple[Waiver, ...], Field(max_length=10, strict=False)] = ()
    """Properties that the policy is known not to have, each with the reason why that is accepted."""
    require: Annotated[tuple[Report, ...], Field(max_length=10, strict=False)] = ()
    """Reports of the proof that must hold, or the proof fails."""

    @model_validator(mode="after")
    def _trusts_what_it_reads(self) -> "Policy":
        reading = [index for index, row in enumerate(self.rules) if reads_confidences(variables_in(row.when))]
        if reading and not self.trust_confidence:
            raise ValueError(
                say(
                    "rules.{reading}.when reads a confidence; allowed: with `trust_confidence: true`",
                    reading=reading[0],
                )
            )
        return self

    @property
    def variables(self) -> frozenset[str]:
        """The variables of a vote that some row reads."""
        return frozenset(name for row in self.rules for name in variables_in(row.when))

    @property
    def named_roles(self) -> frozenset[str] | None:
        """The roles whose stances some row reads by name; None where a row reads them in another way."""
        named = [roles_in(row.when) for row in self.rules]
        return None if None in named else frozenset(role for roles in named if roles for role in roles)

    @property
    def joining(self) -> tuple[str, ...]:
        """The roles that some row convenes, in order."""
        return tuple(dict.fromkeys(row.convene for row in self.rules if row.convene))

    @property
    def leaving(self) -> tuple[str, ...]:
        """The roles that some row releases, in order."""
        return tuple(dict.fromkeys(row.release for row in self.rules if row.release))


def for_ballots(policy: Policy) -> Policy:
    """Return the table as it counts ballots: nothing passes without more that approve than reject.

    In the rounds a caution is a conditional yes; of ballots it is an abstention, which carries nothing. Where the table
    reads weights, ballots are compared by their weight. No round follows, so nobody is convened or released.

    >>> for_ballots(Policy(name="x", rules=[{"when": "block == 0", "then": "go"}], otherwise="no_go")).rules[0].when
    '(block == 0) && go > block'
    """
    is_weighed = reads_weights(policy.variables)
    carried = "weighted_go > weighted_block" if is_weighed else "go > block"
    here = [row.model_copy(update={"convene": None, "release": None}) for row in policy.rules]
    rules = [_carried(row, carried) if row.then in PASSING else row for row in here]
    if policy.otherwise not in PASSING:
        return policy.model_copy(update={"rules": tuple(rules)})
    last = Row(when=carried, then=policy.otherwise, because=phrase("no other row holds"))
    return policy.model_copy(update={"rules": (*rules, last), "otherwise": "next_round"})


def _carried(row: Row, carried: str) -> Row:
    end = "\n" if "//" in row.when else ""  # a comment would take the bracket in
    return row.model_copy(update={"when": f"({row.when}{end}) && {carried}"})


PASSING = ("go", "go_with_caution")


def first_row(policy: Policy, vote: Vote) -> int | Fault | None:
    """Return the index of the first row that holds, None where none does, or the fault of a row without an answer.

    >>> policy = Policy(name="x", rules=[{"when": "block > 0", "then": "no_go"}], otherwise="go")
    >>> first_row(policy, Vote({"risk": "go"})), first_row(policy, Vote({"risk": "block"}))
    (None, 0)
    """
    variables = Variables(vote)
    for index, row in enumerate(policy.rules):
        answer = row_holds(row, variables)
        if isinstance(answer, Fault):
            return Fault(f"rules.{index} `{row.when}`: {answer.message}")
        if answer:
            return index
    return None


def row_holds(row: Row, variables: Variables) -> bool | Fault:
    """Return whether the row's condition holds, or the fault if it has no answer."""
    return _holds(row.when, variables.key(variables_in(row.when)))


@lru_cache(maxsize=65_536)
def _holds(when: str, key: tuple[Any, ...]) -> bool | Fault:
    """Return the answer for these values, worked out once: a proof asks for the same ones again and again."""
    return holds_for_vote(when, named_values(variables_in(when), key))
