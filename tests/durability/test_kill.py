"""Kill -9 at every moment of a run, and go on in a new process: nothing is lost, doubled or asked again."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from graph.problems import UsageError
from graph.settings import Settings
from graph.store.database import open_database
from graph.store.index import Index
from nodes.fingerprint import fingerprint
from policies.assurance.audit import find_break
from tests.durability.processes import Desk, Done, without
from tests.durability.sweep import Killed, sweep
from tests.harness import resume, settings_at, show, team_of
from tests.scripted_server import Script, ScriptedServer, forever, hangs, says, serve, text

pytestmark = pytest.mark.system

ROLES = ("demand_analyst", "finance_analyst", "risk_analyst")
SIDES = ("before", "after")
KINDS = ("index", "archive", "checkpoint", "writes", "journal", "node convene", "node align")
TIMES = ("seconds", "elapsed_seconds", "at", "fetched_at")
CHAIN = ("hash", "prev_hash", "wrote", "thread")
"""What the times and the thread of an event change in it and in those after it."""
CALLS = {
    "three_rounds": [
        *(f"1/{role}/1" for role in ROLES),
        "1/finance_analyst/2",
        *(f"{number}/{role}/1" for number in (2, 3) for role in ROLES),
        "3/brief/1",
    ],
    "contract_stop": [f"1/{role}/1" for role in ROLES],
    "message_stop": ["1/demand_analyst/1", "1/finance_analyst/1"],
    "mended_brief": [*(f"1/{role}/1" for role in ROLES), "1/brief/1", "1/brief/2"],
}
ASKED_AGAIN = {"contract_stop": ["1/finance_analyst/2"]}
"""What the resume of a run that had ended asks: a seat that broke its contract, once more."""
NODES = {
    "three_rounds": [*ROLES, "finalize"],
    "contract_stop": [*ROLES, "stop"],
    "message_stop": ["demand_analyst", "finance_analyst", "stop"],
    "mended_brief": [*ROLES, "finalize"],
}
ENDS: dict[str, list[str | None]] = {
    "three_rounds": ["ok", "success", "go"],
    "contract_stop": ["stopped", "invalid_contribution:stance", None],
    "message_stop": ["stopped", "max_messages", None],
    "mended_brief": ["ok", "success", "go"],
}

Kills = tuple[str, Killed, list[Killed]]


@pytest.fixture(scope="module", params=sorted(CALLS))
def kills(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Kills:
    """A scenario, its run that nobody killed, and one run killed at each of its points."""
    whole, *killed = sweep(request.param, "accord.sqlite", tmp_path_factory.mktemp("kills") / "points")
    return request.param, whole, killed


def _wrong(killed: Sequence[Killed], is_right: Any) -> list[str]:
    """The points at which something is wrong, for a message that names all of them."""
    return [each.point for each in killed if not is_right(each)]


def _had_ended(each: Killed) -> bool:
    """Whether its end was in the database when it was killed; its resume was then one of an ended run."""
    return each.shown is not None and each.shown["status"] != "interrupted"


def _calls(scenario: str, each: Killed) -> list[str]:
    return [*CALLS[scenario], *(ASKED_AGAIN.get(scenario, []) if _had_ended(each) else [])]


def _same_state(whole: Killed, each: Killed) -> bool:
    """A run killed before its end comes to the state that the whole run left; later, to that of its resume."""
    expected = whole.found["state" if _had_ended(each) else "left"]
    return bool(without(each.found["state"], *TIMES, *CHAIN) == without(expected, *TIMES, *CHAIN))


def _same_record(whole: Killed, each: Killed) -> bool:
    expected = whole.found["record" if _had_ended(each) else "shown"]
    return bool(without(each.found["record"], *TIMES, "thread_id") == without(expected, *TIMES, "thread_id"))


def test_the_run_that_nobody_killed_asks_each_call_once_and_ends_as_expected(kills: Kills) -> None:
    scenario, whole, _ = kills
    record = whole.found["shown"]
    assert sorted(whole.calls) == sorted(CALLS[scenario])
    assert whole.calls_after == ASKED_AGAIN.get(scenario, [])
    assert [record["status"], record["stop_reason"], record.get("final_decision")] == ENDS[scenario]
    assert record["usage"]["calls"] == len(CALLS[scenario])


def test_every_kind_of_moment_at_every_node_was_a_kill_before_and_after_it(kills: Kills) -> None:
    scenario, whole, killed = kills
    nodes = [f"node {node}" for node in NODES[scenario]]
    calls = [f"call {call.split('/')[1]}" for call in CALLS[scenario]]
    wanted = {f"{kind}, {side}" for kind in [*KINDS, *nodes, *calls] for side in SIDES}
    assert wanted == {each.point.partition(" #")[0] for each in killed}
    assert {tuple(each.exit_codes) for each in killed} == {(-9, 0)}
    assert sorted(each.point for each in killed) == sorted(whole.points)


def test_a_run_killed_anywhere_comes_to_the_record_of_the_run_nobody_killed(kills: Kills) -> None:
    _, whole, killed = kills
    assert not _wrong(killed, lambda each: _same_record(whole, each))


def test_a_run_killed_anywhere_ends_in_the_state_of_the_run_nobody_killed(kills: Kills) -> None:
    """More than the record: nothing granted or counted twice, no seat or reply left behind."""
    _, whole, killed = kills
    assert not _wrong(killed, lambda each: _same_state(whole, each))


def test_the_events_of_a_killed_run_are_an_unbroken_chain_in_which_nothing_stands_twice(kills: Kills) -> None:
    scenario, whole, killed = kills
    status, *_ = ENDS[scenario]

    def is_right(each: Killed) -> bool:
        events = each.found["state"]["events"]
        asked = Counter(f"{each['round']}/{each['role']}/{each['attempt']}" for each in events if "voice" in each)
        ending = Counter(event["event"] for event in events if event["event"] in ("finished", "resumed"))
        went_on = status == "stopped" and _had_ended(each)
        ends = Counter({"finished": 2, "resumed": 1} if went_on else {"finished": 1})
        is_whole = find_break(events, fingerprint) is None and ending == ends
        return is_whole and asked == Counter({call: 2 for call in _calls(scenario, each)})

    assert not _wrong([whole, *killed], is_right)


def test_every_run_that_ended_is_in_the_archive_with_the_head_of_its_events(kills: Kills) -> None:
    _, whole, killed = kills

    def is_right(each: Killed) -> bool:
        entry, events = each.found["archived_in_the_end"], each.found["state"]["events"]
        return entry is not None and entry["head"] == {"events": len(events), "hash": events[-1]["hash"]}

    assert not _wrong([whole, *killed], is_right)


def test_no_call_whose_answer_was_journaled_is_made_again(kills: Kills) -> None:
    _, _, killed = kills
    assert not _wrong(killed, lambda each: not set(each.calls_after) & set(each.found["journaled"]))


def test_every_call_that_is_missing_in_the_journal_is_made_exactly_once_more(kills: Kills) -> None:
    scenario, _, killed = kills

    def is_right(each: Killed) -> bool:
        missing = Counter(_calls(scenario, each)) - Counter(each.found["journaled"])
        return Counter(each.calls_after) == missing

    assert not _wrong(killed, is_right)


def test_the_journal_holds_each_call_once_in_the_end(kills: Kills) -> None:
    scenario, _, killed = kills
    assert not _wrong(killed, lambda each: each.found["journaled_in_the_end"] == sorted(_calls(scenario, each)))


def test_a_killed_run_is_shown_and_listed_as_interrupted_until_it_has_ended(kills: Kills) -> None:
    scenario, _, killed = kills
    status, reason, decision = ENDS[scenario]

    def is_right(each: Killed) -> bool:
        if each.shown is None:
            return bool(each.found["listed"] == [] and each.point == "index, before #1")
        expected = [status, reason, decision] if each.shown["status"] == status else ["interrupted", None, None]
        return bool(each.found["listed"] == [expected])

    shown = Counter(each.shown["status"] if each.shown else None for each in killed)
    assert shown["interrupted"] > shown[status] > 0
    assert shown[None] == 1
    assert not _wrong(killed, is_right)
    assert not _wrong(killed, lambda each: each.found["listed_in_the_end"] == [ENDS[scenario]])


def test_every_round_that_was_decided_before_the_kill_is_shown_before_the_resume(kills: Kills) -> None:
    """A call is made only after the rounds before it are in the database."""
    _, whole, killed = kills
    history = whole.found["record"]["history"]

    def is_right(each: Killed) -> bool:
        rounds = max((int(call.partition("/")[0]) for call in each.calls), default=1)
        shown = each.shown["history"] if each.shown else []
        return bool(len(shown) >= rounds - 1 and shown == history[: len(shown)])

    assert not _wrong(killed, is_right)


@pytest.mark.system
@pytest.mark.needs("postgres")
def test_the_same_holds_on_postgresql(postgres_database: str, tmp_path: Path) -> None:
    whole, *killed = sweep("three_rounds", postgres_database, tmp_path / "points", step=2)
    assert len(killed) >= 60
    assert {tuple(each.exit_codes) for each in killed} == {(-9, 0)}
    assert not _wrong(killed, lambda each: _same_record(whole, each) and _same_state(whole, each))
    assert not _wrong(killed, lambda each: not set(each.calls_after) & set(each.found["journaled"]))
    assert not _wrong(killed, lambda each: each.found["journaled_in_the_end"] == sorted(CALLS["three_rounds"]))


# --- the command line, with a model over HTTP ------------------------------------------------------------------------

GO = says("go")
BRIEF = text("Ship it.")
QUIET = hangs(60)
NOBODY: Script = {"brief": BRIEF, **{role: [QUIET, GO] for role in ROLES}}
ALL_BUT_RISK: Script = {"brief": BRIEF, **{role: GO for role in ROLES}, "risk_analyst": [QUIET, GO]}
ALL_BUT_THE_BRIEF: Script = {"brief": [QUIET, BRIEF], **{role: GO for role in ROLES}}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The record of the run that nobody killed."""
    with serve({"brief": forever(BRIEF), **{role: forever(GO) for role in ROLES}}) as server:
        done = Desk(tmp_path_factory.mktemp("whole"), server.base_url).accord("run", "--thread", "t", "--json")
    assert done.code == 0, done.err
    return done.record


@pytest.mark.parametrize(
    ("script", "answered", "repeated"),
    [
        pytest.param(NOBODY, [], list(ROLES), id="before any role answered"),
        pytest.param(ALL_BUT_RISK, ["demand_analyst", "finance_analyst"], ["risk_analyst"], id="after two answered"),
        pytest.param(ALL_BUT_THE_BRIEF, list(ROLES), ["brief"], id="while the brief was asked"),
    ],
)
def test_accord_resume_finishes_a_killed_accord_run_and_asks_only_who_had_not_answered(
    tmp_path: Path, expected: dict[str, Any], script: Script, answered: list[str], repeated: list[str]
) -> None:
    with serve(script) as server:
        desk = Desk(tmp_path, server.base_url)
        _kill_when(desk, server, answered, repeated)
        assert desk.accord("show", "t", "--json").record["status"] == "interrupted"
        done = desk.accord("resume", "t", "--json")
    assert done.code == 0, done.err
    charged = (*TIMES, "usage", "recoveries")
    assert without(done.record, *charged) == without(expected, *charged)
    assert (done.record["recoveries"], expected["recoveries"]) == (1, 0)
    assert done.record["usage"]["calls"] == expected["usage"]["calls"] + len(repeated), "each lost call counts"
    assert _counted(server) == {name: 1 + (name in repeated) for name in (*ROLES, "brief")}
    assert not server.unscripted
    _assert_quiet(done)


def _kill_when(desk: Desk, server: ScriptedServer, answered: list[str], asked: list[str]) -> None:
    """Kill `accord run` once it told that these roles answered, which the journal then has, and these are asked."""
    with desk.started("run", "--thread", "t") as running:
        running.wait_for(lambda: all(f"{role}: go" in running.err for role in answered), "the answers came")
        running.wait_for(lambda: all(server.calls_of(role) for role in asked), "the others were asked")
        running.kill()


def _counted(server: ScriptedServer) -> dict[str, int]:
    return dict(Counter(call.role for call in server.calls))


def _assert_quiet(done: Done) -> None:
    assert "Warning" not in done.err
    assert "Traceback" not in done.err


# --- a thread that was admitted, and killed before its first step ----------------------------------------------------


async def _admit(settings: Settings) -> None:
    """Leave what a kill right after the admission leaves."""
    team = team_of(settings)
    inputs = {"goal": team.goal, "facts": team.own_facts, "accept_changes": False}
    async with open_database(settings.database) as database, database.fences.hold("t"):
        await Index(database.store).admit("t", team, inputs)


def test_a_thread_killed_before_its_first_step_is_shown_with_its_team_as_interrupted(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    asyncio.run(_admit(settings))
    record = show(settings)
    assert (record["status"], record["stop_reason"], record["team"]) == ("interrupted", None, "checkout_launch")
    assert (record["trace"], record["history"], record["resumable"]) == ([], [], True)


def test_a_budget_given_to_a_thread_killed_before_its_first_step_counts(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    asyncio.run(_admit(settings))
    with pytest.raises(UsageError, match="max_messages"):
        resume(settings, budget={"max_messages": 0})
    assert resume(settings, budget={"max_messages": 2})["stop_reason"] == "max_messages"
    assert resume(settings, budget={"max_messages": 3})["final_decision"] == "go"
