"""A run whose process dies during calls: what was under way is charged, and a crash loop comes to an end."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from graph.store.database import open_database
from graph.threads import Threads
from nodes.agreement import find_disagreement
from nodes.journal import CallKey, calls_under_way, count_filled, forget_call, note_call, write_call
from policies.run.usage import Reservation
from tests.durability.crashes import Plan, check, check_seed
from tests.durability.processes import Desk, Done
from tests.scripted_server import Script, ScriptedServer, forever, hangs, says, serve, text

ROLES = ("demand_analyst", "finance_analyst", "risk_analyst")
QUIET = hangs(60)

PLANS = {
    "during a call and again during the resume": Plan("plain", "rounds", False, (2, 1), 0.0, 0),
    "within a team that answers for a role": Plan("plain", "hierarchy", False, (3,), 0.0, 0),
    "in every life, so that nothing moves": Plan("stuck", "vote", False, (1, 1, 1, 1), 0.0, 0),
    "with a limit of tokens that the provider counts otherwise": Plan("metered", "debate", False, (2, 2), 0.0, 15_000),
}


AT_LENGTH = (
    "during a call and again during the resume",
    "within a team that answers for a role",
    "in every life, so that nothing moves",
)
"""What these do in whole lives, tests/policies/test_recovery.py and the crash loop below hold as well."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "plan",
    [pytest.param(plan, id=name, marks=[pytest.mark.system] * (name in AT_LENGTH)) for name, plan in PLANS.items()],
)
def test_a_run_killed_from_outside_keeps_its_word(plan: Plan, tmp_path: Path) -> None:
    check(plan, tmp_path / "seed")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "max_tokens"),
    [
        ("parallel", 9_000),
        *(
            pytest.param(pattern, limit, marks=pytest.mark.system)
            for pattern, limit in (
                ("rounds", 9_000),
                ("rounds", 14_000),
                ("rounds", 22_000),
                ("parallel", 14_000),
                ("parallel", 22_000),
            )
        ),
    ],
)
def test_answers_at_once_overshoot_the_tokens_by_one_call_at_most(
    pattern: str, max_tokens: int, tmp_path: Path
) -> None:
    check(Plan("metered", pattern, False, (), 0.0, max_tokens), tmp_path / "seed")


@pytest.mark.system
@pytest.mark.timeout(600)
@pytest.mark.needs("postgres")
@pytest.mark.parametrize("first", range(0, 16, 4))
def test_runs_killed_at_random_keep_their_word(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 4):
        assert check_seed(seed, tmp_path / str(seed))


def _killed(desk: Desk, server: ScriptedServer, *command: str) -> None:
    before = len(server.calls)
    with desk.started(*command) as running:
        running.wait_for(lambda: len(server.calls) >= before + len(ROLES), "all were asked")
        running.kill()


@pytest.mark.system
def test_a_crash_loop_stops_and_a_raised_limit_lets_it_go_on(tmp_path: Path) -> None:
    answers = [QUIET, QUIET, forever(says("go"))]
    script: Script = {"brief": forever(text("Ship it.")), **dict.fromkeys(ROLES, answers)}
    with serve(script) as server:
        desk = Desk(tmp_path, server.base_url)
        _killed(desk, server, "run", "--thread", "t", "--set", "budget.max_recoveries=1")
        _killed(desk, server, "resume", "t")
        stopped, again = (desk.accord("resume", "t", "--json") for _ in range(2))
        done = desk.accord("resume", "t", "--json", "--budget", "max_recoveries=2")
        looked = [desk.accord(*command) for command in (("audit", "verify", "t"), ("replay", "t"), _WHATIF)]
    for each in (stopped, again):
        assert (each.code, each.record["stop_reason"], each.record["resumable"]) == (3, "recovery_exhausted", True)
        assert (each.record["usage"]["calls"], each.record["recoveries"]) == (6, 2)
    assert (done.code, done.record["final_decision"], done.record["usage"]["calls"]) == (0, "go", 6 + 4)
    assert len(server.calls) == 6 + 4
    _check_looks(*looked)
    state = asyncio.run(_state(str(tmp_path / "home" / "accord.sqlite")))
    assert find_disagreement("t", state) is None
    assert all(find_disagreement("t", forged) for forged in _forgeries(state))


async def _state(location: str) -> Mapping[str, Any]:
    async with open_database(location) as database:
        return await Threads(database).state("t") or {}


def _forgeries(state: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the thread with its recoveries forgotten, in one place each."""
    events = state["events"]
    yield {**state, "recovered": {**state["recovered"], "in_a_row": 0}}
    yield {**state, "usage": {**state["usage"], "calls": state["usage"]["calls"] - 3}}
    yield {**state, "events": [{**event, "lost": []} if "lost" in event else event for event in events]}
    yield {**state, "events": [event for event in events if "lost" not in event]}


_WHATIF = ("whatif", "--policy", "classic", "--all")


def _check_looks(verified: Done, replayed: Done, whatif: Done) -> None:
    assert (verified.code, replayed.code, whatif.code) == (0, 0, 0), (verified.out, replayed.out, whatif.err)
    assert "same" in whatif.out
    assert "flipped" not in whatif.out.replace("0 flipped", "")


async def _noted(location: str) -> dict[str, list[str]]:
    """Return the calls under way of threads whose ids begin alike: one of three has its answer, one ended without."""
    async with open_database(location) as database:
        for thread in ("t", "t2", "t.1", "t_"):
            async with database.fences.hold(thread):
                for seat in ("a", "b", "c"):
                    key = CallKey(thread, 1, 1, f"{thread}-{seat}", 1)
                    await note_call(database.store, key, Reservation(900, 0.5), "now")
                await write_call(database.store, CallKey(thread, 1, 1, f"{thread}-a", 1), {"kind": "accepted"})
                await forget_call(database.store, CallKey(thread, 1, 1, f"{thread}-b", 1))
        assert await count_filled(database.store, "t") == 1
        threads = ("t", "t2", "t.1", "t_", "none")
        found = {thread: await calls_under_way(database.store, thread) for thread in threads}
        assert [call["tokens"] for call in found["t"]] == [900]
        return {thread: [call["seat"] for call in calls] for thread, calls in found.items()}


def test_a_call_without_an_answer_is_under_way_in_its_own_thread_alone(tmp_path: Path) -> None:
    found = asyncio.run(_noted(str(tmp_path / "accord.sqlite")))
    assert found == {"t": ["t-c"], "t2": ["t2-c"], "t.1": ["t.1-c"], "t_": ["t_-c"], "none": []}
