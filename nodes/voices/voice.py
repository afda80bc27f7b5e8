"""The seam for who speaks: what a voice is asked, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from policies.contracts.answers import Refusal, Task
from policies.language import ENGLISH, Language
from policies.run.seats import Failure
from policies.run.usage import Usage
from policies.team.team import Role


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model reads: the instructions, then user messages of one JSON object each."""

    system: str
    user: str
    """The last user message: what is asked now."""
    before: tuple[str, ...] = ()
    """The user messages before it, one for each finished round where a team's prompts begin alike."""

    @property
    def users(self) -> tuple[str, ...]:
        """All user messages, in order."""
        return (*self.before, self.user)

    @property
    def text(self) -> str:
        """Everything that is sent, for reserving its tokens."""
        return "".join((self.system, *self.users))


@dataclass(slots=True)
class Meter:
    """Counts the calls that really went out, however the question ends."""

    calls: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one question may use."""

    max_output_tokens: int
    seconds_left: float
    """What the run's deadline leaves; the asking node cuts the call there, a voice need only not plan beyond it."""
    grows: bool = False
    """Whether an answer that was cut may be asked for once more with twice the tokens."""


@dataclass(frozen=True, slots=True)
class Question:
    """One seat of a role asked for its proposal.

    `scope` is the namespace of its team; `sends` says whether it may send messages.
    """

    task: Task
    round: int
    attempt: int
    role: Role
    facts: Mapping[str, Any]
    prompt: Prompt
    limits: Limits
    meter: Meter = field(default_factory=Meter)
    scope: str = ""
    sends: bool = False
    labels: Mapping[str, Any] = field(default_factory=dict)
    """What the trace of the call says of it."""
    seed: int | None = None
    """What a model's choice of words begins with, where it is one of several times that the same is asked."""

    @property
    def name(self) -> str:
        """The role that is asked."""
        return self.task.role


@dataclass(frozen=True, slots=True)
class BriefQuestion:
    """The brief asked for, after the team decided; or, where there are `results`, their synthesis."""

    history: list[dict[str, Any]]
    round: int
    guards: tuple[str, ...]
    """The guards that lowered what the vote alone gave; none where none did."""
    prompt: Prompt
    model: str | None
    temperature: float | None
    limits: Limits
    attempt: int = 1
    meter: Meter = field(default_factory=Meter)
    results: tuple[Mapping[str, Any], ...] | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    """What people call each role."""
    people: Mapping[str, Any] | None = None
    """How people took the decision: {vote_alone, answers}; None where the team took it."""
    scope: str = ""
    labels: Mapping[str, Any] = field(default_factory=dict)
    """What the trace of the call says of it."""
    language: Language = ENGLISH
    """The language of the text; why there is none is said in the team's."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider reported of one answer."""

    prompt: int
    completion: int


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a voice said: a proposal or the brief's text, or a failure with its stop reason.

    `tokens` is null where nothing was reported. `dialect` is what had been learned by then of the forms in which the
    model takes a question; nothing where it takes the first. A recorded answer brings what it used, and the refusal it
    met, since of a refused proposal only an excerpt may have been kept.
    """

    said: Any = None
    failure: Failure | None = None
    tokens: Tokens | None = None
    usage: Usage | None = None
    refusal: Refusal | None = None
    dialect: Mapping[str, str] = field(default_factory=dict)
    is_estimated: bool = False
    """Whether the usage of a recorded answer is what was reserved, since nothing was reported."""
    beyond: int = 0
    """Tokens of the answer beyond the most that it might have."""


class Voice(Protocol):
    """Answers for a role. A failure is returned, never raised; a raised error is a bug or a misconfiguration."""

    async def propose(self, question: Question) -> Utterance:
        """Return the role's proposal, raw."""
        ...

    async def write_brief(self, question: BriefQuestion) -> Utterance:
        """Return the text of the brief."""
        ...
