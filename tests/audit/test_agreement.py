"""What a thread keeps beside its events says the same: neither can be changed alone."""

import asyncio
import copy
from collections.abc import Callable
from typing import Any

import pytest

from graph.assurance.agreement import find_disagreement
from graph.settings import Settings
from graph.threads import open_threads
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
    facts = {**(team_of(changed).facts or {}), "region": "EU"}
    options: dict[str, Any] = {"facts": facts, "budget": {"max_rounds": 3}, "accept_changes": True}
    resume(changed, voices=scripted(speak), **options)
    return {"finished": state_of(finished), "changed": state_of(changed)}


@pytest.mark.parametrize("name", ["finished", "changed"])
def test_a_thread_nobody_touched_agrees_with_its_events(states: dict[str, State], name: str) -> None:
    assert find_disagreement("t", states[name]) is None


def said(state: State, **changes: Any) -> None:
    state["history"][0]["contributions"][2].update(changes)


CHANGES: dict[str, tuple[Callable[[State], None], str]] = {
    "the goal": (lambda state: state["case"].update(goal="Another."), "another goal"),
    "a fact": (lambda state: state["case"]["facts"].update(region="XX"), "another facts"),
    "a stance": (lambda state: said(state, stance="go"), "another contribution of risk_analyst"),
    "a word": (lambda state: said(state, summary="Fine!"), "another contribution of risk_analyst"),
    "the decision": (lambda state: state.update(final_decision="no_go"), "another final decision"),
    "the reason": (lambda state: state.update(stop_reason="cancelled"), "another stop reason"),
    "a round's outcome": (lambda state: state["history"][-1].update(decision="no_go"), "another outcome"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_changed_beside_the_events_is_named(states: dict[str, State], what: str) -> None:
    change, message = CHANGES[what]
    state = copy.deepcopy(states["finished"])
    change(state)

    found = find_disagreement("t", state)

    assert found is not None
    assert message in found.message


def test_a_record_that_is_another_threads_is_named(states: dict[str, State]) -> None:
    found = find_disagreement("u", states["finished"])

    assert found is not None
    assert (found.place, "thread id" in found.message) == (0, True)
