"""Whole batches as real processes against a real HTTP server: many at once, and killed at random moments."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.durability.processes import without
from tests.harness import CHECKOUT_ROLES
from tests.scripted_server import Script, ScriptedServer, delayed, forever, says, serve, text

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

SCRIPT: Script = {
    "demand_analyst": forever(delayed(says("go"), 0.03)),
    "finance_analyst": forever(delayed(says("caution"), 0.05)),
    "risk_analyst": forever(delayed(says("go"), 0.01)),
    "brief": forever(text("Agreed.\n1. Start.\n2. Watch.")),
}
CALLS_PER_CASE = len(CHECKOUT_ROLES) + 1


def write_cases(path: Path, count: int) -> Path:
    often = {"budget": {"max_recoveries": 1_000}}
    lines = [{"id": f"c{n}", "goal": f"Decide case {n}.", "overrides": often} for n in range(count)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def start_batch(
    cases: Path, home: Path, server: ScriptedServer, concurrency: int, stdout: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "ACCORD_HOME": str(home),
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_BASE_URL": server.base_url,
    }
    command = [sys.executable, "-m", "graph", "batch", str(cases), "--concurrency", str(concurrency)]
    return subprocess.Popen(command, env=environment, stdout=stdout, stderr=subprocess.PIPE)


def results_of(process: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
    out, err = process.communicate(timeout=600)

    assert process.returncode == 0, err.decode()
    return [json.loads(line) for line in out.splitlines()]


def settled(results: list[dict[str, Any]]) -> Any:
    """The results without their times, and without what recoveries charge."""
    return without(results, "elapsed_seconds", "fetched_at", "usage", "recoveries")


def calls_of(results: list[dict[str, Any]]) -> int:
    return sum(each["result"]["usage"]["calls"] for each in results)


def test_five_hundred_cases_at_once_all_decide_with_exactly_their_calls(tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "cases.jsonl", 500)
    with serve(SCRIPT) as server:
        results = results_of(start_batch(cases, tmp_path / "home", server, concurrency=64))

        assert [each["id"] for each in results] == [f"c{n}" for n in range(500)]
        assert {each["result"]["final_decision"] for each in results} == {"go_with_caution"}
        assert len(server.calls) == 500 * CALLS_PER_CASE


def test_a_batch_killed_at_random_moments_ends_like_one_that_never_was(tmp_path: Path) -> None:
    cases, concurrency = write_cases(tmp_path / "cases.jsonl", 60), 6
    with serve(SCRIPT) as server:
        calm = results_of(start_batch(cases, tmp_path / "calm", server, concurrency))
        calm_calls = len(server.calls)
        kills = _kill_until_done(cases, tmp_path / "fire", server, concurrency)
        results = results_of(start_batch(cases, tmp_path / "fire", server, concurrency))
        repeated = len(server.calls) - 2 * calm_calls

    assert kills >= 5
    assert settled(results) == settled(calm)
    assert calls_of(calm) + repeated <= calls_of(results), "a call that was lost counts"
    assert 0 <= repeated <= kills * concurrency * len(CHECKOUT_ROLES)


def test_the_finished_cases_of_a_killed_batch_are_never_asked_again(tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "cases.jsonl", 40)
    with serve(SCRIPT) as server:
        process = start_batch(cases, tmp_path / "home", server, concurrency=4)
        assert process.stdout is not None
        finished = [json.loads(process.stdout.readline())["id"] for _ in range(10)]
        process.send_signal(signal.SIGKILL)
        process.communicate()
        results_of(start_batch(cases, tmp_path / "home", server, concurrency=4))
        asked = Counter(call.user["goal"] for call in server.calls)

    assert [asked[f"Decide case {name[1:]}."] for name in finished] == [CALLS_PER_CASE] * 10


def _kill_until_done(cases: Path, home: Path, server: ScriptedServer, concurrency: int) -> int:
    """Kill the batch at seeded random moments after its first new call, until it ends by itself; return the kills."""
    moments = random.Random(20261121)
    kills = 0
    while True:
        before = len(server.calls)
        process = start_batch(cases, home, server, concurrency, stdout=subprocess.DEVNULL)
        while process.poll() is None and len(server.calls) == before:
            time.sleep(0.005)
        try:
            process.wait(timeout=moments.uniform(0.0, 0.25))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()
        if process.returncode == 0:
            return kills
