"""Driving: a thread's graph taken as far as it goes, with an input, with what somebody answered, or as it is."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.errors import GraphDrained
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import RunControl
from langgraph.types import Command
from pydantic import ValidationError

from graph.build import Door, build_graph, run_config
from graph.live import Listeners, OnEvent, placed, running
from graph.past import Past
from graph.problems import UsageError
from graph.record import Record
from graph.scores import scores_of
from graph.store.database import Database
from graph.teams.voicing import check_voices
from graph.threads import Threads
from graph.tracing import Tracing
from nodes import human
from nodes.border import unused_messages
from nodes.recovery import Dead, recover
from nodes.services import Services
from nodes.stages import Stages
from nodes.state import RunInput, State
from policies.access.caller import LOCAL
from policies.language import say
from policies.people.question import is_expired
from policies.team.team import Budget, Team, pinned

GRAPHS_KEPT = 64
RESUME = "__resume__"
"""Under this name LangGraph keeps an answer that was given, until the step that takes it is done."""

Inputs = dict[str, Any]
Compiled = CompiledStateGraph[Any, Any, Any, Any]


class DrainedError(Exception):
    """A run was asked to end at its next checkpoint, and is there; it continues from it when it is resumed."""


class Driver:
    """Drives the threads of one database, each while it is held."""

    def __init__(self, database: Database, services: Services, threads: Threads, tracing: Tracing) -> None:
        self._database, self.services, self.threads, self._tracing = database, services, threads, tracing
        self._compiled = lru_cache(maxsize=GRAPHS_KEPT)(self._compile)
        self.live = Listeners()
        self._controls: dict[str, RunControl] = {}
        self._is_draining = False

    def drain(self, thread: str | None = None) -> None:
        """Have a thread's run end at its next checkpoint; without one all runs, and no other begins."""
        self._is_draining |= thread is None
        for control in self._controls.values() if thread is None else [*filter(None, [self._controls.get(thread)])]:
            control.request_drain()

    async def drive(
        self,
        thread: str,
        team: Team,
        inputs: Inputs | Command[Any] | None,
        on_event: OnEvent | None,
        identity: str | None = None,
    ) -> Record:
        """Take a thread as far as it goes and note its result; `identity` is who is known to answer.

        Raises:
            DrainedError: it was asked to end before; a thread that waits for people by then is at rest all the same.
        """
        if self._is_draining:
            raise DrainedError(thread)
        graph, config = self.graph(team), await self.config(thread, team, identity)
        tell = self.live.told(thread, on_event)
        async with self._tracing.running(team, thread, self._database.store) as trace:
            told = {**config["metadata"], **trace.config.get("metadata", {})}
            traced: RunnableConfig = {**config, **trace.config, "metadata": told}
            is_drained = await self._stream(thread, team, inputs, traced, tell)
            state = (await graph.aget_state(config)).values
            if is_drained and not Past.of(state).waiting:
                raise DrainedError(thread)
            if is_drained:
                await self.ask(thread, team, state)
            record = await self.threads.note(thread, state) or {}
            trace.scores = scores_of(record)
        for each in record.get("waiting", ()):
            tell({"event": "people", **{key: each[key] for key in ("kind", "asked", "answered", "expires_at")}})
        return record

    async def _stream(self, thread: str, team: Team, inputs: Any, config: Any, tell: OnEvent) -> bool:
        """Run the graph, reporting its events; return whether it ended because it was asked to."""
        is_nested = any(role.team is not None for role in team.roles.values())
        control = self._controls[thread] = RunControl()
        try:
            async for part in self.graph(team).astream(
                inputs, config, stream_mode="custom", durability="sync", subgraphs=is_nested, control=control
            ):
                tell(placed(part) if is_nested else part)
        except GraphDrained:
            return True
        finally:
            del self._controls[thread]
        return False

    async def give(
        self, thread: str, team: Team, said: Inputs, on_event: OnEvent | None, identity: str | None = None
    ) -> Record:
        """Continue a thread with what somebody answered, by the one interrupt that it has."""
        found = await self._interrupts(thread, team)
        if not found:  # its process died before it could ask
            record = await self.drive(thread, team, None, on_event)
            found = await self._interrupts(thread, team)
            if not found:  # the time to answer was over by then
                return record
        return await self.drive(thread, team, Command(resume={found[-1]: said}), on_event, identity)

    async def ask(self, thread: str, team: Team, state: Mapping[str, Any]) -> None:
        """Ask what waits for people by an interrupt, where the run ended just before; readers of the graph see those.

        What expired by now is left to whoever continues the thread: nobody is asked that any more.
        """
        config = await self.config(thread, team)
        saved, now = await self.graph(team).aget_state(config), self.services.now()
        is_late = any(is_expired(question, now) for question in Past.of(state).waiting)
        if saved.next == (human.NODE,) and not saved.interrupts and not is_late:
            await self._stream(thread, team, None, config, self.live.told(thread, None))

    async def _interrupts(self, thread: str, team: Team) -> list[str]:
        saved = await self.graph(team).aget_state(await self.config(thread, team))
        return [each.id for task in saved.tasks for each in task.interrupts]

    async def without_due(self, thread: str, past: Past, on_event: OnEvent | None) -> Past:
        """Return what a thread keeps once that is settled which is due: what expired, and what was given and not taken.

        An answer is given and not taken where its process died in between.

        Raises:
            UsageError: the thread was changed, or nobody can speak for a role.
        """
        while past.waiting:
            is_late = any(is_expired(question, self.services.now()) for question in past.waiting)
            if not is_late and not await self.is_given(thread, past):
                break
            team = kept_team(past)
            self.check_voices(team, past.budget)
            await self.threads.go_on(thread)
            await self.drive(thread, team, None, on_event)
            past = Past.of(await self.threads.begun(thread))
        return past

    async def is_given(self, thread: str, past: Past) -> bool:
        """Return whether an answer was given to a thread that nothing has taken yet."""
        if past.given is not None:
            return True
        saved = await self._database.saver.aget_tuple({"configurable": {"thread_id": thread}})
        return saved is not None and any(channel == RESUME for _, channel, _ in saved.pending_writes or ())

    async def recover(self, thread: str, past: Past, limits: Budget, on_event: OnEvent | None) -> bool:
        """Charge the calls that were under way when a process died; return whether the run ends over that."""
        team, store = kept_team(past), self._database.store
        dead = Dead(thread, cast("State", past.state), await self.threads.replies_since(thread), limits)
        recovery = await recover(dead, team, Stages(team), store, self.services.now())
        if recovery is None:
            return False
        config = await self.config(thread, team)
        await self.graph(team).aupdate_state(config, recovery.update, recovery.as_node)
        if on_event is not None:
            on_event({"event": "recovered", "calls": recovery.lost})
        return recovery.reason is not None

    async def config(self, thread: str, team: Team, identity: str | None = None) -> RunnableConfig:
        """Return the configuration of a run of a team on a thread, with the tenant whose it is, and who answers."""
        config = run_config(thread, team.name, await self.threads.owner(thread) or LOCAL)
        known = {human.IDENTITY: {"identity": identity, "is_authenticated": True}} if identity else {}
        return {**config, "configurable": {**config["configurable"], **known}}

    def graph(self, team: Team) -> Compiled:
        """Return the compiled graph; the case comes as input, so threads of one team share it."""
        graph: Compiled = self._compiled(json.dumps({**pinned(team), "goal": "-"}))
        return graph

    def _compile(self, team: str) -> Compiled:
        builder = build_graph(Team.model_validate_json(team), self.services, door=Door(RunInput))
        return builder.compile(checkpointer=self._database.saver, store=self._database.store)

    def check_voices(self, team: Team, limits: Budget) -> None:
        """Check that the thread's team can speak in this process, under the limits it is to continue with.

        Raises:
            UsageError: nobody can speak for a role: no key is set.
        """
        voices = self.services.voices
        check_voices(team.model_copy(update={"budget": limits}), has_key="model" in voices, own=voices)


def tell(on_event: OnEvent | None, team: Team, limits: Budget, past: Past) -> None:
    """Report to whoever follows the run which team works, under which limits, and what was used before."""
    if on_event is not None:
        used = past.spent.get("messages", 0) - unused_messages(past.state)
        on_event(running(team, limits, used, past.usage))


def kept_team(past: Past) -> Team:
    """Return the team that a thread is pinned to.

    Raises:
        UsageError: its form is that of another version.
    """
    return team_from(past.case["team"], past.case["goal"])


def team_from(kept: Mapping[str, Any], goal: str) -> Team:
    """Return a team as a thread keeps it, with a goal.

    Raises:
        UsageError: its form is that of another version.
    """
    try:
        return Team.model_validate({**kept, "goal": goal}, strict=False)
    except ValidationError:
        raise UsageError(say("this thread is of another version of Accord: it can be shown, not continued")) from None
