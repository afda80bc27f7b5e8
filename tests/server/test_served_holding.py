"""The real `langgraph dev` holds a thread while it writes to it; how it meets commands is in tests/system."""

import json
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.durability.processes import Desk
from tests.durability.rows import all_rows
from tests.harness import settings_at
from tests.retention.desks import purge
from tests.scripted_server import Script, ScriptedServer, forever, hangs, held, says, serve, text
from tests.server.development import PATIENCE_SECONDS, Server, serve_graph

pytestmark = [pytest.mark.slow, pytest.mark.needs("langgraph_dev")]

GO = says("go")


def hanging(calls: int) -> Script:
    """The risk analyst says nothing to so many calls; the others may be cut before they are heard, and asked again."""
    return {
        "demand_analyst": forever(GO),
        "finance_analyst": forever(GO),
        "risk_analyst": [*[hangs(60)] * calls, GO],
        "brief": text("Ship it."),
    }


def with_model(folder: Path, model: ScriptedServer) -> AbstractContextManager[Server]:
    """Start the development server with a key for the model."""
    return serve_graph(folder, OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=model.base_url)


def wait_until(what: Callable[[], object]) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)


def database_of(server: Server) -> Path:
    return server.folder / "home" / "accord.sqlite"


@pytest.mark.system
def test_a_run_of_the_server_whose_thread_was_taken_changes_nothing_and_says_so(tmp_path: Path) -> None:
    is_taken = threading.Event()
    script: Any = {**hanging(1), "risk_analyst": [held(GO, is_taken.is_set), GO]}
    with serve(script) as model:
        desk = Desk(tmp_path, model.base_url)
        with with_model(tmp_path, model) as server:
            thread = server.new_thread()
            with ThreadPoolExecutor() as pool:
                working = pool.submit(server.run, {}, thread)
                wait_until(lambda: len(model.calls) == 3)
                shutil.rmtree(f"{database_of(server)}.locks")
                done = desk.accord("resume", thread, "--json")
                before = all_rows(str(database_of(server)), thread)
                is_taken.set()
                with pytest.raises(Exception, match="busy: another process has taken this thread"):
                    working.result(PATIENCE_SECONDS)
            assert all_rows(str(database_of(server)), thread) == before
            verified = desk.accord("audit", "verify", thread)
    assert (done.code, done.record["final_decision"]) == (0, "go"), done.err
    assert verified.code == 0, json.dumps([verified.out, verified.err])


def test_a_thread_that_is_deleted_at_the_server_leaves_no_row(tmp_path: Path) -> None:
    with serve_graph(tmp_path) as server:
        thread = server.new_thread()
        server.run({}, thread)
        before = all_rows(str(database_of(server)), thread)
        server.client.threads.delete(thread)
        kept = all_rows(str(database_of(server)), thread)
        verified = Desk(server.folder).accord("audit", "verify")
    assert all(before.values())
    assert not any(kept.values())
    assert (verified.code, verified.out) == (0, "There is no thread to verify.\n")


def test_a_held_record_is_not_deleted_at_the_server_until_it_is_released(tmp_path: Path) -> None:
    by = ("--by", "legal", "--because", "A claim.")
    with serve_graph(tmp_path) as server:
        thread, desk = server.new_thread(), Desk(server.folder)
        server.run({}, thread)
        assert desk.accord("hold", thread, *by).code == 0
        before = all_rows(str(database_of(server)), thread)
        status, said = server.refusal(f"/threads/{thread}", None, "DELETE")
        assert all_rows(str(database_of(server)), thread) == before
        assert desk.accord("hold", thread, "--release", *by).code == 0
        server.client.threads.delete(thread)
        assert not any(all_rows(str(database_of(server)), thread).values())
    assert status == 409
    assert said.startswith("held by legal since 20")
    assert said.endswith(f"UTC: A claim.; `accord hold {thread} --release` releases the record")


def test_a_thread_that_was_purged_is_not_run_again_at_the_server(tmp_path: Path) -> None:
    with serve_graph(tmp_path) as server:
        thread, later = server.new_thread(), "2099-01-01T00:00:00.000+00:00"
        server.run({}, thread)
        settings = settings_at(server.folder / "home")
        assert [each.thread_id for each in purge(settings, now=later, by="ops").purged] == [thread]
        status, said = server.refusal(f"/threads/{thread}/runs", {"assistant_id": "rounds", "input": {}}, "POST")
        server.client.threads.delete(thread)
        verified = Desk(server.folder).accord("audit", "verify")
    assert status == 422
    assert said.startswith(f"the thread `{thread}` was purged at 2099-01-01 00:00 UTC by ops; its id cannot be used")
    assert (verified.code, "(purged), intact" in verified.out) == (0, True)


def test_a_thread_on_which_somebody_works_is_not_deleted(tmp_path: Path) -> None:
    with serve(hanging(1)) as model, with_model(tmp_path, model) as server:
        thread = server.new_thread()
        run = server.client.runs.create(thread, "rounds", input={}, durability="sync")
        wait_until(lambda: len(model.calls) == 3)
        status, said = server.refusal(f"/threads/{thread}", None, "DELETE")
        server.client.runs.cancel(thread, run["run_id"], wait=True)
        done = server.run(None, thread)
    assert (status, said) == (409, "busy: somebody else works on this thread; try again when they are done")
    assert done["final_decision"] == "go"


def test_a_run_that_cuts_another_of_its_thread_short_gets_the_thread(tmp_path: Path) -> None:
    with serve(hanging(1)) as model, with_model(tmp_path, model) as server:
        thread = server.new_thread()
        server.client.runs.create(thread, "rounds", input={}, durability="sync")
        wait_until(lambda: len(model.calls) == 3)
        done = server.run(None, thread, multitask_strategy="interrupt")
    assert done.get("final_decision") == "go", done
