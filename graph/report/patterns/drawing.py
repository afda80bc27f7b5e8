"""The drawing of a thread: what its team did, by its pattern, teams within it drawn by the same functions."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from graph.past import Past
from graph.record import outputs_of
from graph.report.patterns.ballots import ballots_of
from graph.report.patterns.letters import messages_of
from graph.report.patterns.notes import notes_of
from graph.report.patterns.plan import plans_of
from graph.report.patterns.positions import debate_of
from graph.report.patterns.results import assignments_of, parallel_of, pipeline_of
from graph.report.patterns.rounds import rounds_of
from graph.report.patterns.turns import turns_of
from graph.report.patterns.work import Given, Plain, Work
from graph.report.words import label_of, titles_of, tone_of
from nodes.border import name_of
from policies.language import say, say_count
from policies.patterns.course import pattern_named
from policies.team.team import PatternName

DRAWN: Mapping[PatternName, Callable[[Work], list[Plain]]] = {
    "rounds": rounds_of,
    "orchestrator": plans_of,
    "pipeline": pipeline_of,
    "parallel": parallel_of,
    "debate": debate_of,
    "hierarchy": assignments_of,
    "manager": assignments_of,
    "workspace": notes_of,
    "conversation": turns_of,
    "vote": ballots_of,
}


def drawing_of(record: Given, past: Past) -> Plain:
    """Return {pattern, sections, sentences, headline, titles} of a thread; rounds have no pattern, and no section.

    Without a past, the titles of roles, the answers of an open stage and the messages are left
    out. Nothing in it is cleaned yet.
    """
    pattern, roles = record.get("pattern"), past.roles
    work = Work(
        [*record.get("outputs", []), *_open(past)],
        missing=record.get("details", {}).get("missing", []),
        roles=roles,
        inside=_within(roles),
    )
    drawn = DRAWN[pattern](work) if pattern else []
    sections = [*drawn, *messages_of(past.messages, work)]
    _number(sections, count(1))
    sentence = pattern_named(pattern).ends_early
    early = [say(sentence)] if record.get("ended_early") and sentence else []
    return {
        "pattern": pattern,
        "sections": sections,
        "sentences": [*_sentences(drawn), *early],
        "headline": next((each["headline"] for each in reversed(drawn) if each["headline"]), None),
        "titles": titles_of(roles),
    }


def _sentences(drawn: Sequence[Plain]) -> list[str]:
    """Return what the sections say in short; of several plans the last one, and how many there were."""
    plans = [each for each in drawn if each["kind"] == "plan"]
    if len(plans) > 1:
        times = say_count("Planned {number} time.", "Planned {number} times.", len(plans))
        return [times, say("The last plan: {summary}", summary=plans[-1]["summary"])]
    return [each["summary"] for each in drawn]


def _within(roles: Given) -> Callable[[Given], Plain]:
    """Return how a team within is shown: {team, title, pattern, decision, tone, sections}; a title that is known."""

    def told(inner: Given) -> Plain:
        pattern, team = inner["pattern"], _known(roles, inner["team"])
        known = team.get("roles", {})
        work = Work(inner["outputs"], inner["history"], roles=known, inside=_within(known))
        decision = inner["decision"]
        return {
            "team": inner["team"],
            "title": team.get("title"),
            "pattern": pattern,
            "decision": label_of(decision) if decision else None,
            "tone": tone_of(decision),
            "sections": DRAWN[pattern](work),
        }

    return told


def _known(roles: Given, team: str) -> Given:
    """Return what a team file says of a team within, by the team's name."""
    teams = [role["team"] for role in roles.values() if role.get("team")]
    return next((each for each in teams if each["name"] == team), {})


def _open(past: Past) -> Iterator[Plain]:
    """Yield the seats of a stage that was not finished, as far as they were answered."""
    if past.outcome is not None or past.pattern.is_rounds:
        return
    for seat in past.seats:
        said = seat["accepted"]
        if said or seat["absent"]:
            yield {
                "round": past.round,
                "stage": "open",
                "seat": name_of(seat),
                "agent": seat["role"],
                "contract": said["contract"] if said else "output",
                "answer": said["answer"] if said else None,
                "absent": seat["absent"],
                "inner": _inner(said),
            }


def _inner(said: Mapping[str, Any] | None) -> Plain | None:
    inner = said and said.get("inner")
    return {**inner, "outputs": outputs_of(Past.of(inner))} if inner else None


def _number(sections: Iterable[Plain], numbers: Iterator[int]) -> None:
    """Number the sections, those of teams within too, so that each has an id on its page."""
    for section in sections:
        section["id"] = f"work-{next(numbers)}"
        for each in _spoken(section):
            if each.get("inner"):
                _number(each["inner"]["sections"], numbers)


def _spoken(section: Plain) -> Iterator[Plain]:
    """Yield what a section contains that a team within may have answered."""
    for wave in section.get("waves", []):
        yield from wave
    yield from section.get("items", [])
