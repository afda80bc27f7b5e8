"""Facts of a run that brings none: all sources of its team are asked at once, and merged in their order."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graph.facts.source import Raw, Reading, SourceError
from graph.facts.table import are_local, kind_of, names_of
from nodes.provenance import facts_of_team, source_told
from nodes.services import Failed, Fetched
from policies.language import say
from policies.paths import MISSING, value_at
from policies.plain import find_unplain
from policies.team.mismatch import kind_in_words
from policies.team.privacy import withhold
from policies.team.provenance import Gathered
from policies.team.sources import Source, placed_at
from policies.team.team import Team, missing_facts

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of asking a source: its data as it goes into the facts, or None, and why it is not as expected."""

    data: Plain | None
    as_of: datetime | None = None
    cause: str | None = None


async def load_facts(team: Team, reading: Reading | None = None) -> Fetched:
    """Return the facts of a run that brings none, and which sources failed."""
    using = reading or Reading()
    if not team.sources:
        return _of_team_file(team, using)
    answers = await asyncio.gather(*(_ask(each, using) for each in team.sources))
    return _fetched(team, answers, _written(using.now()))


def facts_at_hand(sources: Iterable[Source]) -> Plain | None:
    """Return the facts of local sources as they are now, nothing withheld; None where one has to be asked.

    Raises:
        SourceError: a source cannot be read, or gives nothing of use.
    """
    known = [*sources]
    if not are_local(known):
        return None
    gathered = Gathered()
    for each in known:
        at_hand = kind_of(each).at_hand
        answer = _answer(each, at_hand(each)) if at_hand else _Answer(None)
        gathered = gathered.plus({}, answer.data)
    return gathered.facts


def _of_team_file(team: Team, reading: Reading) -> Fetched:
    if team.own_facts is None:
        told = say("the team `{name}` has no facts; give them with the run", name=team.name)
        return Fetched({}, failed=(Failed("team", told),))
    gathered = facts_of_team(withhold(team.own_facts, team.private), _written(reading.now()))
    return Fetched(gathered.facts, tuple(gathered.placed))


async def _ask(source: Source, reading: Reading) -> _Answer:
    try:
        return _answer(source, await kind_of(source).read(source, reading))
    except SourceError as error:
        return _Answer(None, cause=str(error))


def _answer(source: Source, raw: Raw) -> _Answer:
    """Return what a source that was read gives to the facts.

    Raises:
        SourceError: it gives nothing of use.
    """
    data = raw.value if source.select is None else value_at(source.select, raw.value)
    if data is MISSING:
        raise SourceError(say("gives nothing at `{path}`", path=source.select))
    facts = placed_at(source.above, data)
    if not isinstance(facts, dict):
        told = say(
            "its data is {kind}; allowed: an object, or name with `into` where it goes", kind=kind_in_words(data)
        )
        raise SourceError(told)
    fault = find_unplain(facts)
    if fault:
        raise SourceError(fault)
    lacking = missing_facts(source.required, facts)
    cause = say("`{path}` is missing; it is expected", path=lacking[0]) if lacking else None
    return _Answer(facts, raw.as_of, cause)


def _fetched(team: Team, answers: Sequence[_Answer], at: str) -> Fetched:
    gathered, failed = Gathered(), []
    for source, name, answer in zip(team.sources, names_of(team.sources), answers, strict=True):
        data = None if answer.data is None else withhold(answer.data, team.private)
        too_much = find_unplain(gathered.plus({}, data).facts)
        data, cause = (None, too_much) if too_much else (data, answer.cause)
        as_of = None if answer.as_of is None else _written(answer.as_of)
        told = source_told(name, kind_of(source).word, at, data, as_of, cause)
        gathered = gathered.plus(told, data)
        failed += [Failed(name, cause, source.required)] if cause else []
    return Fetched(gathered.facts, tuple(gathered.placed), tuple(failed))


def _written(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")
