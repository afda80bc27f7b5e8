"""A raised limit is proved before it counts, from where the run began: a resume may lead to places of its own."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.memory import InMemoryStore
from langgraph.types import Command

from graph.build import build_graph
from nodes.services import InputRefusedError, Services
from tests.assurance.stage import BLOCK, GO, play, team_file
from tests.harness import CHECKOUT_ROLES, answer, load_facts, proposal, resume, scripted, settings_at, team_of
from tests.hostile.command import Captured, accord

pytestmark = pytest.mark.slow

ONE_BLOCK = (GO, GO, BLOCK)
LATE = (
    'policy={name: late, rules: [{when: "round + 0 >= 8 && block >= 1", then: go}, '
    '{when: "go >= 2 && block == 0", then: go}], otherwise: next_round}'
)
"""Monotone as long as there is no eighth round; the row calculates, so a proof goes only a few rounds further."""

NOT_MONOTONE = "the policy `late` is not monotone"


def told(capture: Captured, *arguments: object, code: int = 0) -> Any:
    """Return what a command tells a program."""
    done = accord(capture, *arguments, "--json")
    assert done.code == code, done
    return json.loads(done.out)


def kept(home: Path) -> list[Any]:
    """Return every row of the database."""
    with closing(sqlite3.connect(home / "accord.sqlite")) as connection:
        tables = ("checkpoints", "writes", "store")
        return [sorted(map(repr, connection.execute(f"SELECT * FROM {table}"))) for table in tables]


@pytest.mark.parametrize("rounds", [8, 9])
def test_rounds_under_which_a_policy_is_not_monotone_are_not_granted(
    rounds: int, accord_home: Path, capsys: Captured
) -> None:
    record = play(settings_at(accord_home), "t", [ONE_BLOCK] * 3, LATE)
    assert record["stop_reason"] == "max_rounds_reached"
    before = kept(accord_home)

    done = accord(capsys, "resume", "t", "--budget", f"max_rounds={rounds}")

    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 2)
    assert done.err.splitlines()[-1].startswith(f"accord: {NOT_MONOTONE}: round 8: ")
    assert kept(accord_home) == before
    assert told(capsys, "show", "t", code=3)["stop_reason"] == "max_rounds_reached"
    assert accord(capsys, "audit", "verify", "t").code == 0


def test_a_thread_that_has_not_begun_does_not_begin_under_such_rounds(
    accord_home: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    async def dies(*_: Any) -> Any:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr("graph.driver.Driver.drive", dies)
        with pytest.raises(Died):
            play(settings_at(accord_home), "t", [ONE_BLOCK] * 3, LATE)

    done = accord(capsys, "resume", "t", "--budget", "max_rounds=8")

    assert (done.code, done.out) == (2, "")
    assert NOT_MONOTONE in done.err
    assert "unexpected: " not in done.err
    assert told(capsys, "resume", "t")["final_decision"] == GO


def test_limits_under_which_a_policy_stays_monotone_are_granted(accord_home: Path, capsys: Captured) -> None:
    play(settings_at(accord_home), "t", [ONE_BLOCK], LATE, "budget.max_rounds=1")

    assert told(capsys, "resume", "t", "--budget", "max_rounds=3")["final_decision"] == GO


def test_the_graph_itself_refuses_such_rounds_and_keeps_the_thread(accord_home: Path) -> None:
    voices = scripted(lambda question: proposal(question.name, ONE_BLOCK[CHECKOUT_ROLES.index(question.name)]))
    team = team_of(settings_at(accord_home), "checkout_launch", LATE)
    graph: Any = build_graph(team, Services(voices, load_facts)).compile(
        checkpointer=InMemorySaver(), store=InMemoryStore()
    )
    config: Any = {"configurable": {"thread_id": "t"}}

    async def values() -> Any:
        return (await graph.aget_state(config)).values

    async def main() -> None:
        await graph.ainvoke({}, config)
        before = await values()
        assert before["stop_reason"] == "max_rounds_reached"
        for given in ({"max_rounds": 8}, {"max_rounds": 9, "max_messages": 50}):
            with pytest.raises(InputRefusedError, match=r"^under these limits the policy `late` is not monotone"):
                await graph.ainvoke({"budget": given}, config)
        after = await values()
        assert {key: after[key] for key in before.keys() - {"budget"}} == {
            key: before[key] for key in before.keys() - {"budget"}
        }

    asyncio.run(main())


LONELY = (
    "policy={name: lonely, when_rounds_end: escalate, otherwise: next_round, rules: ["
    '{when: "round + 0 >= 6 && team == 3 && block > 0", then: go}, '
    '{when: "rounds_left > 0 && team == 3", then: next_round, convene: legal_analyst}, '
    '{when: "go >= 2 && block == 0", then: go}]}'
)
"""Legal joins unless the first round is the last one: only a run that began with a single round is ever without it."""


def test_a_raised_limit_is_proved_from_where_the_run_began(accord_home: Path, capsys: Captured) -> None:
    team = (LONELY, "roles.legal_analyst.enabled=true")
    play(settings_at(accord_home), "long", ["llm_auth"], *team, "budget.max_rounds=2")
    play(settings_at(accord_home), "short", [ONE_BLOCK], *team, "budget.max_rounds=1")
    blocking = scripted(lambda question: proposal(question.name, BLOCK if question.name == CHECKOUT_ROLES[-1] else GO))
    for thread in ("long", "short"):
        resume(settings_at(accord_home), thread, voices=blocking, budget={"max_rounds": 2})
    answer(settings_at(accord_home), "again", "short", blocking)
    long, short = (accord(capsys, "resume", thread, "--budget", "max_rounds=3") for thread in ("long", "short"))

    assert (long.code, "the policy `lonely` is not monotone" in long.err) == (4, False)
    assert (short.code, "the policy `lonely` is not monotone: round 6" in short.err) == (2, True)


def test_the_graph_itself_proves_a_raised_limit_from_where_the_run_began(accord_home: Path) -> None:
    voices = scripted(lambda question: proposal(question.name, ONE_BLOCK[CHECKOUT_ROLES.index(question.name)]))
    enabled = "roles.legal_analyst.enabled=true"
    team = team_of(settings_at(accord_home), "checkout_launch", LONELY, enabled, "budget.max_rounds=1")
    graph: Any = build_graph(team, Services(voices, load_facts)).compile(
        checkpointer=InMemorySaver(), store=InMemoryStore()
    )
    config: Any = {"configurable": {"thread_id": "t"}}

    async def main() -> None:
        await graph.ainvoke({}, config)
        await graph.ainvoke({"budget": {"max_rounds": 2}}, config)
        await graph.ainvoke(Command(resume={"by": "Ada", "answer": "again", "because": "So."}), config)
        assert len((await graph.aget_state(config)).values["history"]) == 2
        with pytest.raises(InputRefusedError, match=r"^under these limits the policy `lonely` is not monotone"):
            await graph.ainvoke({"budget": {"max_rounds": 3}}, config)

    asyncio.run(main())


@pytest.mark.usefixtures("accord_home")
def test_the_graph_refuses_limits_that_nobody_can_prove(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policies.assurance.rulings.MAX_RULINGS", 3**4 * 20)
    many = [f"role_{number}" for number in range(4)]
    named = " || ".join(f'stances.{role} == "block"' for role in many)
    rule = f"rules: [{{when: 'round + block_streak > 99 && ({named})', then: no_go}}]\notherwise: next_round"
    team = team_of(settings_at(Path("home")), team_file(rule, roles=many, more="budget: {max_rounds: 2}"))
    graph: Any = build_graph(team, Services(scripted(lambda question: proposal(question.name)), load_facts)).compile()

    with pytest.raises(InputRefusedError, match=r"^under these limits the policy cannot be proved: the kinds of votes"):
        asyncio.run(graph.ainvoke({"budget": {"max_rounds": 12, "max_messages": 200}}))
