"""Courses: one whole run of each pattern with a plan, a line or assignments, and what everybody says in it.

Each call has its answer by its name, so that the same lines serve a run, a run that is disturbed, and its resume.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policies.team.team import Team
from tests.patterns.stage import (
    GOAL,
    MODEL,
    Plain,
    answering,
    assignments,
    name_of,
    output,
    plan,
    team_of,
)
from tests.scripted_server import Answer, Call, says, text

SOUND, KNOWN = "Is it sound?", "What is known?"
PRICES: Plain = {MODEL: {"prompt": 1.0, "completion": 1.0}}
WIDE: Plain = {"max_messages": 40}


@dataclass(frozen=True)
class Course:
    """A run: how its team is made, what is said by the name of the call, and its messages in order.

    A message is {name of the call: the phase of a run that stops at it}. `follows` is what of the course is asked
    again where the second message is lost.
    """

    pattern: str
    sequence: tuple[str, ...]
    said: Mapping[str, Answer]
    messages: Mapping[str, str]
    roles: Mapping[str, Plain]

    def team(self, budget: Mapping[str, Any] | None = None, **changes: Any) -> Team:
        """The team, under these limits; the teams within it may use as much."""
        limits = {**WIDE, **(budget or {})}
        shared = {key: value for key, value in limits.items() if key.startswith(("max_tokens", "max_cost"))}
        roles = {name: _limited(role, shared) for name, role in self.roles.items()}
        return team_of(self.pattern, *self.sequence, roles=roles, budget=limits, prices=PRICES, **changes)

    def lines(self, **others: Any) -> dict[Any, Any]:
        """The script: everybody says what is theirs, but for what `others` say, by the name of the call."""
        said = {**self.said, **{name.replace("__", ": "): each for name, each in others.items()}}
        return dict.fromkeys({name.partition(":")[0] for name in said}, lambda call: said[key_of(call)])

    @property
    def asked(self) -> list[str]:
        """Everybody who is asked, sorted."""
        return sorted(self.said)


def key_of(call: Call) -> str:
    """The name of a call; that of a synthesis within a team has its goal beside it."""
    goal = str(call.user.get("goal"))
    return f"brief: {goal}" if call.role == "brief" and goal != GOAL else name_of(call)


def _limited(role: Plain, shared: Plain) -> Plain:
    if "team" not in role:
        return role
    return {**role, "team": {**role["team"], "budget": shared, "prices": PRICES}}


COURSES: Mapping[str, Course] = {
    "orchestrator": Course(
        "orchestrator",
        ("writer", "coder"),
        {
            "planner": plan(("writer", "Draft."), ("coder", "Code."), ("writer", "Join.", 1, 2)),
            "writer: Draft.": output("A draft."),
            "coder: Code.": output("Some code."),
            "writer: Join.": output("Joined."),
            "brief": text("Ship it."),
        },
        {
            "planner": "plan:planner",
            "writer: Draft.": "step_1:writer",
            "coder: Code.": "step_2:coder",
            "writer: Join.": "step_3:writer",
        },
        {},
    ),
    "pipeline": Course(
        "pipeline",
        ("writer", "coder", "analyst"),
        {"writer": output("A draft."), "coder": output("Some code."), "analyst": output("It holds.")},
        {"writer": "writer", "coder": "coder", "analyst": "analyst"},
        {},
    ),
    "parallel": Course(
        "parallel",
        ("writer", "coder", "analyst"),
        {
            "writer": output("A draft."),
            "coder": output("Some code."),
            "analyst": output("It holds."),
            "brief": text("Ship it."),
        },
        {"writer": "answers:writer", "coder": "answers:coder", "analyst": "answers:analyst"},
        {},
    ),
    "manager": Course(
        "manager",
        ("writer", "coder"),
        {
            "boss": assignments(("writer", "Draft."), ("coder", "Code."), ("writer", "Polish.")),
            "writer: Draft.": output("A draft."),
            "coder: Code.": output("Some code."),
            "writer: Polish.": output("Polished."),
            "brief": text("Ship it."),
        },
        {
            "boss": "assignments:boss",
            "writer: Draft.": "assignment_1:writer",
            "coder: Code.": "assignment_2:coder",
            "writer: Polish.": "assignment_3:writer",
        },
        {},
    ),
    "hierarchy": Course(
        "hierarchy",
        ("research", "build"),
        {
            "boss": assignments(("build", "Judge."), ("research", "Find.")),
            "coder: Judge.": says("go"),
            "tester: Judge.": says("go"),
            "brief: Is it sound?": text("Sound."),
            "reader": output("It was read."),
            "asker": output("It was asked."),
            "brief: What is known?": text("Known."),
            "brief": text("Ship it."),
        },
        {
            "boss": "assignments:boss",
            "coder: Judge.": "assignment_1:build",
            "tester: Judge.": "assignment_1:build",
            "reader": "assignment_2:research",
            "asker": "assignment_2:research",
        },
        {
            "build": answering("rounds", "coder", "tester", goal=SOUND),
            "research": answering("parallel", "reader", "asker", goal=KNOWN),
        },
    ),
    "composed pipeline": Course(
        "pipeline",
        ("writer", "council"),
        {
            "writer": output("A draft."),
            "coder": says("go"),
            "tester": says("go"),
            "brief: Is it sound?": text("Sound."),
        },
        {"writer": "writer", "coder": "council", "tester": "council"},
        {"council": answering("rounds", "coder", "tester", goal=SOUND)},
    ),
}
