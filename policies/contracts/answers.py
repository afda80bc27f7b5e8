"""Answers: what a seat is asked for, and what becomes of what was said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ContractName = Literal[
    "contribution",
    "output",
    "plan",
    "assignments",
    "position",
    "verdict",
    "note",
    "turn",
    "proposal",
    "ballot",
]
"""What an answer must hold; a file each in this folder says what."""

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """One question of a stage: `asks` is what the role reads besides goal and facts, `choices` whom it may name."""

    seat: str
    role: str
    contract: ContractName
    asks: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[str, ...] = ()

    @property
    def mandates(self) -> list[tuple[str, str]]:
        """Whom it may name, each with what that role is for."""
        agents = self.asks.get("agents", {})
        return [(name, str(agents.get(name, name))) for name in self.choices]


@dataclass(frozen=True, slots=True)
class Accepted:
    """An answer that passed its contract, as plain values; of a past run, as much of it as its events hold.

    `inner` is what a team that answered for the role did, where one did.
    """

    agent: str
    contract: ContractName
    answer: Answer
    inner: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A proposal that broke the contract: the first failed check as a stop reason, and what was offered.

    `raw` is the parsed proposal if it may enter the state, else its first 2,000 characters. `check` names the failed
    check where the reason does not, and `because` says in words what the name of the check does not.
    """

    reason: str
    raw: Any
    check: str | None = None
    because: str | None = None
