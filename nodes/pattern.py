"""The seam between the loop and a pattern: what convene opens, what a seat is asked, what align closes.

The loop (admission, budgets, calls, seats, repairs, stops) is one for all patterns. A pattern says what is asked next
and what the answers make: `nodes.rounds` for the rounds, `nodes.stages` for all others.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from nodes.events import Body
from nodes.state import State
from nodes.voices.voice import Prompt
from policies.contracts.answers import Accepted, Refusal, Task
from policies.seats import Seat

Update = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one seat is asked, and how its answer is held against its contract."""

    prompt: Prompt
    task: Task
    accept: Callable[[object], Accepted | Refusal]


@dataclass(frozen=True, slots=True)
class Closing:
    """What a full round or stage makes: the state's update, the events, and what is shown live."""

    update: Update
    events: list[Body]
    shown: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends: `text` written by code, or the question for the brief; `heading` is the decision line."""

    text: str | None
    prompt: Prompt
    heading: str = ""
    guards: tuple[str, ...] = ()
    results: tuple[Mapping[str, Any], ...] | None = None


class Pattern(Protocol):
    """What a pattern adds to the loop."""

    def where(self, state: State) -> int | str:
        """Return the open round by number, or the open stage by label."""
        ...

    def opens(self, state: State) -> Update:
        """Return the round or stage to open now; nothing where one is open, a pending stop where none may be."""
        ...

    def forgives(self, state: State) -> Update:
        """Return what is forgotten of a stopped run when it goes on."""
        ...

    def question(self, state: State, seat: str, repair: str | None) -> Asked:
        """Return what a seat of the open round or stage is asked."""
        ...

    def counts_absent(self, state: State) -> bool:
        """Tell whether a seat that fails may stay absent, and end nothing."""
        ...

    def closes(self, state: State, seats: Sequence[Seat]) -> Closing:
        """Return what the seats make, now that each is filled or absent."""
        ...

    def accepted(self, state: State, seat: Seat) -> dict[str, Any]:
        """Return the trace's line on a seat that was filled."""
        ...

    def ending(self, state: State) -> Ending:
        """Return how a run ends that has its outcome."""
        ...
