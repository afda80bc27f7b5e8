"""What `langgraph dev` does with a bare graph and with a kill, as the house relies on it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.development import Server, serve_folder

pytestmark = [pytest.mark.system, pytest.mark.needs("langgraph_dev")]

GRAPH = """
from operator import add
from typing import Annotated
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict


class Said(TypedDict, total=False):
    said: Annotated[list[str], add]


builder = StateGraph(Said)
builder.add_node("say", lambda state: {"said": ["said"]})
builder.add_edge(START, "say")
plain = builder.compile()
own_saver = builder.compile(checkpointer=InMemorySaver())
"""

SAVER = """
from contextlib import asynccontextmanager
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.store.sqlite.aio import AsyncSqliteStore


@asynccontextmanager
async def saver():
    async with AsyncSqliteSaver.from_conn_string("checkpoints.sqlite") as opened:
        yield opened


@asynccontextmanager
async def store():
    async with AsyncSqliteStore.from_conn_string("store.sqlite") as opened:
        await opened.setup()
        yield opened
"""


KEPT = {"checkpointer": {"path": "./saver.py:saver"}, "store": {"path": "./saver.py:store"}}


def lay_out_bare(folder: Path, graph: str, **more: Any) -> Path:
    (folder / "bare.py").write_text(GRAPH)
    (folder / "saver.py").write_text(SAVER)
    config = {"dependencies": ["."], "graphs": {"bare": f"./bare.py:{graph}"}, **more}
    (folder / "langgraph.json").write_text(json.dumps(config))
    return folder


def test_a_graph_with_a_checkpointer_of_its_own_is_refused(tmp_path: Path) -> None:
    """So served graphs are compiled without one."""
    with pytest.raises(AssertionError, match="custom checkpointer"), serve_folder(lay_out_bare(tmp_path, "own_saver")):
        pass


def say(server: Server, thread: str) -> list[str]:
    """Say one thing on a thread, which is made where it is unknown, and return what was said on it so far."""
    server.client.threads.create(thread_id=thread, if_exists="do_nothing")
    return list(server.run({"said": []}, thread, "bare")["said"])


@pytest.mark.parametrize("kept", [{}, KEPT], ids=["as it is", "paths"])
def test_what_was_written_last_survives_a_kill_only_where_langgraph_json_names_a_path(
    tmp_path: Path, kept: dict[str, Any]
) -> None:
    """So it names both. Left to itself, the server writes every ten seconds."""
    thread = "b7a9f5e2-6a53-4a0f-9a53-0f8a5d1c2e3f"
    with serve_folder(lay_out_bare(tmp_path, "plain", **kept)) as server:
        assert say(server, thread) == ["said"]
        server.client.threads.update_state(thread, {"said": ["last"]}, as_node="say")
        server.client.store.put_item(["calls"], "key", {"said": "last"})
        server.kill()
    with serve_folder(tmp_path) as server:
        found = server.client.store.search_items(["calls"])["items"]
        said = say(server, thread)
    assert said[-1] == "said"
    assert (said == ["said", "last", "said"]) == bool(kept)
    assert bool(found) == bool(kept)


def test_what_a_client_configures_is_stored_with_its_checkpoints_and_its_headers_are_not(tmp_path: Path) -> None:
    """So keys belong in the environment of the server."""
    config: Any = {"configurable": {"api_key": "oats", "nested": {"api_key": "rye"}}, "metadata": {"note": "barley"}}
    with serve_folder(lay_out_bare(tmp_path, "plain", **KEPT)) as server:
        server.run({"said": []}, graph="bare", config=config, headers={"x-api-token": "sesame"})
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("checkpoints.sqlite*"))
    assert [word in stored for word in (b"oats", b"rye", b"barley", b"sesame")] == [True, True, True, False]
