"""A batch: many cases at once, results in the order of the lines, a bad line failing alone."""

import asyncio
import json
import os
import pty
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from graph.batch import AHEAD, MAX_LINE_BYTES, Batch, BatchResult, run_lines
from graph.opening import open_runner
from graph.settings import Settings
from graph.teams.loader import load_team
from graph.teams.voicing import voiced
from nodes.voices.voice import Question, Utterance, Voice
from policies.run.seats import Failure
from tests.durability.processes import ACCORD, Desk, without
from tests.harness import ScriptedVoice, proposal, run, scripted, settings_at, team_of

pytestmark = pytest.mark.slow

RISK = "risk_analyst"
TIMES = ("seconds", "elapsed_seconds", "fetched_at")


def _line(name: str, **fields: Any) -> bytes:
    return json.dumps({"id": name, **fields}).encode()


async def _results(
    lines: Sequence[bytes] | Iterator[bytes],
    settings: Settings,
    voices: Mapping[str, Voice] | None,
    concurrency: int,
    retries: bool = False,
) -> list[BatchResult]:
    async with open_runner(settings, voices) as runner:
        batch = Batch(
            runner,
            load=lambda case: voiced(load_team(case.team or "checkout_launch", case.changes), settings),
            is_halted=lambda: False,
            concurrency=concurrency,
            retries=retries,
        )
        return [result async for result in run_lines(lines, batch)]


def run_batch(
    settings: Settings,
    *lines: bytes,
    voices: Mapping[str, Voice] | None = None,
    concurrency: int = 8,
    retries: bool = False,
) -> list[BatchResult]:
    """Run lines through the real runner, in an event loop of their own."""
    return asyncio.run(_results(lines, settings, voices, concurrency, retries))


def _says_go(question: Question) -> Any:
    return proposal(question.name)


def _goal(question: Question) -> str:
    return str(json.loads(question.prompt.user)["goal"])


# --- the command -----------------------------------------------------------------------------------------------------

BAD_LINES: list[tuple[bytes, str]] = [
    (b'{"id": "b"', "is not JSON"),
    (b"\xff\xfe{}", "is not UTF-8 at byte 0"),
    (b"[1]", "is not an object; allowed: {id, team?, goal?, facts?, overrides?}"),
    (b'"text"', "is not an object; allowed: {id, team?, goal?, facts?, overrides?}"),
    (b"{}", "`id` is missing; allowed: {id, team?"),
    (b'{"id": 7}', "`id` is 7; allowed: text"),
    (b'{"id": ""}', "`id` is ''; allowed: at least 1 character"),
    (b'{"id": "../up"}', "'../up' is not allowed; allowed: 1 to 128 of"),
    (b'{"id": "a b"}', "'a b' is not allowed"),
    (_line("x" * 129), "is not allowed"),
    (b'{"id": "good"}', "`id` is 'good', as on line 1; give each case its own id"),
    (b'{"id": "c", "gaol": "?"}', "`gaol` is an unknown key; did you mean `goal`? Allowed: id,"),
    (b'{"id": "d", "goal": ["?"]}', "`goal` is ['?']; allowed: text"),
    (b'{"id": "e", "facts": [1]}', "`facts` is [1]; allowed: a mapping"),
    (b'{"id": "f", "facts": {"a": "\\u0000"}}', "NUL character or a lone surrogate"),
    (b'{"id": "g", "facts": {"a": "\\ud800"}}', "NUL character or a lone surrogate"),
    (b'{"id": "h", "facts": {"a": NaN}}', "`facts.a` is nan; allowed: finite numbers"),
    (b'{"id": "i", "facts": {"a": 9007199254740993}}', "beyond"),
    (b'{"id": "j", "facts": {"a": ' + b"[" * 40 + b"]" * 40 + b"}}", "nested deeper"),
    (b'{"id": "k", "facts": ' + b"[" * 100_000, "is not JSON"),
    (b'{"id": "l", "facts": ' + b"9" * 5_000 + b"}", "is not JSON"),
    (_line("m", goal="x" * MAX_LINE_BYTES), f"allowed: at most {MAX_LINE_BYTES}"),
    (b'{"id": "n", "team": "nobody"}', "there is no team `nobody`; allowed: build_or_buy, "),
    (b'{"id": "o", "overrides": {"budget": {"max_rounds": 0}}}', "`budget.max_rounds`"),
    (b'{"id": "p", "overrides": {"sequence": ["nobody"]}}', "nobody"),
    (b'{"id": "q", "overrides": {"roles": null}}', "`roles`"),
    (b'{"id": "r", "overrides": {"unknown": 1}}', "`unknown`"),
    (b'{"id": "s", "overrides": [1]}', "`overrides` is [1]; allowed: a mapping"),
]
GOOD = [b'{"id": "good"}', b'{"id": "final", "team": "cold_storage"}']


@pytest.mark.slow
def test_accord_batch_fails_each_bad_line_alone_by_its_number_and_exits_with_the_worst(tmp_path: Path) -> None:
    """Every second line is blank; a case that stops makes 3 the worst."""
    stopped = b'{"id": "stopped", "overrides": {"sequence": ["risk_analyst", "legal_analyst"]}}'
    lines = [GOOD[0], *(line for line, _ in BAD_LINES), stopped, GOOD[1]]
    cases = tmp_path / "cases.jsonl"
    cases.write_bytes(b"\n \t\r\n".join(lines) + b"\n\n")
    done = Desk(tmp_path).accord("batch", str(cases))
    first, *bad, denied, last = done.lines
    assert (first["id"], first["result"]["final_decision"]) == ("good", "go")
    assert (last["id"], last["result"]["team"], last["result"]["thread_id"]) == ("final", "cold_storage", "final")
    assert (denied["id"], denied["result"]["stop_reason"]) == ("stopped", "agent_denied:legal_analyst")
    for index, (line, (_, said)) in enumerate(zip(bad, BAD_LINES, strict=True)):
        assert line["result"] is None
        assert line["error"].startswith(f"line {3 + 2 * index}: "), line
        assert said in line["error"]
        assert f"accord: line {3 + 2 * index}: " in done.err
    assert done.code == 3
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_accord_batch_reads_stdin_and_prints_json_lines_alone_while_a_terminal_shows_the_bar(tmp_path: Path) -> None:
    """The bar is drawn only at a terminal, so stderr is one."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [ACCORD, "batch", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=theirs,
        cwd=tmp_path,
        env={**Desk(tmp_path).environment, "TERM": "xterm"},
    ) as process:
        os.close(theirs)
        shown = _read_terminal(process, ours, b'{"id": "a"}\n{"id": "b"}')
        assert process.stdout is not None
        out = process.stdout.read().splitlines()
    assert process.returncode == 0
    assert [json.loads(line)["id"] for line in out] == ["a", "b"]
    assert "2/2" in shown
    assert "cases" in shown


def _read_terminal(process: subprocess.Popen[bytes], terminal: int, given: bytes) -> str:
    assert process.stdin is not None
    process.stdin.write(given)
    process.stdin.close()
    shown = b""
    try:
        while part := os.read(terminal, 65_536):
            shown += part
    except OSError:  # how a terminal ends whose other side has gone
        pass
    os.close(terminal)
    return shown.decode()


@pytest.mark.slow
def test_accord_batch_of_nothing_is_done_and_of_no_file_is_a_sentence(tmp_path: Path) -> None:
    empty = Desk(tmp_path).accord("batch", "-", stdin=b"\n \n")
    missing = Desk(tmp_path).accord("batch", "missing.jsonl")
    assert (empty.code, empty.out) == (0, "")
    assert (missing.code, missing.out) == (2, "")
    assert missing.err == "accord: missing.jsonl: cannot be read: No such file or directory\n"


@pytest.mark.system
def test_accord_batch_runs_two_hundred_cases_fifty_at_once_and_a_second_time_only_reads_them(tmp_path: Path) -> None:
    desk, lines = Desk(tmp_path), b"\n".join(_line(f"c{number}") for number in range(200))
    first = desk.accord("batch", "-", "--concurrency", "50", stdin=lines)
    second = desk.accord("batch", "-", "--concurrency", "50", stdin=lines)
    assert (first.code, second.code) == (0, 0), first.err
    assert [line["id"] for line in first.lines] == [f"c{number}" for number in range(200)]
    assert {line["result"]["final_decision"] for line in first.lines} == {"go"}
    assert second.out == first.out
    assert "200 cases: 200 go\ncalls 0   slowest c" in first.err


# --- order, concurrency and memory -----------------------------------------------------------------------------------


def test_results_come_in_the_order_of_the_lines_although_later_cases_finish_first(tmp_path: Path) -> None:
    finished: list[str] = []

    class Countdown(ScriptedVoice):
        async def propose(self, question: Question) -> Utterance:
            await asyncio.sleep(0.03 * (5 - int(_goal(question))))
            return await super().propose(question)

        async def write_brief(self, question: Any) -> Utterance:
            finished.append(json.loads(question.prompt.user)["goal"])
            return await super().write_brief(question)

    voice = Countdown(_says_go)
    lines = [_line(f"c{number}", goal=str(number)) for number in range(6)]
    results = run_batch(settings_at(tmp_path), *lines, voices={"rules": voice})
    assert [result.id for result in results] == [f"c{number}" for number in range(6)]
    assert finished == ["5", "4", "3", "2", "1", "0"]


def test_a_case_comes_to_what_it_comes_to_alone(tmp_path: Path) -> None:
    """Among others, in another order, at another concurrency: the record of a case is its own."""
    settings = [settings_at(tmp_path / str(number)) for number in range(3)]

    def speech(question: Question) -> Any:
        stances = {"risk_analyst": "block" if _goal(question) == "c1" else "go", "demand_analyst": "caution"}
        return proposal(question.name, stances.get(question.name, "go"))

    lines = [_line(f"c{number}", goal=f"c{number}") for number in range(8)]
    many = run_batch(settings[0], *lines, voices=scripted(speech), concurrency=8)
    backwards = run_batch(settings[1], *reversed(lines), voices=scripted(speech), concurrency=3)
    alone = [
        run(team_of(settings[2], goal=f"c{number}"), settings[2], f"c{number}", scripted(speech)) for number in range(8)
    ]
    assert [without(result.record, *TIMES) for result in many] == without(alone, *TIMES)
    assert [without(result.record, *TIMES) for result in reversed(backwards)] == without(alone, *TIMES)
    assert {record["stop_reason"] for record in alone} == {"success", "max_rounds_reached"}


class AtWork(ScriptedVoice):
    """Answers only after `wanted` cases are at work at once; keeps the highest number there were."""

    def __init__(self, wanted: int) -> None:
        super().__init__(_says_go)
        self._wanted, self._open = wanted, asyncio.Event()
        self._cases: set[str] = set()
        self.most = 0

    async def propose(self, question: Question) -> Utterance:
        self._cases.add(_goal(question))
        self.most = max(self.most, len(self._cases))
        if len(self._cases) == self._wanted:
            self._open.set()
        await asyncio.wait_for(self._open.wait(), 60)
        return await super().propose(question)

    async def write_brief(self, question: Any) -> Utterance:
        answer = await super().write_brief(question)
        self._cases.discard(json.loads(question.prompt.user)["goal"])
        return answer


@pytest.mark.slow
def test_as_many_cases_as_concurrency_says_are_at_work_at_once_and_never_more(tmp_path: Path) -> None:
    voice = AtWork(25)
    lines = [_line(f"c{number}", goal=f"c{number}") for number in range(60)]
    results = run_batch(settings_at(tmp_path), *lines, voices={"rules": voice}, concurrency=25)
    assert len(results) == 60
    assert voice.most == 25


def test_no_more_lines_are_begun_than_a_bounded_number_ahead_of_a_case_that_hangs(tmp_path: Path) -> None:
    read: list[int] = []
    hanging = asyncio.Event()

    class Stuck(ScriptedVoice):
        async def propose(self, question: Question) -> Utterance:
            if _goal(question) == "c0":
                await hanging.wait()
            return await super().propose(question)

    def endless() -> Iterator[bytes]:
        for number in range(1_000):
            read.append(number)
            yield _line(f"c{number}", goal=f"c{number}")

    async def main() -> int:
        task = asyncio.create_task(_results(endless(), settings_at(tmp_path), {"rules": Stuck(_says_go)}, 2))
        while len(read) < 2 * AHEAD:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        begun = len(read)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return begun

    assert asyncio.run(main()) == 2 * AHEAD


# --- overrides and second runs ---------------------------------------------------------------------------------------


def _first(results: Sequence[BatchResult]) -> dict[str, Any]:
    assert results[0].error is None
    assert results[0].record is not None
    return results[0].record


def _roles_asked(record: Mapping[str, Any]) -> list[str]:
    return [said["agent"] for entry in record["history"] for said in entry["contributions"]]


@pytest.mark.parametrize(
    ("overrides", "holds"),
    [
        (
            {"sequence": ["risk_analyst", "demand_analyst"]},
            lambda r: _roles_asked(r) == ["risk_analyst", "demand_analyst"],
        ),
        ({"budget": {"max_messages": 2}}, lambda r: r["stop_reason"] == "max_messages" and len(r["trace"]) == 2),
        (
            {"budget": {"min_go_votes": 4}},
            lambda r: r["stop_reason"] == "max_rounds_reached" and len(r["history"]) == 3,
        ),
        (
            {"roles": {"legal_analyst": {"enabled": True}}, "sequence": ["legal_analyst", "risk_analyst"]},
            lambda r: _roles_asked(r)[:2] == ["legal_analyst", "risk_analyst"],
        ),
    ],
    ids=["sequence", "max_messages", "min_go_votes", "a field of one role"],
)
def test_overrides_are_merged_over_the_team_file(
    tmp_path: Path, overrides: dict[str, Any], holds: Callable[[dict[str, Any]], bool]
) -> None:
    record = _first(run_batch(settings_at(tmp_path), _line("c", overrides=overrides)))
    assert holds(record), record


@pytest.mark.parametrize(("max_repairs", "asked"), [(0, 1), (2, 3)])
def test_overrides_set_how_often_a_role_is_asked_again(tmp_path: Path, max_repairs: int, asked: int) -> None:
    voice = ScriptedVoice(lambda question: proposal(question.name, "perhaps"))
    overrides = {"max_repairs": max_repairs, "sequence": ["risk_analyst"]}
    record = _first(run_batch(settings_at(tmp_path), _line("c", overrides=overrides), voices={"rules": voice}))
    assert record["stop_reason"] == "invalid_contribution:stance"
    assert len(voice.asked) == asked


def test_goal_facts_and_team_of_a_line_reach_the_roles(tmp_path: Path) -> None:
    voice, own = ScriptedVoice(_says_go), load_team("cold_storage").own_facts or {}
    line = _line("c", team="cold_storage", goal="Why not?", facts={**own, "region": "South"})
    record = _first(run_batch(settings_at(tmp_path), line, voices={"rules": voice}))
    assert (record["team"], record["final_decision"]) == ("cold_storage", "go_with_caution")
    said = [json.loads(user) for role, user in voice.asked if role != "brief"]
    assert [(each["goal"], each["shared_context"]["region"]) for each in said] == [("Why not?", "South")] * 4


def test_the_same_batch_twice_asks_nobody_and_gives_the_same_lines(tmp_path: Path) -> None:
    """Done, stopped over a broken contract and stopped at a budget: none is asked again."""
    settings = settings_at(tmp_path)
    voice = ScriptedVoice(lambda q: proposal(q.name, "perhaps" if _goal(q) == "wrong" else "go"))
    lines = [_line("done"), _line("wrong", goal="wrong"), _line("short", overrides={"budget": {"max_messages": 2}})]
    first = run_batch(settings, *lines, voices={"rules": voice})
    asked = len(voice.asked)
    second = run_batch(settings, *lines, voices={"rules": voice})
    assert [str(result.record and result.record["stop_reason"]) for result in first] == [
        "success",
        "invalid_contribution:stance",
        "max_messages",
    ]
    assert without([result.line for result in second], *TIMES) == without([result.line for result in first], *TIMES)
    assert len(voice.asked) == asked


def test_what_failed_is_asked_again_alone_and_no_new_case_is_begun(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    lines = [_line(name, goal=name) for name in ("done", "wrong", "lost")]
    failing = {"wrong": "I would say go.", "lost": Failure("llm_auth")}
    first = ScriptedVoice(lambda q: failing.get(_goal(q), proposal(q.name)) if q.name == RISK else proposal(q.name))
    before = run_batch(settings, *lines, voices={"rules": first})
    assert [_reason(result) for result in before] == ["success", "invalid_contribution:missing_keys", "llm_auth"]

    voice = ScriptedVoice(_says_go)
    after = run_batch(settings, *lines, _line("new", goal="new"), voices={"rules": voice}, retries=True)
    assert [_reason(result) for result in after] == ["success", "success", "success", None]
    assert [name for name, _ in voice.asked] == [RISK, RISK, "brief", "brief"]
    assert after[0].line == before[0].line
    assert "there is no thread `new`" in str(after[3].error)


def _reason(result: BatchResult) -> str | None:
    return result.record["stop_reason"] if result.record else None


def test_a_line_whose_thread_was_started_with_another_goal_is_stale_and_touches_nothing(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    before = _first(run_batch(settings, _line("c", goal="One?")))
    stale = _first(run_batch(settings, _line("c", goal="Another?")))
    told = {"stop_reason": "stale_thread:goal", "cause": "'One?' → 'Another?'"}
    assert stale == {"status": "stopped", "thread_id": "c", "resumable": False, **told}
    assert _first(run_batch(settings, _line("c", goal="One?"))) == before


def test_a_raised_budget_in_the_same_batch_lets_a_stopped_case_go_on(tmp_path: Path) -> None:
    settings, voice = settings_at(tmp_path), ScriptedVoice(_says_go)
    for messages, reason in ((2, "max_messages"), (3, "success")):
        line = _line("c", overrides={"budget": {"max_messages": messages}})
        assert _first(run_batch(settings, line, voices={"rules": voice}))["stop_reason"] == reason
    assert [name for name, _ in voice.asked] == ["demand_analyst", "finance_analyst", "risk_analyst", "brief"]
