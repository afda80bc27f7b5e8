"""Forms: a question as a form of plain fields, which a client can show to a person, and what is read from it."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from graph.driver import kept_team
from graph.inbox import names_for
from graph.mcp.ways import keyed, may_answer
from graph.past import Past
from graph.report.terminal.inbox import about
from graph.service.reading import Look
from nodes.asking import shown_question
from nodes.events import said_guard
from nodes.stages import Stages
from nodes.state import State
from policies.access.caller import Caller
from policies.contracts.schema import TEXT, TEXTS, Schema, one_of
from policies.contracts.table import CONTRACTS
from policies.language import phrase, say
from policies.people.answering import MAX_NAME
from policies.people.question import Question
from policies.plain import MAX_TEXT

Plain = dict[str, Any]
Content = Mapping[str, Any]
BY, DECISION, BECAUSE, VALUE = "by", "decision", "because", "value"
UNSAID = ("agent", "evidence")
"""What of a contribution is not asked for: who it is by is known, and evidence may be left out."""
PLAIN_KINDS = ("string", "number", "boolean")
AS_JSON = phrase("The value, as JSON; what is not JSON is text.")
A_LINE = phrase("One a line.")


@dataclass(frozen=True, slots=True)
class Form:
    """A form: the question, what is said above it, its schema, and how an answer is read from what is filled in."""

    question: Question
    message: str
    schema: Schema
    read: Callable[[Content], Plain]


def form_for(look: Look, caller: Caller, answered: Collection[str]) -> Form | None:
    """Return the form of the first open question that the person at a caller's client may answer; None without one.

    They have answered some of them.

    A question that needs a signature has no form: nobody signs by filling one in.
    """
    return next(_forms(look, caller, answered), None)


def _forms(look: Look, caller: Caller, answered: Collection[str]) -> Iterator[Form]:
    for question in look.past.waiting:
        if question.id in answered:
            continue
        who = _who(question, look.past, caller)
        fields = None if who is None else _fields(look, question)
        if who is not None and fields is not None:
            shown, read = fields
            schema = {"type": "object", "properties": {**shown, **who}, "required": [*shown, *who]}
            yield Form(question, _message(question), schema, _with_name(read))


def _who(question: Question, past: Past, caller: Caller) -> Schema | None:
    """Return the field for who answers, none where a token says so; None where nobody at the client may."""
    if caller.is_proved:
        person = caller.person
        return {} if may_answer(question, person, past) and not keyed(past, [person]) else None
    if not question.asked:
        return {BY: {**TEXT, "title": say("Your name"), "minLength": 1, "maxLength": MAX_NAME}}
    names = names_for(question, past.approvers)
    unkeyed = [name for name in names if name not in keyed(past, names)]
    return {BY: {**one_of(unkeyed), "title": say("Your name")}} if unkeyed else None


def _fields(look: Look, question: Question) -> tuple[Schema, Callable[[Content], Plain]] | None:
    """Return the fields of what is answered, and how they are read; None where plain fields cannot hold it."""
    if question.options:
        return _of_decision(question)
    if question.kind == "supply":
        field = {**TEXT, "title": question.path, "description": say(AS_JSON), "maxLength": MAX_TEXT}
        return {VALUE: field}, lambda content: {"answer": _value(str(content.get(VALUE, "")))}
    return _of_role(look, question)


def _of_decision(question: Question) -> tuple[Schema, Callable[[Content], Plain]]:
    fields = {
        DECISION: {**one_of(question.options), "title": say("Decision")},
        BECAUSE: {**TEXT, "title": say("Reason"), "minLength": 1, "maxLength": MAX_TEXT},
    }
    return fields, lambda content: {"answer": content.get(DECISION), "because": str(content.get(BECAUSE, ""))}


def _of_role(look: Look, question: Question) -> tuple[Schema, Callable[[Content], Plain]] | None:
    """Return the fields of a role's answer, by its contract."""
    team = kept_team(look.past)
    task = Stages(team).question(cast("State", look.state), question.seat or "", None).task
    properties = CONTRACTS[task.contract].properties(task, team.roles[task.role])
    asked = {name: each for name, each in properties.items() if name not in UNSAID}
    fields = {name: _plain(each) for name, each in asked.items()}
    if any(each is None for each in fields.values()):
        return None
    listed = [name for name, each in asked.items() if each == TEXTS]
    return cast("Schema", fields), lambda content: {
        "answer": {
            name: _lines(content[name]) if name in listed else content[name] for name in asked if name in content
        }
    }


def _plain(schema: Schema) -> Schema | None:
    """Return a field for what a schema asks for; None where no plain field holds it."""
    if schema == TEXTS:
        return {**TEXT, "description": say(A_LINE)}
    return dict(schema) if schema.get("type") in PLAIN_KINDS else None


def _lines(text: object) -> list[str]:
    return [line.strip() for line in str(text).splitlines() if line.strip()]


def _value(text: str) -> Any:
    """Return the value that a text writes.

    >>> _value("0.02"), _value("EUR"), _value("NaN")
    (0.02, 'EUR', 'NaN')
    """

    def refuse(word: str) -> None:
        raise ValueError(word)

    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        return text


def _with_name(read: Callable[[Content], Plain]) -> Callable[[Content], Plain]:
    return lambda content: {**read(content), BY: content.get(BY)}


def _message(question: Question) -> str:
    """Return what a person reads before they answer: the question, what guards say, who is asked, until when."""
    guards = [
        say("the guard {name} allows no more than {cap}", name=said_guard(each), cap=each["cap"])
        for each in question.guards
        if each["tripped"]
    ]
    return "\n".join((question.question, *guards, *about(shown_question(question))))
