"""Estimates of calls, tokens and cost: the real prompts of a course that is only rehearsed. Nothing is asked."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.facts.loader import facts_at_hand
from graph.languages.catalogue import language_of
from nodes.prompting import brief_prompt, seat_prompt, synthesis_prompt
from nodes.voices.voice import Prompt
from policies.language import in_figures, phrase, say, speaking, spoken
from policies.patterns.course import PATTERNS
from policies.patterns.stages import Finish
from policies.rehearsal.simulate import at_most, rounds_needed, simulate
from policies.rehearsal.timeline import BRIEF, Rehearsal, RehearsedSeat
from policies.run.stop import Stop
from policies.run.usage import BYTES_PER_TOKEN, reserve
from policies.team.nesting import each_changed
from policies.team.privacy import withhold
from policies.team.team import Brief, Role, Team
from policies.team.voices import HUMAN

Plain = dict[str, Any]
COURSES = ("shortest", "longest")


WAITING = "waiting"
"""The end of a course on which people are asked."""
RULES, PEOPLE = phrase("the roles' own rules"), phrase("people")
"""Who answers without a model; said where it is shown."""

TOO_LOW = {
    "shortest": phrase("{limit} is {allowed}, but the shortest course needs {needed}"),
    "longest": phrase("{limit} is {allowed}, but the longest course needs {needed}"),
}


@dataclass(frozen=True, slots=True)
class Expense:
    """One call of a course: who is asked, where, by which model, and what it reserves."""

    role: str
    prompt: Prompt
    model: str | None
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost_usd: float = 0.0
    is_priced: bool = True
    by: str = ""
    """Who answers: the model, or in words who does without one."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a team would do, on the shortest course and on the longest one."""

    team: Team
    courses: Mapping[str, Rehearsal]
    expenses: Mapping[str, Sequence[Expense]]
    at_most: int
    warnings: Sequence[str]


def look_ahead(team: Team) -> Outlook:
    """Return the outlook of a team whose roles have their voices.

    Raises:
        UsageError: a source of facts cannot be used.
    """
    team = each_changed(team, _with_facts)
    facts = team.own_facts or {}
    longest_answer = team.max_output_tokens * BYTES_PER_TOKEN
    courses = {
        "shortest": simulate(team, facts),
        "longest": simulate(team, facts, "longest", longest_answer),
    }
    with speaking(language_of(team.language)):  # as the nodes do, whose prompts are counted
        expenses = {name: list(expenses_of(course)) for name, course in courses.items()}
    warnings = list(warnings_on(team, facts, courses))
    return Outlook(team, courses, expenses, at_most(team, facts), warnings)


def expenses_of(course: Rehearsal, above: Plain | None = None, path: str = "") -> Iterator[Expense]:
    """Yield the calls of a course in the order of its stages; `above` is what a team within was asked."""
    team = course.team
    case = {"goal": team.goal, "facts": course.facts, "task": above}
    for number, stage in enumerate(course.stages, 1):
        state = {"case": case, "round": number, "seats": []}
        for asked in stage.asked:
            yield from _asked(course, asked, state, path)
    if course.brief is not None and isinstance(course.end, Finish):
        yield _expense(team, team.brief, f"{path}{BRIEF}", _written(course, course.end, case))


def _asked(course: Rehearsal, asked: RehearsedSeat, state: Plain, path: str) -> Iterator[Expense]:
    team, task = course.team, asked.task
    if asked.within:
        above = {"part_of": team.goal, **task.asks}
        yield from expenses_of(asked.within, above, f"{path}{task.role}/")
    else:
        yield _expense(team, team.roles[task.role], f"{path}{task.role}", seat_prompt(team, task, state, None))


def _written(course: Rehearsal, end: Finish, case: Plain) -> Prompt:
    state = {"case": case, "outcome": end.decision, "history": course.history}
    named = course.team.brief.language
    with speaking(language_of(named) if named else spoken()):
        if PATTERNS[course.team.pattern].is_rounds:
            return brief_prompt(course.team, state, end.details["guards"])
        ending = {"results": list(end.results), "details": end.details}
        return synthesis_prompt(course.team, {**state, "ending": ending})


def _expense(team: Team, speaker: Role | Brief, name: str, prompt: Prompt) -> Expense:
    """Return what a call reserves; nothing where the rules speak, or a person."""
    if speaker.voice != "model":
        return Expense(name, prompt, None, by=PEOPLE if speaker.voice == HUMAN else RULES)
    price = team.price_of(speaker.model)
    held = reserve(prompt.text, team.max_output_tokens, price)
    tokens = held.tokens - team.max_output_tokens
    limits = (tokens, team.max_output_tokens, held.cost_usd, price is not None)
    return Expense(name, prompt, speaker.model, *limits, by=speaker.model or "")


def tokens_of(expenses: Sequence[Expense]) -> int:
    """Return the tokens that these calls reserve."""
    return sum(each.prompt_tokens + each.answer_tokens for each in expenses)


def cost_of(expenses: Sequence[Expense]) -> float:
    """Return what these calls cost at most, as far as the team file names a price."""
    return round(sum(each.cost_usd for each in expenses), 9)


def by_model(expenses: Sequence[Expense]) -> list[Plain]:
    """Return {model, by, roles, calls, tokens, cost_usd} for each who answers; the cost is null if unpriced.

    The model is null for the roles' own rules and for people; `by` tells them apart.
    """
    found = []
    for model, by in dict.fromkeys((each.model, each.by) for each in expenses):
        mine = [each for each in expenses if (each.model, each.by) == (model, by)]
        roles = Counter(each.role for each in mine)
        cost = cost_of(mine) if all(each.is_priced for each in mine) else None
        found.append(
            {
                "model": model,
                "by": by,
                "roles": [*roles],
                "calls": len(mine),
                "tokens": tokens_of(mine),
                "cost_usd": cost,
            }
        )
    return found


def plain_outlook(outlook: Outlook) -> Plain:
    """Return an outlook as plain values."""
    team = outlook.team
    return {
        "team": team.name,
        "pattern": team.pattern,
        **{name: _plain_course(outlook.courses[name], outlook.expenses[name]) for name in COURSES},
        "at_most": outlook.at_most,
        "sees": outlook.courses["longest"].sees,
        "budget": team.budget.model_dump(mode="json"),
        "warnings": list(outlook.warnings),
    }


def _plain_course(course: Rehearsal, expenses: Sequence[Expense]) -> Plain:
    prompt, answers = (sum(getattr(each, name) for each in expenses) for name in ("prompt_tokens", "answer_tokens"))
    return {
        "calls": course.calls,
        "messages": course.messages,
        "latency_calls": course.latency,
        "at_once": course.at_once,
        "tokens": {"prompts": prompt, "answers": answers, "total": prompt + answers},
        "cost_usd": cost_of(expenses) if all(each.is_priced for each in expenses) else None,
        "stop_reason": _end_of(course.end) if isinstance(course.end, Stop) else "success",
        "stages": plain_stages(course),
        "models": by_model(expenses),
    }


def _end_of(stop: Stop) -> str:
    """Return how a course ends that a stop ends: one that only people can decide waits for them."""
    return WAITING if stop.rule.asks_human else stop.reason


def plain_stages(course: Rehearsal) -> list[Plain]:
    """Return {stage, calls, latency_calls, at_once, asks} in order, what is written at the end last."""
    stages = [
        {
            "stage": stage.label,
            "calls": sum(stage.waves),
            "latency_calls": len(stage.waves),
            "at_once": max(stage.waves),
            "asks": [_plain_asked(each) for each in stage.asked],
        }
        for stage in course.stages
    ]
    written = {"stage": BRIEF, "calls": 1, "latency_calls": 1, "at_once": 1, "asks": []}
    return stages if course.brief is None else [*stages, written]


def _plain_asked(asked: RehearsedSeat) -> Plain:
    within = {"team": asked.within.team.name, "stages": plain_stages(asked.within)} if asked.within else {}
    return {"seat": asked.task.seat, "role": asked.task.role, **within}


def _with_facts(team: Team) -> Team:
    """Return the team with its facts read, as far as it has any; without those that a run asks somebody for."""
    found = (facts_at_hand(team.sources) or {}) if team.sources else team.own_facts
    facts = None if found is None else withhold(found, team.private)
    return team.model_copy(update={"facts": facts})


# --- what the team lacks ---------------------------------------------------------------------------------------------


def warnings_on(team: Team, facts: Mapping[str, Any], courses: Mapping[str, Rehearsal]) -> Iterator[str]:
    """Yield a sentence for each thing that keeps the team, or one within it, from the end of these courses."""
    if not facts:
        yield say("the team has no facts; a run brings them, and its prompts are longer than those counted here")
    yield from _lacks(team, facts, courses, None, "")


def _lacks(
    team: Team, facts: Mapping[str, Any], courses: Mapping[str, Rehearsal], above: Plain | None, path: str
) -> Iterator[str]:
    for name in team.speaking:
        if not team.roles[name].enabled:
            yield say(
                "{place} is not enabled; a run stops there with `{reason}`",
                place=f"{path}roles.{name}",
                reason=f"agent_denied:{name}",
            )
    yield from _too_low(team, courses, above, path)
    rounds = rounds_needed(team, facts)
    if rounds is not None:
        yield say(
            "{limit} is {allowed}, but even the shortest course takes {needed}",
            limit=f"{path}budget.max_rounds",
            allowed=team.budget.max_rounds,
            needed=rounds,
        )
    end = courses["shortest"].end
    if isinstance(end, Stop):
        told = say("even the shortest course ends with `{reason}`", reason=end.reason)
        yield say("{name}: {value}", name=path or say("the team"), value=told)
    yield from _waiting(courses["longest"], path)
    found = {name: _teams(courses[name]) for name in COURSES}
    for role, (inner, asks) in found["shortest"].items():
        both = {name: found[name].get(role, (inner, asks))[0] for name in COURSES}
        given = {"part_of": team.goal, **asks}
        yield from _lacks(inner.team, inner.facts, both, given, f"{path}roles.{role}.team.")


def _too_low(team: Team, courses: Mapping[str, Rehearsal], above: Plain | None, path: str) -> Iterator[str]:
    """Yield the limits that are below what a course needs, each with the shortest course that needs more."""
    for limit in ("max_messages", "max_tokens", "max_cost_usd"):
        allowed = getattr(team.budget, limit)
        for name in COURSES if allowed is not None else ():
            needed = _need(limit, courses[name], above)
            if needed > allowed:
                figures = {"allowed": in_figures(f"{allowed:,}"), "needed": in_figures(f"{needed:,}")}
                yield say(TOO_LOW[name], limit=f"{path}budget.{limit}", **figures)
                break


def _need(limit: str, course: Rehearsal, above: Plain | None) -> float:
    if limit == "max_messages":
        return course.messages
    expenses = list(expenses_of(course, above))
    return tokens_of(expenses) if limit == "max_tokens" else cost_of(expenses)


def _waiting(course: Rehearsal, path: str) -> Iterator[str]:
    """Yield the stages whose teams have to wait for each other, since their shares are reserved when they begin."""
    for label in dict.fromkeys(stage.label for stage in course.stages if len(stage.groups) > 1):
        told = say(
            "stage `{stage}`: the shares of its teams do not fit into the budget together, so they do not all work at "
            "once",
            stage=label,
        )
        yield f"{path}{told}"


def _teams(course: Rehearsal) -> dict[str, tuple[Rehearsal, Mapping[str, Any]]]:
    """Return the course of each team that answers for a role, and what its first seat is asked."""
    asked = [each for stage in reversed(course.stages) for each in reversed(stage.asked)]
    return {each.task.role: (each.within, each.task.asks) for each in asked if each.within}
