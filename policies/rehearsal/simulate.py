"""Estimates: the course a team would take, rehearsed with synthetic answers through the function that steers a run.

Nothing is asked and nothing is spent.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from policies.contracts.answers import Answer, Task
from policies.patterns.course import PATTERNS, advance
from policies.patterns.rounds import history_of, stop_after
from policies.patterns.stages import Closed, Entry, Finish, Next, Stage
from policies.plain import MAX_TEXT
from policies.rehearsal import rounds
from policies.rehearsal.answers import answer_to
from policies.rehearsal.scene import CourseName, Scene
from policies.rehearsal.timeline import Opened, Rehearsal, RehearsedSeat
from policies.run.budgets import Charge, Spent, reserve_team
from policies.run.seats import Seat
from policies.run.stop import Stop
from policies.run.usage import Reservation
from policies.run.waves import plan_wave
from policies.team.access import Access
from policies.team.team import Team

MOST_ROUNDS = 1_000
"""The highest `max_rounds` a budget may have."""

FAILED = "llm_timeout"
"""Why a seat has no answer where what may fail fails."""

Within = Mapping[str, Rehearsal]


def simulate(
    team: Team, facts: Mapping[str, Any], course: CourseName = "shortest", length: int = 0, name: str = ""
) -> Rehearsal:
    """Return a course of the team; its budget bounds rounds alone, so that what it lacks can be seen.

    >>> role = {"title": "A role", "mandate": "Work."}
    >>> policy = {"name": "x", "rules": [], "otherwise": "go"}
    >>> raw = {"name": "x", "title": "X", "goal": "g", "pattern": "parallel", "sequence": ["a", "b"], "policy": policy}
    >>> simulate(Team.model_validate({**raw, "roles": {"a": role, "b": role}}), {}).waves
    (2, 1)
    """
    is_rounds = PATTERNS[team.pattern].is_rounds
    within = _within(team, facts, course, length, name)
    weights = {role: each.with_repairs for role, each in within.items()}
    log: list[Closed] = []
    stages: list[Opened] = []
    spent = 0
    while isinstance(follows := advance(team, log, facts), Stage):
        scene = Scene(team, course, log, length, name, weights)
        asked = _asked(follows, scene, within, facts)
        closed = Closed(follows.label, tuple(_entry(each, _fails(each, follows, scene)) for each in asked))
        label = follows.label.replace("_", " ") if is_rounds else follows.label
        stages.append(Opened(label, _groups(team, follows.label, asked, spent)))
        log.append(rounds.decided(closed, scene, facts) if is_rounds else closed)
        spent += sum(each.messages for each in asked)
        if stop := _stop_of(follows, asked) or stop_after(log[-1]):
            return Rehearsal(team, facts, tuple(stages), stop, None)
    history = history_of(log) if is_rounds else []
    end = rounds.ended(follows, team, log, facts) if is_rounds and isinstance(follows, Finish) else follows
    return Rehearsal(team, facts, tuple(stages), end, _written(end, length, name), tuple(history))


def at_most(team: Team, facts: Mapping[str, Any]) -> int:
    """Return how many calls no single run can exceed: as many steps as allowed, all repairs, all replans."""
    return simulate(team, facts, "fullest").with_repairs


def ends_of(team: Team, facts: Mapping[str, Any]) -> str | None:
    """Return the stop reason of a run in which what may fail fails; None where it ends all the same."""
    end = simulate(team, facts, "failing").end
    return end.reason if isinstance(end, Stop) else None


def rounds_needed(team: Team, facts: Mapping[str, Any]) -> int | None:
    """Return how many rounds the shortest course takes where `max_rounds` cuts it off, else None."""
    unlimited = team.budget.model_copy(update={"max_rounds": MOST_ROUNDS})
    free = simulate(team.model_copy(update={"budget": unlimited}), facts)
    is_cut = free.latency > simulate(team, facts).latency and isinstance(free.end, Finish)
    return len(free.stages) if is_cut else None


def _within(team: Team, facts: Mapping[str, Any], course: CourseName, length: int, name: str) -> Within:
    """Return the courses of the teams that answer for roles; each is the same whenever it is asked."""
    inner = {role: team.roles[role].team for role in team.sequence}
    of_inner: CourseName = "shortest" if course == "failing" else course
    return {
        role: simulate(each, facts_of(each, facts), of_inner, length, f"{name}{role}/")
        for role, each in inner.items()
        if each
    }


def facts_of(inner: Team, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the facts that a team within works on: its own, or those of the run."""
    return (inner.own_facts or {}) if inner.has_facts else facts


def _asked(stage: Stage, scene: Scene, within: Within, facts: Mapping[str, Any]) -> list[RehearsedSeat]:
    if PATTERNS[scene.team.pattern].is_rounds:
        return [*map(RehearsedSeat, stage.tasks, rounds.contributions_to(stage, scene, facts))]
    return [RehearsedSeat(task, *_reply(task, scene, within)) for task in stage.tasks]


def _reply(task: Task, scene: Scene, within: Within) -> tuple[Answer | None, Rehearsal | None]:
    course = within.get(task.role)
    return (answer_to(task, scene), None) if course is None else (_answer_of(course), course)


def _answer_of(course: Rehearsal) -> Answer | None:
    """Return what a team answers with: its text, and its decision where it took one."""
    if isinstance(course.end, Stop):
        return None
    decided = {"decision": course.end.decision} if course.end.decision else {}
    text = course.end.answer if course.brief is None else course.brief
    return {"text": str(text)[:MAX_TEXT], **decided}


def _fails(asked: RehearsedSeat, stage: Stage, scene: Scene) -> bool:
    """Return whether the last step of a plan fails, so that the planner is asked again, on the fullest course."""
    is_last = asked.task is stage.tasks[-1] and asked.task.contract == "output"
    plans = sum(entry.contract == "plan" for closed in scene.log for entry in closed.entries)
    is_planned_again = "max_replans" in PATTERNS[scene.team.pattern].options and scene.course == "fullest"
    return is_planned_again and is_last and plans <= scene.team.options.max_replans


def _entry(asked: RehearsedSeat, fails: bool) -> Entry:
    task = asked.task
    answer = None if fails else asked.answer
    return Entry(task.seat, task.role, task.contract, answer, None if answer else _reason_of(asked))


def _reason_of(asked: RehearsedSeat) -> str:
    """Return why a seat has no answer: why the team within stopped, if one did."""
    end = asked.within.end if asked.within else None
    return end.reason if isinstance(end, Stop) else FAILED


def _stop_of(stage: Stage, asked: Sequence[RehearsedSeat]) -> Stop | None:
    """Return the stop that a team within brings about: one without an answer that its stage cannot bear."""
    lost = [each for each in asked if each.within and each.answer is None]
    borne = {"none": 0, "some": len(asked) - 1, "all": len(asked)}[stage.tolerance]
    if len(lost) <= borne and all(Stop.parse(_reason_of(each)).may_be_absent for each in lost):
        return None
    return Stop(_reason_of(lost[0]), stage.label)


def _groups(
    team: Team, label: str, asked: Sequence[RehearsedSeat], spent: int
) -> tuple[tuple[RehearsedSeat, ...], ...]:
    """Return the seats as they are asked together, by the function that grants them; all at once where none can be."""
    left, groups = list(asked), list[tuple[RehearsedSeat, ...]]()
    while left and any(each.within for each in left):
        granted = _granted(team, label, left, spent)
        if not granted:
            return (tuple(asked),)
        groups.append(tuple(left[:granted]))
        spent += sum(each.messages for each in left[:granted])
        left = left[granted:]
    return (*groups, tuple(left)) if left else tuple(groups)


def _granted(team: Team, label: str, asked: Sequence[RehearsedSeat], spent: int) -> int:
    access, used = Access(frozenset(team.roles), frozenset(team.roles)), Spent(messages=spent)
    held: dict[str, Reservation] = {
        each.task.seat: reserve_team(each.within.team.budget, Charge(), team.budget, used)
        for each in asked
        if each.within
    }
    seats = [Seat(each.task.role, label=each.task.seat) for each in asked]
    return len(plan_wave(seats, label, access, team.budget, used, team.max_repairs, held).asks)


def _written(end: Next, length: int, name: str) -> str | None:
    is_written = isinstance(end, Finish) and end.answer is None
    return f"Brief of {name}the team.".ljust(min(length, MAX_TEXT), ".") if is_written else None
