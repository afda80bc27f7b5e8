"""Typed: what somebody typed into the form of a question, and which answer that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graph.past import Past
from graph.problems import UsageError
from graph.service.fields import answer_in, fields_of, reads_as
from graph.service.questions import Asked
from graph.service.values import Read, read_in
from policies.access.caller import Caller
from policies.language import phrase, say
from policies.people.answering import Fault, Offered, Part
from policies.plain import find_unplain

Form = Mapping[str, str]

PARTS: Mapping[str, Part] = {"by": "by", "because": "because", "decision": "answer", "value": "answer"}
"""Which part of an answer a field holds."""
FIELDS = "field."
"""What the names of the fields of a role's answer begin with."""
STEPS = ("check", "give", "edit", "text")
"""What a form asks for: to look at what was typed, to take it, to change it, or the text to sign as a file."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, the answer that it is, and what cannot be read of it."""

    form: Form
    offered: Offered
    fault: Fault | None = None
    read: Read | None = None

    def said(self, question: str) -> dict[str, Any]:
        """Return the answer as a thread takes it."""
        kept = ("by", "answer", "because", "signature")
        return {"question": question, **{name: getattr(self.offered, name) for name in kept}}


def unbroken(form: Form) -> dict[str, str]:
    r"""Return a form with the ends of lines that a page can show: what is signed is what was shown.

    >>> unbroken({"because": "One.\rTwo."})
    {'because': 'One.\nTwo.'}
    """
    return {name: value.replace("\r", "\n") for name, value in form.items()}


def find_unkept(form: Form) -> Fault | None:
    """Return why a text in a form may not be kept in a thread, at the field that has it; None where all may."""
    for name, text in form.items():
        told = find_unplain(name, whole=say("the name of a field")) or find_unplain(text, whole=say("the text"))
        if told:
            return Fault(PARTS.get(name, "answer" if name.startswith(FIELDS) else "question"), told, _check(name))
    return None


def _check(name: str) -> str | None:
    """Return by which check the field of a role's answer is found again."""
    return name.removeprefix(FIELDS) if name.startswith(FIELDS) else None


async def typed_in(asked: Asked, form: Form, caller: Caller) -> Typed:
    """Return what was typed into the form of a question by whoever calls, or says to."""
    by = caller.person if caller.is_proved else form.get("by", "").strip()
    identity = caller.person if caller.is_proved else None
    answer, fault, read = await _answer_in(asked, form)
    offered = Offered(by, answer, form.get("because", ""), _signature_in(form), identity)
    return Typed(form, offered, fault, read)


async def _answer_in(asked: Asked, form: Form) -> tuple[Any, Fault | None, Read | None]:
    if asked.question.kind == "supply":
        return _value_in(form)
    if asked.question.kind == "contribute":
        answer = answer_in(fields_of(await asked.contract()), form)
        return (None, answer, None) if isinstance(answer, Fault) else (answer, None, None)
    chosen = form.get("decision", "")
    told = phrase("nothing is chosen; choose one of these")
    return chosen, None if chosen else Fault("answer", say(told)), None


def _value_in(form: Form) -> tuple[Any, Fault | None, Read | None]:
    typed = form.get("value", "")
    if not typed.strip():
        return None, Fault("answer", say("there is no value; type one")), None
    try:
        read = read_in(typed, form.get("as", ""))
    except UsageError as error:
        return None, Fault("answer", str(error)), None
    return read.value, None, read


def _signature_in(form: Form) -> str | None:
    """Return the signature as `ssh-keygen` writes it, without the spaces that copying adds around it."""
    lines = [line.strip() for line in form.get("signature", "").strip().split("\n")]
    return "\n".join((*lines, "")) if any(lines) else None


def was_given(past: Past, question: str, by: str, form: Form) -> bool:
    """Return whether the record has just the answer of a person that a form has: it was sent twice, then."""
    given = [each for each in past.events_of("answered") if each.get("question") == question and each["by"] == by]
    because = form.get("because", "")
    return any(each["because"] == because and _is_same(each["kind"], each["outcome"], form) for each in given)


def _is_same(kind: str, answer: Any, form: Form) -> bool:
    if kind == "supply":
        return bool(_value_in(form)[0] == answer)
    if kind == "contribute":
        return all(reads_as(form.get(f"field.{part}", ""), value) for part, value in answer.items())
    return bool(form.get("decision") == answer)
