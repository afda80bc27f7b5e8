"""The guide to the patterns: what each is for, and what it takes, from a rehearsal with a synthetic team."""

from collections.abc import Mapping, Sequence
from typing import Any

from graph.patterns.estimate import WAITING
from graph.teams.examples import examples
from graph.teams.policies import with_policy
from policies.contracts.answers import Refusal
from policies.contracts.table import judge
from policies.language import say
from policies.patterns.course import PATTERNS
from policies.rehearsal.simulate import at_most, ends_of, simulate
from policies.rehearsal.timeline import Rehearsal
from policies.run.stop import Stop
from policies.team.team import MAX_MESSAGES, PATTERN_NAMES, PatternName, Team

Plain = dict[str, Any]
Sees = Mapping[str, Sequence[str]]

LEAD = "lead"


def guide_to(agents: int, rounds: int) -> list[Plain]:
    """Return what each pattern takes with so many agents, two or more, and rounds; an agent has a turn a round."""
    return [_entry(pattern, agents, rounds) for pattern in PATTERN_NAMES]


def synthetic_team(pattern: PatternName, agents: int, rounds: int) -> Team:
    """Return a team of so many agents; a hierarchy has them in two teams, each with a synthesis of its own."""
    names = [f"agent_{number}" for number in range(1, agents + 1)]
    roles = {name: _role(name) for name in names}
    if PATTERNS[pattern].assigns_teams:
        half = (agents + 1) // 2
        teams = {"team_1": names[:half], "team_2": names[half:]}
        roles = {name: {**_role(name), "team": _raw("parallel", own, rounds)} for name, own in teams.items()}
    return Team.model_validate(_raw(pattern, [*roles], rounds, roles))


def _role(name: str) -> Plain:
    return {"title": name, "mandate": f"Be {name}."}


def _raw(pattern: PatternName, names: Sequence[str], rounds: int, roles: Plain | None = None) -> Plain:
    lead = {"lead": LEAD} if PATTERNS[pattern].lead else {}
    known = roles or {name: _role(name) for name in names}
    options = {"max_steps": max(len(names), 20), "max_turns": len(names) * rounds}
    budget = {"max_rounds": rounds, "max_messages": MAX_MESSAGES // 10 if roles is None else MAX_MESSAGES}
    return dict(
        with_policy(
            {
                **{"name": pattern, "title": pattern, "goal": "Work.", "pattern": pattern, **lead},
                **{"sequence": [*names], "roles": {**known, **({LEAD: _role(LEAD)} if lead else {})}},
                **{"options": options, "budget": budget},
            }
        )
    )


def _entry(pattern: PatternName, agents: int, rounds: int) -> Plain:
    team = synthetic_team(pattern, agents, rounds)
    shortest, longest = simulate(team, {}), simulate(team, {}, "longest")
    return {
        "pattern": pattern,
        "good_for": PATTERNS[pattern].good_for,
        "talk": PATTERNS[pattern].talk,
        "complexity": PATTERNS[pattern].complexity,
        "calls": _range(shortest.calls, longest.calls),
        "at_most": at_most(team, {}),
        "latency_calls": _range(shortest.latency, longest.latency),
        "at_once": max(shortest.at_once, longest.at_once),
        "sees": longest.sees,
        "told": tell(longest.sees, team.sequence),
        "stop_reasons": stop_reasons(team, longest),
        "example": examples().get(pattern),
    }


def _range(shortest: int, longest: int) -> dict[str, int]:
    return {"shortest": shortest, "longest": longest}


def stop_reasons(team: Team, course: Rehearsal) -> list[str]:
    """Return what ends a run of this pattern besides what ends any run: broken answers, and stages without a result."""
    tasks = {each.task.contract: each.task for stage in course.stages for each in stage.asked if not each.within}
    broken = [judge({}, task, team) for task in tasks.values()]
    found = [said.reason for said in broken if isinstance(said, Refusal)]
    ended = ends_of(team, {})
    return [*dict.fromkeys(_shown(reason) for reason in [*found, *([ended] if ended else [])])]


def _shown(reason: str) -> str:
    kind, rule = Stop.parse(reason).kind, Stop.parse(reason).rule
    if rule.asks_human:
        return WAITING
    return f"{kind}:*" if rule.is_detailed else kind


def tell(sees: Sees, sequence: Sequence[str]) -> list[str]:
    """Return who sees whom in words, those together who see alike.

    >>> tell({"a": [], "b": ["a"], "c": ["b"], "brief": ["c"]}, ["a", "b", "c"])
    ['a: nobody', 'each later agent: the one before', 'brief: c']
    """
    groups: dict[str, list[str]] = {}
    for reader, seen in sees.items():
        groups.setdefault(_told(reader, seen, sequence), []).append(reader)
    return [say("{name}: {value}", name=_readers(readers, sequence), value=told) for told, readers in groups.items()]


def _readers(readers: Sequence[str], sequence: Sequence[str]) -> str:
    if list(readers) == list(sequence):
        return say("each agent")
    is_all_but_first = len(readers) > 1 and list(readers) == list(sequence[1:])
    return say("each later agent") if is_all_but_first else ", ".join(readers)


def _told(reader: str, seen: Sequence[str], sequence: Sequence[str]) -> str:
    agents = [role for role in seen if role in sequence]
    leads = [role for role in seen if role not in sequence]
    return ", ".join([*leads, *_agents_told(reader, agents, sequence)]) or say("nobody")


def _agents_told(reader: str, seen: Sequence[str], sequence: Sequence[str]) -> list[str]:
    place = sequence.index(reader) if reader in sequence else -1
    others = {role for role in sequence if role != reader}
    before = {sequence[place - back] for back in range(1, len(seen) + 1)} if place >= 0 else set()
    if len(seen) > 1 and set(seen) == others:
        return [say("the others") if place >= 0 else say("all agents")]
    if seen and set(seen) == before:
        return [say("the one before") if len(seen) == 1 else say("the {number} before", number=len(seen))]
    return list(seen)
