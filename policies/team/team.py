"""The team: what a team file says, as one frozen value."""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from policies.decision.guards import Guard
from policies.decision.table import Policy
from policies.messages.message import Messaging, Subscription
from policies.plain import MAX_INTEGER
from policies.team.access import Access, find_joining
from policies.team.expressions import ConditionText, DerivationText, OutputCondition
from policies.team.fields import (
    FactPath,
    ModelName,
    Position,
    RoleName,
    RoleSpeaker,
    Speaker,
    Temperature,
    Tenants,
    Text,
    Value,
    is_nothing,
)
from policies.team.options import Options, Rounds
from policies.team.people import MAX_APPROVERS, Approver, Escalation
from policies.team.sources import AnySource, FactsOrSources
from policies.team.stability import Stability
from policies.team.voices import HUMAN
from policies.team.watch import Watch

MAX_DOLLARS = 1_000_000_000
MAX_ROLES = 50
MAX_MESSAGES = 100_000
"""The highest `max_messages` a budget may have."""

PatternName = Literal[
    "rounds", "orchestrator", "pipeline", "parallel", "debate", "hierarchy", "manager", "workspace", "conversation",
    "vote",
]  # fmt: skip
"""How the team works together; `docs/patterns.md` says when to take which."""

PATTERN_NAMES: tuple[PatternName, ...] = get_args(PatternName)
FieldKind = Literal["text", "number", "boolean", "list"]
"""What a field of an output holds; a list is one of texts."""


_NO_OTHER_KEYS: dict[str, Any] = {"additionalProperties": False}


class Check(Position):
    """A position, and the condition on the facts under which the role takes it."""

    when: ConditionText
    """A CEL condition on the facts, for example `facts.risk.alerts > 5`."""


class Role(Value):
    """A seat in the team."""

    title: Text
    """What people call the role."""
    mandate: Text
    """What the role looks at and what it must judge. A model reads it as part of its instructions."""
    enabled: bool = True
    """Whether the role may speak. A run that would ask a role that may not speak stops with `agent_denied`."""
    voice: RoleSpeaker | None = None
    """Who answers for the role. Without it, `model` answers where a key is set, and `rules` otherwise.

    With `human`, the run waits for a person. A voice `own:NAME` is one that a Python program brings.
    """
    people: Annotated[tuple[RoleName, ...], Field(max_length=MAX_APPROVERS, strict=False)] = ()
    """The approvers any one of whom may answer, where the voice is `human`. Without them, anybody who says a name."""
    model: ModelName | None = None
    """The model that answers for this role. Without it, the default model of the process answers."""
    temperature: Temperature | None = 0.0
    """The sampling temperature of the model. With null, the provider chooses it."""
    checks: Annotated[tuple[Check, ...], Field(max_length=50, strict=False)] = ()
    """The role's own rules, in order. Under the voice `rules`, the first one that is true gives the role's position."""
    otherwise: Position | None = None
    """The position the role takes when no check is true. A role with `checks` needs it."""
    weight: Annotated[int, Field(ge=1, le=1_000)] = 1
    """How much its stance counts in `weighted_go`, `weighted_caution` and `weighted_block`."""
    veto: bool = False
    """Whether its block alone must prevent `go` and `go_with_caution`. The proof of the policy checks this."""
    fields: Annotated[dict[RoleName, FieldKind], Field(max_length=20, json_schema_extra=_NO_OTHER_KEYS)] = Field(
        default_factory=dict
    )
    """Further fields of its output, in addition to `text`. Each name has a kind: text, number, boolean or list."""
    check: OutputCondition | None = None
    """A CEL condition that its output must meet, for example `output.margin_pct > 5.0`."""
    subscribes: Subscription = Subscription()
    """The messages that it also receives when they are addressed to others."""
    team: "Team | None" = None
    """A team that answers for this role, with a pattern of its own."""
    tenants: Tenants | None = Field(default=None, exclude_if=is_nothing)
    """The tenants whose runs may have the role. A run of another tenant is refused. Without it, all tenants."""


class Budget(Value):
    """The limits of a run."""

    max_rounds: Annotated[int, Field(ge=1, le=1_000)] = 3
    """How many rounds may be opened."""
    max_messages: Annotated[int, Field(ge=1, le=MAX_MESSAGES)] = 12
    """How many answers may be asked for, repairs included."""
    max_seconds: Annotated[float, Field(gt=0, le=86_400)] = 40.0
    """How many seconds the run may work. Time while it is stopped does not count."""
    max_tokens: Annotated[int, Field(ge=1, le=MAX_INTEGER)] | None = None
    """How many tokens may be used, prompts and answers together. Without it, there is no limit."""
    max_cost_usd: Annotated[float, Field(gt=0, le=MAX_DOLLARS)] | None = None
    """What the run may cost, in US dollars by the team's own prices. Without it, there is no limit."""
    max_recoveries: Annotated[int, Field(ge=0, le=1_000)] = 5
    """How many times in a row the run may be resumed after a crash during calls, while no seat is filled."""
    min_go_votes: Annotated[int, Field(ge=1, le=1_000)] = 2
    """How many `go` votes a `go` needs. Policies read it as `min_go_votes`."""


class Price(Value):
    """What a model costs, in US dollars for a million tokens."""

    prompt: Annotated[float, Field(ge=0, le=MAX_DOLLARS)]
    """The price of a million tokens of prompt, in US dollars."""
    completion: Annotated[float, Field(ge=0, le=MAX_DOLLARS)]
    """The price of a million tokens of answer, in US dollars."""


class Brief(Value):
    """How the brief is written."""

    voice: Speaker | None = None
    """Who writes it. Without it, `model` writes where a key is set, and `rules` fills in a template otherwise."""
    model: ModelName | None = None
    """The model that writes it. Without it, the default model of the process writes."""
    temperature: Temperature | None = 0.0
    """The sampling temperature of the model. With null, the provider chooses it."""
    language: Text | None = None
    """The language in which it is written, where that is not the team's."""


class Team(Value):
    """A team of roles, its question, its facts and its limits."""

    name: RoleName
    """The team's name: a lower-case letter, then up to 39 lower-case letters, digits or underscores."""
    title: Text
    """What the team decides, in one line."""
    goal: Text
    """The question that is put to the team. A run may bring another one."""
    language: Text | None = None
    """The language of what the roles write and of what people read, by its code or its name: `fr` or `French`.

    Without it, English; for a team within a team, the language of the team around it.
    """
    facts: FactsOrSources | None = None
    """The facts that every role sees: names with values, or a list of sources that are merged in their order.

    A run may bring others.
    """
    derive: Annotated[dict[RoleName, DerivationText], Field(max_length=50, json_schema_extra=_NO_OTHER_KEYS)] = Field(
        default_factory=dict
    )
    """Numbers worked out of the facts, each a CEL expression by its name; roles read them as `derived`."""
    requires: Annotated[tuple[FactPath, ...], Field(max_length=200, strict=False)] = ()
    """Dotted paths of facts that must be there. Without one of them the run stops with `needs_input`."""
    sequence: Annotated[tuple[RoleName, ...], Field(min_length=1, max_length=MAX_ROLES, strict=False)]
    """The roles that are asked, in their order."""
    roles: Annotated[dict[RoleName, Role], Field(min_length=1, max_length=MAX_ROLES, json_schema_extra=_NO_OTHER_KEYS)]
    """All roles that the team knows, by name."""
    policy: Policy
    """The rule that decides a round: the name of a shipped policy, or a decision table."""
    guards: Annotated[tuple[Guard, ...], Field(max_length=50, strict=False)] = ()
    """Limits on facts that no vote can beat."""
    private: Annotated[tuple[FactPath, ...], Field(max_length=200, strict=False)] = ()
    """Dotted paths of facts that are removed before anything is stored, sent to a model or decided."""
    budget: Budget = Budget()
    """The limits of a run."""
    max_repairs: Annotated[int, Field(ge=0, le=10)] = 1
    """How often a role is asked again in a seat after its answer broke the contract."""
    max_output_tokens: Annotated[int, Field(ge=1, le=100_000)] = 800
    """How many tokens a single answer may have."""
    grow_output: bool = True
    """Whether an answer that was cut off is asked for once more with twice the tokens, where the budget allows it."""
    lenient_agent: bool = False
    """Whether a contribution that does not name its speaker counts as said by the role that was asked."""
    ground: bool = False
    """Whether a number in an answer or the brief that equals no fact, derivation or count is flagged `ungrounded`."""
    require_evidence: bool = False
    """Whether empty evidence is flagged `unsupported`. Roles that checks or people answer for are not asked for any."""
    prices: dict[ModelName, Price] = Field(default_factory=dict)
    """What each model costs, by its name. `budget.max_cost_usd` needs it."""
    brief: Brief = Brief()
    """How the brief is written, or the synthesis of a pattern that takes no decision."""
    pattern: PatternName = "rounds"
    """How the team works together."""
    lead: RoleName | None = None
    """The role that plans, assigns, judges or proposes, in patterns that need one. It is not in the sequence."""
    rounds: Rounds = Rounds()
    """What a role reads of the rounds before its own. Only the pattern `rounds` has it."""
    options: Options = Options()
    """Settings of the pattern. Each names the patterns that read it, and teams of others may not set it."""
    approvers: Annotated[dict[RoleName, Approver], Field(max_length=50, json_schema_extra=_NO_OTHER_KEYS)] = Field(
        default_factory=dict
    )
    """The people who may be asked, by name."""
    escalate: Escalation = Escalation()
    """Who is asked when the team needs a person, for how long, and what silence gives."""
    sign_off: Annotated[tuple[RoleName, ...], Field(max_length=MAX_APPROVERS, strict=False)] = ()
    """The approvers who must put their names to a decision of the team before it is final."""
    stability: Stability | None = None
    """Asks the last round again before a decision is announced, to see how often it has another outcome."""
    watch: Watch = Watch()
    """Who owns the decisions of the team, and how long each of them is valid."""
    messages: Messaging | None = None
    """Lets the roles send each other messages, and limits these. Without it, they send none."""

    @property
    def human_roles(self) -> frozenset[str]:
        """The roles that people answer for."""
        return frozenset(name for name, role in self.roles.items() if role.voice == HUMAN)

    @property
    def has_facts(self) -> bool:
        """Whether the team brings facts of its own, wherever they are."""
        return self.facts is not None

    @property
    def own_facts(self) -> dict[str, Any] | None:
        """The facts that are in the team file itself; None where they come from sources, or there are none."""
        return self.facts if isinstance(self.facts, dict) else None

    @property
    def sources(self) -> tuple[AnySource, ...]:
        """The sources that the facts come from; none where they are in the team file itself."""
        return self.facts if isinstance(self.facts, tuple) else ()

    @property
    def asked_again(self) -> tuple[str, ...]:
        """The roles that a stability check may ask: those that may sit in a round and that no person answers for."""
        seated = (*self.sequence, *self.joining)
        return tuple(name for name in seated if name in self.roles and name not in self.human_roles)

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
        """The roles outside the sequence that the policy may convene: known and enabled."""
        return find_joining(self.policy.joining, self.sequence, self.access)

    def price_of(self, model: str | None) -> Price | None:
        """Return the price of a model, or None if the team file names none."""
        return self.prices.get(model) if model else None


def pinned(team: Team) -> dict[str, Any]:
    """Return the team as plain JSON, as a thread keeps it: without goal and facts, which the thread keeps itself.

    It has the sources of the facts, so that they can be asked again.
    """
    sources = tuple(each.kept(team.private) for each in team.sources)
    kept = team.model_copy(update={"facts": sources}) if sources else team
    return kept.model_dump(mode="json", exclude={"goal"} if sources else {"goal", "facts"})
