"""The facts of a case: those that were given, kept, or fetched from the team's sources; and whether they suffice."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nodes.fetched import Failed, Fetched, failed_in
from nodes.fingerprint import fingerprint
from nodes.provenance import facts_of_team, with_given
from nodes.services import Services
from nodes.state import State
from policies.plain import clean_text
from policies.run.stop import Stop, stop_reason
from policies.team.checks import find_needed
from policies.team.failing import find_lost
from policies.team.privacy import withhold
from policies.team.provenance import SUPPLIED, Gathered
from policies.team.team import Team

PHASE = "facts"
MAX_CAUSE = 1_000
Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of the facts of a case, with where it comes from, and why the run stops where that is not enough.

    `failed` are the sources that are to blame for it.
    """

    gathered: Gathered
    failed: Sequence[Failed] = ()
    stop: Stop | None = None
    cause: str | None = None

    @property
    def plain(self) -> Plain:
        """The parts of the case that hold it."""
        facts = self.gathered.facts if self.stop is None or self.gathered.facts else None
        failed = [{**asdict(each), "paths": list(each.paths)} for each in self.failed]
        return {"facts": facts, "sources": self.gathered.placed, "failed": failed}


async def find_facts(state: State, team: Team, known: Mapping[str, Any] | None, services: Services) -> Found:
    """Return the facts on which a run is to work; `known` are those of its input, else the thread's, withheld.

    Facts that sufficed are pinned, and only others that are given take their place.
    """
    kept: Mapping[str, Any] = state.get("case") or {}
    given = known if state.get("facts") is not None else None
    pinned = kept["hashes"]["facts"] if kept else None
    if given is not None and (not kept or pinned not in (None, fingerprint(given))):
        return _judged(team, _brought(team, given, state.get("sources"), services.now()), ())
    if not kept:
        fetched = await services.load_facts(team)
        return _judged(team, _gathered(fetched), fetched.failed)
    if pinned is not None:
        return _judged(team, Gathered.kept(known or {}, kept["sources"]), ())
    return await _completed(state, team, given, services)


async def _completed(state: State, team: Team, given: Mapping[str, Any] | None, services: Services) -> Found:
    """Return the facts of a thread that lacks some, with those that are given now.

    A run that is resumed after it stopped asks the sources again, and so does one that is to refresh them. Facts that
    it is given are added to what these give; those of a team that is run again take the place of what it had. What a
    person supplied stays.
    """
    kept = state["case"]
    before, failed = Gathered.kept(kept["facts"] or {}, kept["sources"]), failed_in(kept)
    sources = state.get("sources")
    if given is not None and sources is not None:
        return _judged(team, Gathered.kept(given, sources).with_brought(before, (SUPPLIED,)), ())
    is_asked = state.get("stop_reason") or state.get("refresh")
    if is_asked and team.sources and (failed or before.was_fetched):
        fetched = await services.load_facts(team)
        before, failed = _gathered(fetched).with_brought(before), fetched.failed
    return _judged(team, before if given is None else with_given(before, given, services.now()), failed)


def _brought(team: Team, given: Mapping[str, Any], sources: Sequence[Plain] | None, now: str) -> Gathered:
    """Return facts that came with the input: those of the team file itself, fetched ones, or others."""
    if sources is not None:
        return Gathered.kept(given, sources)
    if team.own_facts is not None and given == withhold(team.own_facts, team.private):
        return facts_of_team(given, now)
    return with_given(Gathered(), given, now)


def _gathered(fetched: Fetched) -> Gathered:
    return Gathered.kept(fetched.facts, fetched.sources)


def _judged(team: Team, gathered: Gathered, failed: Sequence[Failed]) -> Found:
    """Return the facts with what the team still lacks to start: a source, or a fact that it needs."""
    lost = {each: find_lost(each.paths, gathered) for each in failed}
    lacking = {each: paths for each, paths in lost.items() if paths is not None}
    supply = team.escalate.supply
    for each in sorted(lacking, key=lambda one: _can_be_supplied(lacking[one], supply)):
        reason = stop_reason("facts_unavailable", each.source)
        if _can_be_supplied(lacking[each], supply):
            reason = stop_reason("needs_input", lacking[each][0])
        return Found(gathered, [*lacking], Stop(reason, PHASE), _shortened(each.cause))
    needed = find_needed(team, gathered.facts)
    if needed:
        return Found(gathered, (), Stop(stop_reason("needs_input", needed.path), PHASE), _shortened(needed.cause))
    return Found(gathered)


def _can_be_supplied(paths: Sequence[str], supply: Mapping[str, Any]) -> bool:
    return bool(paths) and all(path in supply for path in paths)


def _shortened(cause: str) -> str:
    return clean_text(cause)[:MAX_CAUSE]
