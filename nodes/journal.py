"""The call journal: an answer that was given is never asked for again, also after a kill.

An entry is written before the node that asked returns, and read before a call is made. What is left is the window
between the provider's answer and the entry's commit.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import rfc8785
from langgraph.store.base import BaseStore

from nodes.fingerprint import fingerprint

NAMESPACE = "calls"
DIGEST = "digest"
"""Under which name an entry keeps the fingerprint of the answer."""


@dataclass(frozen=True, slots=True)
class CallKey:
    """One call of a thread: `revision` counts accepted changes, `attempt` is 1 plus the repairs.

    `seat` is the role, or the seat's own name where it has one; `scope` is the checkpoint namespace of the team that
    answers for a role, empty for the thread's own team.
    """

    thread: str
    revision: int
    round: int
    seat: str
    attempt: int
    scope: str = ""

    @property
    def namespace(self) -> tuple[str, str]:
        """The store's namespace of the thread's calls; the store takes no dots there."""
        return (NAMESPACE, self.thread.replace(".", "%2E") or "%")

    @property
    def key(self) -> str:
        """The call within its thread."""
        within = f"{self.scope}/" if self.scope else ""
        return f"{within}{self.revision}/{self.round}/{self.seat}/{self.attempt}"


def thread_of_calls(part: str) -> str:
    """Return the thread whose calls lie under this second part of a namespace; empty where they have none."""
    return "" if part == "%" else part.replace("%2E", ".")


async def read_call(store: BaseStore, key: CallKey) -> dict[str, Any] | None:
    """Return what the call answered, or None if no answer was journaled, or what is kept of it was changed since.

    Nobody can be held to an answer that is not theirs, so then they are asked again.
    """
    item = await store.aget(key.namespace, key.key, refresh_ttl=False)
    if item is None or not isinstance(item.value, dict):
        return None
    answer = {name: value for name, value in item.value.items() if name != DIGEST}
    with suppress(ValueError, RecursionError, rfc8785.CanonicalizationError):
        if item.value.get(DIGEST) == fingerprint(answer):
            return answer
    return None


async def write_call(store: BaseStore, key: CallKey, answer: Mapping[str, Any]) -> None:
    """Keep what the call answered; committed when this returns."""
    await store.aput(key.namespace, key.key, {**answer, DIGEST: fingerprint(answer)}, index=False)
