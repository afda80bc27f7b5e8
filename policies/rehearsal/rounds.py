"""Rounds, rehearsed: votes made up so that the decision table decides at once, or as late as it can."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from policies.conflicts import find_conflicts
from policies.contracts.answers import Task
from policies.contracts.table import CONTRACTS
from policies.fields import Stance
from policies.guards import examine
from policies.outcome import Ruling, decide
from policies.patterns.stages import Closed, Finish
from policies.rehearsal.scene import CourseName, Scene
from policies.stop import ESCALATED, Stop, stop_reason
from policies.table import DECISIONS
from policies.team import Team
from policies.vote import Vote, rounds_blocked

Plain = dict[str, Any]


@dataclass(slots=True)
class Rehearsal:
    """The rounds of a run so far: its history as a thread keeps it, and the roles that joined."""

    team: Team
    course: CourseName
    facts: Mapping[str, Any]
    length: int = 0
    name: str = ""
    history: list[Plain] = field(default_factory=list)
    joined: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The round that comes next."""
        return len(self.history) + 1

    @property
    def is_last(self) -> bool:
        """Whether no round may follow on that one."""
        return self.number == self.team.budget.max_rounds

    def ruling(self, casts: Mapping[str, Stance]) -> Ruling:
        """Return what the policy makes of these stances in the round that comes next."""
        earlier = [[said["stance"] for said in entry["contributions"]] for entry in self.history]
        team, limits = self.team, self.team.budget
        numbers = (limits.min_go_votes, self.number, limits.max_rounds, rounds_blocked(earlier))
        vote = Vote(casts, *numbers, weights=team.weights, vetoers=team.vetoers, confidences=(1.0,) * len(casts))
        return decide(team.policy, vote, examine(team.guards, self.facts))

    def close(self, casts: Mapping[str, Stance], decision: str | None) -> None:
        """Add a round in which these stances were taken."""
        said = [_contribution(role, stance, self) for role, stance in casts.items()]
        conflicts = find_conflicts([*casts.values()])
        entry = {"round": self.number, "contributions": said, "conflicts": conflicts, "decision": decision}
        self.history.append(entry)


def rehearse(rehearsal: Rehearsal) -> Finish | Stop:
    """Return how the rounds end on the course that is rehearsed; they are added to its history.

    The fullest course is no vote that can be cast: everybody who may join does, and nothing is decided early.
    """
    team, is_fullest = rehearsal.team, rehearsal.course == "fullest"
    while rehearsal.number <= team.budget.max_rounds:
        is_last, casts = rehearsal.is_last, _casts(rehearsal)
        ruling = rehearsal.ruling(casts)
        goes_on = is_fullest or ruling.final == "next_round"
        rehearsal.close(casts, ruling.final if ruling.final in DECISIONS and not goes_on else None)
        if (is_last and is_fullest) or not goes_on:
            return _end(rehearsal, ruling)
        called = team.joining if is_fullest else (ruling.convene,)
        rehearsal.joined += tuple(role for role in team.joining if role in called and role not in rehearsal.joined)
    return Stop(stop_reason("max_rounds_reached"))


def _end(rehearsal: Rehearsal, ruling: Ruling) -> Finish | Stop:
    if ruling.final == "escalate" and rehearsal.course != "fullest":
        return ESCALATED
    findings = examine(rehearsal.team.guards, rehearsal.facts)
    capping = [each.guard.name for each in findings if each.tripped and each.guard.cap == ruling.final]
    capped = capping if ruling.vote != ruling.final else []
    decision = ruling.final if ruling.final in DECISIONS else None
    return Finish(decision=decision, details={"guards": capped})


def _casts(rehearsal: Rehearsal) -> dict[str, Stance]:
    """Return stances under which the course goes on: everybody goes where it is to end, or where nothing else can."""
    roles = (*rehearsal.team.sequence, *rehearsal.joined)
    agreed: dict[str, Stance] = dict.fromkeys(roles, "go")
    if rehearsal.course in ("shortest", "fullest") or (rehearsal.course == "longest" and rehearsal.is_last):
        return agreed
    apart = (casts for casts in _disagreements(roles) if _is_open(rehearsal, rehearsal.ruling(casts)))
    return next(apart, agreed)


def _is_open(rehearsal: Rehearsal, ruling: Ruling) -> bool:
    return ruling.final == "next_round" or (rehearsal.is_last and ruling.final not in DECISIONS)


def _disagreements(roles: tuple[str, ...]) -> Iterator[dict[str, Stance]]:
    """Yield stances, those of the fewest roles that do not go first; of as many, more blocks first."""
    for apart in range(1, len(roles) + 1):
        for blocks in range(apart, -1, -1):
            yield {
                role: "block" if place < blocks else "caution" if place < apart else "go"
                for place, role in enumerate(roles)
            }


def _contribution(role: str, stance: Stance, rehearsal: Rehearsal) -> Plain:
    closed = tuple(Closed(f"round_{entry['round']}", ()) for entry in rehearsal.history)
    scene = Scene(rehearsal.team, rehearsal.course, closed, rehearsal.length, rehearsal.name)
    task = Task(role, role, "contribution")
    return {**CONTRACTS["contribution"].rehearsed(task, scene), "stance": stance}
