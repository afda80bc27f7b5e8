"""The people of a team file: who may be asked, who decides what the team may not, and what silence gives."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from policies.decision.table import Policy
from policies.language import say
from policies.people.keys import read_key
from policies.team.fields import FactPath, RoleName, Text, Value

MAX_APPROVERS = 7
"""People who decide one question together; every way in which they may still answer is looked at."""

_DURATION = re.compile(r"([1-9][0-9]{0,4})(m|h|d)")
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400}
DURATION_PATTERN = r"^[1-9][0-9]{0,4}(m|h|d)$"

OnTimeout = Literal["no_go", "stop", "again"]
"""What a question that nobody answered in time gives; never more than the vote and the guards allow."""


def check_duration(text: str) -> str:
    """Return a duration as it was written.

    >>> check_duration("180d")
    '180d'

    Raises:
        ValueError: it is none.
    """
    if not _DURATION.fullmatch(text):
        raise ValueError(say("allowed: a number of minutes, hours or days, for example 30m, 48h or 7d"))
    return text


Duration = Annotated[str, AfterValidator(check_duration), Field(json_schema_extra={"pattern": DURATION_PATTERN})]
"""A number of minutes, hours or days."""


def seconds_of(duration: str) -> int:
    """Return a duration in seconds.

    >>> seconds_of("30m"), seconds_of("48h"), seconds_of("7d")
    (1800, 172800, 604800)
    """
    return int(duration[:-1]) * _SECONDS[duration[-1]]


KeyLine = Annotated[Text, AfterValidator(lambda line: str(read_key(line)))]
"""An OpenSSH public key in one line; what is kept is its type and base64."""

Names = Annotated[tuple[RoleName, ...], Field(min_length=1, max_length=MAX_APPROVERS, strict=False)]
_NO_OTHER_KEYS: dict[str, Any] = {"additionalProperties": False}


class Approver(Value):
    """A person who may be asked."""

    title: Text
    """What people call this person's office."""
    key: KeyLine | None = None
    """An OpenSSH public key. With it, every answer of this person must be signed by it."""
    deputy: RoleName | None = None
    """Another approver, who may answer in this one's place. The two count once."""


class Rule(Value):
    """How the answers of several people become one: a decision table over them."""

    policy: Policy
    """The decision table: the name of a shipped policy, or the table itself. A person who gives no answer is absent."""
    min_go_votes: Annotated[int, Field(ge=1, le=MAX_APPROVERS)] | None = None
    """What the table reads as `min_go_votes`. Without it, more than half of those who are asked."""
    veto: Annotated[tuple[RoleName, ...], Field(max_length=MAX_APPROVERS, strict=False)] = ()
    """Those who may refuse alone, where the table reads `vetoes`. The proof of the table checks this."""
    weights: Annotated[
        dict[RoleName, Annotated[int, Field(ge=1, le=1_000)]],
        Field(max_length=MAX_APPROVERS, json_schema_extra=_NO_OTHER_KEYS),
    ] = Field(default_factory=dict)
    """What the answers weigh, where the table reads weights. 1 where it says nothing."""


class Deciders(Value):
    """Who decides what the team may not decide alone."""

    by: Names
    """The approvers who are asked."""
    rule: Rule | None = None
    """How their answers become one. One approver needs none."""


class Escalation(Value):
    """Who is asked when the team needs a person, for how long, and what silence gives."""

    decide: Deciders | None = None
    """Who decides where the policy gives `escalate`. Without it, anybody who says a name."""
    supply: Annotated[dict[FactPath, Names], Field(max_length=50, json_schema_extra=_NO_OTHER_KEYS)] = Field(
        default_factory=dict
    )
    """Who supplies a fact that the team lacks, by its dotted path. Without it, the run stops with `needs_input`."""
    expires_after: Duration | None = None
    """How long a question waits: minutes, hours or days, for example `48h`. Without it, as long as it takes."""
    on_timeout: OnTimeout | None = None
    """What a question gives that nobody answered in time: `no_go`, `stop`, or `again` for one more round."""
