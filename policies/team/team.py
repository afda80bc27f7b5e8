"""The team: what a team file says, as one frozen value."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, StringConstraints

from policies.conditions.condition import ConditionError, Scope, compile_condition
from policies.decision.guards import Guard
from policies.decision.table import Policy
from policies.messages.message import Messaging, Subscription
from policies.paths import MISSING, value_at
from policies.plain import MAX_INTEGER
from policies.team.access import Access, find_joining
from policies.team.fields import FactPath, Facts, ModelName, Position, RoleName, Temperature, Text, Value
from policies.team.voices import VoiceName

MAX_DOLLARS = 1_000_000_000
MAX_ROLES = 50
MAX_MESSAGES = 100_000
"""The highest `max_messages` a budget may have."""

NODE_NAMES = ("convene", "align", "human", "finalize", "stop", "end", "brief", "all")
FIELD_NAMES = (
    "goal", "facts", "budget", "accept_changes", "case", "limits", "spent", "usage", "round", "seats", "wave",
    "replies", "outcome", "pending", "stop_reason", "phase", "raw_contribution", "answer", "final_decision", "history",
    "trace", "superseded", "events", "task", "stages", "forgiven", "messages",
    "delivered", "withdrawn", "since", "ending", "recovered", "ratios",
)  # fmt: skip
RESERVED_NAMES = frozenset(NODE_NAMES + FIELD_NAMES)
"""Names of nodes, routes, seats and state fields; LangGraph would refuse a role of such a name, or never ask it."""

PatternName = Literal[
    "rounds", "orchestrator", "pipeline", "parallel", "debate", "hierarchy", "manager", "workspace", "conversation",
    "vote",
]  # fmt: skip
"""How the team works together; `docs/patterns.md` says when to take which."""

PATTERN_NAMES: tuple[PatternName, ...] = get_args(PatternName)
FactsField = Literal["facts", "facts_file"]
"""The fields of a team that name a source of facts, one of them at most; `facts` are facts themselves."""

FACTS_FIELDS: tuple[FactsField, ...] = get_args(FactsField)
FieldKind = Literal["text", "number", "boolean", "list"]
"""What a field of an output holds; a list is one of texts."""


def _compiles_as(scope: Scope) -> AfterValidator:
    def compiles(text: str) -> str:
        try:
            compile_condition(text, scope)
        except ConditionError as error:
            raise ValueError(f"the condition {error}") from None
        return text

    return AfterValidator(compiles)


Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\n\r]+$")]
ConditionText = Annotated[str, _compiles_as("facts")]
OutputCondition = Annotated[str, _compiles_as("output")]

_NO_OTHER_KEYS: dict[str, Any] = {"additionalProperties": False}


class Check(Position):
    """A position, and the condition over `facts` under which the role takes it."""

    when: ConditionText
    """A CEL condition, for example `facts.risk.alerts > 5`."""


class Role(Value):
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
    weight: Annotated[int, Field(ge=1, le=1_000)] = 1
    """What its stance counts in `weighted_go`, `weighted_caution` and `weighted_block`."""
    veto: bool = False
    """Whether its block alone must keep the team from `go` and `go_with_caution`; the proof shows it."""
    fields: Annotated[dict[RoleName, FieldKind], Field(max_length=20, json_schema_extra=_NO_OTHER_KEYS)] = Field(
        default_factory=dict
    )
    """What its output holds beside `text`, by name: text, number, boolean or list."""
    check: OutputCondition | None = None
    """A CEL condition that its output must meet, for example `output.margin_pct > 5.0`."""
    subscribes: Subscription = Subscription()
    """Kinds and topics of messages it gets although they are addressed to others."""
    team: "Team | None" = None
    """A team that answers for this role, by a pattern of its own."""


class Budget(Value):
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
    max_recoveries: Annotated[int, Field(ge=0, le=1_000)] = 5
    """Resumes in a row after the process died during calls, while no seat is filled."""
    min_go_votes: Annotated[int, Field(ge=1, le=1_000)] = 2
    """`go` votes that a `go` needs."""


class Price(Value):
    """What a model costs, in US dollars for a million tokens."""

    prompt: Annotated[float, Field(ge=0, le=MAX_DOLLARS)]
    """For a million tokens of prompt."""
    completion: Annotated[float, Field(ge=0, le=MAX_DOLLARS)]
    """For a million tokens of answer."""


class Brief(Value):
    """How the brief is written."""

    voice: VoiceName | None = None
    """Who writes it; unset: `model` where a key is set, else `rules`, which is a template."""
    model: ModelName | None = None
    """The model that writes it; unset: the process's default model."""
    temperature: Temperature | None = 0.0
    """Sampling temperature; null leaves it to the provider."""
    language: Text = "English"
    """The language of the brief."""


class Options(Value):
    """What one pattern or another lets a team file set."""

    max_steps: Annotated[int, Field(ge=1, le=500)] = 20
    """orchestrator: steps a plan may have; manager and hierarchy: assignments."""
    max_replans: Annotated[int, Field(ge=0, le=10)] = 1
    """orchestrator: how often the planner is asked again after a step failed."""
    max_turns: Annotated[int, Field(ge=1, le=1_000)] = 10
    """conversation: turns until it stops with `max_turns_reached`."""
    phrase: Phrase = "TASK_COMPLETE"
    """conversation: what a speaker writes on a line of its own to end it."""
    speakers: Literal["round_robin", "named"] = "round_robin"
    """conversation: in the order of the sequence, or as each speaker names the next one."""
    synthesis: bool = True
    """parallel, workspace and conversation: whether a text is written from the results, or they stand side by side."""


class Team(Value):
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
    policy: Policy
    """The rule that decides a round: the name of a shipped policy, or a decision table; unset: `launch`."""
    guards: Annotated[tuple[Guard, ...], Field(max_length=50, strict=False)] = ()
    """Limits on facts that no vote can beat."""
    private: Annotated[tuple[FactPath, ...], Field(max_length=200, strict=False)] = ()
    """Dotted paths of facts that are withheld before anything is stored, sent to a model or decided."""
    budget: Budget = Budget()
    """The limits of a run."""
    max_repairs: Annotated[int, Field(ge=0, le=10)] = 1
    """How often a role is asked again, a seat and round, after it broke the contract."""
    max_output_tokens: Annotated[int, Field(ge=1, le=100_000)] = 800
    """Tokens a single answer may have."""
    grow_output: bool = True
    """Whether an answer that was cut is asked for once more with twice the tokens, where no limit forbids it."""
    lenient_agent: bool = False
    """Whether a contribution that does not say who speaks is taken as said by the role that was asked."""
    prices: dict[ModelName, Price] = Field(default_factory=dict)
    """Price by model; needed for `budget.max_cost_usd`."""
    brief: Brief = Brief()
    """How the brief, or the synthesis of another pattern, is written."""
    pattern: PatternName = "rounds"
    """How the team works together."""
    lead: RoleName | None = None
    """The role that plans, assigns, judges or proposes; it is not in the sequence."""
    options: Options = Options()
    """What the pattern lets a team file set."""
    messages: Messaging | None = None
    """Unset: the roles send each other no messages."""

    @property
    def has_facts(self) -> bool:
        """Whether the team brings facts of its own, wherever they are."""
        return any(getattr(self, field) is not None for field in FACTS_FIELDS)

    @property
    def speaking(self) -> tuple[str, ...]:
        """The roles that may be asked: the sequence, whom the policy convenes, and the lead."""
        return (*self.sequence, *self.joining, *([self.lead] if self.lead else []))

    @property
    def access(self) -> Access:
        """The policy allowlist and the execution allowlist of this team."""
        return Access(frozenset(self.roles), frozenset(name for name, role in self.roles.items() if role.enabled))

    @property
    def helpers(self) -> tuple[str, ...]:
        """The roles of the sequence that may speak, whom a lead may name."""
        return tuple(role for role in self.sequence if role in self.access.enabled)

    @property
    def weights(self) -> dict[str, int]:
        """What each role's stance weighs."""
        return {name: role.weight for name, role in self.roles.items()}

    @property
    def vetoers(self) -> frozenset[str]:
        """The roles with a veto."""
        return frozenset(name for name, role in self.roles.items() if role.veto)

    @property
    def joining(self) -> tuple[str, ...]:
        """The roles that the policy may convene beside the sequence: known, enabled, not in it already."""
        return find_joining(self.policy.joining, self.sequence, self.access)

    def price_of(self, model: str | None) -> Price | None:
        """Return the price of a model, or None if the team file names none."""
        return self.prices.get(model) if model else None


def pinned(team: Team) -> dict[str, Any]:
    """Return the team as plain JSON, as a thread keeps it: without goal and facts, which the thread keeps itself."""
    return team.model_dump(mode="json", exclude={"goal", "facts"})


def with_facts(fields: Mapping[str, Any], facts: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the fields of a team that brings these facts, wherever it had some before; None: that brings none.

    >>> with_facts({"name": "launch", "facts_file": "facts.yaml"}, {"rate": 0.5})
    {'name': 'launch', 'facts_file': None, 'facts': {'rate': 0.5}}
    """
    return {**fields, **dict.fromkeys(FACTS_FIELDS), "facts": facts}


def missing_fact(paths: tuple[str, ...], facts: Mapping[str, Any]) -> str | None:
    """Return the first dotted path that the facts lack (or hold as null), or None.

    >>> missing_fact(("risk.rate",), {"risk": {}})
    'risk.rate'
    """
    return next((path for path in paths if value_at(path, facts) in (MISSING, None)), None)
