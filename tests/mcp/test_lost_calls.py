"""Calls that last longer than their client waits, or whose server is killed: the run is found by its thread, once.

The model is a scripted server that takes four seconds; the client gives up after one.
"""

import asyncio
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from tests.durability.processes import Desk
from tests.mcp.clients import MODES, Agent, Mode, Way, tools_at
from tests.mcp.lines import Spoken
from tests.scripted_server import Script, delayed, forever, says, serve, text
from tests.service.process import Served, start
from tests.service.stories import lay

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(300)]

SECONDS = 4.0
SCRIPT: Script = {
    "demand": forever(delayed(says("go"), SECONDS)),
    "risk": forever(says("go")),
    "brief": forever(text("Ship it.")),
}
TEAM: dict[str, Any] = {"team": "agrees"}


@pytest.fixture(scope="module")
def modelled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk whose roles are answered for by a slow model."""
    folder = tmp_path_factory.mktemp("modelled")
    lay(folder)
    with serve(SCRIPT) as server:
        yield Desk(folder, server.base_url)


def env(desk: Desk) -> dict[str, str]:
    return {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": str(desk.base_url)}


@pytest.fixture(scope="module")
def slow(modelled: Desk) -> Iterator[Served]:
    with tools_at(modelled.folder / "home", env=env(modelled)) as served:
        yield served


@pytest.fixture(params=["stdio", "http"])
def there(request: pytest.FixtureRequest, modelled: Desk) -> Way:
    url = request.getfixturevalue("slow").url if request.param == "http" else None
    return Way(modelled.folder / "home", url, env=env(modelled))


def asks(desk: Desk, thread: str) -> int:
    """Return how often a role was asked, in all."""
    return sum(each["event"] == "asked" for each in desk.accord("audit", "export", thread).lines)


async def gives_up(agent: Agent, seconds: float = 1.0, /, **arguments: Any) -> None:
    with pytest.raises(MCPError, match="timed out"):
        await agent.call("decide", seconds, **arguments)


@pytest.mark.parametrize("mode", MODES)
def test_a_call_that_timed_out_is_found_again_by_its_thread(there: Way, mode: Mode, modelled: Desk) -> None:
    thread = str(uuid.uuid4())

    async def story(agent: Agent) -> tuple[dict[str, Any], ...]:
        await gives_up(agent, **TEAM, thread=thread)
        looked = await agent.told("decide", **TEAM, thread=thread, wait_seconds=0)
        at_work = await agent.told("show", thread=thread)
        record = await agent.told("decide", **TEAM, thread=thread)
        assert agent.heard[0] == f"thread {thread}"
        assert any("demand: " in each for each in agent.heard), agent.heard
        again = await agent.told("decide", **TEAM, thread=thread)
        other = await agent.refusal("decide", **TEAM, thread=thread, goal="Another?")
        assert other == f"the thread `{thread}` was begun by another request; ask the same again, or choose another id"
        return at_work, looked, record, again

    at_work, looked, record, again = there.tell(story, mode)
    assert {at_work["status"], looked["status"]} <= {"running", "queued"}
    assert f"`show` finds it by the thread `{thread}`" in looked["message"]
    assert record == again == modelled.accord("show", thread, "--json").record
    assert (record["status"], record["final_decision"]) == ("ok", "go")
    assert asks(modelled, thread) == 3  # two roles and the brief, each once


def test_a_thread_that_was_not_chosen_is_heard_of_first_and_found_in_the_list(there: Way) -> None:
    async def story(agent: Agent) -> tuple[str, dict[str, Any], dict[str, Any]]:
        await gives_up(agent, 3.0, team="agrees")
        newest = (await agent.told("list", limit=1))["items"][0]
        return agent.heard[0], newest, await agent.told("show", thread=newest["thread_id"])

    heard, newest, shown = there.tell(story)
    assert heard == f"thread {newest['thread_id']}"
    assert shown["status"] in ("running", "ok")


def test_a_run_goes_on_whose_client_went_away(there: Way, modelled: Desk) -> None:
    thread = str(uuid.uuid4())

    async def leave(agent: Agent) -> None:
        await gives_up(agent, **TEAM, thread=thread)

    async def find(agent: Agent) -> dict[str, Any]:
        return await agent.told("decide", **TEAM, thread=thread)

    there.tell(leave)
    record = there.tell(find, "2026-07-28")
    assert (record["status"], record["final_decision"]) == ("ok", "go")
    assert asks(modelled, thread) == 3


def test_another_process_by_the_other_transport_finds_a_run_whose_server_was_killed(modelled: Desk) -> None:
    home, thread = modelled.folder / "home", str(uuid.uuid4())
    served = start(home, env=env(modelled), command=("mcp", "--http"))

    async def killed(agent: Agent) -> None:
        calling = asyncio.create_task(agent.call("decide", **TEAM, thread=thread))
        until = time.monotonic() + 60
        while not any("asked" in each for each in agent.heard) and time.monotonic() < until:
            await asyncio.sleep(0.05)
        served.kill()
        with pytest.raises(Exception, match=r".+"):
            await calling
        raise KilledError

    async def find(agent: Agent) -> dict[str, Any]:
        return await agent.told("decide", **TEAM, thread=thread)

    with pytest.raises((KilledError, BaseExceptionGroup)):
        Way(home, served.url).tell(killed)
    record = Way(home, env=env(modelled)).tell(find)
    assert (record["status"], record["final_decision"]) == ("ok", "go")
    assert sum(each["event"] == "admitted" for each in modelled.accord("audit", "export", thread).lines) == 1
    assert modelled.accord("audit", "verify", thread).code == 0


class KilledError(Exception):
    pass


@pytest.mark.parametrize("ending", [signal.SIGTERM, None], ids=["SIGTERM", "stdin closed"])
def test_a_process_that_ends_leaves_its_run_to_the_next_one(
    ending: signal.Signals | None, modelled: Desk, tmp_path: Path
) -> None:
    """Spoken by hand, a line each, so that what is on stdout is seen whole."""
    home, thread = modelled.folder / "home", str(uuid.uuid4())
    with Spoken.started(home, tmp_path / "log", env(modelled)) as spoken:
        spoken.open()
        spoken.send("tools/call", 7, name="decide", arguments={**TEAM, "thread": thread}, _meta={"progressToken": 1})
        spoken.until(lambda each: "asked" in str(each.get("params", {}).get("message")))
        rest, code = spoken.ended(ending)
    assert code == 0
    (answer,) = [each for each in rest if each.get("id") == 7]
    if ending is not None:
        told = answer["result"]["structuredContent"]
        assert told["thread_id"] == thread
        assert told["status"] in ("running", "interrupted", "queued")

    async def find(agent: Agent) -> dict[str, Any]:
        return await agent.told("decide", **TEAM, thread=thread)

    record = Way(home, env=env(modelled)).tell(find)
    assert (record["status"], record["final_decision"]) == ("ok", "go")


def test_over_http_a_process_that_ends_answers_its_calls_and_waits_for_no_stream(modelled: Desk) -> None:
    home, thread, told = modelled.folder / "home", str(uuid.uuid4()), list[dict[str, Any]]()
    served = start(home, env=env(modelled), command=("mcp", "--http"))

    async def story(agent: Agent) -> None:
        await agent.client.list_tools()  # else the client asks for them once it has its result
        calling = asyncio.create_task(agent.told("decide", **TEAM, thread=thread))
        until = time.monotonic() + 60
        while not any("asked" in each for each in agent.heard) and time.monotonic() < until:
            await asyncio.sleep(0.05)
        served.process.send_signal(signal.SIGTERM)  # while the client's own stream is open, too
        told.append(await calling)

    with suppress(BaseExceptionGroup):  # the client cannot take leave of a server that is gone
        Way(home, served.url, env=env(modelled)).tell(story)
    assert served.stop() == 0
    assert [each["thread_id"] for each in told] == [thread]
    assert told[0]["message"].startswith("the run continues")

    async def find(agent: Agent) -> dict[str, Any]:
        return await agent.told("decide", **TEAM, thread=thread)

    record = Way(home, env=env(modelled)).tell(find)
    assert (record["status"], record["final_decision"]) == ("ok", "go")
