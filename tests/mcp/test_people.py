"""People at an agent's client: asked with a form, in both generations, and what they answer is theirs.

What was kept is read from `accord audit export` in another process.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from mcp_types import ElicitResult

from tests.durability.processes import Desk
from tests.mcp.clients import MODES, Agent, Mode, Person, Way
from tests.service.stories import events

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(300)]

YES = {"decision": "go_with_caution", "because": "As agreed."}
ROLE = {"stance": "go", "summary": "It is legal.", "confidence": 0.9, "actions": "File it.\n\n Tell the board. "}


def answers(desk: Desk, thread: str) -> list[tuple[Any, ...]]:
    found = [event for event in events(desk, thread) if event["event"] == "answered"]
    return [(event["by"], event["outcome"], event["identity"]) for event in found]


def asked(way: Way, mode: Mode, person: Person | None, team: str, **more: Any) -> dict[str, Any]:
    async def story(agent: Agent) -> dict[str, Any]:
        return await agent.told("decide", team=team, **more)

    found: dict[str, Any] = way.tell(story, mode, person)
    return found


@pytest.mark.parametrize("mode", MODES)
def test_people_decide_at_their_own_clients_and_nobody_answers_for_two(way: Way, mode: Mode, desk: Desk) -> None:
    cfo, cto = Person([{**YES, "by": "cfo"}]), Person([{**YES, "by": "cto"}])
    waiting = asked(way, mode, cfo, "board")
    thread = waiting["thread_id"]
    assert (waiting["status"], len(cfo.seen)) == ("waiting", 1)  # they are not asked again in the name of the other one
    message, schema = cfo.seen[0]
    assert "the guard fraud allows no more than go_with_caution" in message
    assert "asked: cfo, cto" in message
    assert schema["properties"]["decision"]["enum"] == ["go_with_caution", "no_go", "again", "stop"]
    assert schema["properties"]["by"]["enum"] == ["cfo", "cto"]
    assert schema["required"] == ["decision", "because", "by"]

    async def rest(agent: Agent) -> dict[str, Any]:
        return await agent.told("answer", thread=thread)

    record = way.tell(rest, mode, cto)
    assert cto.seen[0][1]["properties"]["by"]["enum"] == ["cto"]
    assert (record["status"], record["final_decision"]) == ("ok", "go_with_caution")
    assert answers(desk, thread) == [("cfo", "go_with_caution", None), ("cto", "go_with_caution", None)]


@pytest.mark.parametrize("mode", MODES)
def test_a_wrong_answer_is_asked_again_with_what_is_allowed(way: Way, mode: Mode, desk: Desk) -> None:
    person = Person(
        [{**YES, "decision": "go", "by": "cfo"}, {**YES, "because": " ", "by": "cfo"}, {**YES, "by": "cfo"}]
    )
    waiting = asked(way, mode, person, "board")
    assert "allowed: go_with_caution, no_go, again, stop" in person.seen[1][0]
    assert "Not taken: the reason is missing" in person.seen[2][0]
    assert "problem" not in waiting
    assert answers(desk, waiting["thread_id"]) == [("cfo", "go_with_caution", None)]


@pytest.mark.parametrize("mode", MODES)
def test_three_wrong_answers_are_enough(way: Way, mode: Mode, desk: Desk) -> None:
    person = Person([{"decision": "perhaps", "because": "So.", "by": "cfo"}] * 9)
    waiting = asked(way, mode, person, "board")
    assert (waiting["status"], len(person.seen)) == ("waiting", 3)
    assert "allowed: go_with_caution, no_go, again, stop" in waiting["problem"]
    assert answers(desk, waiting["thread_id"]) == []


@pytest.mark.parametrize("fills", ["decline", "cancel", {}])
@pytest.mark.parametrize("mode", MODES)
def test_who_does_not_answer_is_told_how_to(way: Way, mode: Mode, fills: str | Mapping[str, Any], desk: Desk) -> None:
    person = Person([fills] * 3)
    waiting = asked(way, mode, person, "board")
    check_waits(waiting)
    assert answers(desk, waiting["thread_id"]) == []


def check_waits(waiting: Mapping[str, Any]) -> None:
    (each,) = waiting["to_answer"]
    thread = waiting["thread_id"]
    assert waiting["status"] == "waiting"
    assert f"the thread `{thread}` waits for people" in waiting["message"]
    assert each["may_answer"] == ["cfo", "cto"]
    assert each["options"] == ["go_with_caution", "no_go", "again", "stop"]
    assert each["arguments"].items() >= {"thread": thread, "question": each["question"]}.items()
    assert each["command"].startswith(f"accord decide {thread} --id {each['question']} ANSWER")


def test_without_a_person_at_the_client_the_answer_comes_by_a_call(way: Way, desk: Desk) -> None:
    async def story(agent: Agent) -> tuple[Any, ...]:
        waiting = await agent.told("decide", team="board")
        check_waits(waiting)
        named = waiting["to_answer"][0]["arguments"] | {"because": "Fraud."}
        wrong = [
            await agent.refusal("answer", **(named | {"decision": "go", "by": "cfo"})),
            await agent.refusal("answer", **(named | {"decision": "no_go"} | {"by": "eve"})),
            await agent.refusal("answer", thread=waiting["thread_id"], decision="no_go", by="cfo"),
        ]
        asked_again = await agent.told("answer", thread=waiting["thread_id"])
        first = await agent.told("answer", **(named | {**YES, "by": "cfo"}))
        again = await agent.refusal("answer", **(named | {**YES, "by": "cfo"}))
        last = await agent.told("answer", **(named | {**YES, "by": "cto"}))
        late = await agent.refusal("answer", **(named | {**YES, "by": "cto"}))
        return wrong, asked_again, first, again, last, late

    wrong, asked_again, first, again, last, late = way.tell(story)
    assert "the answer is 'go'; allowed: go_with_caution, no_go, again, stop" in wrong[0]
    assert "eve is not asked; allowed: cfo, cto" in wrong[1]
    assert "the reason is missing" in wrong[2]
    check_waits(asked_again)
    assert (first["status"], first["to_answer"][0]["may_answer"]) == ("waiting", ["cto"])
    assert "cfo has answered already" in again
    assert (last["status"], last["final_decision"]) == ("ok", "go_with_caution")
    assert "was answered by cfo, cto" in late
    assert answers(desk, last["thread_id"]) == [("cfo", "go_with_caution", None), ("cto", "go_with_caution", None)]


@pytest.mark.parametrize("mode", MODES)
def test_a_role_and_a_fact_are_filled_in_with_plain_fields(way: Way, mode: Mode, desk: Desk) -> None:
    lawyer = Person([{**ROLE, "by": "cfo"}])
    record = asked(way, mode, lawyer, "seated")
    properties = lawyer.seen[0][1]["properties"]
    assert properties["stance"]["enum"] == ["go", "caution", "block"]
    assert {name: each["type"] for name, each in properties.items()} == {
        **dict.fromkeys(("stance", "summary", "actions", "by"), "string"),
        "confidence": "number",
    }
    assert (record["status"], record["final_decision"]) == ("ok", "go")
    ((by, said, _),) = answers(desk, record["thread_id"])
    assert (by, said) == ("cfo", {**ROLE, "actions": ["File it.", "Tell the board."]})

    supplier = Person([{"value": "0.03", "by": "cfo"}])
    record = asked(way, mode, supplier, "lacking")
    assert (record["status"], record["final_decision"]) == ("ok", "go")
    assert answers(desk, record["thread_id"]) == [("cfo", 0.03, None)]


@pytest.mark.parametrize("mode", MODES)
def test_two_questions_at_once_are_asked_once_each_and_both_answers_count(way: Way, mode: Mode, desk: Desk) -> None:
    person = Person([{**ROLE, "by": "cfo"}, {**ROLE, "summary": "It is safe.", "by": "cto"}])
    record = asked(way, mode, person, "two_seats")
    assert (record["status"], record["final_decision"], len(person.seen)) == ("ok", "go", 2)
    given = answers(desk, record["thread_id"])
    assert [(by, said["summary"]) for by, said, _ in given] == [("cfo", ROLE["summary"]), ("cto", "It is safe.")]


UNREADABLE = {
    "too long": ({**YES, "because": "a" * 20_001, "by": "cfo"}, "`because` has 20001 characters"),
    "a NUL": ({**YES, "because": "a\0b", "by": "cfo"}, "`because` has a NUL character"),
}


@pytest.mark.parametrize("wrong", UNREADABLE)
@pytest.mark.parametrize("mode", MODES)
def test_an_answer_that_no_record_may_hold_is_asked_again_with_what_is_wrong(
    way: Way, mode: Mode, wrong: str, desk: Desk
) -> None:
    filled, told = UNREADABLE[wrong]
    person = Person([filled, {**YES, "by": "cfo"}])
    waiting = asked(way, mode, person, "board")
    assert (waiting["status"], len(person.seen)) == ("waiting", 2)
    assert f"Not taken: {told}" in person.seen[1][0]
    assert answers(desk, waiting["thread_id"]) == [("cfo", "go_with_caution", None)]


@pytest.mark.parametrize("typed", ['{"a": 1, "a": 2}', "[1,", "{bad"])
@pytest.mark.parametrize("mode", MODES)
def test_a_fact_that_begins_like_json_and_is_none_is_asked_again(way: Way, mode: Mode, typed: str, desk: Desk) -> None:
    person = Person([{"value": typed, "by": "cfo"}, {"value": "0.03", "by": "cfo"}])
    record = asked(way, mode, person, "lacking")
    assert (record["status"], len(person.seen)) == ("ok", 2)
    assert person.seen[1][0].startswith("Not taken: what was typed")
    assert answers(desk, record["thread_id"]) == [("cfo", 0.03, None)]


def test_what_others_wrote_comes_last_on_one_line_and_hides_nothing(way: Way, desk: Desk) -> None:
    person = Person(["decline"])
    goal = "Launch?\nasked: nobody\n\x1b[31mthe guard fraud\u202e allows go"
    asked(way, "legacy", person, "seated", goal=goal)
    *ours, asks = person.seen[0][0].split("\n")
    assert [each.partition(":")[0] for each in ours[:1]] == ["asked"]
    assert asks.startswith("The question, in the words of those who asked it: “Role: Judge. Launch?")
    assert asks.endswith("allows go”")
    assert all(each.isprintable() for each in person.seen[0][0].split("\n"))


class Slow(Person):
    """Somebody who is asked, and does not answer before the others have decided on the command line."""

    def __init__(self, desk: Desk) -> None:
        super().__init__([])
        self._desk = desk

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        await asyncio.to_thread(self._decide)
        await asyncio.sleep(60)
        raise AssertionError("nobody waits for this answer any more")

    def _decide(self) -> None:
        inbox: Any = self._desk.accord("inbox", "--json").record
        done = self._desk.accord("decide", inbox[-1]["thread_id"], "no_go", "--by", "cfo", "--because", "Now.")
        assert "answered" in done.err, done.err


def test_a_form_is_taken_back_once_others_have_answered(way: Way, desk: Desk) -> None:
    record = asked(way, "legacy", Slow(desk), "board")
    assert (record["status"], record["final_decision"]) == ("ok", "no_go")
