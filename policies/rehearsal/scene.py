"""Scenes: where an answer is made up, and the course that the team is to take with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from policies.contracts.answers import Task
from policies.patterns.stages import Log
from policies.plain import MAX_TEXT
from policies.team.team import Team

CourseName = Literal["shortest", "longest", "fullest", "failing"]
"""`shortest`: everybody agrees at once, and steps run side by side. `longest`: nobody does before the end, and each
step waits for the one before. `fullest`: as many steps and plans as allowed. `failing`: what may fail, fails.
"""

MOST = MAX_TEXT - 200
"""Characters of the longest text that is made up; what comes before or after it fits as well."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where an answer is made up: the team, the course it is to take, what was said before.

    `length` is how many characters an answer has at least, `name` what the team is called in its texts, `weights` what
    asking each role costs at most.
    """

    team: Team
    course: CourseName
    log: Log = ()
    length: int = 0
    name: str = ""
    weights: Mapping[str, int] = field(default_factory=dict)

    def words(self, task: Task) -> str:
        """Return a short text of its own for each stage and seat."""
        return f"{task.contract.capitalize()} {len(self.log) + 1} of {self.name}{task.seat}."

    def text(self, task: Task, share: int = 1) -> str:
        """Return a text of its own for each stage and seat, with its share of the length."""
        return self.words(task).ljust(min(self.length // share, MOST), ".")

    def agents(self, task: Task, once: bool) -> Sequence[str]:
        """Return whom a lead names: everybody, or as often as may be whoever costs most."""
        most = self.team.options.max_steps
        if self.course != "fullest":
            return task.choices[:most]
        costly = sorted(task.choices, key=lambda role: -self.weights.get(role, 0))
        return costly[:most] if once else costly[:1] * most
