"""Access: who is known to the team, and who may speak in this run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policies.run.stop import stop_reason


@dataclass(frozen=True, slots=True)
class Access:
    """The two allowlists of a run: `known` roles are in the team file, `enabled` ones may speak."""

    known: frozenset[str]
    enabled: frozenset[str]

    def admits(self, role: str) -> bool:
        """Return whether the role is known and enabled; whoever is not named is denied."""
        return role in self.known and role in self.enabled


def find_denial(role: str, access: Access) -> str | None:
    """Return the stop reason that denies the role, or None if it may speak.

    >>> find_denial("legal", Access(known=frozenset({"legal"}), enabled=frozenset()))
    'agent_denied:legal'
    """
    return None if access.admits(role) else stop_reason("agent_denied", role)


def find_joining(convened: Iterable[str], sequence: Sequence[str], access: Access) -> tuple[str, ...]:
    """Return the convened roles that may join: known, enabled, and not in the sequence already.

    >>> both = frozenset({"legal", "risk"})
    >>> find_joining(["risk", "legal", "stranger"], ["risk"], Access(known=both, enabled=both))
    ('legal',)
    """
    return tuple(role for role in convened if access.admits(role) and role not in sequence)
