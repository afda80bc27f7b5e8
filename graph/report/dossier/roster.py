"""The roster: what a team file says of a team, as a person reads it. No fact of the team is in it, nor where one is."""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.facts.table import names_of
from graph.report.dossier.gauges import effect_in_words
from graph.report.dossier.rows import table_of
from graph.report.texts import cleaned
from graph.report.words import label_of, listed, said_number, said_value, tone_of
from policies.decision.guards import COMPARISONS, Guard
from policies.language import phrase, say, say_count
from policies.patterns.course import PATTERNS, decides_by_policy, ruling_policy
from policies.team.nesting import Within, teams_within
from policies.team.people import Deciders, Escalation
from policies.team.sources import Source
from policies.team.team import Role, Team
from policies.team.titles import distinct_titles

Plain = dict[str, Any]

SILENCE = {
    "no_go": phrase("Silence gives: no go."),
    "stop": phrase("Silence ends the run."),
    "again": phrase("Silence gives: another round."),
}
"""What follows where nobody answers in time."""


def roster_of(team: Team) -> Plain:
    """Return what a page about a team says, in the language that is spoken; without the teams that answer for roles.

    Keys: {name, title, goal, pattern, good_for, policy, roles, guards, limits, people, approvers, facts, watch}.
    `policy` is null where none decides. What people wrote is shown as it is: it obeys nothing.
    """
    titles = distinct_titles({name: role.title for name, role in team.roles.items()})
    tidy: Plain = cleaned(
        {
            "name": team.name,
            "title": team.title,
            "goal": team.goal,
            "pattern": team.pattern,
            "good_for": say(PATTERNS[team.pattern].good_for),
            "policy": table_of(ruling_policy(team), titles) if decides_by_policy(team) else None,
            "roles": [_role(name, role, team, titles) for name, role in team.roles.items()],
            "guards": [_guard(guard) for guard in team.guards],
            "limits": [*_limits(team)],
            "people": [*_people(team)],
            "approvers": [_approver(name, team) for name in team.approvers],
            "facts": _facts(team),
            "watch": [*_watch(team)],
        }
    )
    return tidy


def rosters_of(team: Team) -> list[Plain]:
    """Return the roster of a team, then of each team within it, with the titles of the roles it answers for as `of`."""
    return [{"of": _titles_on(team, path), **roster_of(each)} for path, each in teams_within(team)]


def _titles_on(team: Team, path: Within) -> str:
    if not path:
        return ""
    role = team.roles[path[0]]
    below = _titles_on(role.team, path[1:]) if role.team else ""
    return say("{outer}, within it {inner}", outer=role.title, inner=below) if below else role.title


def _role(name: str, role: Role, team: Team, titles: Mapping[str, str]) -> Plain:
    return {
        "name": name,
        "title": titles[name],
        "mandate": role.mandate,
        "part": _part(name, role, team),
        "notes": [*_role_notes(role)],
        "team": role.team and role.team.title,
    }


def _part(name: str, role: Role, team: Team) -> str:
    """Return when a role is asked."""
    if not role.enabled:
        return say("May not speak")
    if name == team.lead:
        return say("Lead")
    if name in team.sequence:
        place = team.sequence.index(name) + 1
        return say("Asked, {number} of {all}", number=place, all=len(team.sequence))
    return say("Joins when a row asks for it") if name in team.joining else say("Not asked")


def _role_notes(role: Role) -> Iterator[str]:
    if role.weight != 1:
        yield say("weight {number}", number=said_number(role.weight))
    if role.veto:
        yield say("veto")
    if role.voice == "human":
        yield say("a person answers: {names}", names=listed([*role.people]) or say("anybody who says a name"))
    if role.checks:
        yield say_count("{number} rule of its own", "{number} rules of its own", len(role.checks))


def _guard(guard: Guard) -> Plain:
    return {
        "name": guard.name,
        "fact": guard.fact,
        "comparison": say(COMPARISONS[guard.comparison].words),
        "limit": None if guard.limit_path else said_value(guard.limit),
        "limit_path": guard.limit_path,
        "effect": effect_in_words(guard.cap, is_tripped=True),
        "outcome": label_of(guard.cap),
        "tone": tone_of(guard.cap),
    }


def _limits(team: Team) -> Iterator[Plain]:
    """Yield what limits a run: {what, limit}."""
    budget = team.budget
    names = {
        "max_rounds": say("Rounds"),
        "max_messages": say("Messages"),
        "max_seconds": say("Seconds at work"),
        "max_tokens": say("Tokens"),
        "max_cost_usd": say("US dollars"),
        "min_go_votes": say("Go votes that a go needs"),
    }
    for name, what in names.items():
        value = getattr(budget, name)
        if value is not None:
            yield {"what": what, "limit": said_number(value)}
    yield {"what": say("Repairs of one answer"), "limit": said_number(team.max_repairs)}


def _people(team: Team) -> Iterator[str]:
    """Yield who is asked for what, how long, and what silence gives."""
    escalate = team.escalate
    yield from _deciding(escalate.decide)
    for path, names in escalate.supply.items():
        yield say("The fact {path} is supplied by {names}.", path=path, names=listed([*names]))
    if team.sign_off:
        yield say("A decision is final once {names} signed it off.", names=listed([*team.sign_off]))
    yield from _waiting(escalate)


def _deciding(decide: Deciders | None) -> Iterator[str]:
    if decide is None:
        yield say("What the team may not decide alone, anybody decides who says a name.")
        return
    names = listed([*decide.by])
    yield say("What the team may not decide alone is decided by {names}.", names=names)
    if decide.rule:
        yield say("Their answers become one by the policy {policy}.", policy=decide.rule.policy.name)


def _waiting(escalate: Escalation) -> Iterator[str]:
    if escalate.expires_after:
        yield say("A question waits {duration}.", duration=escalate.expires_after)
    else:
        yield say("A question waits as long as it takes.")
    if escalate.on_timeout:
        yield say(SILENCE[escalate.on_timeout])


def _approver(name: str, team: Team) -> Plain:
    found = team.approvers[name]
    deputy = found.deputy and say("{name} may answer instead", name=found.deputy)
    signs = say("signs each answer") if found.key else say("says a name, without a signature")
    return {"name": name, "title": found.title, "signs": signs, "deputy": deputy, "has_key": found.key is not None}


def _facts(team: Team) -> Plain:
    """Return {said, sources, required, derived, withheld}: where facts come from, and what is needed of them."""
    return {
        "said": _origin(team),
        "sources": [_source(*pair) for pair in zip(names_of(team.sources), team.sources, strict=True)],
        "required": [*team.requires],
        "derived": [{"name": name, "formula": formula} for name, formula in team.derive.items()],
        "withheld": [*team.private],
    }


def _origin(team: Team) -> str:
    if not team.has_facts:
        return say("The team brings no facts; a run gives them.")
    if team.sources:
        count = len(team.sources)
        return say_count("They come from {number} source.", "They are merged from {number} sources.", count)
    return say("They are in the team file, unless a run gives others.")


def _source(name: str, source: Source) -> Plain:
    """Return what is known of a source; not where it is asked, which may hold a credential."""
    return {
        "name": name,
        "kind": say(source.key),
        "into": source.into,
        "required": [*source.required],
        "age": source.max_age and say("at most {duration}", duration=source.max_age),
    }


def _watch(team: Team) -> Iterator[str]:
    if team.watch.owner:
        yield say("Decisions are owned by {owner}.", owner=team.watch.owner)
    if team.watch.expires_after:
        yield say("Each is valid for {duration}.", duration=team.watch.expires_after)
