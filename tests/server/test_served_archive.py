"""A thread of the real `langgraph dev` is archived as one of the command line: listed, decided again and verified."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.hostile.command import Captured, accord
from tests.server.development import Server, serve_graph

pytestmark = [pytest.mark.slow, pytest.mark.needs("langgraph_dev")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without a key."""
    with serve_graph(tmp_path_factory.mktemp("archive")) as running:
        yield running


@pytest.fixture(autouse=True)
def at_home(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line works on the server's own database."""
    monkeypatch.setenv("ACCORD_HOME", str(server.folder / "home"))
    monkeypatch.chdir(server.folder)


def listed(capture: Captured, thread: str) -> dict[str, Any]:
    """Return the entry of `accord list`."""
    (entry,) = [each for each in json.loads(accord(capture, "list", "--json").out) if each["thread_id"] == thread]
    return dict(entry)


def verdict_on(capture: Captured, thread: str, policy: str) -> dict[str, Any]:
    """Return what `accord whatif` makes of the thread."""
    lines = map(json.loads, accord(capture, "whatif", "--policy", policy, "--all", "--json").out.splitlines())
    (verdict,) = [each for each in lines if each.get("thread") == thread]
    return dict(verdict)


def assert_verified(capture: Captured, thread: str) -> None:
    """The whole archive is verified, and the thread is part of it."""
    done = accord(capture, "audit", "verify")
    assert (done.code, done.err) == (0, "")
    assert thread in done.out
    assert "BROKEN" not in done.out


def failing_payments(server: Server) -> dict[str, Any]:
    """Return the facts under which the risk analyst blocks in every round."""
    state: Any = server.client.threads.get_state(_decided(server))
    facts: dict[str, Any] = state["values"]["case"]["facts"]
    return {**facts, "risk_signals": {**facts["risk_signals"], "critical_incidents": 1}}


def _decided(server: Server) -> str:
    thread = server.new_thread()
    assert server.run({}, thread)["final_decision"] == "go"
    return thread


def test_a_decided_thread_is_listed_decided_again_and_verified(server: Server, capsys: Captured) -> None:
    thread = _decided(server)

    entry = listed(capsys, thread)
    assert (entry["status"], entry["final_decision"], entry["team"]) == ("ok", "go", "checkout_launch")
    verdict = verdict_on(capsys, thread, "checkout_launch")
    assert (verdict["answer"], verdict["was"]) == ("same", "go")
    assert_verified(capsys, thread)
    assert accord(capsys, "audit", "verify", thread).code == 0
    assert accord(capsys, "replay", thread).code == 0


def test_a_thread_that_went_on_at_the_server_is_archived_with_its_newest_rounds(
    server: Server, capsys: Captured
) -> None:
    thread, facts = server.new_thread(), failing_payments(server)
    assert server.run({"facts": facts, "budget": {"max_rounds": 2}}, thread)["stop_reason"] == "max_rounds_reached"
    before = listed(capsys, thread)
    verdict = verdict_on(capsys, thread, "checkout_launch")
    assert (verdict["answer"], verdict["was"], verdict["round"]) == ("same", "max_rounds_reached", 2)
    assert_verified(capsys, thread)

    done = server.run({"budget": {"max_rounds": 4}}, thread)
    assert (done["stop_reason"], len(done["history"])) == ("max_rounds_reached", 4)

    after = listed(capsys, thread)
    assert (after["status"], after["started_at"]) == (before["status"], before["started_at"])
    assert after["updated_at"] > before["updated_at"]
    verdict = verdict_on(capsys, thread, "checkout_launch")
    assert (verdict["answer"], verdict["was"], verdict["round"]) == ("same", "max_rounds_reached", 4)
    assert verdict_on(capsys, thread, "launch")["reason"] == "a human would have been asked after round 2"
    assert_verified(capsys, thread)


def test_a_thread_that_was_stopped_and_then_decided_is_archived_as_decided(server: Server, capsys: Captured) -> None:
    thread = server.new_thread()
    assert server.run({"budget": {"max_messages": 2}}, thread)["stop_reason"] == "max_messages"
    assert verdict_on(capsys, thread, "checkout_launch")["was"] == "max_messages"
    assert server.run({"budget": {"max_messages": 9}}, thread)["final_decision"] == "go"

    assert verdict_on(capsys, thread, "checkout_launch")["was"] == "go"
    assert listed(capsys, thread)["final_decision"] == "go"
    assert_verified(capsys, thread)


def test_a_refused_input_leaves_an_ended_thread_ended(server: Server, capsys: Captured) -> None:
    thread = server.new_thread()
    assert server.run({"budget": {"max_messages": 2}}, thread)["stop_reason"] == "max_messages"
    verdict_on(capsys, thread, "checkout_launch")
    with pytest.raises(Exception, match="is not a limit"):
        server.run({"budget": {"max_turns": 2}}, thread)

    assert (listed(capsys, thread)["status"], verdict_on(capsys, thread, "launch")["was"]) == (
        "stopped",
        "max_messages",
    )
    assert_verified(capsys, thread)
