"""Rounds, rehearsed: votes made up so that the decision table decides at once, or as late as it can."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from policies.contracts.answers import Answer, Task
from policies.contracts.table import CONTRACTS
from policies.decision.guards import examine
from policies.decision.outcome import Ruling
from policies.decision.table import DECISIONS
from policies.patterns.course import count_of
from policies.patterns.stages import Closed, Entry, Finish, Log, Stage
from policies.rehearsal.scene import Scene
from policies.run.seats import Reseating
from policies.team.fields import Stance
from policies.team.team import Team

Facts = Mapping[str, Any]


def contributions_to(stage: Stage, scene: Scene, facts: Facts) -> list[Answer]:
    """Return what the roles of a round say, under which the course continues as wanted."""
    casts = _casts(stage, scene, facts)
    return [_said(task, casts[task.role], scene) for task in stage.tasks]


def decided(closed: Closed, scene: Scene, facts: Facts) -> Closed:
    """Return a full round with what the policy makes of it.

    The fullest course cannot come of one vote: every role that may join does, none leaves, and nothing is decided
    before the last round.
    """
    ruling = _counted(scene.team, [*scene.log, closed], facts)
    if scene.course != "fullest":
        return replace(closed, outcome=ruling.final, changes=(Reseating(ruling.convene, ruling.release),))
    if not _is_last(scene):
        return replace(closed, changes=tuple(map(Reseating, scene.team.joining)))
    return replace(closed, outcome=ruling.final if ruling.final in DECISIONS else "go")


def ended(finish: Finish, team: Team, log: Log, facts: Facts) -> Finish:
    """Return the end of rounds with the guards that lowered their last outcome."""
    last, tripped = _counted(team, log, facts), [each for each in examine(team.guards, facts) if each.tripped]
    capping = [each.guard.name for each in tripped if each.guard.cap == last.final and last.vote != last.final]
    return replace(finish, details={"guards": capping})


def _counted(team: Team, log: Log, facts: Facts) -> Ruling:
    """Return what the policy makes of the last round."""
    counted = count_of(team, log, facts)
    assert counted is not None, "a round is counted"
    return counted.ruling


def _is_last(scene: Scene) -> bool:
    return len(scene.log) + 1 == scene.team.budget.max_rounds


def _casts(stage: Stage, scene: Scene, facts: Facts) -> dict[str, Stance]:
    """Return stances under which the course continues: everybody goes where it is to end, or where nothing else can."""
    roles = tuple(task.role for task in stage.tasks)
    agreed: dict[str, Stance] = dict.fromkeys(roles, "go")
    if scene.course in ("shortest", "fullest") or (scene.course == "longest" and _is_last(scene)):
        return agreed
    apart = (casts for casts in _disagreements(roles) if _is_open(stage, casts, scene, facts))
    return next(apart, agreed)


def _is_open(stage: Stage, casts: Mapping[str, Stance], scene: Scene, facts: Facts) -> bool:
    """Return whether nothing is decided on these stances."""
    said = tuple(Entry(role, role, "contribution", {"stance": cast, "confidence": 1.0}) for role, cast in casts.items())
    final = _counted(scene.team, [*scene.log, Closed(stage.label, said)], facts).final
    return final == "next_round" or (_is_last(scene) and final not in DECISIONS)


def _disagreements(roles: Sequence[str]) -> Iterator[dict[str, Stance]]:
    """Yield stances, those of the fewest roles that do not go first; of as many, more blocks first."""
    for apart in range(1, len(roles) + 1):
        for blocks in range(apart, -1, -1):
            yield {
                role: "block" if place < blocks else "caution" if place < apart else "go"
                for place, role in enumerate(roles)
            }


def _said(task: Task, stance: Stance, scene: Scene) -> Answer:
    return {**CONTRACTS[task.contract].rehearsed(task, scene), "stance": stance}
