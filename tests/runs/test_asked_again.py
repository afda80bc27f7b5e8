"""Questions of a run that ended just before it could ask them: they are asked all the same, and once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from graph.driver import Driver
from graph.record import Record
from graph.runner import Runner
from tests.runs.desk import Desk
from tests.runs.people import PANEL, desk


def interrupts(at: Desk) -> int:
    """Count the questions that readers of the graph see."""

    async def count(runner: Runner) -> int:
        return len(await runner.threads.interrupts("t"))

    return at.with_runner(count)


def drained_answer(at: Desk, by: str, *, is_ending: bool = False) -> Record:
    """Answer, in a process that asks the run to end once the answer is taken, or that ends itself."""

    async def work(runner: Runner) -> Record:
        def drain(event: Mapping[str, Any]) -> None:
            if event["event"] == "taken":
                runner.drain(None if is_ending else "t")

        return await runner.answer("t", {"by": by, "answer": "no_go", "because": "Why."}, drain)

    return at.with_runner(work)


async def never_asked(*_: object) -> None:
    """Die before anybody is asked."""


@pytest.mark.parametrize("is_ending", [False, True])
def test_who_is_asked_still_is_asked_after_an_answer_with_which_the_run_ends(tmp_path: Path, is_ending: bool) -> None:
    at = desk(tmp_path, escalate=PANEL)
    at.run()
    record = drained_answer(at, "cfo", is_ending=is_ending)

    assert (record["status"], record["waiting"][0]["answered"], interrupts(at)) == ("waiting", ["cfo"], 1)
    assert at.answer("cto", "no_go")["final_decision"] == "no_go"


def test_a_question_whose_process_died_before_it_could_ask_is_asked_by_the_next_resume_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = desk(tmp_path, escalate=PANEL)
    at.run()
    with monkeypatch.context() as dying:
        dying.setattr(Driver, "ask", never_asked)
        drained_answer(at, "cfo")
    assert interrupts(at) == 0
    before = at.state()

    for _ in range(2):
        assert (at.resume()["status"], interrupts(at)) == ("waiting", 1)
    assert at.state() == before
    assert at.answer("cto", "no_go")["final_decision"] == "no_go"


def test_what_expired_meanwhile_is_not_asked_again(tmp_path: Path) -> None:
    at = desk(tmp_path, escalate=PANEL | {"expires_after": "48h", "on_timeout": "no_go"})
    at.run()

    async def work(runner: Runner) -> Record:
        def drain(event: Mapping[str, Any]) -> None:
            if event["event"] == "taken":
                runner.drain("t")
                at.later(hours=49)

        return await runner.answer("t", {"by": "cfo", "answer": "go", "because": "Why."}, drain)

    assert (at.with_runner(work)["status"], interrupts(at), at.events("ruled")) == ("waiting", 0, [])
    assert at.resume()["final_decision"] == "no_go"
