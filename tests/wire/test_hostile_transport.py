"""Whatever an endpoint sends, a run ends in time, within bounds, with a reason, and never as if it were our fault."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.harness import CHECKOUT_ROLES
from tests.runs.stage import script
from tests.scripted_server import delayed, forever, says, serve, text
from tests.wire.asker import Asker, Ran, open_asker
from tests.wire.hostile import ATTEMPTS, HOSTILE, MIB, Hostile, redirect
from tests.wire.raw import SEAT, RawServer, completion, http, raw_server, sends
from tests.wire.stage import server_context

KEY = "sk-calm-0123456789"
DEADLINE = 2.0
TOLERANCE = 1.1
TRIES = 3
GROWTH_BYTES = 100 * MIB
REDIRECTING = (301, 302, 303, 307, 308)


@pytest.fixture(scope="module")
def calm() -> Iterator[str]:
    """Where the other roles are answered, and the brief is written, for ever."""
    with serve(script(brief=forever(text("Ship it.")))) as server:
        yield server.base_url


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory, calm: str) -> Iterator[tuple[Asker, int]]:
    """A process that has run once in calm, and the memory that it took for it."""
    folder = tmp_path_factory.mktemp("asker")
    with open_asker(folder) as process:
        ran = process.run("run", "--json", **environment(folder / "home", calm))
        assert ran.record["stop_reason"] == "success"
        yield process, ran.peak_bytes


def environment(home: Path, calm: str) -> dict[str, str]:
    return {"ACCORD_HOME": str(home), "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": calm}


def endpoints_in(home: Path, url: str) -> None:
    """Name the address in the data directory, as an endpoint whose key is that of the default one."""
    home.mkdir()
    retries = f"max_retries = {ATTEMPTS - 1}\n"
    odd = f'[endpoints.odd]\nbase_url = "{url}"\nkey_env = "OPENAI_API_KEY"\n{retries}'
    (home / "accord.toml").write_text(f"[endpoints.default]\n{retries}{odd}")


def ran_against(url: str, asker: Asker, home: Path, calm: str, *more: str) -> Ran:
    """Run the team with one role at this address, and the others in calm."""
    endpoints_in(home, url)
    sets = (f"roles.{SEAT}.model=odd/m", f"budget.max_seconds={DEADLINE:g}", *more)
    arguments = [part for each in sets for part in ("--set", each)]
    return asker.run("run", "--json", "--thread", "t", *arguments, **environment(home, calm))


def seconds_of(ran: Ran, server: RawServer) -> float:
    """The time on the wall from the first request until all is written and closed."""
    return ran.ended - server.visits[0].at if server.visits else 0.0


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_run_ends_as_the_table_says(name: str, asker: tuple[Asker, int], calm: str, tmp_path: Path) -> None:
    row, (process, before) = HOSTILE[name], asker
    took = []
    for number in range(TRIES):
        with raw_server(row.behaviour, row.reads, server_context(tmp_path) if row.has_tls else None) as server:
            ran = ran_against(server.url(row.scheme), process, tmp_path / str(number), calm)
            seconds = seconds_of(ran, server)
        check(row, ran, server)
        assert ran.peak_bytes - before <= GROWTH_BYTES
        took.append(seconds)
        if seconds <= DEADLINE * TOLERANCE:
            return
    pytest.fail(f"not within {TOLERANCE} times {DEADLINE} s: {took}")


def check(row: Hostile, ran: Ran, server: RawServer) -> None:
    record = ran.record
    found = (ran.code, record["stop_reason"], len(server.visits))
    assert found == (0 if row.reason == "success" else 3, row.reason, row.attempts), (record.get("cause"), ran.err)
    assert row.cause in record.get("cause", "")
    if row.ends_by_deadline:
        assert record["elapsed_seconds"] >= DEADLINE
    elif row.reason == "success":
        said = {each["agent"]: each["stance"] for each in record["history"][0]["contributions"]}
        assert said[SEAT] == "go"
    else:
        assert server.url(row.scheme) in record["cause"]
        assert record["resumable"]


def test_the_table_is_long_enough() -> None:
    assert len(HOSTILE) >= 25


# --- elsewhere is not asked ------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("status", REDIRECTING)
def test_a_redirect_is_not_followed(status: int, asker: tuple[Asker, int], calm: str, tmp_path: Path) -> None:
    """The other host would answer well, so a run that asks it succeeds; and the key would be there."""
    with raw_server(sends(http(completion()))) as other:
        moved = redirect(status, other.url(host="localhost") + "/chat/completions")
        with raw_server(sends(moved)) as server:
            ran = ran_against(server.url(), asker[0], tmp_path / "home", calm)
    assert (ran.record["stop_reason"], len(server.visits)) == (f"llm_error:{status}", 1)
    assert (other.connections, other.visits) == (0, [])


def test_the_other_host_would_be_found_out() -> None:
    """Shows that the test above can fail: whoever follows the redirect arrives, and hands over the key."""
    with raw_server(sends(http(completion()))) as other, raw_server(sends(redirect(307, other.url()))) as server:
        moved = httpx2.post(server.url(), trust_env=False)
        httpx2.post(moved.headers["location"], headers={"authorization": f"Bearer {KEY}"}, trust_env=False)
    assert [visit.credentials for visit in other.visits] == [KEY.encode()]


@pytest.mark.slow
def test_a_redirect_to_itself_ends_at_once(asker: tuple[Asker, int], calm: str, tmp_path: Path) -> None:
    with raw_server(sends(redirect(308, "/v1/chat/completions"))) as server:
        ran = ran_against(server.url(), asker[0], tmp_path / "home", calm)
    assert (ran.record["stop_reason"], len(server.visits)) == ("llm_error:308", 1)


# --- one of many -----------------------------------------------------------------------------------------------------

BUSY = ("a flood of 103", "a gzip bomb in gzip", "chunks without end", "arrays 100,000 deep", "silent")
USUAL_SECONDS = 0.5
SHARED_SECONDS = 1.0
"""Both servers share this process, which the flood keeps busy; a case that waits for the odd one takes longer."""


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.system] * (name == "silent")) for name in BUSY])
def test_one_such_answer_delays_no_other_case(name: str, asker: tuple[Asker, int], tmp_path: Path) -> None:
    """The others are answered while the one case is at work."""
    odd = {"id": "odd", "overrides": {"roles": {SEAT: {"model": "odd/m"}}, "budget": {"max_seconds": DEADLINE}}}
    cases = tmp_path / "cases.jsonl"
    cases.write_text("\n".join(json.dumps(each) for each in (odd, {"id": "one"}, {"id": "two"})))
    usual = forever(delayed(says("go"), USUAL_SECONDS))
    took = []
    for number in range(TRIES):
        home = tmp_path / str(number)
        with (
            raw_server(HOSTILE[name].behaviour) as server,
            serve({**dict.fromkeys(CHECKOUT_ROLES, usual), "brief": forever(text("Ship it."))}) as calm,
        ):
            endpoints_in(home, server.url())
            ran = asker[0].run("batch", "--concurrency", "3", str(cases), **environment(home, calm.base_url))
        records = [json.loads(line)["result"] for line in ran.out.splitlines()]
        assert [each["stop_reason"] for each in records] == [HOSTILE[name].reason, "success", "success"]
        assert server.visits
        took.append(max(each["elapsed_seconds"] for each in records[1:]))
        if took[-1] <= USUAL_SECONDS + SHARED_SECONDS:
            return
    pytest.fail(f"they took {took} s")
