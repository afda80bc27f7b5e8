"""Completions: what a model said, read from a chat completion: its text, why it ended, and what it counted."""

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage

from nodes.voices.voice import Tokens, Utterance
from policies.language import say
from policies.run.seats import Failure
from policies.run.stop import stop_reason
from policies.run.stop_table import StopKind

USAGE_NAMES = (("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens"))
"""What endpoints call the tokens that were read and written."""

MAX_SAID = 300
REASONING = "reasoning_content"


def answer_from(message: AIMessage, max_output_tokens: int) -> Utterance:
    """Return the text of a completion, or why there is none that can be used."""
    said, told = message.text, message.response_metadata
    tokens = tokens_in(told.get("token_usage"), has_text=bool(said.strip()))
    failure = _failure(message, said, told.get("finish_reason"), max_output_tokens)
    return Utterance(said or None, failure=failure, tokens=tokens)


def _failure(message: AIMessage, said: str, finish: object, max_output_tokens: int) -> Failure | None:
    """Return why an answer cannot be used, in the order in which one explains the other."""
    refusal = message.additional_kwargs.get("refusal")
    called = [str(call.get("name"))[:80] for call in (*message.tool_calls, *message.invalid_tool_calls)]
    if finish == "length":
        return _failed(
            "llm_truncated",
            say(
                "the answer was cut at {max_output_tokens} tokens; raise `max_output_tokens`",
                max_output_tokens=max_output_tokens,
            ),
        )
    if refusal:
        said = refusal if isinstance(refusal, str) else say("it does not say why")
        return _failed("llm_refused", say("the model refused: {said}", said=said[:MAX_SAID]))
    if finish == "content_filter":
        return _failed("llm_refused", say("the provider held the answer back (content_filter)"))
    if said.strip():
        return None
    if called:
        return _failed(
            "llm_refused", say("it called the tool `{called}`, and none was offered (tool_calls)", called=called[0])
        )
    if message.additional_kwargs.get(REASONING):
        return _failed("llm_empty", say("the answer has no text, only reasoning"))
    return _failed("llm_empty", say("the answer has no text"))


def _failed(kind: StopKind, cause: str) -> Failure:
    return Failure(stop_reason(kind), cause=cause)


def tokens_in(usage: object, has_text: bool) -> Tokens | None:
    """Return what was counted: two whole numbers that can be one call's; None where that is not what is there.

    >>> tokens_in({"input_tokens": 500, "output_tokens": 90}, has_text=True)
    Tokens(prompt=500, completion=90)
    >>> tokens_in({"prompt_tokens": 0, "completion_tokens": 0}, has_text=True)
    """
    if not isinstance(usage, Mapping):
        return None
    pairs: list[list[Any]] = [[*filter(_is_count, map(usage.get, names))] for names in USAGE_NAMES]
    found = [Tokens(int(pair[0]), int(pair[1])) for pair in pairs if len(pair) == 2]
    counted = [each for each in found if each.prompt or each.completion]
    return next(iter(counted if has_text else [*counted, *found]), None)


def _is_count(count: Any) -> bool:
    """Return whether a value is a whole number, which JSON may write as 5.0, and can count something."""
    return (type(count) is int or (isinstance(count, float) and count.is_integer())) and count >= 0
