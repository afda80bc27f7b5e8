"""An agent reaches a decision over both transports and both generations of the protocol.

What it is told is compared with what the command line says in another process.
"""

import asyncio
import json
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import jsonschema
import pytest
from mcp.shared.exceptions import MCPError

from tests.durability.processes import Desk
from tests.mcp.clients import MODES, Agent, Mode, Way, sentence
from tests.service.stories import GOING, TEAM, events

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(300)]


@pytest.mark.parametrize("mode", MODES)
def test_a_decision_is_reached_and_its_record_is_that_of_the_command_line(way: Way, mode: Mode, desk: Desk) -> None:
    async def story(agent: Agent) -> tuple[Any, ...]:
        tools = (await agent.client.list_tools()).tools
        result = await agent.call("decide", team="agrees")
        record = result.structured_content
        assert json.loads(sentence(result)) == record
        named = {"thread": record["thread_id"]}
        shown, why = await agent.told("show", **named), await agent.told("why", **named)
        uri = f"accord://runs/{record['thread_id']}"
        parts = [(await agent.client.read_resource(f"{uri}/{name}")).contents[0] for name in ("report", "audit")]
        return tools, record, shown, why, parts, agent.heard

    tools, record, shown, why, parts, heard = way.tell(story, mode)
    thread = record["thread_id"]
    assert (record["status"], record["final_decision"]) == ("ok", "go")
    assert record == shown == desk.accord("show", thread, "--json").record
    assert why == desk.accord("why", thread, "--json").record
    assert parts[0].text == desk.accord("show", thread, "--html", "-").out
    assert parts[1].text == desk.accord("audit", "export", thread).out
    assert [each.mime_type for each in parts] == ["text/html", "application/x-ndjson"]
    assert heard[0] == f"thread {thread}"
    assert any("risk: go" in each or "Role: go" in each for each in heard), heard
    check_descriptions({tool.name: tool for tool in tools})


def check_descriptions(tools: Mapping[str, Any]) -> None:
    assert [*tools] == ["decide", "show", "why", "list", "answer"]
    assert [name for name, tool in tools.items() if tool.annotations.read_only_hint] == ["show", "why", "list"]
    for tool in tools.values():
        for schema in (tool.input_schema, tool.output_schema):
            jsonschema.Draft202012Validator.check_schema(schema)
        assert tool.description
        for name, each in tool.input_schema["properties"].items():
            assert each.get("description"), (tool.name, name)


def test_threads_and_what_waits_are_listed_page_by_page(way: Way, desk: Desk) -> None:
    async def story(agent: Agent) -> tuple[Any, ...]:
        begun = [(await agent.told("decide", team="board"))["thread_id"] for _ in range(3)]
        pages = [await agent.told("list", team="board", status="waiting", limit=2)]
        while pages[-1]["next"]:
            pages.append(await agent.told("list", team="board", status="waiting", limit=2, after=pages[-1]["next"]))
        waiting = await agent.told("list", waiting="inbox", limit=200)
        refusals = [
            await agent.refusal("list", after="nonsense"),
            await agent.refusal("list", waiting="inbox", team="board"),
            await agent.refusal("list", limit=1_000),
            await agent.refusal("list", status="done"),
        ]
        return begun, [each["thread_id"] for page in pages for each in page["items"]], waiting["items"], refusals

    begun, listed, waiting, refusals = way.tell(story)
    assert listed[:3] == begun[::-1]
    assert len(listed) == len({*listed})
    assert {*begun} <= {each["thread_id"] for each in waiting}
    inbox: Any = desk.accord("inbox", "--json").record
    asked = {each["thread_id"]: each["asked"] for each in inbox}
    assert {each["thread_id"]: each["asked"] for each in waiting} == asked
    assert refusals[0] == "the cursor is not one of this service; take `next` of the page before"
    assert refusals[1].startswith("the call lists either what waits or threads")
    assert refusals[2] == "`limit` is 1000; allowed: at most 200"
    assert refusals[3].startswith("`status` is 'done'; ")


RESERVED = str(uuid.uuid5(uuid.NAMESPACE_URL, "a"))
WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "no team": ("decide", {}, "`team` is missing"),
    "an unknown team": ("decide", {"team": "agres"}, "there is no team `agres`; did you mean `agrees`?"),
    "an unknown argument": ("decide", {"team": "agrees", "voise": "rules"}, "`voise` is an unknown key; allowed: team"),
    "a wrong kind": ("decide", {"team": "agrees", "wait_seconds": "1"}, "`wait_seconds` is '1'; allowed: a number"),
    "too long": ("decide", {"team": "agrees", "wait_seconds": 1e9}, "allowed: at most 3600"),
    "no id": ("decide", {"team": "agrees", "thread": "launch-1"}, "allowed: a UUID in lower case"),
    "a reserved id": (
        "decide",
        {"team": "agrees", "thread": RESERVED},
        "`thread` is refused: a thread id of UUID version 5",
    ),
    "a NUL": ("decide", {"team": "agrees", "goal": "a\0b"}, "has a NUL character"),
    "a huge number": ("decide", {"team": "agrees", "facts": {"rate": 2**53}}, "is an integer beyond"),
    "a wrong budget": ("decide", {"team": "agrees", "budget": {"max_rounds": 0}}, "max_rounds"),
    "an unknown limit": ("decide", {"team": "agrees", "budget": {"rounds": 1}}, "rounds"),
    "an unknown thread": ("show", {"thread": "nope"}, "there is no thread `nope`"),
    "no thread": ("why", {"thread": ""}, "there is no thread ``"),
    "an odd thread": ("why", {"thread": "../../etc"}, "there is no thread `../../etc`"),
    "nothing waits": ("answer", {"thread": "nope", "decision": "go", "because": "So."}, "there is no thread `nope`"),
    "two answers": (
        "answer",
        {"thread": "t", "decision": "go", "answer": 1},
        "the call has both `decision` and `answer`",
    ),
    "a wrong word": ("answer", {"thread": "t", "decision": "maybe"}, "`decision` is 'maybe'; allowed: "),
}


def test_what_is_wrong_with_a_call_is_said_in_one_sentence(way: Way) -> None:
    async def story(agent: Agent) -> dict[str, str]:
        found = {name: await agent.refusal(tool, **arguments) for name, (tool, arguments, _) in WRONG.items()}
        with pytest.raises(MCPError, match="there is no tool `decides`; did you mean `decide`"):
            await agent.call("decides", team="agrees")
        for uri in ("accord://runs/nope/report", "accord://runs/nope/secrets", "accord://nope", "file:///etc/passwd"):
            with pytest.raises(MCPError, match=r"there is no (thread|resource)"):
                await agent.client.read_resource(uri)
        assert (await agent.told("decide", team="agrees"))["status"] == "ok"
        return found

    for name, told in way.tell(story).items():
        assert WRONG[name][2] in told, name
        assert "\n" not in told, name
        assert "Traceback" not in told, name


SAME: dict[str, Any] = {"team": "hidden", "goal": "Launch?", "facts": {"rate": 0.02, "salary": 100}}
OTHERS: dict[str, dict[str, Any]] = {
    "another team": {**SAME, "team": "agrees"},
    "another goal": {**SAME, "goal": "Launch now?"},
    "no goal": {key: SAME[key] for key in ("team", "facts")},
    "another fact": {**SAME, "facts": {"rate": 0.03, "salary": 100}},
    "no facts": {key: SAME[key] for key in ("team", "goal")},
    "a budget": {**SAME, "budget": {"max_rounds": 1}},
}


@pytest.fixture(scope="module")
def hidden(desk: Desk) -> None:
    """A team that withholds a fact."""
    home = desk.folder / "home"
    team = {**TEAM, "name": "hidden", "roles": GOING, "private": ["salary"]}
    (home / "hidden.json").write_text(json.dumps(team))
    (home / "accord.toml").write_text((home / "accord.toml").read_text() + 'hidden = "hidden.json"\n')


@pytest.mark.usefixtures("hidden")
def test_a_thread_is_found_by_the_same_request_alone_and_keeps_nothing_that_is_withheld(way: Way, desk: Desk) -> None:
    thread = str(uuid.uuid4())

    async def story(agent: Agent) -> tuple[Any, ...]:
        first = await agent.told("decide", **SAME, thread=thread)
        again = await agent.told("decide", **SAME, thread=thread, wait_seconds=5)
        unseen = await agent.told("decide", **(SAME | {"facts": {"rate": 0.02, "salary": 7}}), thread=thread)
        refused = {name: await agent.refusal("decide", **other, thread=thread) for name, other in OTHERS.items()}
        elsewhere = desk.accord("run", "checkout_launch", "--thread", str(uuid.uuid4()), "--json").record["thread_id"]
        taken = await agent.refusal("decide", team="checkout_launch", thread=elsewhere)
        assert taken.startswith(f"the thread `{elsewhere}` was begun in another way")
        return first, again, unseen, refused

    first, again, unseen, refused = way.tell(story)
    assert first == again == unseen  # what is withheld is not kept, so nothing is to compare
    for name, told in refused.items():
        assert (
            told == f"the thread `{thread}` was begun by another request; ask the same again, or choose another id"
        ), name
    with closing(sqlite3.connect(desk.folder / "home" / "accord.sqlite")) as database:
        (kept,) = database.execute("SELECT value FROM store WHERE prefix = 'requests' AND key = ?", [thread])
    assert "salary" not in str(kept[0])
    assert len([event for event in events(desk, thread) if event["event"] == "admitted"]) == 1


def test_the_same_call_many_times_at_once_begins_one_run(way: Way, desk: Desk) -> None:
    thread = str(uuid.uuid4())

    async def story(agent: Agent) -> list[dict[str, Any]]:
        return await asyncio.gather(*(agent.told("decide", team="agrees", thread=thread) for _ in range(8)))

    records = way.tell(story)
    assert all(record == records[0] for record in records)
    assert len([event for event in events(desk, thread) if event["event"] == "admitted"]) == 1


@pytest.mark.parametrize("library", ["mcp", "fastapi", "uvicorn", "limits", "prometheus_client", "structlog"])
def test_without_its_libraries_it_says_how_to_install_them(library: str) -> None:
    code = f"import sys; sys.modules[{library!r}] = None; from graph.cli.main import run; sys.exit(run(['mcp']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "accord: the service needs its libraries; install them: pip install 'accord[mcp]'\n"


def test_a_port_goes_with_http(desk: Desk) -> None:
    done = desk.accord("mcp", "--port", "8300")
    assert (done.code, done.out) == (2, "")
    assert done.err == "accord: --host and --port go with --http; add it, or leave them out\n"
