"""The runner: starts, continues and reads threads, one holder each. Behind the command line and the batch."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from graph.admitting import inputs_of, limits_from, tenant_for, withheld
from graph.driver import Driver, Inputs, kept_team, team_from, tell
from graph.facts.brought import OF_THE_TEAM, Brought
from graph.facts.refreshing import compared, refreshed
from graph.languages.catalogue import language_of
from graph.live import OnEvent
from graph.moves import find_move, move_in_words, way_on
from graph.past import Past
from graph.problems import UsageError
from graph.record import Record, record_of, refused_record
from graph.store.cancels import Cancels
from graph.store.database import Database
from graph.store.fences import TAKEN, FencedError
from graph.store.location import storage_errors
from graph.store.locks import ThreadBusyError
from graph.store.names import check_new_thread, check_thread, new_thread
from graph.teams.approval import approved
from graph.teams.limiting import refuse_foreign
from graph.threads import Threads, blaming, refuse_broken
from graph.tracing import Tracing
from nodes.agreement import find_disagreement
from nodes.events import began_with
from nodes.services import InputRefusedError, Services
from nodes.stages import Stages
from nodes.state import State
from nodes.taking import Taking, with_question
from policies.access.owners import tenant_of
from policies.language import say, speaking
from policies.run.budgets import change_budget
from policies.run.resumption import Resumption, resumption_of
from policies.run.stop import stop_reason
from policies.team.team import Team


class Runner:
    """Runs threads on one database, with one set of voices."""

    def __init__(
        self, database: Database, services: Services, location: str = "the database", tracing: Tracing | None = None
    ) -> None:
        self.database, self._services, self._location = database, services, location
        self._tracing = tracing or Tracing()
        self.threads, self.cancels = Threads(database, location), Cancels(database.store)
        self._driver = Driver(database, services, self.threads, self._tracing)
        self.live = self._driver.live

    def now(self) -> str:
        """Return the time now in UTC, ISO 8601 with milliseconds, as the threads' events have it."""
        return self._services.now()

    def drain(self, thread: str | None = None) -> None:
        """Have a thread's run end at its next checkpoint, with DrainedError; without one all runs, and none begins."""
        self._driver.drain(thread)

    def check_voices(self, team: Team) -> None:
        """Refuse, with a UsageError, a team for a role of which nobody can speak in this process."""
        self._driver.check_voices(team, team.budget)

    async def admit(self, thread: str, team: Team, brought: Brought = OF_THE_TEAM, tenant: str | None = None) -> None:
        """Note a new thread of a tenant with all that is needed to run it; `resume` begins it.

        Raises:
            UsageError: the thread's id is not allowed, or is another tenant's, or the team is limited to other tenants.
            StorageError: the database failed.
        """
        with storage_errors(self._location):
            found = await tenant_for(self.threads, check_new_thread(thread), team, tenant)
            async with self.database.fences.hold(thread):
                await self.threads.index.admit(thread, team, inputs_of(team, brought, found, self.now()), found)

    async def run(
        self,
        team: Team,
        thread: str | None = None,
        accept_changes: bool = False,
        on_event: OnEvent | None = None,
        brought: Brought = OF_THE_TEAM,
        tenant: str | None = None,
    ) -> Record:
        """Run the team to a decision, or resume the thread if it exists.

        Without `tenant`, a new thread is of the command line's own one; a thread that exists stays whose it is.

        Raises:
            UsageError: the thread's id is not allowed, or is another tenant's, or the team is limited to other tenants.
            StorageError: the database failed.
        """
        with speaking(language_of(team.language)):
            thread = check_new_thread(new_thread() if thread is None else thread)
            found = await tenant_for(self.threads, thread, team, tenant)
            inputs = inputs_of(team, brought, found, self.now()) | {"accept_changes": accept_changes}
            return await self._hold(thread, lambda: self._run(thread, team, inputs, on_event))

    async def resume(
        self,
        thread: str,
        budget: Mapping[str, Any] | None = None,
        facts: dict[str, Any] | None = None,
        accept_changes: bool = False,
        on_event: OnEvent | None = None,
        refresh: bool = False,
        is_promised: bool = False,
    ) -> Record:
        """Resume a thread where it was cut off, or where it stopped; a finished one returns its record.

        The cancel of its run is taken back, unless what was promised before is resumed now: that stops at once.

        With `refresh` the sources of its facts are asked again first, unless it is finished; facts that moved are
        accepted as any change is.

        Raises:
            UsageError: there is no such thread, the budget names an unknown limit or a value not allowed, nobody can
                speak for a role: no key is set, or the sources of its facts are not known or fail.
            StorageError: the database failed.
        """
        inputs: Inputs = {"budget": dict(budget or {}), "facts": facts, "accept_changes": accept_changes}
        return await self._open(thread, lambda: self._resume(thread, inputs, on_event, refresh, is_promised))

    async def _open(self, thread: str, work: Callable[[], Awaitable[Record]]) -> Record:
        """Return the result of the work on a thread that there is, in the language of its team."""
        with speaking(await self.threads.language(check_thread(thread))):
            return await self._hold(thread, work)

    async def _hold(self, thread: str, work: Callable[[], Awaitable[Record]]) -> Record:
        """Return the result of the work on a thread while it is held, or that somebody else has it."""
        with storage_errors(self._location), self._tracing.off():
            try:
                async with self.database.fences.hold(thread):
                    return await work()
            except FencedError:
                return refused_record(thread, stop_reason("busy"), say(TAKEN))
            except ThreadBusyError:
                return refused_record(thread, stop_reason("busy"))

    async def _run(self, thread: str, team: Team, inputs: Inputs, on_event: OnEvent | None) -> Record:
        state = await self.threads.state(thread)
        if state is None:
            await self.threads.index.admit(thread, team, inputs, tenant_of(inputs))
            tell(on_event, team, team.budget, Past())
            return await self._driver.drive(thread, team, inputs, on_event)
        await self.cancels.drop(thread)
        with blaming(thread, state):
            return await self._run_again(thread, team, Past.of(state), inputs, on_event)

    async def _run_again(self, thread: str, team: Team, past: Past, inputs: Inputs, on_event: OnEvent | None) -> Record:
        # What was raised on resume is kept, unless the team itself asks for other limits than at the start.
        limits = team.budget.model_dump()
        if team.budget == kept_team(past).budget:
            limits = {"min_go_votes": team.budget.min_go_votes}
        given = inputs | {"budget": limits} | await compared(past, team, self._services.load_facts)
        return await self._go_on(thread, team, past, given, on_event)

    async def _resume(
        self, thread: str, inputs: Inputs, on_event: OnEvent | None, refresh: bool, is_promised: bool
    ) -> Record:
        if not is_promised:
            await self.cancels.drop(thread)
        state = await self.threads.state(thread)
        if state is not None:
            with blaming(thread, state):
                past = Past.of(state)
                limits_from(past.budget, inputs)
                refuse_foreign(kept_team(past), past.tenant)
                inputs["facts"] = withheld(inputs["facts"], kept_team(past))
                if refresh:
                    inputs |= await refreshed(past, kept_team(past), self._services.load_facts)
                return await self._go_on(thread, kept_team(past), past, inputs, on_event)
        admitted = await self.threads.admitted(thread)
        team = team_from(admitted["team"], "-")
        refuse_foreign(team, tenant_of(admitted["inputs"]))
        inputs["facts"] = withheld(inputs["facts"], team)
        given = {key: value for key, value in inputs.items() if value}
        given |= {"sources": None} if "facts" in given else {}
        limits = limits_from(team.budget, inputs)
        self._driver.check_voices(team, limits)
        approved(team, limits)
        tell(on_event, team, limits, Past())
        return await self._driver.drive(thread, team, admitted["inputs"] | given, on_event)

    async def _go_on(self, thread: str, team: Team, past: Past, inputs: Inputs, on_event: OnEvent | None) -> Record:
        settled = await self._driver.without_due(thread, past, on_event)
        if settled is not past and not any(inputs.values()):
            return record_of(thread, settled.state)  # what expired ended the run: nobody asked to resume that
        past = settled
        limits = change_budget(past.budget, inputs["budget"] or {})
        moved = find_move(past, team, limits, inputs)
        goes_on = way_on(past, limits, moved, inputs)
        if goes_on.refused_as is not None:
            return refused_record(thread, goes_on.refused_as, move_in_words(moved, past, team, limits, inputs))
        if goes_on.way == "show":
            if past.waiting and find_disagreement(thread, past.state) is None:
                await self._driver.ask(thread, kept_team(past), past.state)
            return record_of(thread, past.state)
        refuse_broken(thread, past.state)
        team = team if moved else kept_team(past)
        self._driver.check_voices(team, limits)
        if inputs["budget"]:
            approved(team, limits, began_with(past.state))
        await self.threads.go_on(thread)
        tell(on_event, team, limits, past)
        if goes_on.charges_lost and await self._driver.recover(thread, past, limits, on_event):
            return await self._driver.drive(thread, kept_team(past), None, on_event)
        if goes_on.way == "enter":
            return await self._driver.drive(thread, team, inputs, on_event)
        return await self._continue(thread, team, inputs, goes_on, on_event)

    async def _continue(
        self, thread: str, team: Team, inputs: Inputs, goes_on: Resumption, on_event: OnEvent | None
    ) -> Record:
        try:
            record = await self._driver.drive(thread, team, None, on_event)
        except InputRefusedError:  # what a server's caller sent last is still waiting at convene; enter with ours
            return await self._driver.drive(thread, team, inputs, on_event)
        if goes_on.enters_after and resumption_of(record["stop_reason"]).way == "enter":
            await self.threads.go_on(thread)
            return await self._driver.drive(thread, team, inputs, on_event)
        return record

    async def answer(
        self,
        thread: str,
        said: Mapping[str, Any],
        on_event: OnEvent | None = None,
        identity: str | None = None,
        is_promised: bool = False,
    ) -> Record:
        """Answer what a thread asks people, as {question?, by, answer, because?, signature?}, and continue with it.

        `identity` is who the caller is known to be, which nobody says of themselves. A cancel that came too late for
        what asked is taken back, unless the answer was promised, which did so.

        Raises:
            UsageError: there is no such thread, it asks for no answer, or this one is refused, which changes nothing.
            StorageError: the database failed.
        """
        return await self._open(thread, lambda: self._answer(thread, dict(said), on_event, identity, is_promised))

    async def expire(self, thread: str, on_event: OnEvent | None = None) -> Record:
        """Settle the questions of a thread that nobody answered in time, and continue with it; return its record.

        Raises:
            UsageError: there is no such thread, or nobody can speak for a role.
            StorageError: the database failed.
        """
        return await self._open(thread, lambda: self._expire(thread, on_event))

    async def _answer(
        self, thread: str, said: dict[str, Any], on_event: OnEvent | None, identity: str | None, is_promised: bool
    ) -> Record:
        state = await self.threads.state(thread)
        if state is None:
            raise UsageError(say("the thread `{name}` has not begun, so nobody is asked yet", name=thread))
        with blaming(thread, state):
            refuse_broken(thread, state)
            team = kept_team(Past.of(state))
            said = with_question(said, cast("State", state), team)
            past = await self._driver.without_due(thread, Past.of(state), on_event)
            given = Taking(team, Stages(team)).take(cast("State", past.state), said, identity, self._services.now())
            if given.problem is not None:
                raise UsageError(given.problem)
            self._driver.check_voices(team, past.budget)
            if not is_promised:
                await self.cancels.drop(thread)
            await self.threads.go_on(thread)
            tell(on_event, team, past.budget, past)
            return await self._driver.give(thread, team, said, on_event, identity)

    async def _expire(self, thread: str, on_event: OnEvent | None) -> Record:
        past = await self._driver.without_due(thread, Past.of(await self.threads.begun(thread)), on_event)
        return record_of(thread, past.state)
