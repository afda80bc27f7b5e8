"""The team: what a team file says, as one frozen value."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from policies.access import Access
from policies.conditions import ConditionError, compile_condition
from policies.contract import MAX_ACTION, MAX_SUMMARY, Stance
from policies.plain import MAX_INTEGER, clean_text, find_unplain

ROLE_PATTERN = r"^[a-z][a-z0-9_]{0,39}$"
FACT_PATH_PATTERN = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$"
MAX_DOLLARS = 1_000_000_000
MAX_ROLES = 50
MAX_MESSAGES = 100_000
"""The highest `max_messages` a budget may have."""

NODE_NAMES = ("convene", "align", "human", "finalize", "stop", "end", "brief")
FIELD_NAMES = (
    "goal", "facts", "budget", "accept_changes", "case", "limits", "spent", "usage", "round", "seats", "wave",
    "replies", "outcome", "pending", "stop_reason", "phase", "raw_contribution", "answer", "final_decision", "history",
    "trace", "superseded",
)  # fmt: skip
RESERVED_NAMES = frozenset(NODE_NAMES + FIELD_NAMES)
"""Names of nodes, routes, seats and state fields; LangGraph would refuse a role of such a name, or never ask it."""

VoiceName = Literal["model", "rules"]
"""`model`: an OpenAI-compatible endpoint answers. `rules`: the role's own `checks` are evaluated by code."""


def _compiles(text: str) -> str:
    try:
        compile_condition(text)
    except ConditionError as error:
        raise ValueError(f"the condition {error}") from None
    return text


def _clean(text: str) -> str:
    if clean_text(text) != text:
        raise ValueError("it has a NUL character or a lone surrogate")
    return text


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    fault = find_unplain(facts)
    if fault:
        raise ValueError(fault)
    return facts


def _trimmed(max_length: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=max_length)


CleanText = Annotated[str, AfterValidator(_clean)]
Text = Annotated[str, _trimmed(4_000), AfterValidator(_clean)]
Action = Annotated[str, _trimmed(MAX_ACTION), AfterValidator(_clean)]
Summary = Annotated[str, _trimmed(MAX_SUMMARY), AfterValidator(_clean)]
RoleName = Annotated[str, StringConstraints(pattern=ROLE_PATTERN)]
FactPath = Annotated[str, StringConstraints(pattern=FACT_PATH_PATTERN)]
ConditionText = Annotated[str, AfterValidator(_compiles)]
Facts = Annotated[dict[str, Any], AfterValidator(_plain)]
Temperature = Annotated[float, Field(ge=0, le=2)]
ModelName = Annotated[str, _trimmed(200), AfterValidator(_clean)]


_NO_OTHER_KEYS: dict[str, Any] = {"additionalProperties": False}


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Position(_Value):
    """What a role says when a check holds, or when none does."""

    stance: Stance
    """go, caution or block."""
    summary: Summary
    """One short paragraph."""
    actions: Annotated[tuple[Action, ...], Field(min_length=1, max_length=3, strict=False)]
    """1 to 3 concrete steps."""


class Check(Position):
    """A position, and the condition over `facts` under which the role takes it."""

    when: ConditionText
    """A CEL condition, for example `facts.risk.alerts > 5`."""


class Role(_Value):
    """A seat in the team."""

    title: Text
    """How people call the role."""
    mandate: Text
    """What the role looks at and what it must decide; part of its system prompt."""
    enabled: bool = True
    """Whether the role may speak; a known role that is not enabled is denied."""
    voice: VoiceName | None = None
    """Who answers for the role; unset: `model` where a key is set, else `rules`."""
    model: ModelName | None = None
    """The model of this role; unset: the process's default model."""
    temperature: Temperature | None = 0.0
    """Sampling temperature; null leaves it to the provider."""
    checks: Annotated[tuple[Check, ...], Field(max_length=50, strict=False)] = ()
    """The role's own rules: the first that holds is its position under the voice `rules`."""
    otherwise: Position | None = None
    """The position when no check holds; required beside `checks`."""


class Budget(_Value):
    """The limits of a run."""

    max_rounds: Annotated[int, Field(ge=1, le=1_000)] = 3
    """Rounds opened."""
    max_messages: Annotated[int, Field(ge=1, le=MAX_MESSAGES)] = 12
    """Proposals asked for, repairs included."""
    max_seconds: Annotated[float, Field(gt=0, le=86_400)] = 40.0
    """Time at work in seconds."""
    max_tokens: Annotated[int, Field(ge=1, le=MAX_INTEGER)] | None = None
    """Tokens, prompts and answers together; unset: no limit."""
    max_cost_usd: Annotated[float, Field(gt=0, le=MAX_DOLLARS)] | None = None
    """Cost in US dollars by the team's own prices; unset: no limit."""
    min_go_votes: Annotated[int, Field(ge=1, le=1_000)] = 2
    """`go` votes that a `go` needs."""


class Price(_Value):
    """What a model costs, in US dollars for a million tokens."""

    prompt: Annotated[float, Field(ge=0, le=MAX_DOLLARS)]
    """For a million tokens of prompt."""
    completion: Annotated[float, Field(ge=0, le=MAX_DOLLARS)]
    """For a million tokens of answer."""


class Brief(_Value):
    """How the brief is written."""

    voice: VoiceName | None = None
    """Who writes it; unset: `model` where a key is set, else `rules`, which is a template."""
    model: ModelName | None = None
    """The model that writes it; unset: the process's default model."""
    temperature: Temperature | None = 0.0
    """Sampling temperature; null leaves it to the provider."""
    language: Text = "English"
    """The language of the brief."""


class Team(_Value):
    """A team of roles, its question, its facts and its limits."""

    name: RoleName
    """The team's name: `[a-z][a-z0-9_]{0,39}`."""
    title: Text
    """One line on what the team decides."""
    goal: Text
    """The question put to the team where a run brings none."""
    facts: Facts | None = None
    """The facts of a run that brings none."""
    facts_file: Text | None = None
    """A JSON or YAML file with those facts instead, relative to the team file; read when a run starts."""
    requires: Annotated[tuple[FactPath, ...], Field(max_length=200, strict=False)] = ()
    """Dotted paths of facts without which the team does not start."""
    sequence: Annotated[tuple[RoleName, ...], Field(min_length=1, max_length=MAX_ROLES, strict=False)]
    """The roles convened each round, in order."""
    roles: Annotated[dict[RoleName, Role], Field(min_length=1, max_length=MAX_ROLES, json_schema_extra=_NO_OTHER_KEYS)]
    """The roles the team knows, by name."""
    policy: Literal["classic"] = "classic"
    """The rule that decides a round."""
    budget: Budget = Budget()
    """The limits of a run."""
    max_repairs: Annotated[int, Field(ge=0, le=10)] = 1
    """How often a role is asked again, a seat and round, after it broke the contract."""
    max_output_tokens: Annotated[int, Field(ge=1, le=100_000)] = 800
    """Tokens a single answer may have."""
    prices: dict[ModelName, Price] = {}
    """Price by model; needed for `budget.max_cost_usd`."""
    brief: Brief = Brief()
    """How the brief is written."""

    @property
    def access(self) -> Access:
        """The policy allowlist and the execution allowlist of this team."""
        return Access(frozenset(self.roles), frozenset(name for name, role in self.roles.items() if role.enabled))

    def price_of(self, model: str | None) -> Price | None:
        """Return the price of a model, or None if the team file names none."""
        return self.prices.get(model) if model else None


def pinned(team: Team) -> dict[str, Any]:
    """Return the team as plain JSON, as a thread keeps it: without goal and facts, which the thread keeps itself."""
    return team.model_dump(mode="json", exclude={"goal", "facts"})


def missing_fact(paths: tuple[str, ...], facts: Mapping[str, Any]) -> str | None:
    """Return the first dotted path that the facts lack (or hold as null), or None.

    >>> missing_fact(("risk.rate",), {"risk": {}})
    'risk.rate'
    """
    return next((path for path in paths if _at(path, facts) is None), None)


def _at(path: str, facts: Any) -> Any:
    for key in path.split("."):
        facts = facts.get(key) if isinstance(facts, Mapping) else None
    return facts
