"""Admitting: on whose behalf a team is put to work and with what, before anything of it is stored."""

from typing import Any

from graph.driver import Inputs
from graph.facts.brought import Brought
from graph.problems import UsageError
from graph.teams.limiting import refuse_foreign
from graph.threads import Threads
from policies.access.caller import LOCAL
from policies.access.names import find_misnamed
from policies.access.owners import owned_by
from policies.language import phrase, say
from policies.run.budgets import change_budget
from policies.team.privacy import withhold
from policies.team.team import Budget, Team


async def tenant_for(threads: Threads, thread: str, team: Team, tenant: str | None) -> str:
    """Return whose a thread is, or is to be where it is new: the tenant's that is named, else the command line's own.

    Raises:
        UsageError: the thread is another tenant's, no tenant may be called so, or the team is limited to others.
    """
    found = await check_owned(threads, thread, tenant) or tenant or LOCAL
    misnamed = find_misnamed(found)
    if misnamed:
        raise UsageError(say("the tenant {problem}", problem=misnamed))
    refuse_foreign(team, found)
    return found


async def check_owned(threads: Threads, thread: str, tenant: str | None) -> str | None:
    """Return whose a thread is, None where it is nobody's; refuse another tenant's where one is named.

    Raises:
        UsageError: the thread belongs to another tenant.
    """
    owner = await threads.claims.holder(thread)
    if tenant is not None and owner not in (None, tenant):
        told = phrase("the thread `{name}` is not one of the tenant `{tenant}`; choose another id")
        raise UsageError(say(told, name=thread, tenant=tenant))
    return owner


def inputs_of(team: Team, brought: Brought, tenant: str, now: str) -> Inputs:
    """Return what a run of a team begins with, its private facts withheld."""
    facts = withheld(team.own_facts if brought.facts is None else brought.facts, team)
    given: Inputs = {"goal": team.goal, "facts": facts, "accept_changes": False}
    return given | brought.inputs(facts, now) | owned_by(tenant)


def withheld(facts: dict[str, Any] | None, team: Team) -> dict[str, Any] | None:
    """Return facts without those that the team withholds; None where there are none."""
    return None if facts is None else withhold(facts, team.private)


def limits_from(budget: Budget, inputs: Inputs) -> Budget:
    """Return the limits that a thread is to continue with.

    Raises:
        UsageError: one is unknown, or its value is not allowed.
    """
    try:
        return change_budget(budget, inputs["budget"])
    except ValueError as error:
        raise UsageError(str(error)) from None
