"""Ways: how each question that a thread asks is answered by a call, and what is signed where a key is declared."""

import shlex
from collections.abc import Sequence
from typing import Any, cast

from graph.inbox import names_for
from graph.past import Past
from graph.people import typed_for
from graph.service.reading import Look
from nodes.signatures import NAMESPACE, decision_bytes
from nodes.state import State
from nodes.taking import signed_part
from policies.access.caller import Caller
from policies.language import phrase, say
from policies.people.answering import seat_for
from policies.people.question import Question

Plain = dict[str, Any]
ANSWER, TEXT = "ANSWER", "TEXT"
SIGN = phrase(
    "{by} has a key, so the answer must be signed: sign `text` with `command`, and call again with `signature`"
)


def ways_to_answer(look: Look, caller: Caller) -> list[Plain]:
    """Return how each open question is answered: {question, kind, may_answer, arguments, command, sign?}."""
    return [_way(look, question, caller) for question in look.past.waiting]


def keyed(past: Past, names: Sequence[str]) -> list[str]:
    """Return those of these people whose answers must be signed."""
    return [name for name in names if name in past.approvers and past.approvers[name].key is not None]


def to_sign(look: Look, question: Question, answer: Any, because: str) -> Plain:
    """Return the text that a person signs for an answer, and the command that does: {text, command}."""
    text = decision_bytes(**signed_part(cast("State", look.state), question, answer, because)).decode()
    command = f"printf %s {shlex.quote(text)} | ssh-keygen -Y sign -q -n {NAMESPACE} -f KEY"
    return {"text": text, "command": command}


def may_answer(question: Question, by: str, past: Past) -> bool:
    """Return whether somebody may answer a question, and has not."""
    if by in [each.by for each in question.answers]:
        return False
    seat = seat_for(question, by, past.approvers)
    return seat is not None and seat not in question.answered


def _way(look: Look, question: Question, caller: Caller) -> Plain:
    names = names_for(question, look.past.approvers)
    key = "decision" if question.options else "answer"
    arguments = {"thread": look.thread, "question": question.id, key: ANSWER, "because": TEXT}
    own = {} if caller.is_proved else {"by": "NAME"}
    signers = keyed(look.past, names)
    told = {"id": question.id, "kind": question.kind, "options": [*question.options]}
    return {
        **({"question": question.id} | {"asks": question.question}),
        **{name: value for name, value in told.items() if name != "id"},
        "may_answer": names,
        "arguments": {**arguments, **own},
        "command": typed_for(look.thread, {"id": question.id, "options": question.options}),
        **({"sign": {"names": signers, **to_sign(look, question, ANSWER, TEXT)}} if signers else {}),
    }


def unsigned(look: Look, question: Question, by: str, answer: Any, because: str) -> str:
    """Return what is said to a person who must sign: that they must, and for which text by which command."""
    part = to_sign(look, question, answer, because)
    told = phrase("{why}; the text: {text}; the command: {command}")
    return say(told, why=say(SIGN, by=by), **part)
