"""The kill switch across processes: two services and the command line on one database, a model that is slow.

What was asked, and when nothing was asked any more, says the log of the model's own server.
"""

import asyncio
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph.opening import open_runner
from graph.settings import Settings
from graph.threads import open_threads
from tests import forked
from tests.harness import settings_at, show
from tests.runs.stage import BRIEF, DEMAND, FINANCE, RISK, script
from tests.scripted_server import ScriptedServer, delayed, forever, held, says, serve, text
from tests.service.process import serving, start

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(600)]

PATIENCE_SECONDS = 120.0
WATCHED_SECONDS = 2.0
"""How long nothing may begin after a halt; calls that were let through before it are sent by then."""
STOPPED = 3


@dataclass(frozen=True)
class Place:
    """A database and a model, and what is started there."""

    home: Path
    env: Mapping[str, str]
    model: ScriptedServer
    is_open: list[bool] = field(default_factory=lambda: [False])

    def accord(self, *words: str) -> subprocess.CompletedProcess[str]:
        return forked.accord(*words, env=self.whole_env, capture_output=True, text=True)

    def begin(self, *words: str) -> "subprocess.Popen[bytes]":
        return forked.Command(words, env=self.whole_env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @property
    def whole_env(self) -> dict[str, str]:
        return {**os.environ, **self.env, "ACCORD_HOME": str(self.home)}

    @property
    def settings(self) -> Settings:
        url = self.env.get("ACCORD_DATABASE_URL")
        return settings_at(self.home, self.model.base_url, **({"accord_database_url": url} if url else {}))

    def record(self, thread: str) -> dict[str, Any]:
        return show(self.settings, thread)

    def resume(self, *threads: str) -> list[dict[str, Any]]:
        """Resume threads at once, in this process."""

        async def main() -> list[dict[str, Any]]:
            async with open_runner(self.settings) as runner:
                return await asyncio.gather(*map(runner.resume, threads))

        return asyncio.run(main())

    def listed(self) -> dict[str, tuple[str, str | None]]:
        """The status and the stop reason of every thread."""

        async def main() -> list[dict[str, Any]]:
            async with open_threads(self.settings) as threads:
                return await threads.newest(1000)

        return {each["thread_id"]: (each["status"], each["stop_reason"]) for each in asyncio.run(main())}

    def rests(self, threads: list[str]) -> set[tuple[str, str | None]]:
        """The status and the stop reason of these threads."""
        listed = self.listed()
        return {listed[thread] for thread in threads}

    def asked(self, role: str) -> int:
        return len(self.model.calls_of(role))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """The roles but one answer at once, and that one once the place is open."""
    is_open = [False]
    lines = script(risk_analyst=forever(held(says("go"), lambda: is_open[0])), brief=forever(text(BRIEF)))
    with serve(lines) as model:
        env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.base_url}
        if request.param == "postgres":
            env["ACCORD_DATABASE_URL"] = request.getfixturevalue("postgres_database")
        yield Place(tmp_path, env, model, is_open)


def until(is_so: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < limit, what
        time.sleep(0.05)


def execute(client: httpx.Client, count: int = 1) -> list[str]:
    answers = [client.post("/v1/execute", json={"team": "checkout_launch"}) for _ in range(count)]
    assert {each.status_code for each in answers} == {202}, [each.text for each in answers]
    return [each.json()["thread_id"] for each in answers]


def halt(place: Place, *more: str) -> None:
    done = place.accord("halt", *more, "--by", "ops", "--because", "Wrong prices.")
    assert done.returncode == 0, done.stderr


def release(place: Place, *more: str) -> None:
    done = place.accord("halt", "--release", *more, "--by", "ops")
    assert done.returncode == 0, done.stderr


def all_stopped(place: Place, threads: list[str]) -> bool:
    return place.rests(threads) == {("stopped", "cancelled")}


def all_done(place: Place, threads: list[str]) -> bool:
    return place.rests(threads) == {("ok", "success")}


def test_a_halt_stops_two_services_and_a_command_and_a_resume_finishes_all(place: Place) -> None:
    with (
        serving(place.home, env=place.env) as one,
        serving(place.home, env=place.env) as two,
        one.client() as first,
        two.client() as second,
    ):
        threads = [*execute(first, 3), *execute(second, 3), "own"]
        command = place.begin("run", "--thread", "own")
        until(lambda: place.asked(RISK) == 7, "every run waits for the one role")
        halt(place)
        assert command.wait(PATIENCE_SECONDS) == STOPPED
        until(lambda: all_stopped(place, threads), "every run stops")
        causes = {place.record(thread)["cause"] for thread in threads}
        assert len(causes) == 1
        assert "ops halted all runs" in causes.pop()
        refused = first.post("/v1/execute", json={"team": "checkout_launch"})
        assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
        assert "ops halted all runs" in refused.json()["detail"]
        assert place.accord("run", "--thread", "late").returncode == STOPPED
        assert place.accord("resume", "own").returncode == STOPPED
        time.sleep(WATCHED_SECONDS)
        assert [place.asked(role) for role in (DEMAND, FINANCE, RISK, "brief")] == [7, 7, 7, 0]
        place.is_open[0] = True
        release(place)
        assert place.accord("resume", "own").returncode == 0
        assert {each["status"] for each in place.resume(*threads[:-1], "late")} == {"ok"}
    # What was answered before is in the journal, and is not asked again; what was cut is.
    assert [place.asked(role) for role in (DEMAND, FINANCE, RISK, "brief")] == [8, 8, 15, 8]
    assert set(place.listed().values()) == {("ok", "success")}


def test_no_call_begins_after_a_halt_while_runs_come_and_go(place: Place) -> None:
    slow = forever(delayed(says("go"), 0.5))
    busy = {**script(brief=forever(text(BRIEF))), DEMAND: slow, RISK: slow}
    with serve(busy) as model:
        env = {**place.env, "OPENAI_BASE_URL": model.base_url}
        with serving(place.home, "--at-once", "4", env=env) as served, served.client() as client:
            threads = execute(client, 40)
            until(lambda: len(model.calls_of("brief")) > 3, "some runs have come to their end")
            assert client.post("/v1/halt", json={"because": "Wrong prices."}).status_code == 200
            time.sleep(WATCHED_SECONDS)
            then = len(model.calls)
            status = place.listed()
            time.sleep(WATCHED_SECONDS)
            assert len(model.calls) == then
            waiting = [thread for thread in threads if status[thread][1] is None]
            stopped = [thread for thread in threads if status[thread][1] == "cancelled"]
            assert waiting, "what waited for its turn waits on"
            assert stopped, "what was at work has stopped"
            release(place)
            until(lambda: all_done(place, waiting), "the queue goes on")
            assert all_stopped(place, stopped)
        assert {each["status"] for each in Place(place.home, env, model).resume(*stopped)} == {"ok"}
        # Four were at work at most, so that no more calls than those were cut and made again.
        assert [40 <= len(model.calls_of(role)) <= 44 for role in (DEMAND, RISK)] == [True, True]


def test_what_is_halted_stays_so_when_every_process_is_killed(place: Place) -> None:
    served = start(place.home, env=place.env)
    with served.client() as client:
        threads = execute(client, 2)
        until(lambda: place.asked(RISK) == 2, "the runs are at work")
        halt(place)
    served.kill()
    assert served.process.stdout is not None
    served.process.stdout.close()
    place.is_open[0] = True
    with serving(place.home, env=place.env) as again, again.client() as client:
        assert client.get("/v1/halt").json()["items"][0]["by"] == "ops"
        assert client.post("/v1/execute", json={"team": "checkout_launch"}).status_code == 503
        time.sleep(WATCHED_SECONDS)
        assert place.asked(RISK) == 2
        assert client.delete("/v1/halt").json()["because"] == "Wrong prices."
        place.resume(*(thread for thread, (status, _) in place.listed().items() if status == "stopped"))
        until(lambda: all_done(place, threads), "the runs are finished")


def test_one_of_ten_is_cancelled_wherever_it_is(place: Place) -> None:
    with (
        serving(place.home, "--at-once", "4", env=place.env) as one,
        serving(place.home, "--at-once", "1", env=place.env) as two,
        one.client() as first,
        two.client() as second,
    ):
        threads = execute(first, 10)
        until(lambda: place.asked(RISK) == 5, "five are at work, in two processes")
        at_work, queued = threads[1], threads[9]
        answers = [second.post(f"/v1/runs/{at_work}/cancel", json={"because": "Not now."}) for _ in range(2)]
        answers.append(second.post(f"/v1/runs/{queued}/cancel"))
        assert [each.status_code for each in answers] == [202, 202, 202], [each.text for each in answers]
        assert answers[0].json() == answers[1].json()
        until(lambda: all_stopped(place, [at_work, queued]), "both are stopped")
        assert "cancelled the run on" in place.record(at_work)["cause"]
        assert place.record(at_work)["cause"].endswith(": Not now")
        place.is_open[0] = True
        others = [thread for thread in threads if thread not in (at_work, queued)]
        until(lambda: all_done(place, others), "the others are finished")
        assert all_stopped(place, [at_work, queued])
        ended = second.post(f"/v1/runs/{others[0]}/cancel")
        assert (ended.status_code, "has ended" in ended.json()["detail"]) == (409, True)
        assert second.post(f"/v1/runs/{at_work}/cancel").status_code == 202
        assert {each["status"] for each in place.resume(queued, at_work)} == {"ok"}
        assert second.post("/v1/runs/no-such-thread/cancel").status_code == 404
    assert place.asked(DEMAND) == 10


def test_a_run_that_is_cancelled_while_it_waits_under_a_halt_says_who_cancelled_it(place: Place) -> None:
    with serving(place.home, "--at-once", "1", env=place.env) as served, served.client() as client:
        at_work, queued = execute(client, 2)
        until(lambda: place.asked(RISK) == 1, "the first is at work")
        halt(place)
        until(lambda: all_stopped(place, [at_work]), "it stops")
        assert client.post(f"/v1/runs/{queued}/cancel", json={"because": "Not now."}).status_code == 202
        until(lambda: all_stopped(place, [queued]), "the second stops, too")
        causes = [place.record(thread)["cause"] for thread in (at_work, queued)]
        assert ["ops halted all runs" in causes[0], "cancelled the run on" in causes[1]] == [True, True], causes
        release(place)
        time.sleep(WATCHED_SECONDS)
        assert all_stopped(place, [at_work, queued])
