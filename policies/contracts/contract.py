"""A contract: the whole life of one kind of answer, as one value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from policies.contracts.answers import Answer, Task
from policies.contracts.reading import Fields
from policies.contracts.schema import Schema
from policies.rehearsal.scene import Scene
from policies.run.stop_table import StopKind
from policies.team.fields import Position
from policies.team.team import Role, Team

Said = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Contract:
    """What is asked for, what is accepted, what rules say, what a rehearsal says, and what is shown of it."""

    properties: Callable[[Task, Role], Schema]
    """The properties of the JSON schema that a model's answer is asked in."""
    accept: Callable[[Fields, Task, Team], Answer | str]
    """The answer in an object, or the name of the first check that it fails."""
    by_rules: Callable[[Position, Task], Said]
    """What a position of the voice `rules` amounts to; a role's own `reply` goes before it."""
    rehearsed: Callable[[Task, Scene], Answer]
    """An answer made up so that a team takes the course one wants to see."""
    told: Callable[[Answer], str]
    """An answer in a few words, for live progress; its `word` is not among them."""
    word: Callable[[Answer], str | None] = lambda _: None
    """The stance, decision or vote that an answer takes; None where it takes none."""
    refused_as: StopKind = "invalid_output"
    """The kind of stop of an answer that breaks it: one of its own names the check, `invalid_output` the role."""
    instructions: str | None = None
    """The instruction file that it is asked with, where it has another name than the contract."""
    begins_alike: bool = False
    """Whether a team may have it asked with prompts that begin alike; the instruction file is then `rounds.show`."""
    asks_beside: bool = False
    """Whether what a role reads is next to goal and facts, not under `task`, which is what a team above was asked."""
    shows: tuple[str, ...] = ()
    """The keys of an answer that are shown by themselves; none where it is shown whole, under the contract's name."""
    faults: Mapping[str, str] = field(default_factory=dict)
    """Each check that it makes, in words. `*` stands for a name or a number that the check carries."""
    required: tuple[str, ...] = ()
    """The keys that are missed by name where a check of theirs, `missing_keys`, fails."""
