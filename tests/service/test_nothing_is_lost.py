"""What a service has accepted ends in exactly one record, whatever happens to its process."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scripted_server import ScriptedServer, serve
from tests.service.ledger import find_losses
from tests.service.load import Site, answering, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(400)]

RUNS = 60
LATENCY_SECONDS = 0.2


@pytest.fixture
def model() -> Iterator[ScriptedServer]:
    with serve(answering(LATENCY_SECONDS)) as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def site(request: pytest.FixtureRequest, tmp_path: Path, model: ScriptedServer) -> Iterator[Site]:
    env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.base_url}
    if request.param == "postgres":
        env["ACCORD_DATABASE_URL"] = str(request.getfixturevalue("postgres_database"))
    site = Site(tmp_path / "home", env)
    yield site
    site.end()


@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_accepted_survives_kills_under_load(site: Site, model: ScriptedServer, seed: int) -> None:
    dice, window = random.Random(seed), 0
    keys = [f"key {number}" for number in range(RUNS)]
    served = site.start()
    with site.flooded(keys):
        for _ in range(3):
            time.sleep(dice.uniform(0.1, 2.5))
            served.kill()
            window += site.ledger.under_way()
            served = site.start()
    for key in dice.sample(keys, 20):  # asked once more, in another process
        site.ask(key)
    wait_until(lambda: not site.ledger.promises())
    assert len(site.promised) == RUNS
    assert find_losses(site.ledger, site.promised, model, window) == []
    assert model.unscripted == []


def test_a_service_that_is_ended_under_load_leaves_all_to_the_next(site: Site, model: ScriptedServer) -> None:
    served = site.start()
    with site.flooded([f"key {number}" for number in range(RUNS)]):
        wait_until(lambda: len(site.threads) > RUNS // 10)
        assert served.stop() == 0
        assert len(site.threads) < RUNS
        assert site.ledger.promises()
        assert "cancelled" not in site.ledger.ends().values()
        window = site.ledger.under_way()
        site.start()
    wait_until(lambda: not site.ledger.promises())
    assert len(site.promised) == RUNS
    assert find_losses(site.ledger, site.promised, model, window) == []


@pytest.mark.needs("postgres")
def test_two_processes_on_one_database_share_what_waits(
    tmp_path: Path, postgres_database: str, model: ScriptedServer
) -> None:
    env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.base_url, "ACCORD_DATABASE_URL": postgres_database}
    one, two = Site(tmp_path / "one", env), Site(tmp_path / "two", env)
    first, second = one.start(), two.start()
    with one.flooded([f"one {number}" for number in range(30)]), two.flooded([f"two {number}" for number in range(30)]):
        pass
    window = 0
    time.sleep(1.0)
    first.kill()
    window += one.ledger.under_way()
    wait_until(lambda: not two.ledger.promises())
    second.kill()
    assert find_losses(two.ledger, one.promised | two.promised, model, window) == []


@pytest.mark.needs("postgres")
def test_a_process_at_leisure_takes_runs_over_and_none_runs_twice(
    tmp_path: Path, postgres_database: str, model: ScriptedServer
) -> None:
    env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.base_url, "ACCORD_DATABASE_URL": postgres_database}
    busy, idle = Site(tmp_path / "busy", env, ("--at-once", "1")), Site(tmp_path / "idle", env)
    first, second = busy.start(), idle.start()
    with busy.flooded([f"key {number}" for number in range(40)]):
        pass
    wait_until(lambda: not busy.ledger.promises())
    first.kill()
    second.kill()
    assert find_losses(busy.ledger, busy.promised, model, window=0) == []
