"""`accord watch --all --reopen`, killed at random moments, and begun again: never two new threads for one decision."""

import os
import random
import signal
import subprocess
import time
from collections import Counter

import pytest

from graph.settings import Settings
from tests.forked import Command
from tests.hostile.command import Captured, accord
from tests.watch.stage import decide, kept, with_rate, write_facts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

OLD = [f"t-{number}" for number in range(6)]
KILLS = 8


def begun(settings: Settings) -> "subprocess.Popen[bytes]":
    own = {"ACCORD_HOME": str(settings.accord_home), "ACCORD_DATABASE_URL": settings.database}
    null = subprocess.DEVNULL
    return Command(
        ["watch", "--all", "--reopen"], env={**os.environ, **own}, stdout=null, stderr=null, start_new_session=True
    )


def seconds_of(settings: Settings) -> float:
    started = time.monotonic()
    begun(settings).wait(timeout=60)
    return time.monotonic() - started


@pytest.mark.parametrize("seed", range(1))
def test_killed_at_any_moment_it_begins_no_second_thread(seed: int, settings: Settings, capsys: Captured) -> None:
    draw, deaths = random.Random(seed), Counter[bool]()
    decide(settings, *OLD)
    before = {thread: kept(capsys, thread) for thread in OLD}
    seconds_of(settings)  # what forks commands is started once
    whole = seconds_of(settings)  # nothing to reopen yet: importing and looking
    write_facts(with_rate(0.04))
    for number in range(KILLS):
        if number % 4 == 3:
            write_facts(with_rate(0.04 + number / 100))
        process = begun(settings)
        time.sleep(whole * draw.uniform(0.5, 1.4))
        is_alive = process.poll() is None
        deaths[is_alive] += 1
        if is_alive:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            whole *= 0.5  # it was measured on a busier machine
        process.wait(timeout=60)
    assert begun(settings).wait(timeout=120) in (0, 1)
    assert begun(settings).wait(timeout=120) == 0
    listed = {line.split()[0] for line in accord(capsys, "list", "--limit", "100").out.splitlines()[1:]}

    assert listed == {*OLD, *(f"{thread}.r1" for thread in OLD)}
    assert {thread: kept(capsys, thread) for thread in OLD} == before
    assert accord(capsys, "audit", "verify").code == 0
    assert all(accord(capsys, "show", f"{thread}.r1", "--json").code == 0 for thread in OLD)
    assert deaths[True] > 1
