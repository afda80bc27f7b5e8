"""Live events: the first event of a run, where an event of a team within happened, and who follows a thread."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from policies.patterns.course import PATTERNS
from policies.team.nesting import teams_within
from policies.team.team import Budget, Team
from policies.team.titles import distinct_titles

Plain = dict[str, Any]
OnEvent = Callable[[Plain], None]
WITHIN = " > "
"""What comes between the roles that teams within answer for."""


class Listeners:
    """Those who follow threads while this process works on them."""

    def __init__(self) -> None:
        self._of = defaultdict[str, list[OnEvent]](list)

    @contextmanager
    def listening(self, thread: str, take: OnEvent) -> Iterator[None]:
        """Have every live event of a thread taken, too."""
        self._of[thread].append(take)
        try:
            yield
        finally:
            self._of[thread].remove(take)
            if not self._of[thread]:
                del self._of[thread]

    def told(self, thread: str, on_event: OnEvent | None) -> OnEvent:
        """Return what reports an event of a thread to whoever runs it, and to those who follow it by then."""

        def tell(event: Plain) -> None:
            for take in [*([on_event] if on_event else []), *self._of.get(thread, ())]:
                take(event)

        return tell


def running(team: Team, limits: Budget, messages: int = 0, usage: Mapping[str, Any] | None = None) -> Plain:
    """Return the first event of a run: {event, team, title, pattern, is_rounds, policy or null, roles, limits, spent}.

    `roles` has the title of each role, those of teams within by their path; `spent` is what the thread used before.
    """
    pattern = PATTERNS[team.pattern]
    return {
        "event": "running",
        "team": team.name,
        "title": team.title,
        "pattern": team.pattern,
        "is_rounds": pattern.is_rounds,
        "policy": team.policy.name if pattern.count else None,
        "roles": {
            WITHIN.join((*within, name)): title
            for within, each in teams_within(team)
            for name, title in distinct_titles({name: role.title for name, role in each.roles.items()}).items()
        },
        "limits": limits.model_dump(),
        "spent": {"messages": messages, "usage": dict(usage or {})},
    }


def placed(part: Any) -> Plain:
    """Return an event as it is shown: one of a team that answers for a role says within which roles it happened."""
    namespace, event = part
    within = [name.partition(":")[0] for name in namespace]
    return {**event, "within": within} if within else event
