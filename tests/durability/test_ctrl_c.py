"""Ctrl-C and SIGTERM end a run, a resume and a batch with `cancelled`; what was answered is kept."""

import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.durability.processes import Desk, Done, journaled
from tests.scripted_server import Script, ScriptedServer, forever, hangs, says, serve, status, text

pytestmark = pytest.mark.system

ROLES = ("demand_analyst", "finance_analyst", "risk_analyst")
GO, BRIEF, QUIET = says("go"), text("Ship it."), hangs(60)
ALL_GO: Script = {role: GO for role in ROLES}
RISK_HANGS: Script = {**ALL_GO, "risk_analyst": [QUIET, GO], "brief": BRIEF}
DEMAND_HANGS: Script = {**ALL_GO, "demand_analyst": [QUIET, GO], "brief": BRIEF}
BRIEF_HANGS: Script = {**ALL_GO, "brief": [QUIET, BRIEF]}
RISK_IS_TOLD_TO_WAIT: Script = {
    **ALL_GO,
    "risk_analyst": [status(429, headers={"retry-after": "50"}), GO],
    "brief": BRIEF,
}
SIGNALS = pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])


def _cancelled(desk: Desk, server: ScriptedServer, missing: str, signum: int, *options: str) -> Done:
    """Run until everybody but `missing` has answered and it was asked, then send the signal."""
    others = [role for role in ROLES if role != missing]
    with desk.started("run", "--thread", "t", *options) as running:
        running.wait_for(lambda: all(f"{role}: go" in running.err for role in others), "the others answered")
        running.wait_for(lambda: server.calls_of(missing), f"{missing} was asked")
        done = running.signalled(signum)
    assert "Traceback" not in done.err
    return done


def _asked(server: ScriptedServer) -> dict[str, int]:
    return dict(Counter(call.role for call in server.calls))


@SIGNALS
def test_a_signalled_run_stops_cancelled_and_resume_asks_only_the_missing_role(tmp_path: Path, signum: int) -> None:
    """The first of the sequence is missing; what stands behind it is kept all the same."""
    with serve(DEMAND_HANGS) as server:
        desk = Desk(tmp_path, server.base_url)
        done = _cancelled(desk, server, "demand_analyst", signum, "--json")
        assert done.code == 3
        assert (done.record["status"], done.record["stop_reason"]) == ("stopped", "cancelled")
        assert (done.record["phase"], done.record["resumable"]) == ("round_1:demand_analyst", True)
        assert [line["agent"] for line in done.record["trace"]] == ["finance_analyst", "risk_analyst"]
        assert done.record == desk.accord("show", "t", "--json").record
        resumed = desk.accord("resume", "t", "--json")
    assert resumed.code == 0
    assert resumed.record["final_decision"] == "go"
    assert resumed.record["trace"][:2] == done.record["trace"]
    assert [line.get("agent") for line in resumed.record["trace"][2:]] == ["demand_analyst", None]
    assert [said["agent"] for said in resumed.record["history"][0]["contributions"]] == list(ROLES)
    assert _asked(server) == {"demand_analyst": 2, "finance_analyst": 1, "risk_analyst": 1, "brief": 1}


def test_ctrl_c_without_json_prints_the_record_for_people_and_how_to_go_on(tmp_path: Path) -> None:
    with serve(RISK_HANGS) as server:
        done = _cancelled(Desk(tmp_path, server.base_url), server, "risk_analyst", signal.SIGINT)
    assert done.code == 3
    assert "Stopped: cancelled at round 1, Risk analyst" in done.out
    assert "accord resume t" in done.out


def test_ctrl_c_while_the_brief_is_written_keeps_the_decision_and_resume_asks_only_for_the_brief(
    tmp_path: Path,
) -> None:
    with serve(BRIEF_HANGS) as server:
        desk = Desk(tmp_path, server.base_url)
        done = _cancelled(desk, server, "brief", signal.SIGINT, "--json")
        assert (done.code, done.record["stop_reason"], done.record["phase"]) == (3, "cancelled", "finalize")
        assert [entry["decision"] for entry in done.record["history"]] == ["go"]
        resumed = desk.accord("resume", "t", "--json")
    assert (resumed.code, resumed.record["final_decision"]) == (0, "go")
    assert resumed.record["history"] == done.record["history"]
    assert _asked(server) == {**dict.fromkeys(ROLES, 1), "brief": 2}


def test_ctrl_c_does_not_wait_for_a_retry_that_is_due_later(tmp_path: Path) -> None:
    """The server asks for 50 s of patience; the process must be gone long before."""
    with serve(RISK_IS_TOLD_TO_WAIT) as server:
        desk = Desk(tmp_path, server.base_url)
        options = ("--json", "--set", "budget.max_seconds=600")
        done = _cancelled(desk, server, "risk_analyst", signal.SIGINT, *options)
        assert (done.code, done.record["stop_reason"]) == (3, "cancelled")
        assert done.record["elapsed_seconds"] < 15
        assert desk.accord("resume", "t", "--json").record["final_decision"] == "go"


def test_ctrl_c_of_a_resume_stops_cancelled_again(tmp_path: Path) -> None:
    with serve({**RISK_HANGS, "risk_analyst": [QUIET, QUIET, GO]}) as server:
        desk = Desk(tmp_path, server.base_url)
        _cancelled(desk, server, "risk_analyst", signal.SIGINT)
        with desk.started("resume", "t", "--json", name="second") as running:
            running.wait_for(lambda: len(server.calls_of("risk_analyst")) == 2, "risk was asked again")
            done = running.signalled(signal.SIGINT)
        assert (done.code, done.record["stop_reason"]) == (3, "cancelled")
        assert desk.accord("resume", "t", "--json").record["final_decision"] == "go"
    assert _asked(server) == {"demand_analyst": 1, "finance_analyst": 1, "risk_analyst": 3, "brief": 1}


def test_two_ctrl_c_in_a_row_end_the_run_without_a_stack_trace_and_it_can_go_on(tmp_path: Path) -> None:
    with serve({**RISK_HANGS, **{role: forever(GO) for role in ROLES[:2]}}) as server:
        desk = Desk(tmp_path, server.base_url)
        with desk.started("run", "--thread", "t") as running:
            running.wait_for(lambda: server.calls_of("risk_analyst"), "risk was asked")
            running.process.send_signal(signal.SIGINT)
            done = running.signalled(signal.SIGINT)
        assert done.code == 3
        assert "Traceback" not in done.err
        assert desk.accord("resume", "t", "--json").record["final_decision"] == "go"


# --- a batch ---------------------------------------------------------------------------------------------------------

IDS = ("a", "b", "c", "d", "e")


def _batch(desk: Desk) -> str:
    path = desk.folder / "cases.jsonl"
    path.write_text("".join(json.dumps({"id": name}) + "\n" for name in IDS))
    return str(path)


def _kinds(done: Done) -> Counter[str]:
    return Counter(_kind(line) for line in done.lines)


def _kind(line: dict[str, Any]) -> str:
    if line["result"] is None:
        return "not begun" if "not begun, since the batch was ended" in line["error"] else line["error"]
    return str(line["result"]["stop_reason"])


@SIGNALS
def test_a_signalled_batch_reports_every_case_and_the_same_batch_again_repeats_nothing(
    tmp_path: Path, signum: int
) -> None:
    """Two at a time: the first risk analyst answers, the next two hang; so one case is done and two are under way."""
    script: Script = {role: forever(GO) for role in ROLES}
    with serve({**script, "risk_analyst": [GO, QUIET, QUIET, forever(GO)], "brief": forever(BRIEF)}) as server:
        desk = Desk(tmp_path, server.base_url)
        cases = _batch(desk)
        with desk.started("batch", cases, "--concurrency", "2") as running:
            running.wait_for(lambda: len(server.calls_of("risk_analyst")) == 3, "two cases hang")
            running.wait_for(lambda: len(journaled(desk)) == 8, "the others and one brief answered")
            done = running.signalled(signum)
        again = desk.accord("batch", cases, "--concurrency", "2")
    assert done.code == 3, done.err
    assert [line["id"] for line in done.lines] == list(IDS)
    assert _kinds(done) == {"success": 1, "cancelled": 2, "not begun": 2}
    assert "Traceback" not in done.err
    assert done.err.splitlines()[-1] == f"Run the rest: accord batch {cases} --concurrency 2"
    assert again.code == 0, again.err
    assert [line["id"] for line in again.lines] == list(IDS)
    assert _kinds(again) == {"success": 5}
    assert _asked(server) == {"demand_analyst": 5, "finance_analyst": 5, "risk_analyst": 7, "brief": 5}
