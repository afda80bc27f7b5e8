"""Field types: what text, names, paths and numbers of a team file may be."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from policies.access.names import NAME
from policies.language import say
from policies.paths import plain_path
from policies.plain import clean_text, find_unplain
from policies.team.voices import HUMAN, OWN_PATTERN, VOICE_NAMES, is_own

Stance = Literal["go", "caution", "block"]
"""`go`: do it. `caution`: do it only under conditions. `block`: do not do it as things stand."""

STANCES: tuple[Stance, ...] = get_args(Stance)
MAX_SUMMARY = 4_000
MAX_ACTION = 500
MAX_LIST = 50
ROLE_PATTERN = r"^[a-z][a-z0-9_]{0,39}$"
FACT_PATH_PATTERN = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$"


def _clean(text: str) -> str:
    if clean_text(text) != text:
        raise ValueError(say("it has a NUL character or a lone surrogate"))
    return text


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    fault = find_unplain(facts)
    if fault:
        raise ValueError(fault)
    return facts


def is_nothing(value: object) -> bool:
    """Return whether a field says nothing: where it says nothing, a kept team is as if there were no such field.

    >>> is_nothing(None), is_nothing(())
    (True, False)
    """
    return value is None


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if twice is not None:
        raise ValueError(say("it has {name} twice; name each tenant once", name=repr(twice)))
    return names


def _trimmed(max_length: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=max_length)


def _known(*names: str) -> Callable[[str], str]:
    """Return what refuses a voice that is none of these and none of a program's own."""

    def check(voice: str) -> str:
        if voice in names or is_own(voice):
            return voice
        told = f"{', '.join(map(repr, names))} or 'own:NAME'"
        raise PydanticCustomError("literal_error", "unknown voice", {"expected": told})

    return check


_KNOWN = {"anyOf": [{"enum": list(VOICE_NAMES)}, {"type": "string", "pattern": OWN_PATTERN}]}
Speaker = Annotated[str, AfterValidator(_known(*VOICE_NAMES)), WithJsonSchema(_KNOWN)]
"""A voice that Accord has, or `own:` and the name of one that a Python program brings."""
_ANYBODY = {"anyOf": [{"enum": [*VOICE_NAMES, HUMAN]}, {"type": "string", "pattern": OWN_PATTERN}]}
RoleSpeaker = Annotated[str, AfterValidator(_known(*VOICE_NAMES, HUMAN)), WithJsonSchema(_ANYBODY)]
"""A voice, or `human`: a person answers."""
Goal = Annotated[str, Field(max_length=4_000), AfterValidator(_clean)]
Text = Annotated[str, _trimmed(4_000), AfterValidator(_clean)]
Action = Annotated[str, _trimmed(MAX_ACTION), AfterValidator(_clean)]
Summary = Annotated[str, _trimmed(MAX_SUMMARY), AfterValidator(_clean)]
RoleName = Annotated[str, StringConstraints(pattern=ROLE_PATTERN)]
FactPath = Annotated[str, StringConstraints(pattern=FACT_PATH_PATTERN), AfterValidator(plain_path)]
TenantName = Annotated[str, StringConstraints(pattern=NAME)]
Tenants = Annotated[tuple[TenantName, ...], Field(min_length=1, max_length=50, strict=False), AfterValidator(_distinct)]
"""The tenants that may use something."""
Facts = Annotated[dict[str, Any], AfterValidator(_plain)]
Temperature = Annotated[float, Field(ge=0, le=2)]
ModelName = Annotated[str, _trimmed(200), AfterValidator(_clean)]


class Value(BaseModel):
    """A frozen part of a team file; unknown keys and values of another type are refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Position(Value):
    """What a role says when a check is true, or when none is."""

    stance: Stance
    """What the role thinks should be done: go, caution or block."""
    summary: Summary
    """The reason, in one short paragraph."""
    actions: Annotated[tuple[Action, ...], Field(min_length=1, max_length=3, strict=False)]
    """One to three concrete next steps."""
    reply: Facts | None = None
    """Its answer where the pattern asks for more than a stance. Without it, the answer is made from the other keys."""

    @property
    def told(self) -> str:
        """The summary, and below it the actions as a list."""
        return "\n".join([self.summary, *(f"- {action}" for action in self.actions)])
