"""Fresh facts: those of now, of which a decision that was taken before is asked whether it should stand."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.settings import Settings

Plain = dict[str, Any]
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fresh:
    """The facts of now with where they come from; or why they cannot be had."""

    facts: Plain | None
    sources: Sequence[Plain] = ()
    cause: str | None = None


Ask = Callable[[Entry], Awaitable[Fresh]]
"""Returns the facts of now for the decision that an entry of the archive keeps."""


def asking(settings: Settings, given: Plain | None) -> Ask:
    """Return what asks for facts."""

    async def give(_: Entry) -> Fresh:
        return Fresh(given)

    return give
