"""What a server runs: the thread that a request is about, its team, and the graph of that team."""

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Self

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from graph.build import RECURSION_LIMIT, Door, build_graph
from graph.driver import kept_team
from graph.facts.loader import facts_at_hand, loader_for
from graph.languages.catalogue import language_of, speak_as
from graph.past import Past
from graph.problems import UsageError
from graph.settings import Settings, load_settings
from graph.store.cancels import Cancels
from graph.store.database import served_database
from graph.store.halts import build_look
from graph.store.index import note_served
from graph.store.traces import Traced, note_trace
from graph.teams.approval import approved
from graph.teams.examples import examples
from graph.teams.forms import Configuration, configuration_of, input_of
from graph.teams.offered import load_offered, names_of
from graph.teams.voicing import check_voices, voiced
from graph.threads import Threads
from graph.tracing import config_of, serve_tracing
from graph.versions import installed_versions
from graph.voices import build_voices
from nodes.services import InputRefusedError, Services
from policies.language import phrase, say, speaking
from policies.plain import shown
from policies.run.stop import Stop
from policies.team.privacy import withhold
from policies.team.team import PatternName, Team
from policies.wording import allowed_by

GRAPHS_KEPT = 64
BUSY = phrase("busy: somebody else works on this thread; try again when they are done")


_MAKING = threading.Lock()
"""Held where what the process has once is made: several threads may ask for it at once."""


def _process() -> tuple[Settings, Services]:
    """Return what all runs of this process share, made at the first one."""
    with _MAKING:
        return _made()


@cache
def _made() -> tuple[Settings, Services]:
    settings = load_settings()
    told = serve_tracing(settings)
    return settings, Services(
        build_voices(settings),
        loader_for(settings, is_served=True),
        versions=installed_versions(),
        note_thread=note_served,
        annotate=told,
        look=build_look(),
    )


@cache
def served_threads() -> Threads:
    """Return the threads of the database that the server of this process has opened."""
    return Threads(served_database(), _process()[0].database)


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread as the server has it: what it keeps, the id of its newest checkpoint, and those of what waits there.

    All are empty for a new one.
    """

    past: Past
    newest: str | None = None
    interrupts: tuple[str, ...] = ()

    @classmethod
    async def read(cls, thread: str | None) -> Self:
        """Return a thread of the database that the server has opened.

        Raises:
            UsageError: it was purged, or cannot be read.
        """
        if thread is None:
            return cls(Past())
        threads = await asyncio.to_thread(served_threads)
        await threads.tombstones.refuse(thread)
        newest, interrupts = await threads.newest_checkpoint(thread), await threads.interrupts(thread)
        return cls(await past_of(thread), newest, tuple(interrupts))

    @property
    def team(self) -> Team | None:
        """The team that the thread is pinned to, without the goal, which the thread keeps; None before it begins."""
        return kept_team(self.past).model_copy(update={"goal": "-"}) if self.past.case else None

    @property
    def is_over(self) -> bool:
        """Whether the thread has ended for good: nothing resumes it."""
        reason = self.past.stop_reason
        return reason is not None and not Stop.parse(reason).rule.is_resumable

    def refuse_rewriting(self, configurable: Mapping[str, Any]) -> None:
        """Refuse to run a thread from an earlier checkpoint: what came after it would be lost from the record.

        Clients name the newest one, too; that is where a thread continues anyhow.

        Raises:
            InputRefusedError: the thread has begun, and the configuration names another checkpoint than its newest.
        """
        named = [configurable.get("checkpoint_id"), *(configurable.get("checkpoint_map") or {}).values()]
        if self.past.case and any(each not in (None, self.newest) for each in named):
            told = say(
                "what a thread has recorded never changes: it continues from its newest state, not from an earlier "
                "checkpoint; begin a new thread with another goal, other facts or another budget"
            )
            raise InputRefusedError(told)


async def is_held(thread: str) -> bool:
    """Return whether somebody works on a thread, this server included."""
    threads = await asyncio.to_thread(served_threads)
    return await threads.is_held(thread)


async def hold_on(thread: str) -> Mapping[str, Any] | None:
    """Return who holds the record of a thread, as the thread says, or where it cannot be read, the index."""
    try:
        return (await past_of(thread)).hold
    except UsageError:
        threads = await asyncio.to_thread(served_threads)
        return (await threads.index.entry(thread) or {}).get("held")


async def past_of(thread: str) -> Past:
    """Return what a thread of the database that the server has opened keeps.

    Raises:
        StorageError: it cannot be read.
    """
    threads = await asyncio.to_thread(served_threads)
    return Past.of(await threads.state(thread) or {})


async def begin(thread: str | None) -> Thread:
    """Begin a request: return its thread, and speak the language of that thread's team from now on; English for none.

    Raises:
        StorageError: it cannot be read.
    """
    speak_as(None)
    found = await Thread.read(thread)
    speak_as(found.past.language)
    return found


async def speak_of(thread: str | None) -> None:
    """Speak the language of a thread's team from now on, where the thread can be read."""
    with suppress(UsageError):
        await begin(thread)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what is wrong with a request into an error whose sentence the server passes on."""
    try:
        yield
    except UsageError as error:
        raise InputRefusedError(str(error)) from None


async def compiled_for(pattern: PatternName, configurable: Mapping[str, Any], own: Team | None) -> Any:
    """Return the graph of the team that a run is of, with the form and the configuration that clients see.

    Raises:
        UsageError: as `team_for`.
    """
    # In a thread: in its event loop the server refuses to read files.
    team = await asyncio.to_thread(team_for, pattern, configurable, own)
    facts = None
    with (
        speaking(language_of(team.language)),
        suppress(UsageError),
    ):  # convene asks for them again, and ends the run where they cannot be had
        facts = await own_facts(team)
    return await compiled_to_read(team, facts, configurable.get("team"))


async def compiled_to_read(team: Team, facts: Mapping[str, Any] | None = None, named: str | None = None) -> Any:
    """Return the graph of a team, also of one that could not speak here; its form shows these facts.

    `named` is how the team was asked for: its configuration lists it besides those that are open to all.
    """
    return await asyncio.to_thread(_compiled, team.model_dump_json(), json.dumps(facts), named or None)


async def note_traced(thread: str | None, configurable: Mapping[str, Any]) -> None:
    """Note under which id the server traces a run of a thread, where it traces any."""
    settings, _ = await asyncio.to_thread(_process)
    run = configurable.get("run_id")
    if settings.langsmith_tracing and run and thread is not None:
        await note_trace(served_database().store, thread, Traced(str(run), settings.langsmith_project))


async def note_resumed(thread: str | None) -> None:
    """Take the cancel of a thread back: somebody runs it."""
    if thread is not None:
        await Cancels(served_database().store).drop(thread)


async def own_facts(team: Team) -> dict[str, Any] | None:
    """Return the facts that a team has at hand, the private ones withheld; None where it has none.

    Raises:
        UsageError: its sources have none of use.
    """
    try:
        found = await asyncio.to_thread(facts_at_hand, team.sources, is_served=True) if team.sources else team.own_facts
    except UsageError as error:
        raise UsageError(
            say("the facts of the team `{name}` cannot be read: {why}", name=team.name, why=error)
        ) from None
    return None if found is None else withhold(found, team.private)


@lru_cache(maxsize=GRAPHS_KEPT)
def _compiled(written: str, facts: str, named: str | None) -> Any:
    """Return the graph of a team, whose form shows these facts; both as JSON."""
    team = Team.model_validate_json(written)
    settings, services = _process()
    names = sorted({*names_of(settings, team.pattern), *([named] if named else [])})
    with speaking(language_of(team.language)):
        door = Door(input_of(team, json.loads(facts)), configuration_of(names, examples()[team.pattern]))
    graph = build_graph(team, services, door=door).compile(name=team.name)
    return graph.with_config(recursion_limit=RECURSION_LIMIT, **config_of(team))


def team_for(
    pattern: PatternName, configurable: Mapping[str, Any], own: Team | None, tenant: str | None = None
) -> Team:
    """Return the team that a run is of: the one named, else the thread's own, else the pattern's example.

    The sentence on an unknown name is as `load_offered` has it.

    Raises:
        UsageError: no such team is offered, it works by another pattern, has problems, or cannot speak here.
    """
    settings, services = _process()
    choice = _choice(configurable)
    if choice.team is None and own is not None:
        with speaking(language_of(own.language)):
            check_voices(own, has_key="model" in services.voices, own=services.voices)
            return _of_pattern(own, pattern)
    overrides = {"budget": choice.budget} if choice.budget else {}
    team = load_offered(settings, choice.team or examples()[pattern], overrides, tenant=tenant)
    with speaking(language_of(team.language)):
        return approved(voiced(_of_pattern(team, pattern), settings, choice.voice))


def _of_pattern(team: Team, pattern: PatternName) -> Team:
    if team.pattern != pattern:
        told = phrase("the team `{name}` works by `{pattern}`; run it on the graph `{pattern}`")
        raise UsageError(say(told, name=team.name, pattern=team.pattern))
    return team


def _choice(configurable: Mapping[str, Any]) -> Configuration:
    """Return what a run is configured with.

    Raises:
        UsageError: an entry has a value of a type that is not allowed.
    """
    named = {name: configurable[name] for name in Configuration.model_fields if name in configurable}
    try:
        return Configuration.model_validate(named)
    except ValidationError as error:
        raise UsageError(*(_problem(each) for each in error.errors(include_url=False))) from None


def _problem(detail: ErrorDetails) -> str:
    told = {"field": detail["loc"][0], "allowed": allowed_by(detail) or detail["msg"], "value": shown(detail["input"])}
    return say("`{field}` must be {allowed}; got {value}", **told)
