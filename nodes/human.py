"""Human: waits until somebody answers, or until it is too late. What was given is judged by `nodes.settle`.

Each question has an id of our own, since LangGraph's is only valid in the process that asks, and an old one of them
would answer the next question.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.types import interrupt

from nodes.asking import shown_question, waiting_of
from nodes.closing import Update
from nodes.services import Services
from nodes.state import Node, State
from policies.language import say
from policies.people.answering import MAX_NAME
from policies.people.question import Question, is_expired
from policies.plain import MAX_TEXT

NODE = "human"
IDENTITY = "langgraph_auth_user"
"""Where a server puts who its caller is."""


def build_human(services: Services) -> Node:
    """Return the node."""

    async def human(state: State, config: RunnableConfig) -> Update:
        waiting = waiting_of(state)
        if any(is_expired(question, services.now()) for question in waiting):
            return {"given": None}
        given = interrupt(asked_as(waiting), response_schema=answers_form(waiting))
        return {"given": {"answer": given, "identity": _identity(config)}}

    return human


def asked_as(waiting: list[Question]) -> dict[str, Any]:
    """Return what is shown to whoever is asked: the question, why the last answer failed, and what else waits."""
    first, *others = [{**shown_question(each), "problem": each.problem} for each in waiting]
    return {**first, **({"others": others} if others else {})}


def answers_form(waiting: list[Question]) -> dict[str, Any]:
    """Return the JSON Schema of an answer."""
    text = {"type": "string", "maxLength": MAX_TEXT}
    options = [*dict.fromkeys(option for each in waiting for option in each.options)]
    is_free = any(not each.options for each in waiting)
    properties = {
        "question": {"enum": [each.id for each in waiting], "title": say("Question"), "description": say("Its id.")},
        "by": {"type": "string", "maxLength": MAX_NAME, "title": say("By"), "description": say("Who answers.")},
        "answer": {"title": say("Answer"), **({} if is_free else {"enum": options})},
        "because": {**text, "title": say("Because"), "description": say("The reason, for the record.")},
        "signature": {
            **text,
            "title": say("Signature"),
            "description": say("An SSH signature, where a key is declared."),
        },
    }
    needed = ["by", "answer", *(["question"] if len(waiting) > 1 else [])]
    return {"type": "object", "title": say("Answer"), "properties": properties, "required": needed}


def _identity(config: Mapping[str, Any]) -> str | None:
    """Return who a server knows its caller to be; None where nobody has shown that."""
    user = (config.get("configurable") or {}).get(IDENTITY)
    read = user.get if isinstance(user, Mapping) else partial(getattr, user)
    found = (read("person", None) or read("identity", None)) if read("is_authenticated", True) else None
    return str(found) if found else None
