"""Fields: the form of a role's answer, made of the JSON schema of its contract, and the answer in what was typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from graph.problems import UsageError
from graph.service.values import json_in
from policies.contracts.schema import Schema
from policies.language import phrase, say
from policies.people.answering import Fault

Kind = Literal["choice", "text", "number", "boolean", "lines", "json"]

LABELS = {
    "stance": phrase("Stance"),
    "summary": phrase("Reason"),
    "confidence": phrase("Confidence"),
    "actions": phrase("Actions"),
    "evidence": phrase("Evidence"),
    "vote": phrase("Vote"),
    "reason": phrase("Reason"),
    "reasons": phrase("Reasons"),
    "text": phrase("Text"),
    "next": phrase("Who speaks next"),
    "content": phrase("Note"),
    "adds": phrase("What is new in it"),
    "artifacts": phrase("Artifacts"),
    "steps": phrase("Steps"),
    "assignments": phrase("Assignments"),
    "position": phrase("Position"),
    "argument": phrase("Argument"),
    "proposal": phrase("Proposal"),
    "winner": phrase("Winner"),
    "decision": phrase("Decision"),
}
"""What people call the parts of an answer; those that a team file adds by their own names."""

HINTS = {
    "confidence": phrase("a number from 0 to 1"),
    "actions": phrase("one a line; the first three are kept"),
    "evidence": phrase("the facts that it rests on, one path a line, such as risk.loss_rate; may be empty"),
    "lines": phrase("one a line"),
    "json": phrase("as JSON, such as {example}"),
    "number": phrase("a number, such as 0.5"),
    "optional": phrase("may be empty"),
}
"""What is to be typed, by the field, else by its kind."""

WORDS = {
    "go": phrase("Go"),
    "caution": phrase("Caution"),
    "block": phrase("Block"),
    "approve": phrase("Approve"),
    "reject": phrase("Reject"),
    "abstain": phrase("Abstain"),
    "true": phrase("Yes"),
    "false": phrase("No"),
}
"""What people call the words of a choice; names of roles stay as they are."""

TRUE, FALSE = "true", "false"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form: the part of an answer that it holds, and which kind of text it takes."""

    part: str
    kind: Kind
    choices: tuple[str, ...] = ()
    may_be_empty: bool = False
    example: str = ""

    @property
    def name(self) -> str:
        """Its name in the form."""
        return f"field.{self.part}"

    @property
    def label(self) -> str:
        """What people call it."""
        return say(LABELS[self.part]) if self.part in LABELS else self.part.replace("_", " ").capitalize()

    @property
    def hint(self) -> str | None:
        """What is to be typed."""
        told = HINTS.get(self.part, HINTS.get(self.kind, HINTS["optional"] if self.may_be_empty else None))
        return say(told, example=self.example) if told else None

    @property
    def options(self) -> Sequence[tuple[str, str]]:
        """What may be chosen, each with what people call it."""
        named = [(each, say(WORDS[each]) if each in WORDS else each) for each in self.choices]
        return [*named, *([("", say("none"))] if self.may_be_empty else [])]

    def value_of(self, typed: str) -> Any:
        """Return the value in what was typed; what cannot be read stays as it is, and the contract refuses it.

        Raises:
            UsageError: it is not JSON where that is asked for.
        """
        if self.kind in ("text", "choice"):
            return None if self.may_be_empty and not typed.strip() else typed
        if self.kind == "lines":
            return [line.strip() for line in typed.split("\n") if line.strip()]
        if self.kind == "boolean":
            return {TRUE: True, FALSE: False}.get(typed, typed)
        return json_in(typed) if self.kind == "json" else _number_in(typed)


def _number_in(typed: str) -> Any:
    try:
        return json_in(typed)
    except UsageError:
        return typed


def fields_of(properties: Schema) -> list[Field]:
    """Return the fields of a form for these properties.

    >>> [(each.part, each.kind) for each in fields_of({"vote": {"type": "string", "enum": ["approve"]}})]
    [('vote', 'choice')]
    """
    return [_field(name, schema) for name, schema in properties.items()]


def _field(name: str, schema: Mapping[str, Any]) -> Field:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    may_be_empty, kind = "null" in kinds or name == "evidence", kinds[0]
    if "enum" in schema:
        return Field(name, "choice", tuple(each for each in schema["enum"] if each is not None), may_be_empty)
    if kind == "array":
        items = schema["items"]
        is_text = items.get("type") == "string"
        return Field(name, "lines" if is_text else "json", (), may_be_empty, "" if is_text else _example(items))
    if kind == "boolean":
        return Field(name, "boolean", (TRUE, FALSE))
    return Field(name, "text" if kind == "string" else "number", (), may_be_empty)


def _example(items: Mapping[str, Any]) -> str:
    """Return a list of one object of these properties, as JSON."""
    pairs = (
        f'"{name}": {"[]" if each["type"] == "array" else chr(34) + "…" + chr(34)}'
        for name, each in items["properties"].items()
    )
    return f"[{{{', '.join(pairs)}}}]"


def answer_in(fields: Sequence[Field], form: Mapping[str, str]) -> dict[str, Any] | Fault:
    """Return the answer that was typed into the fields of a form, or which of them cannot be read."""
    answer: dict[str, Any] = {}
    for each in fields:
        try:
            answer[each.part] = each.value_of(form.get(each.name, ""))
        except UsageError as error:
            return Fault("answer", str(error), each.part)
    return answer


def part_at_fault(fields: Sequence[Field], check: str | None) -> str | None:
    """Return the name of the field that a failed check of a contract is about, where that is one of them.

    >>> part_at_fault([Field("actions", "lines")], "action_item"), part_at_fault([], "missing_keys")
    ('field.actions', None)
    """
    named = (check or "").removeprefix("field:").partition(":")[0]
    word = named.partition("_")[0]
    found = [each for each in fields if each.part == named] or [
        each for each in fields if word and each.part.removesuffix("s") == word.removesuffix("s")
    ]
    return found[0].name if found else None


def reads_as(typed: str, value: Any) -> bool:
    r"""Return whether a text that was typed into a field is this value.

    >>> reads_as("One.\nTwo.", ["One.", "Two."]), reads_as("0.50", 0.5), reads_as("", None), reads_as("go", "block")
    (True, True, True, False)
    """
    if isinstance(value, str):
        return typed == value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return [line.strip() for line in typed.split("\n") if line.strip()] == value
    try:
        return bool(json_in(typed) == value)
    except UsageError:
        return value is None and not typed.strip()
