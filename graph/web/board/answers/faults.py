"""Faults: all that is wrong with what was typed into a form, each by its field."""

from collections.abc import Iterator, Sequence

from graph.service.questions import Asked
from graph.web.board.answers.fields import Field, part_at_fault
from graph.web.board.answers.typed import Typed
from policies.language import say
from policies.people.answering import Fault


def missing_in(asked: Asked, fields: Sequence[Field], typed: Typed) -> Sequence[Fault]:
    """Return what is missing in an answer that is not taken, so that nobody learns of it one field after another."""
    return [*_missing(asked, fields, typed)]


def _missing(asked: Asked, fields: Sequence[Field], typed: Typed) -> Iterator[Fault]:
    if not typed.offered.by.strip():
        yield Fault("by", say("say who you are"))
    if typed.fault is not None:
        yield typed.fault
    for each in fields:
        if not each.may_be_empty and not typed.form.get(each.name, "").strip():
            yield Fault("answer", say("this is missing"), f"field:{each.part}")
    if asked.question.options and not typed.offered.because.strip():
        yield Fault("because", say("the reason is missing; say why, for the record"))


def faults_by_field(fields: Sequence[Field], fault: Fault | None, missing: Sequence[Fault] = ()) -> dict[str, str]:
    """Return what is wrong with each field, in the order of the form; `fault` is why the answer is not taken.

    >>> faults_by_field([], Fault("by", "`by` is ''"), [Fault("because", "why?"), Fault("by", "who?")])
    {'by': 'who?', 'because': 'why?'}
    """
    told = {_place(fields, each): each.told for each in missing}
    if fault is not None and (fault.part != "by" or "by" not in told):
        told[_place(fields, fault)] = fault.told
    order = ["question", "by", *(each.name for each in fields), "answer", "because", "signature"]
    return {place: told[place] for place in sorted(told, key=order.index)}


def _place(fields: Sequence[Field], fault: Fault) -> str:
    return part_at_fault(fields, fault.check) or fault.part
