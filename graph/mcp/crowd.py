"""Crowd: how many calls and sessions one person may have open in a process, so that none shuts the others out."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from graph.web.problems import AGAIN_SECONDS, ProblemError
from policies.access.caller import Caller, identity_of
from policies.language import phrase, say

MOST_CALLS = 20
"""How many calls of tools one person may have at work in a process."""
MOST_SESSIONS = 50
"""How many sessions one person may have open in a process."""
IDLE_SECONDS = 1800.0
"""After so long without a request a session is over."""
CALLS = phrase("{most} calls of yours are at work; wait for one of them, or call with a shorter `wait_seconds`")
SESSIONS = phrase(
    "{most} sessions of yours are open; end one with DELETE, or wait: an idle one is over in {minutes} min"
)


@dataclass(eq=False, slots=True)
class Session:
    """A session: whose it is, its name once it has one, how many requests use it, and since when none does."""

    who: str
    name: str | None = None
    uses: int = 0
    since: float = field(default_factory=time.monotonic)
    has_ended: bool = False

    @property
    def is_over(self) -> bool:
        """Whether it was ended, never opened, or idle for too long."""
        if self.has_ended:
            return True
        return not self.uses and time.monotonic() - self.since > IDLE_SECONDS

    def answered(self, method: str, name: str | None, *, is_good: bool) -> None:
        """Note how a request of it was answered: the first one opens it, DELETE ends it."""
        self.name = self.name or (name if is_good else None)
        self.has_ended = self.has_ended or (is_good and method == "DELETE")

    @contextmanager
    def used(self) -> Iterator[None]:
        """Count a request that uses it."""
        self.uses += 1
        try:
            yield
        finally:
            self.uses, self.since = self.uses - 1, time.monotonic()
            self.has_ended = self.has_ended or self.name is None


class Crowd:
    """The calls and the sessions of one process, by person."""

    def __init__(self) -> None:
        self._calls = Counter[str]()
        self._sessions: list[Session] = []

    @contextmanager
    def calling(self, caller: Caller) -> Iterator[None]:
        """Count a call.

        Raises:
            ProblemError: there are too many.
        """
        who = identity_of(caller)
        if self._calls[who] >= MOST_CALLS:
            raise _too_many(say(CALLS, most=MOST_CALLS))
        self._calls[who] += 1
        try:
            yield
        finally:
            self._calls[who] -= 1
            self._calls += Counter()  # who has none is not kept

    def open(self, caller: Caller) -> Session:
        """Return a session that is about to be opened.

        Raises:
            ProblemError: there are too many.
        """
        who = identity_of(caller)
        self._sessions = [each for each in self._sessions if not each.is_over]
        if sum(each.who == who for each in self._sessions) >= MOST_SESSIONS:
            raise _too_many(say(SESSIONS, most=MOST_SESSIONS, minutes=round(IDLE_SECONDS / 60)))
        self._sessions.append(opened := Session(who))
        return opened

    def find(self, name: str, caller: Caller) -> Session | None:
        """Return the caller's session of this name."""
        who = identity_of(caller)
        return next((each for each in self._sessions if (each.name, each.who) == (name, who)), None)


def _too_many(sentence: str) -> ProblemError:
    return ProblemError(429, sentence, headers={"retry-after": AGAIN_SECONDS})
