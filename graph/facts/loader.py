"""Facts of a run that brings none: all sources of its team are asked at once, and merged in their order."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from graph.facts.settings import load_fact_settings
from graph.facts.source import Raw, Reading, SourceError
from graph.facts.table import are_local, kind_of, names_of
from graph.settings import Settings
from nodes.fetched import Failed, Fetched
from nodes.provenance import facts_of_team, source_told
from policies.language import say, say_count
from policies.paths import MISSING, keys_of, path_of, put_under, value_at
from policies.plain import find_unplain
from policies.team.ages import find_age_fault, read_time
from policies.team.expecting import Unexpected, find_unexpected
from policies.team.mismatch import kind_in_words
from policies.team.privacy import withhold
from policies.team.provenance import Gathered
from policies.team.sources import Source
from policies.team.team import Team

Plain = dict[str, Any]
Read = Callable[[Source, Reading], Awaitable[Raw]]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of asking a source: its data as it goes into the facts, or None, and why it is not as expected."""

    data: Plain | None
    as_of: datetime | None = None
    cause: str | None = None
    lacks: tuple[str, ...] = ()
    """The paths of the facts that it was to give, and did not."""


async def load_facts(team: Team, reading: Reading) -> Fetched:
    """Return the facts of a run that brings none, and which sources failed."""
    if not team.sources:
        return _of_team_file(team, reading)
    return await load_sources(team.sources, team.private, reading)


async def ask_nobody(team: Team) -> Fetched:
    """Refuse to load facts: the team is only drawn, or its record only added to."""
    raise AssertionError(team.name)


def loader_for(settings: Settings, is_served: bool = False) -> Callable[[Team], Awaitable[Fetched]]:
    """Return what loads the facts of a run that brings none, from the sources that the settings allow.

    Where it `is_served` to others, a source that failed is called by its name, and its place is left out.

    Raises:
        UsageError: `accord.toml` cannot be read, or has what is not allowed; every problem.
    """
    return partial(load_facts, reading=Reading(load_fact_settings(settings), is_served=is_served))


async def read_source(source: Source, reading: Reading) -> Raw:
    """Return what a source gives.

    Raises:
        SourceError: it gives nothing, or nothing of use.
    """
    return await kind_of(source).read(source, reading)


async def load_sources(
    sources: Sequence[Source], private: Sequence[str], reading: Reading, read: Read = read_source
) -> Fetched:
    """Return the facts that sources give, all asked at once, and which of them failed; `read` reads each."""
    names = names_of(sources)
    asked = zip(names, sources, strict=True)
    answers = await asyncio.gather(*(_ask(*each, private, reading, read) for each in asked))
    return _fetched(private, [*zip(names, sources, answers, strict=True)], _written(reading.now()))


def facts_at_hand(sources: Iterable[Source], is_served: bool = False) -> Plain | None:
    """Return the facts of local sources as they are now, nothing withheld; None where one has to be asked.

    What `is_served` means is said at `loader_for`.

    Raises:
        SourceError: a source cannot be read, or gives nothing of use.
    """
    known = [*sources]
    if not are_local(known):
        return None
    gathered = Gathered()
    for name, each in zip(names_of(known), known, strict=True):
        at_hand = kind_of(each).at_hand
        gathered = gathered.plus({}, _put(name, each, at_hand(each, name if is_served else None)) if at_hand else None)
    return gathered.facts


def _of_team_file(team: Team, reading: Reading) -> Fetched:
    if team.own_facts is None:
        told = say("the team `{name}` has no facts; give them with the run", name=team.name)
        return Fetched({}, failed=(Failed("team", told),))
    gathered = facts_of_team(withhold(team.own_facts, team.private), _written(reading.now()))
    return Fetched(gathered.facts, tuple(gathered.placed))


async def _ask(name: str, source: Source, private: Sequence[str], reading: Reading, read: Read) -> _Answer:
    try:
        raw = await read(source, reading)
        facts = _put(name, source, raw)
    except SourceError as error:
        return _Answer(None, cause=str(error), lacks=source.required)
    found = find_unexpected(source.expected, facts, private)
    wrong = [each for each in found if not each.is_missing]
    time = raw.as_of if source.as_of is None else read_time(value_at(_path_of_time(source), facts))
    fault = _in_words(name, wrong) or _fault_of_age(name, source, time, reading.now())
    as_of = None if isinstance(time, str) else time
    if fault:
        return _Answer(None, as_of, fault, source.required)
    return _Answer(facts, as_of, _in_words(name, found), tuple(each.path for each in found))


def _path_of_time(source: Source) -> str:
    return path_of((*source.above, *keys_of(source.as_of or "")))


def _fault_of_age(name: str, source: Source, time: datetime | str | None, now: datetime) -> str | None:
    if isinstance(time, str):
        return f"{name}: {say('`{path}` {found}', path=_path_of_time(source), found=time)}"
    fault = find_age_fault(source.max_age, time, now)
    return fault and f"`{name}` {fault}"


def _in_words(name: str, found: Sequence[Unexpected]) -> str | None:
    """Return the first problem of a source, and how many more there are; None where there is none."""
    if len(found) < 2:
        return f"{name}: {found[0].told}" if found else None
    more = say_count("and {number} more is not as expected", "and {number} more are not as expected", len(found) - 1)
    return f"{name}: {say('{first}; {second}', first=found[0].told, second=more)}"


def _put(name: str, source: Source, raw: Raw) -> Plain:
    """Return what a source that was read gives to the facts.

    Raises:
        SourceError: it gives nothing of use.
    """
    data = raw.value if source.select is None else value_at(source.select, raw.value)
    if data is MISSING:
        raise SourceError(f"{name}: {say('has nothing at `{path}`', path=source.select)}")
    facts = put_under(source.above, data)
    if not isinstance(facts, dict):
        told = say(
            "its data is {kind}; allowed: an object, or name with `into` where it goes", kind=kind_in_words(data)
        )
        raise SourceError(f"{name}: {told}")
    fault = find_unplain(facts)
    if fault:
        raise SourceError(f"{name}: {fault}")
    return facts


def _fetched(private: Sequence[str], answered: Sequence[tuple[str, Source, _Answer]], at: str) -> Fetched:
    gathered, failed = Gathered(), []
    for name, source, answer in answered:
        data = None if answer.data is None else withhold(answer.data, private)
        merged = gathered.plus({}, data)
        too_much = find_unplain(merged.facts) or merged.fault
        data, cause = (None, f"{name}: {too_much}") if too_much else (data, answer.cause)
        as_of = None if answer.as_of is None else _written(answer.as_of)
        told = source_told(name, kind_of(source).word, at, data, as_of, cause)
        gathered = gathered.plus(told, data)
        failed += [Failed(name, cause, source.required if too_much else answer.lacks)] if cause else []
    return Fetched(gathered.facts, tuple(gathered.placed), tuple(failed))


def _written(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")
