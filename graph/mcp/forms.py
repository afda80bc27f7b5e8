"""Forms: a question as a form of plain fields, which a client can show to a person, and what is read from it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.problems import UsageError, neutral
from graph.report.terminal.inbox import about
from graph.service.fields import Field, fields_of
from graph.service.questions import Asked
from graph.service.reading import Look
from graph.service.values import read_in
from nodes.asking import shown_question
from nodes.events import said_guard
from policies.access.caller import Caller
from policies.contracts.schema import TEXT, Schema, one_of
from policies.language import phrase, say
from policies.people.answering import MAX_NAME
from policies.people.question import Question
from policies.plain import MAX_TEXT

Plain = dict[str, Any]
Content = Mapping[str, Any]
Read = Callable[[Content], Plain]
BY, DECISION, BECAUSE, VALUE, EVIDENCE = "by", "decision", "because", "value", "evidence"
FAULT = "accord:fault"
"""In place of an answer that no record may hold: the sentence that says why."""
AS_JSON = phrase("The value, as JSON; what is not JSON is taken as text.")
A_LINE = phrase("One per line.")
ASKS = phrase("The question, in the words of those who asked it: “{question}”")


@dataclass(frozen=True, slots=True)
class Form:
    """A form: the question, what is said above it, its schema, and how an answer is read from what is filled in."""

    question: Question
    message: str
    schema: Schema
    parts: Read

    def read(self, content: Content) -> Plain:
        """Return the answer in what was filled in, as a thread takes it.

        Raises:
            UsageError: it cannot be read.
        """
        if FAULT in content:
            raise UsageError(str(content[FAULT]))
        return {**self.parts(content), BY: content.get(BY), "question": self.question.id}


async def form_for(look: Look, caller: Caller, answered: Collection[str]) -> Form | None:
    """Return the form of the first open question that the person at a caller's client may answer; None without one.

    They have answered some of them.

    A question that needs a signature has no form: nobody signs by filling one in.
    """
    for question in look.past.waiting:
        asked = Asked(look.past, question)
        who = None if question.id in answered else _who(asked, caller)
        fields = None if who is None else await _fields(asked)
        if who is not None and fields is not None:
            shown, needed, read = fields
            schema = {"type": "object", "properties": {**shown, **who}, "required": [*needed, *who]}
            return Form(question, _message(question), schema, read)
    return None


def _who(asked: Asked, caller: Caller) -> Schema | None:
    """Return the field for who answers, none where a token says so; None where nobody at the client may."""
    if caller.is_proved:
        return {} if asked.may_answer(caller) and asked.key_of(caller.person) is None else None
    if not asked.question.asked:
        return {BY: {**TEXT, "title": say("Your name"), "minLength": 1, "maxLength": MAX_NAME}}
    unkeyed = [name for name in asked.free if asked.key_of(name) is None]
    return {BY: {**one_of(unkeyed), "title": say("Your name")}} if unkeyed else None


async def _fields(asked: Asked) -> tuple[Schema, Sequence[str], Read] | None:
    """Return the fields of what is answered, which are needed, and how they are read; None where none can hold it."""
    question = asked.question
    if question.options:
        return _of_decision(question)
    if question.kind == "supply":
        field = {**TEXT, "title": question.path, "description": say(AS_JSON), "maxLength": MAX_TEXT}
        return {VALUE: field}, (VALUE,), lambda content: {"answer": read_in(str(content.get(VALUE, ""))).value}
    return _of_role(await asked.contract())


def _of_decision(question: Question) -> tuple[Schema, Sequence[str], Read]:
    fields = {
        DECISION: {**one_of(question.options), "title": say("Decision")},
        BECAUSE: {**TEXT, "title": say("Reason"), "minLength": 1, "maxLength": MAX_TEXT},
    }
    return (
        fields,
        [*fields],
        lambda content: {"answer": content.get(DECISION), "because": str(content.get(BECAUSE, ""))},
    )


def _of_role(contract: Schema) -> tuple[Schema, Sequence[str], Read] | None:
    """Return the fields of a role's answer, by its contract; evidence may be left out, and is not asked for."""
    fields = [each for each in fields_of(contract) if each.part != EVIDENCE]
    if any(each.kind == "json" for each in fields):
        return None
    shown = {each.part: _plain(each) for each in fields}
    needed = [each.part for each in fields if not each.may_be_empty]
    return shown, needed, lambda content: {"answer": _answer(fields, content)}


def _plain(field: Field) -> Schema:
    """Return a field as a client shows it."""
    if field.kind == "choice":
        return one_of(field.choices)
    if field.kind == "lines":
        return {**TEXT, "description": say(A_LINE)}
    return {"type": field.kind if field.kind in ("number", "boolean") else "string"}


def _answer(fields: Sequence[Field], content: Content) -> Plain:
    """Return the answer; what is not text was read by the client already."""
    given = {each: content.get(each.part, "" if each.may_be_empty else None) for each in fields}
    return {
        each.part: each.value_of(value) if isinstance(value, str) else value
        for each, value in given.items()
        if value is not None
    }


def _message(question: Question) -> str:
    """Return what a person reads before they answer: what guards say, who is asked, until when, and the question.

    What others wrote comes last, on one line, so that none of it passes for what Accord says.
    """
    guards = [
        say("the guard {name} allows no more than {cap}", name=said_guard(each), cap=each["cap"])
        for each in question.guards
        if each["tripped"]
    ]
    asks = say(ASKS, question=" ".join(neutral(question.question).split()))
    return "\n".join((*map(neutral, (*guards, *about(shown_question(question)))), asks))
