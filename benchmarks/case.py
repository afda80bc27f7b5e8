"""The job that every contender does: three roles in parallel, two rounds, one brief: seven calls.

The critical path is three calls: a round, a round, the brief. The facts say in which round everybody agrees, so the
same job can be had with more rounds.
"""

import json
from typing import Any

from benchmarks.job import ROLES, closed_round
from benchmarks.server import content_of
from graph.teams.loader import Changes, load_team
from nodes.prompting import brief_prompt, seat_prompt
from policies.contracts.answers import Task
from policies.patterns.rounds import ROUNDS_SHOWN, seen_of
from policies.team.team import Team


def team_of(rounds: int) -> Team:
    """Return the reference team that agrees in that round."""
    facts = {**(load_team("checkout_launch", Changes()).own_facts or {}), "rounds": rounds}
    budget = {"max_rounds": rounds, "max_messages": len(ROLES) * rounds, "max_seconds": 3600.0}
    return load_team("checkout_launch", Changes(facts=facts, overrides={"budget": budget}))


def role_messages(team: Team, role: str, round_number: int, history: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return what a role is asked, the same words for every contender."""
    task = Task(role, role, "contribution", seen_of(history[-ROUNDS_SHOWN:]))
    prompt = seat_prompt(
        team, task, {"case": {"goal": team.goal, "facts": team.own_facts}, "round": round_number}, None
    )
    return [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]


def brief_messages(team: Team, decision: str, history: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return what the writer of the brief is asked, the same words for every contender."""
    prompt = brief_prompt(team, {"case": {"goal": team.goal}, "outcome": decision, "history": history}, ())
    return [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]


def prompts_of(rounds: int) -> dict[str, Any]:
    """Return all that a run asks, for a contender that cannot make its prompts; the server's answers are known."""
    team, history, asked = team_of(rounds), list[dict[str, Any]](), list[dict[str, Any]]()
    for number in range(1, rounds + 1):
        asked.append({role: role_messages(team, role, number, history) for role in ROLES})
        contributions = [json.loads(content_of(messages)) for messages in asked[-1].values()]
        history.append(closed_round(number, contributions))
    return {"rounds": asked, "brief": brief_messages(team, str(history[-1]["decision"]), history)}
