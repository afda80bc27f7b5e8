"""The two laws of what-if, on random real runs: failures, repairs, joins, stops from outside, and resumes.

1. Under its own rules a run is always `same`.
2. What is not `undetermined` is what a true run gives that is answered from the record; and every question of that true
   run was asked in the past run in the same words. Where all were, and it decided, the answer is not `undetermined`.
"""

import asyncio
import json
import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from graph.store.archive import entry_of, past_run
from graph.store.database import open_database
from policies.assurance.past import People, Rules, Verdict
from policies.assurance.whatif import decide_again
from policies.decision.guards import Guard
from policies.team.people import Escalation
from policies.team.rules import parse_team
from policies.team.stability import Stability
from policies.team.team import Team
from tests.assurance.random_people import others
from tests.assurance.random_runs import Drawn, a_guard, draw
from tests.assurance.true_runs import DECISIONS, run_truly

HONEST = (
    *(
        "which questions were open",
        "which roles were ungrounded",
        "which roles had moved",
        "the run had other limits",
        "whoever resumed it found limits",
    ),
    *("other people would have been asked", "who was silent", "people gave reasons for round"),
)
"""Why an answer may stay open although a true run could tell: what it rests on is not on the tape."""


def check_seed(seed: int) -> str:
    """Hold the laws against the run that a seed draws, and return the answer under another policy.

    Raises:
        AssertionError: a law does not hold; it tells the whole story.
    """
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_check(Path(folder), seed))


async def _check(folder: Path, seed: int) -> str:
    async with open_database(str(folder / "laws.sqlite")) as database:
        drawn = await draw(database, seed)
        if drawn is None:
            return "waits"
        story = f"seed {seed}\n" + told(drawn)
        assert drawn.entry == json.loads(json.dumps(entry_of("drawn", drawn.state))), story
        if not drawn.script.is_judged:
            return "decided by no table"
        run, team = past_run(drawn.entry), drawn.script.team
        for own in (Rules(team.policy), rules_of(team)):
            verdict = decide_again(run, own)
            assert (verdict.answer, verdict.now) == ("same", run.ended), f"{verdict} under its own rules\n{story}"
        other, rules = another(drawn)
        verdict = decide_again(run, rules)
        story = f"{verdict}\n{json.dumps(other['policy'])}\n{story}"
        found = parse_team(other)
        assert isinstance(found, Team) != (verdict.answer == "refused"), f"{found}\n{story}"
        if isinstance(found, Team):
            await _hold_against_a_true_run(database, drawn, found, verdict, story)
        return verdict.answer if drawn.moved is None else f"{verdict.answer}, after changes"


async def _hold_against_a_true_run(database: Any, drawn: Drawn, team: Team, verdict: Verdict, story: str) -> None:
    truly = await run_truly(database, drawn, team)
    story = f"{truly}\n{story}"
    if verdict.now is None:
        is_known = truly.is_known and truly.final in DECISIONS
        assert not is_known or (verdict.reason or "").startswith(HONEST), f"it is known\n{story}"
        return
    assert verdict.now == truly.final, story
    if verdict.round is not None:
        outcome = truly.outcome or {}
        number = 1 if team.pattern == "vote" else outcome["round"]
        seen = (number, outcome["row"], tuple(outcome["guards"]))
        assert (verdict.round, verdict.row, verdict.guards) == seen, story
    if team.messages is None or team.speaking == drawn.script.team.speaking:
        assert not truly.strange, f"it was asked in other words\n{story}"


def rules_of(team: Team) -> Rules:
    """All that a team decides by."""
    people = People(team.escalate, team.sign_off)
    decides = (team.policy, team.guards, team.budget.min_go_votes, team.weights, team.vetoers)
    return Rules(*decides, team.sequence, people, team.stability)


def another(drawn: Drawn) -> tuple[dict[str, Any], Rules]:
    """Another policy, as the raw values of the team that would have run under it, and as rules."""
    script, rng = drawn.script, drawn.script.rng
    policy = script.policy()
    raw = {**script.raw, "policy": policy.model_dump(mode="json")}
    if rng.random() < 0.1:  # a role that the run may not have
        name = rng.choice([*script.team.roles, "nobody"])
        row = {"when": f'stances.{name} == "block"', "then": "no_go"}
        raw["policy"] = {**raw["policy"], "rules": [row, *raw["policy"]["rules"]]}
        policy = policy.model_validate(raw["policy"])
    flags = random.Random(f"flags {script.seed}")
    if flags.random() < (0.4 if "ground" in raw else 0.15):  # flags that the run may not have
        row = {"when": f"{flags.choice(['moved', 'ungrounded'])} > 0", "then": "no_go"}
        raw["policy"] = {**raw["policy"], "rules": [row, *raw["policy"]["rules"]]}
        policy = policy.model_validate(raw["policy"])
    if rng.random() < 0.6:
        return raw, Rules(policy)
    raw["guards"] = [a_guard(rng)]
    raw["budget"] = {**raw["budget"], "min_go_votes": rng.randint(1, len(script.sequence))}
    raw["roles"] = {
        name: {**role, "weight": rng.randint(1, 3), "veto": rng.random() < 0.3} for name, role in raw["roles"].items()
    }
    weights = {name: role["weight"] for name, role in raw["roles"].items()}
    vetoers = frozenset(name for name, role in raw["roles"].items() if role["veto"])
    guards = tuple(Guard.model_validate(guard) for guard in raw["guards"])
    raw = others(script.people, raw) if script.people.random() < 0.3 else raw
    people = People(Escalation.model_validate(raw["escalate"], strict=False), tuple(raw["sign_off"]))
    raw = checked_otherwise(script.seed, raw)
    decides = (policy, guards, raw["budget"]["min_go_votes"], weights, vetoers, tuple(raw["sequence"]), people)
    return raw, Rules(*decides, Stability(**raw["stability"]) if "stability" in raw else None)


def checked_otherwise(seed: int, raw: dict[str, Any]) -> dict[str, Any]:
    """Return a team that checks its decisions otherwise, or as it did; drawn apart."""
    rng = random.Random(f"checked otherwise {seed}")
    drawn = rng.random()
    if "stability" not in raw or drawn < 0.2:
        return raw
    if drawn < 0.4:
        return {name: value for name, value in raw.items() if name != "stability"}
    other = {"max_flip_rate": rng.choice([0.0, 0.34, 0.5, 1.0]), "otherwise": rng.choice(["escalate", "stop"])}
    return {**raw, "stability": {**raw["stability"], **other}}


def told(drawn: Drawn) -> str:
    """Tell the run, one event a line."""
    keys = ("event", "round", "role", "attempt", "rule", "reason", "casts", "final", "convene", "release")
    asked = ("question", "kind", "seat", "asked", "options", "by", "outcome", "how")
    ends = ("stop_reason", "phase", "after", "limits", "moved")
    kept = [{key: each[key] for key in (*keys, *asked, *ends) if key in each} for each in drawn.state["events"]]
    lines = [str(each) for each in kept if each["event"] not in ("proposed", "conflict")]
    return "\n".join([json.dumps(drawn.script.raw), *lines])


@pytest.mark.slow
@pytest.mark.parametrize("tens", range(2))
def test_the_laws_hold_on_random_runs(tens: int) -> None:
    answers = Counter(check_seed(seed) for seed in range(tens * 10, tens * 10 + 10))

    assert answers.total() == 10
