"""What a thread keeps beside its events says the same: neither can be changed alone."""

import asyncio
import copy
from collections.abc import Callable
from typing import Any

import pytest

from graph.settings import Settings
from graph.threads import open_threads
from nodes.agreement import find_disagreement
from nodes.voices.voice import Question
from tests.harness import proposal, resume, run, scripted, settings_at, team_of

pytestmark = pytest.mark.slow

State = dict[str, Any]


def speak(question: Question) -> dict[str, Any]:
    stance = "block" if question.name == "risk_analyst" and question.round == 1 else "go"
    return proposal(question.name, stance, evidence=["region"])


def state_of(settings: Settings) -> State:
    async def read() -> State:
        async with open_threads(settings) as threads:
            return copy.deepcopy(dict(await threads.begun("t")))

    return asyncio.run(read())


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, State]:
    finished, changed = settings_at(tmp_path_factory.mktemp("a")), settings_at(tmp_path_factory.mktemp("b"))
    run(team_of(finished), finished, voices=scripted(speak))
    run(team_of(changed, "checkout_launch", "budget.max_rounds=1"), changed, voices=scripted(speak))
    facts = {**(team_of(changed).own_facts or {}), "region": "EU"}
    options: dict[str, Any] = {"facts": facts, "budget": {"max_rounds": 3}, "accept_changes": True}
    resume(changed, voices=scripted(speak), **options)
    return {"finished": state_of(finished), "changed": state_of(changed)}


@pytest.mark.parametrize("name", ["finished", "changed"])
def test_a_thread_nobody_touched_agrees_with_its_events(states: dict[str, State], name: str) -> None:
    assert find_disagreement("t", states[name]) is None


def said(state: State, **changes: Any) -> None:
    state["history"][0]["contributions"][2].update(changes)


CHANGES: dict[str, tuple[Callable[[State], None], str]] = {
    "the goal": (lambda state: state["case"].update(goal="Another."), "goal"),
    "a fact": (lambda state: state["case"]["facts"].update(region="XX"), "facts"),
    "the policy": (lambda state: state["case"]["team"]["policy"].update(on_absent="count"), "team"),
    "a guard": (lambda state: state["case"]["team"].update(guards=[{}]), "team"),
    "a stance": (lambda state: said(state, stance="go"), "history"),
    "a word": (lambda state: said(state, summary="Fine!"), "history"),
    "the order of two keys": (lambda state: reversed_keys(state["history"][0]), "history"),
    "a whole number": (lambda state: state["history"][0].update(round=1.0), "history"),
    "a round more": (lambda state: state["history"].append(state["history"][0]), "history"),
    "a round less": (lambda state: state["history"].pop(), "history"),
    "a line of the trace": (lambda state: state["trace"].reverse(), "trace"),
    "a message": (lambda state: state.update(messages=[{"id": "m1"}]), "messages"),
    "the brief": (lambda state: state.update(answer="Decision: go"), "answer"),
    "the decision": (lambda state: state.update(final_decision="no_go"), "final_decision"),
    "the reason": (lambda state: state.update(stop_reason="cancelled"), "stop_reason"),
    "what was used": (lambda state: state["usage"].update(calls=0), "usage"),
    "a limit": (lambda state: state["limits"].update(max_rounds=9), "limits"),
    "what never was": (lambda state: state.update(since=1), "since"),
    "an event's order": (lambda state: reversed_keys(state["events"][1]), "events"),
    "an event's number": (lambda state: state["events"][1].update(attempt=1.0), "events"),
}


def reversed_keys(value: State) -> None:
    items = [*value.items()]
    value.clear()
    value.update(reversed(items))


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_changed_beside_the_events_is_named(states: dict[str, State], what: str) -> None:
    change, message = CHANGES[what]
    state = copy.deepcopy(states["finished"])
    change(state)

    found = find_disagreement("t", state)

    assert found is not None
    assert found.message == f"has a `{message}` that differs from the thread's"


@pytest.mark.parametrize("odd", [None, 5, "history", {"a": 1}, [None], [{1: 2}], [b"a"], [float("nan")]])
def test_what_cannot_be_held_against_the_events_is_named_in_a_sentence(states: dict[str, State], odd: Any) -> None:
    found = find_disagreement("t", {**states["finished"], "history": odd})

    assert found is not None


def test_a_record_that_is_another_threads_is_named(states: dict[str, State]) -> None:
    found = find_disagreement("u", states["finished"])

    assert found is not None
    assert (found.place, "thread id" in found.message) == (0, True)
