"""Resuming: whether a thread can be resumed with what is given, said before anything is promised."""

from collections.abc import Mapping
from typing import Any

from graph.admitting import limits_from, withheld
from graph.driver import kept_team, team_from
from graph.moves import find_move, move_in_words, way_on
from graph.problems import ConflictError, UsageError
from graph.record import Record
from graph.service.reading import Look, is_at_work, look_at
from graph.service.service import Service
from graph.teams.approval import approved
from graph.threads import blaming, refuse_broken
from nodes.events import began_with
from policies.language import phrase, say
from policies.plain import find_unplain
from policies.run.stop import Stop, stop_reason
from policies.team.team import Budget, Team

Given = dict[str, Any]


async def resumed(service: Service, thread: str, given: Mapping[str, Any], tenant: str) -> Record | None:
    """Promise to resume a thread with what `Runner.resume` takes; return its record where there is nothing to do.

    Private facts are withheld before they are promised.

    Raises:
        ConflictError: somebody works on it already, or what is given is not what it was started with.
        UsageError: there is no such thread, or what is given is not allowed.
        StorageError: the database failed.
    """
    look = await look_at(service, thread)
    if look.is_promised or await is_at_work(service, thread):
        raise ConflictError(Stop.parse(stop_reason("busy")).remedy(""))
    checked = await _checked(service, look, dict(given))
    if checked is None:
        return look.record
    await service.drives.resume(thread, checked, tenant)
    return None


async def _checked(service: Service, look: Look, given: Given) -> Given | None:
    fault = find_unplain(given.get("facts"), "facts")
    if fault:
        raise UsageError(fault)
    with blaming(look.thread, look.state):
        if look.past.events:
            return _continued(service, look, given)
        team = team_from((await service.runner.threads.admitted(look.thread))["team"], "-")
        limits = _limits(team.budget, given)
        approved(team, limits)
        service.runner.check_voices(team.model_copy(update={"budget": limits}))
        return _withheld(given, team)


def _continued(service: Service, look: Look, given: Given) -> Given | None:
    """Return what a thread that has begun is resumed with; None where it has ended, or waits and nothing moves it."""
    past, team = look.past, kept_team(look.past)
    given, limits = _withheld(given, team), _limits(look.past.budget, given)
    moved = None if given.get("refresh") else find_move(past, team, limits, given)
    way = way_on(past, limits, moved, given)
    if way.refused_as is not None:
        raise ConflictError(_refusal(way.refused_as, move_in_words(moved, past, team, limits, given)))
    if way.way == "show" and not (past.waiting and given.get("refresh")):
        return None
    refuse_broken(look.thread, look.state)
    service.runner.check_voices(team.model_copy(update={"budget": limits}))
    if given.get("budget"):
        approved(team, limits, began_with(past.state))
    return given


def _refusal(reason: str, moved: str | None) -> str:
    told = phrase("{sentence} {moved}; begin a new thread, or send `accept_changes` to one that has not finished")
    stop = Stop.parse(reason)
    return say(told, sentence=stop.rule.told(stop.detail), moved=moved or stop.detail)


def _limits(budget: Budget, given: Given) -> Budget:
    return limits_from(budget, {"budget": given.get("budget") or {}})


def _withheld(given: Given, team: Team) -> Given:
    return {**given, "facts": withheld(given.get("facts"), team)}
