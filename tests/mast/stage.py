"""What the tests of the failure modes share: teams drawn from a seed, agents by script, and all else real.

A case is a team and what its agents say. It runs on a thread of its own, through the real graph, policy and database;
what every agent was shown is kept.

    (played,) = play(home, [Case(team, saying("go"))])
    assert played.decision == "go" and played.flags == []
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graph.opening import open_runner
from graph.record import Record
from graph.runner import Runner
from nodes.voices.voice import BriefQuestion, Prompt, Question, Utterance
from policies.run.seats import Failure
from policies.team.team import Team
from tests.harness import proposal, settings_at
from tests.patterns.stage import Plain, team_of

SEEDS = range(30)
"""How many variants each script is run in."""

NAMES = ("ann", "bob", "cid", "dee", "eve")
LIMIT = 5
"""Where the checks of a role say caution; above it they say block, below it go."""

STANCES = ("go", "caution", "block")
PERMISSIVE = ("block", "caution", "go")
AT_ONCE = 8

Speech = Callable[[Question], Any]

# --- teams -----------------------------------------------------------------------------------------------------------


def drawn(
    rng: random.Random, *, checks: bool = False, roles: int | None = None, voice: str = "model", **changes: Any
) -> Team:
    """A team of two to five roles that models answer for, on one number for each role: `facts.ann.level`."""
    names = NAMES[: roles or rng.randint(2, len(NAMES))]
    facts = changes.pop("facts", None) or {name: {"level": rng.randint(0, 9)} for name in names}
    own = {name: {"voice": voice, **(checks_of(name) if checks else {})} for name in names}
    budget = {"max_rounds": 3, "max_messages": 100, "max_seconds": 600.0} | changes.pop("budget", {})
    usual: Plain = {"policy": "classic", "brief": {"voice": "rules"}, "max_repairs": 0}
    return team_of("rounds", *names, roles=own, facts=facts, budget=budget, **usual | changes)


def checks_of(name: str) -> Plain:
    """The checks of a role on its own number, under which no stance but these is allowed."""
    level, said = f"facts.{name}.level", {"summary": "By the rule.", "actions": ["Wait."]}
    above = {"when": f"{level} > {LIMIT}", "stance": "block", **said}
    at = {"when": f"{level} == {LIMIT}", "stance": "caution", **said}
    return {"checks": [above, at], "otherwise": {"stance": "go", **said}}


def allowed_by_checks(level: int) -> str:
    """What those checks allow, worked out once more."""
    return "go" if level < LIMIT else "caution" if level == LIMIT else "block"


# --- runs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A team, and what its agents say; a Failure among it is one of the provider."""

    team: Team
    speech: Speech


@dataclass(frozen=True)
class Heard:
    """What one agent was shown when it was asked."""

    round: int
    role: str
    prompt: Prompt


@dataclass
class Played:
    """What a case came to: its record, its chain of events, and what its agents were shown."""

    case: Case
    thread: str
    record: Record = field(default_factory=dict)
    events: list[Plain] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)

    @property
    def decision(self) -> str | None:
        decision: str | None = self.record.get("final_decision")
        return decision

    @property
    def flags(self) -> list[tuple[int, str]]:
        """All flags of the record, each with its round."""
        return [(each["round"], flag) for each in self.record["flags"] for flag in each["flags"]]

    @property
    def accepted(self) -> list[tuple[int, str]]:
        """The seats that were filled: round and role, in the order of the chain."""
        return [(each["round"], each["role"]) for each in self.of("accepted")]

    def of(self, kind: str) -> list[Plain]:
        return [event for event in self.events if event["event"] == kind]

    def shown_in(self, number: int) -> list[Heard]:
        return [each for each in self.heard if each.round == number]


@dataclass
class Stage:
    """One voice for all threads: each thread's agents say what its case has them say."""

    played: dict[str, Played]

    async def propose(self, question: Question) -> Utterance:
        await asyncio.sleep(0)
        question.meter.calls += 1
        played = self.played[question.labels["thread"]]
        played.heard.append(Heard(question.round, question.name, question.prompt))
        said = played.case.speech(question)
        return Utterance(failure=said) if isinstance(said, Failure) else Utterance(said)

    async def write_brief(self, question: BriefQuestion) -> Utterance:
        question.meter.calls += 1
        return Utterance("All of it.")


def play(home: Path, cases: Iterable[Case]) -> list[Played]:
    """Run each case on a thread of its own, many at once, and read its record and its chain."""
    return _on_stage(home, [Played(case, f"t{number}") for number, case in enumerate(cases)], None)


def go_on(home: Path, threads: Iterable[Played], **given: Any) -> list[Played]:
    """Resume the threads on a new runner; what their agents are shown is kept apart from before."""
    return _on_stage(home, [Played(each.case, each.thread) for each in threads], given)


def _on_stage(home: Path, threads: list[Played], resumed: Plain | None) -> list[Played]:
    stage = Stage({each.thread: each for each in threads})

    async def one(runner: Runner, played: Played, turn: asyncio.Semaphore) -> None:
        async with turn:
            thread = played.thread
            work = runner.run(played.case.team, thread) if resumed is None else runner.resume(thread, **resumed)
            played.record = await work
            played.events = (await runner.threads.begun(thread))["events"]

    async def main() -> None:
        turn = asyncio.Semaphore(AT_ONCE)
        async with open_runner(settings_at(home), {"model": stage}) as runner:
            await asyncio.gather(*(one(runner, played, turn) for played in threads))

    asyncio.run(main())
    return threads


# --- what agents say -------------------------------------------------------------------------------------------------


def seeded(*words: object) -> random.Random:
    """A source of chance that is the same in every run of the tests."""
    return random.Random(" ".join(map(str, words)))


def stances_of(rng: random.Random, team: Team, among: Sequence[str] = STANCES) -> dict[tuple[int, str], str]:
    """A stance for each round and role."""
    rounds = range(1, team.budget.max_rounds + 1)
    return {(number, role): rng.choice(among) for number in rounds for role in team.sequence}


def saying(stances: str | Mapping[Any, str] = "go", **more: Any) -> Speech:
    """Agents that take this stance, or theirs by round and role, or by role; `more` is in every answer."""

    def speech(question: Question) -> Plain:
        said = stances
        if not isinstance(said, str):
            said = said.get((question.round, question.name)) or said[question.name]
        return {**proposal(question.name, said), **more}

    return speech


def play_one(home: Path, team: Team, speech: Speech) -> Played:
    """Run one case."""
    (played,) = play(home, [Case(team, speech)])
    return played


def course(played: Played) -> Plain:
    """How a run went, without the words: each round's stances, the row that decided, and how it ended."""
    kept = ("status", "stop_reason", "final_decision", "outcome", "flags", "absent")
    rows = [(event["casts"], event["row"], event["vote"], event["final"]) for event in played.of("outcome")]
    return {**{key: played.record.get(key) for key in kept}, "rows": rows}
