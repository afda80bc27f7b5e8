"""Contracts of the patterns: the first check that fails, what is kept, and what a refusal shows."""

import json
from typing import Any

import pytest

from policies.contracts.answers import ContractName, Refusal, Task
from policies.contracts.table import judge
from policies.team.team import Team
from tests.policies.patterns.courses import ANN, BOB, CID, LEA, SEQUENCE, person, team_of

LONG, SHORT = "x" * 20_001, "x" * 501
NAN, INFINITY = float("nan"), float("inf")

FIELDS = {"note": "text", "margin": "number", "ready": "boolean", "risks": "list"}
FULL = {"text": "Done.", "note": "Fine.", "margin": 7.5, "ready": False, "risks": ["Rain."]}
TEAM = team_of("orchestrator", options={"max_steps": 3})
PLANNED = {"steps": [{"agent": ANN, "task": "Look.", "dependencies": []}]}
ASSIGNED = {"assignments": [{"to": ANN, "subtask": "Look."}]}
VERDICT = {"winner": ANN, "decision": None, "reasons": ["Clear."], "confidence": 0.5}
NOTE: dict[str, Any] = {"content": "Idea.", "adds": "New.", "artifacts": [{"name": "draft.md", "content": "One."}]}


def team_with(**role: Any) -> Team:
    return team_of("parallel", roles={ANN: person(ANN, **role), BOB: person(BOB), CID: person(CID)})


def judged(contract: ContractName, said: object, team: Team = TEAM, **task: Any) -> Any:
    """Return the answer as plain values, or the refusal."""
    found = judge(said, Task("seat", ANN, contract, **{"choices": SEQUENCE, **task}), team)
    return found if isinstance(found, Refusal) else dict(found.answer)


OUTPUTS = {
    "no text": ({}, "text"),
    "text is null": ({**FULL, "text": None}, "text"),
    "text is a number": ({**FULL, "text": 1}, "text"),
    "text is blank": ({**FULL, "text": " \n\x00"}, "text"),
    "text is too long": ({**FULL, "text": LONG}, "text"),
    "text before fields": ({"text": ""}, "text"),
    "a field is missing": ({"text": "Done."}, "field:note"),
    "a text is blank": ({**FULL, "note": " "}, "field:note"),
    "a text is a list": ({**FULL, "note": ["Fine."]}, "field:note"),
    "a text is too long": ({**FULL, "note": LONG}, "field:note"),
    "a number is null": ({**FULL, "margin": None}, "field:margin"),
    "a number is a text": ({**FULL, "margin": "7.5"}, "field:margin"),
    "a number is a boolean": ({**FULL, "margin": True}, "field:margin"),
    "a number is NaN": ({**FULL, "margin": NAN}, "field:margin"),
    "a number is infinite": ({**FULL, "margin": -INFINITY}, "field:margin"),
    "a number is too large": ({**FULL, "margin": 1.1e15}, "field:margin"),
    "a number is far too large": ({**FULL, "margin": 10**400}, "field:margin"),
    "a boolean is a text": ({**FULL, "ready": "true"}, "field:ready"),
    "a boolean is a number": ({**FULL, "ready": 1}, "field:ready"),
    "a list is a text": ({**FULL, "risks": "Rain."}, "field:risks"),
    "a list has a number": ({**FULL, "risks": ["Rain.", 1]}, "field:risks"),
    "a list has a blank": ({**FULL, "risks": ["Rain.", " "]}, "field:risks"),
    "a list is too long": ({**FULL, "risks": ["Rain."] * 51}, "field:risks"),
    "the first field": ({**FULL, "risks": 1, "margin": "x"}, "field:margin"),
    "a field before the check": ({**FULL, "margin": 1.0, "risks": 1}, "field:risks"),
    "the check": ({**FULL, "margin": 5.0}, "check"),
}
STRICT = team_with(fields=FIELDS, check="output.margin > 5.0 && !output.ready")


@pytest.mark.parametrize(("said", "check"), OUTPUTS.values(), ids=OUTPUTS.keys())
def test_the_first_check_that_an_output_fails_is_named(said: Any, check: str) -> None:
    found = judged("output", said, STRICT)
    assert (found.reason, found.check) == ("invalid_output:ann", check)


@pytest.mark.parametrize(
    ("contract", "reason", "check"),
    [
        ("output", "invalid_output:ann", "not_object"),
        ("position", "invalid_output:ann", "not_object"),
        ("note", "invalid_output:ann", "not_object"),
        ("turn", "invalid_output:ann", "not_object"),
        ("proposal", "invalid_output:ann", "not_object"),
        ("ballot", "invalid_output:ann", "not_object"),
        ("plan", "invalid_plan:not_object", None),
        ("assignments", "invalid_assignment:not_object", None),
        ("verdict", "invalid_verdict:not_object", None),
    ],
)
@pytest.mark.parametrize("said", [None, 1, True, NAN, [], "[]", '"text"', "null", "NaN", ["text"]])
def test_what_is_no_object_is_refused(contract: ContractName, reason: str, check: str | None, said: Any) -> None:
    found = judged(contract, said)
    assert (found.reason, found.check) == (reason, check)


@pytest.mark.parametrize(
    ("contract", "reason", "check"),
    [
        ("output", "invalid_output:ann", "text"),
        ("position", "invalid_output:ann", "position"),
        ("note", "invalid_output:ann", "content"),
        ("turn", "invalid_output:ann", "text"),
        ("proposal", "invalid_output:ann", "proposal"),
        ("ballot", "invalid_output:ann", "vote"),
        ("plan", "invalid_plan:empty", None),
        ("assignments", "invalid_assignment:empty", None),
        ("verdict", "invalid_verdict:decision", None),
    ],
)
@pytest.mark.parametrize("said", [{}, "{}", "I would say go.", "", "[" * 5_000, '{"text": '])
def test_text_that_is_no_json_counts_as_an_object_without_keys(
    contract: ContractName, reason: str, check: str | None, said: Any
) -> None:
    found = judged(contract, said)
    assert (found.reason, found.check) == (reason, check)


def item(**changes: Any) -> dict[str, Any]:
    return {"assignments": [{"to": ANN, "subtask": "Look.", **changes}]}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"assignments": None}, "empty"),
        ({"assignments": []}, "empty"),
        ({"assignments": {"to": ANN}}, "empty"),
        ({"assignments": [1] * 4}, "too_many"),
        ({"assignments": [None]}, "assignment_1:not_object"),
        ({"assignments": [*item()["assignments"], "Look."]}, "assignment_2:not_object"),
        (item(to=None), "assignment_1:unknown:"),
        (item(to=[ANN]), "assignment_1:unknown:"),
        (item(to="dan\x00"), "assignment_1:unknown:dan"),
        (item(to="x" * 200), f"assignment_1:unknown:{'x' * 100}"),
        (item(to=LONG), "assignment_1:unknown:"),
        (item(to=LEA), "assignment_1:unknown:lea"),
        (item(subtask=None), "assignment_1:subtask"),
        (item(subtask=" "), "assignment_1:subtask"),
        (item(subtask=LONG), "assignment_1:subtask"),
        (item(to="dan", subtask=""), "assignment_1:unknown:dan"),
    ],
)
def test_the_first_check_that_an_assignment_fails_is_named(said: Any, reason: str) -> None:
    found = judged("assignments", said)
    assert (found.reason, found.check) == (f"invalid_assignment:{reason}", None)


def test_only_where_it_is_asked_once_a_second_assignment_is_refused() -> None:
    twice = {"assignments": [*ASSIGNED["assignments"], {"to": " ann", "subtask": "Ask."}]}
    assert judged("assignments", twice, asks={"once": True}).reason == "invalid_assignment:assignment_2:again:ann"
    assert [each["subtask"] for each in judged("assignments", twice)["assignments"]] == ["Look.", "Ask."]
    assert [each["to"] for each in judged("assignments", twice, asks={"once": False})["assignments"]] == [ANN, ANN]


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"winner": "dan"}, "winner"),
        ({"winner": LEA}, "winner"),
        ({"winner": 0}, "winner"),
        ({"winner": False}, "winner"),
        ({"winner": [ANN]}, "winner"),
        ({"winner": "dan", "decision": 1}, "winner"),
        ({"winner": None}, "decision"),
        ({"winner": " ", "decision": " "}, "decision"),
        ({"decision": 1}, "decision"),
        ({"decision": LONG}, "decision"),
        ({"reasons": None}, "reasons"),
        ({"reasons": []}, "reasons"),
        ({"reasons": "Clear."}, "reasons"),
        ({"reasons": ["Clear.", None]}, "reasons"),
        ({"reasons": ["Clear."] * 11}, "reasons"),
        ({"confidence": None}, "confidence_type"),
        ({"confidence": True}, "confidence_type"),
        ({"confidence": "0.5"}, "confidence_type"),
        ({"confidence": 1.001}, "confidence_range"),
        ({"confidence": -0.001}, "confidence_range"),
        ({"confidence": NAN}, "confidence_range"),
        ({"confidence": INFINITY}, "confidence_range"),
        ({"confidence": 10**400}, "confidence_range"),
        ({"reasons": [], "confidence": 7}, "reasons"),
    ],
)
def test_the_first_check_that_a_verdict_fails_is_named(changes: Any, check: str) -> None:
    found = judged("verdict", {**VERDICT, **changes})
    assert (found.reason, found.check) == (f"invalid_verdict:{check}", None)


@pytest.mark.parametrize(
    ("contract", "said", "check"),
    [
        ("position", {"argument": "Since."}, "position"),
        ("position", {"position": SHORT, "argument": "Since."}, "position"),
        ("position", {"position": 1, "argument": 1}, "position"),
        ("position", {"position": "Go."}, "argument"),
        ("position", {"position": "Go.", "argument": LONG}, "argument"),
        ("note", {**NOTE, "content": None}, "content"),
        ("note", {**NOTE, "content": LONG}, "content"),
        ("note", {**NOTE, "adds": False}, "adds"),
        ("note", {**NOTE, "adds": ["New."]}, "adds"),
        ("note", {**NOTE, "adds": LONG}, "adds"),
        ("note", {**NOTE, "artifacts": {}}, "artifacts"),
        ("note", {**NOTE, "artifacts": ""}, "artifacts"),
        ("note", {**NOTE, "artifacts": False}, "artifacts"),
        ("note", {**NOTE, "artifacts": NOTE["artifacts"] * 6}, "artifacts"),
        ("note", {**NOTE, "artifacts": [*NOTE["artifacts"], "draft.md"]}, "artifacts"),
        ("note", {**NOTE, "artifacts": [{"name": "draft.md"}]}, "artifacts"),
        ("note", {**NOTE, "artifacts": [{"name": SHORT, "content": "One."}]}, "artifacts"),
        ("note", {**NOTE, "artifacts": [{"name": "draft.md", "content": LONG}]}, "artifacts"),
        ("turn", {"next": BOB}, "text"),
        ("turn", {"text": LONG}, "text"),
        ("turn", {"text": "I see.", "next": "dan"}, "next"),
        ("turn", {"text": "I see.", "next": [BOB]}, "next"),
        ("turn", {"text": "I see.", "next": 0}, "next"),
        ("proposal", {"reason": "Since."}, "proposal"),
        ("proposal", {"proposal": LONG, "reason": "Since."}, "proposal"),
        ("proposal", {"proposal": "Ship it.", "reason": " "}, "reason"),
        ("ballot", {"vote": None, "reason": "Since."}, "vote"),
        ("ballot", {"vote": ["approve"], "reason": "Since."}, "vote"),
        ("ballot", {"vote": "Approve", "reason": "Since."}, "vote"),
        ("ballot", {"vote": "absent", "reason": "Since."}, "vote"),
        ("ballot", {"vote": "maybe", "reason": ""}, "vote"),
        ("ballot", {"vote": "approve"}, "reason"),
        ("ballot", {"vote": "approve", "reason": LONG}, "reason"),
    ],
)
def test_the_first_check_that_another_answer_fails_is_named(contract: ContractName, said: Any, check: str) -> None:
    found = judged(contract, said)
    assert (found.reason, found.check) == ("invalid_output:ann", check)


def test_the_first_fault_of_a_plan_is_its_stop_reason() -> None:
    unknown = {"steps": [{"agent": "dan", "task": "Look."}]}
    assert judged("plan", unknown).reason == "invalid_plan:step_1:unknown_agent:dan"
    assert judged("plan", {"steps": PLANNED["steps"] * 4}).reason == "invalid_plan:too_many_steps"
    assert judged("plan", PLANNED, choices=(BOB,)).reason == "invalid_plan:step_1:unknown_agent:ann"
    assert judged("plan", PLANNED).keys() == {"steps"}


@pytest.mark.parametrize(
    ("contract", "said", "kept"),
    [
        ("output", {"text": " Done.\n", "more": 1}, {"text": "Done."}),
        ("plan", {**PLANNED, "why": "?"}, PLANNED),
        ("assignments", item(to=" ann ", subtask=" Look. ", why="?"), ASSIGNED),
        ("assignments", item(to="an\x00n"), ASSIGNED),
        ("position", {"position": " Go. ", "argument": " Since. "}, {"position": "Go.", "argument": "Since."}),
        ("verdict", VERDICT, VERDICT),
        ("verdict", {**VERDICT, "winner": " ann ", "decision": " "}, VERDICT),
        ("verdict", {**VERDICT, "winner": "", "decision": " Ship. "}, {**VERDICT, "winner": None, "decision": "Ship."}),
        ("verdict", {**VERDICT, "confidence": 1}, {**VERDICT, "confidence": 1.0}),
        ("verdict", {**VERDICT, "confidence": 0.12345}, {**VERDICT, "confidence": 0.123}),
        ("note", NOTE, NOTE),
        ("note", {"content": " Idea. "}, {"content": "Idea.", "adds": "", "artifacts": []}),
        ("note", {**NOTE, "adds": " ", "artifacts": None}, {**NOTE, "adds": "", "artifacts": []}),
        ("turn", {"text": " I see. "}, {"text": "I see.", "next": None}),
        ("turn", {"text": "I see.", "next": " bob "}, {"text": "I see.", "next": BOB}),
        ("turn", {"text": "I see.", "next": ""}, {"text": "I see.", "next": None}),
        ("proposal", {"proposal": " Ship it. ", "reason": "Since."}, {"proposal": "Ship it.", "reason": "Since."}),
        ("ballot", {"vote": " reject ", "reason": " No. "}, {"vote": "reject", "reason": "No."}),
    ],
)
def test_what_keeps_its_contract_is_kept_trimmed_without_other_keys(
    contract: ContractName, said: Any, kept: dict[str, Any]
) -> None:
    assert judged(contract, said) == judged(contract, json.dumps(said)) == kept


def test_where_nobody_can_be_named_a_next_speaker_is_one_more_unknown_key() -> None:
    for named in (BOB, "dan", 0, [BOB]):
        assert judged("turn", {"text": "I see.", "next": named}, choices=()) == {"text": "I see.", "next": None}


def test_declared_fields_of_all_kinds_are_kept() -> None:
    team = team_with(fields=FIELDS)
    said = {**FULL, "note": " Fine. ", "margin": -0.0, "risks": [" Rain. "], "other": 1}
    kept = judged("output", said, team)
    assert kept == {**FULL, "margin": 0.0}
    assert [type(value) for value in kept.values()] == [str, str, float, bool, list]
    assert str(kept["margin"]) == "0.0"
    assert judged("output", {**FULL, "margin": 3, "risks": []}, team) == {**FULL, "margin": 3.0, "risks": []}


@pytest.mark.parametrize(
    ("check", "is_met"),
    [
        (None, True),
        ("output.margin > 5.0", True),
        ("output.margin < 5.0", False),
        ("size(output.risks) == 1 && output.risks[0] == 'Rain.'", True),
        ("output.text.contains('Done')", True),
        ("output.margin > 5", True),
        # What has no answer is not met: a part that is not there, or a field of another kind.
        ("output.margin.nope > 5.0", False),
        ("!(output.margin.nope > 5.0)", False),
        ("output.note > 5.0", False),
        ("output.risks[7] == 'Rain.'", False),
    ],
)
def test_a_check_is_met_only_where_it_holds(check: str | None, is_met: bool) -> None:
    found = judged("output", FULL, team_of_checked(check))
    assert found == FULL if is_met else found.check == "check"


def team_of_checked(check: str | None) -> Team:
    return team_with(fields=FIELDS, check=check)


DEEP: list[Any] = []
for _ in range(40):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("said", "raw"),
    [
        ('{"text": " "}', {"text": " "}),
        ({"text": " "}, {"text": " "}),
        ("[1]", [1]),
        ("No.", "No."),
        ("x" * 3_000, "x" * 2_000),
        ("a\x00\ud800", "a�"),
        ('{"text": NaN}', '{"text": NaN}'),
        ({"text": NAN}, "{'text': nan}"),
        ({"text": DEEP}, str({"text": DEEP})),
        ({"text": 10**5000}, "a dict too large to be written"),
        ({"text": "", "more": "x" * 15_000}, {"text": "", "more": "x" * 15_000}),
        ({"text": "", "more": "x" * 16_000}, str({"text": "", "more": "x" * 16_000})[:2_000]),
        (json.dumps({"text": "", "more": "x" * 16_000}), json.dumps({"text": "", "more": "x" * 16_000})[:2_000]),
    ],
    ids=[*("parsed", "object", "list", "words", "long", "unclean", "nan", "nan object", "deep", "huge", "large"),
         *("too large", "too large text")],
)  # fmt: skip
def test_a_refusal_shows_the_proposal_parsed_where_it_may_be_stored_else_how_it_began(said: Any, raw: Any) -> None:
    assert judged("output", said).raw == raw
