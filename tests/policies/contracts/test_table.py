"""The table of contracts: each is there once, and what one part of it says fits what the others do."""

from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from policies import contracts
from policies.contracts.answers import ContractName, Refusal, Task
from policies.contracts.contract import Contract
from policies.contracts.table import CONTRACTS, answer_form, judge
from policies.rehearsal.scene import Scene
from policies.run.stop_table import STOP_TABLE
from policies.team.fields import Position
from tests.policies.patterns.courses import ANN, BOB, CID, SEQUENCE, person, team_of

NAMES: tuple[ContractName, ...] = get_args(ContractName)
FIELDS = {"note": "text", "margin": "number", "ready": "boolean", "risks": "list"}
TEAM = team_of("parallel", roles={ANN: person(ANN), BOB: person(BOB, fields=FIELDS), CID: person(CID)})
AGENTS = {ANN: "Ann: to look.", BOB: "Bob: to count."}
POSITION = Position(stance="caution", summary="Wait.", actions=("Look.", "Count."))
SHARED = ("answers", "contract", "reading", "unwrapping", "schema", "table")


def task(name: ContractName, role: str = ANN, **asks: Any) -> Task:
    return Task("seat", role, name, {"once": False, "agents": AGENTS, **asks}, SEQUENCE)


def is_of_form(answer: Any, question: Task) -> bool:
    schema = answer_form(question, TEAM.roles[question.role])["schema"]
    return bool(jsonschema.Draft202012Validator(schema).is_valid(answer))


def test_every_contract_is_in_the_table_and_has_a_file_of_its_own() -> None:
    folder = Path(str(contracts.__file__)).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", *SHARED}
    assert set(CONTRACTS) == set(NAMES) == files
    assert len({id(contract) for contract in CONTRACTS.values()}) == len(NAMES)
    assert all(isinstance(contract, Contract) and contract.refused_as in STOP_TABLE for contract in CONTRACTS.values())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("role", [ANN, BOB])
@pytest.mark.parametrize("course", ["shortest", "longest", "fullest", "failing"])
def test_what_a_rehearsal_says_is_of_the_form_that_is_asked_for_and_is_accepted(
    name: ContractName, role: str, course: Any
) -> None:
    question = task(name, role)
    answer = dict(CONTRACTS[name].rehearsed(question, Scene(TEAM, course, length=300)))
    optional: dict[str, Any] = {"evidence": []} if name == "contribution" else {}
    assert is_of_form({**answer, **optional}, question)
    assert not isinstance(judge(answer, question, TEAM), Refusal)


@pytest.mark.parametrize("name", NAMES)
def test_what_rules_say_is_accepted(name: ContractName) -> None:
    question = task(name, turns_you_had=0)
    said = CONTRACTS[name].by_rules(POSITION, question)
    assert not isinstance(judge(said, question, TEAM), Refusal), said


# What rules say for "caution, Wait., Look. and Count.", and in how many words it is shown.
SAID: dict[ContractName, tuple[Any, str, str | None]] = {
    "contribution": (
        {"agent": ANN, "stance": "caution", "summary": "Wait.", "confidence": 1.0, "actions": ["Look.", "Count."]},
        "Wait.",
        "caution",
    ),
    "output": ({"text": "Wait.\n- Look.\n- Count."}, "Wait.\n- Look.\n- Count.", None),
    "plan": (
        {
            "steps": [
                {"agent": ANN, "task": "Ann: to look.", "dependencies": []},
                {"agent": BOB, "task": "Bob: to count.", "dependencies": []},
                {"agent": CID, "task": CID, "dependencies": []},
            ]
        },
        "planned 3 steps",
        None,
    ),
    "assignments": (
        {
            "assignments": [
                {"to": ANN, "subtask": "Ann: to look."},
                {"to": BOB, "subtask": "Bob: to count."},
                {"to": CID, "subtask": CID},
            ]
        },
        f"assigned to {ANN}, {BOB}, {CID}",
        None,
    ),
    "position": ({"position": "caution", "argument": "Wait.\n- Look.\n- Count."}, "caution", None),
    "verdict": (
        {"winner": None, "decision": "Wait.", "reasons": ["Look.", "Count."], "confidence": 1.0},
        "Wait.",
        None,
    ),
    "note": ({"content": "Wait.\n- Look.\n- Count.", "adds": "", "artifacts": []}, "adds nothing", None),
    "turn": ({"text": "Wait.\n- Look.\n- Count.", "next": None}, "Wait.\n- Look.\n- Count.", None),
    "proposal": ({"proposal": "Wait.", "reason": "Look. Count."}, "Wait.", None),
    "ballot": ({"vote": "abstain", "reason": "Wait."}, "Wait.", "abstain"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_position_becomes_an_answer_of_each_kind_and_is_told_in_a_few_words(name: ContractName) -> None:
    said, told, word = SAID[name]
    contract = CONTRACTS[name]
    assert contract.by_rules(POSITION, task(name)) == said
    assert (contract.told(said), contract.word(said)) == (told, word)


def test_what_is_told_depends_on_what_was_answered() -> None:
    assert CONTRACTS["verdict"].told({"winner": BOB, "decision": None}) == f"{BOB} wins"
    assert CONTRACTS["plan"].told({"steps": [{}]}) == "planned 1 step"
    assert CONTRACTS["note"].told({"adds": "New."}) == "New."
    decided = {"text": "Ship it.", "decision": "go"}
    assert (CONTRACTS["output"].told(decided), CONTRACTS["output"].word(decided)) == ("", "go")


def test_rules_add_to_a_workspace_once_and_end_a_conversation_when_they_have_spoken() -> None:
    assert CONTRACTS["note"].by_rules(POSITION, task("note", iteration=1))["adds"] == "Look."
    ended = CONTRACTS["turn"].by_rules(POSITION, task("turn", turns_you_had=1, ends_with="DONE"))
    assert ended == {"text": "Nothing to add.\nDONE", "next": None}


STRING, NUMBER = {"type": "string"}, {"type": "number"}
STRINGS = {"type": "array", "items": STRING}
ONE = {"type": "string", "enum": [*SEQUENCE]}
ONE_OR_NONE = {"type": ["string", "null"], "enum": [*SEQUENCE, None]}


def items(**properties: Any) -> Any:
    closed = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    return {"type": "array", "items": closed}


FORMS: dict[ContractName, dict[str, Any]] = {
    "contribution": {
        "agent": ONE,
        "stance": {"type": "string", "enum": ["go", "caution", "block"]},
        "summary": STRING,
        "confidence": NUMBER,
        "actions": STRINGS,
        "evidence": STRINGS,
    },
    "output": {"text": STRING, "note": STRING, "margin": NUMBER, "ready": {"type": "boolean"}, "risks": STRINGS},
    "plan": {"steps": items(agent=ONE, task=STRING, dependencies={"type": "array", "items": {"type": "integer"}})},
    "assignments": {"assignments": items(to=ONE, subtask=STRING)},
    "position": {"position": STRING, "argument": STRING},
    "verdict": {
        "winner": ONE_OR_NONE,
        "decision": {"type": ["string", "null"]},
        "reasons": STRINGS,
        "confidence": NUMBER,
    },
    "note": {"content": STRING, "adds": STRING, "artifacts": items(name=STRING, content=STRING)},
    "turn": {"text": STRING, "next": ONE_OR_NONE},
    "proposal": {"proposal": STRING, "reason": STRING},
    "ballot": {"vote": {"type": "string", "enum": ["approve", "reject", "abstain"]}, "reason": STRING},
}


@pytest.mark.parametrize("name", NAMES)
def test_every_property_of_a_form_is_required_and_no_other_is_allowed(name: ContractName) -> None:
    form = answer_form(task(name, BOB), TEAM.roles[BOB])
    properties = FORMS[name]
    closed = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    assert form == {"name": name, "strict": True, "schema": closed}


def test_a_contribution_is_signed_by_whoever_is_asked_unless_all_are_asked_in_the_same_form() -> None:
    form = answer_form(Task(BOB, BOB, "contribution"), TEAM.roles[BOB])
    assert form["schema"]["properties"]["agent"] == {"type": "string", "enum": [BOB]}


def test_who_may_send_messages_is_asked_for_them_and_who_has_nobody_to_choose_names_nobody() -> None:
    form = answer_form(task("ballot"), TEAM.roles[ANN], sends=True)["schema"]
    assert form["required"] == ["vote", "reason", "messages"]
    assert form["properties"]["messages"]["items"]["required"][:3] == ["to", "kind", "content"]
    assert [*answer_form(Task("turn", ANN, "turn"), TEAM.roles[ANN])["schema"]["properties"]] == ["text"]
