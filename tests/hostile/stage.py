"""Runs malformed proposals the real way: a thread each, many in one event loop, on the real graph and a database."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graph.opening import open_runner
from graph.record import Record
from graph.runner import Runner
from graph.settings import Settings
from nodes.voices.voice import Question, Voice
from policies.contracts.contribution import Contribution
from policies.team.access import Access
from policies.team.team import Team
from tests.contributions import accept
from tests.harness import scripted, team_of
from tests.hostile.proposals import DENIED, FIELDS, OTHER, ROLE, Case, Kept, tidy

ACCESS = Access(frozenset({ROLE, OTHER, DENIED}), frozenset({ROLE, OTHER}))
AT_ONCE = 16
TEAM = f"""\
name: small
title: One role speaks
goal: Decide.
sequence: [{ROLE}]
policy: classic
max_repairs: 0
budget: {{max_rounds: 1, min_go_votes: 1}}
facts: {{}}
brief: {{voice: rules}}
roles:
  {ROLE}: {{title: Risk, mandate: Judge., voice: model}}
  {OTHER}: {{title: Finance, mandate: Judge., voice: model}}
  {DENIED}: {{title: Legal, mandate: Judge., voice: model, enabled: false}}
"""


def small_team(settings: Settings, folder: Path) -> Team:
    """Return a team of one role that asks the model, without repairs, in one round."""
    path = folder / "small.yaml"
    path.write_text(TEAM)
    return team_of(settings, str(path))


def said_by_goal(cases: Sequence[Case]) -> dict[str, Voice]:
    """Return a voice that says the case whose number is the goal."""

    def speech(question: Question) -> Any:
        return cases[int(json.loads(question.prompt.user)["goal"])].said

    return scripted(speech)


def played(team: Team, settings: Settings, cases: Sequence[Case], voices: Mapping[str, Voice] | None) -> list[Record]:
    """Return the record of each case, run on the thread of its name; one by one where a server answers."""

    async def one(runner: Runner, number: int, turn: asyncio.Semaphore) -> Record:
        async with turn:
            return await runner.run(team.model_copy(update={"goal": str(number)}), cases[number].name)

    async def main() -> list[Record]:
        turn = asyncio.Semaphore(AT_ONCE if voices else 1)
        async with open_runner(settings, voices) as runner:
            runs = [one(runner, number, turn) for number in range(len(cases))]
            done = await asyncio.gather(*runs, return_exceptions=True)
        broken = [
            f"{case.name}: {end!r}" for case, end in zip(cases, done, strict=True) if isinstance(end, BaseException)
        ]
        assert not broken, broken
        return [record for record in done if not isinstance(record, BaseException)]

    return asyncio.run(main())


def read_again(settings: Settings, cases: Sequence[Case]) -> list[Record]:
    """Return each thread's record, read by another runner on connections of its own."""

    async def main() -> list[Record]:
        async with open_runner(settings) as runner:
            return [await runner.threads.show(case.name) for case in cases]

    return asyncio.run(main())


def verdict(case: Case) -> str | Kept:
    """Return what the contract makes of a case: the generator's word where it has one."""
    if case.expected is not None:
        return case.expected
    said = accept(case.said, ROLE, ACCESS)
    if not isinstance(said, Contribution):
        return said.reason
    return {**{name: getattr(said, name) for name in FIELDS}, "actions": list(said.actions)}


def assert_ends_as(record: Record, outcome: str | Kept, said: Any) -> None:
    """Hold a record against the outcome: a contract stop with what was offered, or the contribution and its round."""
    if isinstance(outcome, str):
        assert (record["status"], record["stop_reason"]) == ("stopped", outcome)
        assert (record["phase"], record["resumable"]) == (f"round_1:{ROLE}", True)
        assert (record["trace"], record["history"]) == ([], [])
        assert_offered(record["raw_contribution"], said)
        return
    assert record["history"][0]["contributions"] == [outcome]
    is_go = outcome["stance"] == "go"
    assert (record["status"], record["stop_reason"]) == (
        ("ok", "success") if is_go else ("stopped", "max_rounds_reached")
    )
    assert ("raw_contribution" in record) is False


def assert_offered(raw: Any, said: Any) -> None:
    """The offered proposal is kept parsed where it is plain JSON of modest size, else as its first 2,000 characters.

    So is a decimal number alone: not every database would give the same one back.
    """
    if not isinstance(said, str):
        assert raw == said or isinstance(raw, str)
        return
    try:
        parsed = json.loads(said)
        is_kept = len(said) < 5_000 and tidy(said) == said and _is_modest(parsed)
        is_plain = is_kept and not isinstance(parsed, float)
    except (ValueError, RecursionError):
        parsed, is_plain = None, False
    assert raw == parsed if is_plain else raw in (parsed, tidy(said[:2_000]))


def _is_modest(value: Any, depth: int = 0) -> bool:
    if isinstance(value, str):
        return tidy(value) == value
    if isinstance(value, dict):
        return depth < 20 and all(_is_modest(key) and _is_modest(part, depth + 1) for key, part in value.items())
    if isinstance(value, list):
        return depth < 20 and all(_is_modest(part, depth + 1) for part in value)
    return value is None or abs(value) < 2**53


def assert_storable(record: Record) -> None:
    """A record is JSON that any reader takes, and UTF-8."""
    json.dumps(record, allow_nan=False, ensure_ascii=False).encode()
