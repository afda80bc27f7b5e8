"""Ways: how each question that a thread asks is answered by a call, and what is signed where a key is declared."""

from typing import Any

from graph.people import typed_for
from graph.service.questions import Asked
from graph.service.reading import Look
from graph.service.signing import command_to_sign
from policies.access.caller import Caller
from policies.language import phrase, say

Plain = dict[str, Any]
ANSWER, TEXT = "ANSWER", "TEXT"
SIGN = phrase(
    "{by} has a key, so the answer must be signed: sign `text` with `command`, and call again with `signature`"
)


def ways_to_answer(look: Look, caller: Caller) -> list[Plain]:
    """Return how each open question is answered: {question, kind, may_answer, arguments, command, sign?}."""
    return [_way(Asked(look.past, question), caller) for question in look.past.waiting]


def _way(asked: Asked, caller: Caller) -> Plain:
    question = asked.question
    key = "decision" if question.options else "answer"
    own = {} if caller.is_proved else {"by": "NAME"}
    by = {"by": caller.person} if caller.is_proved else {}
    signers = {name: declared for name in asked.free if (declared := asked.key_of(name)) is not None}
    return {
        "question": question.id,
        "asks": question.question,
        "kind": question.kind,
        "options": [*question.options],
        "may_answer": [*asked.free],
        "arguments": {"thread": asked.thread, "question": question.id, key: ANSWER, "because": TEXT, **own},
        "command": typed_for(asked.thread, {"id": question.id, "options": question.options}, **by),
        **({"sign": _signing(asked, signers)} if signers else {}),
    }


def _signing(asked: Asked, signers: dict[str, str]) -> Plain:
    """Return what is signed, and by which command of whom: {names, text, commands}."""
    text = asked.text_to_sign(ANSWER, TEXT)
    return {
        "names": [*signers],
        "text": text,
        "commands": {name: command_to_sign(text, key) for name, key in signers.items()},
    }


def unsigned(asked: Asked, by: str, key: str, answer: Any, because: str) -> str:
    """Return what is said to a person who must sign: that they must, and for which text by which command."""
    text = asked.text_to_sign(answer, because)
    told = phrase("{why}; the text: {text}; the command: {command}")
    return say(told, why=say(SIGN, by=by), text=text, command=command_to_sign(text, key))
