"""Completions: what a model said, read from a chat completion: its text, why it ended, and what it counted."""

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage

from nodes.voices.voice import Answer, Tokens
from policies.seats import Failure
from policies.stop import stop_reason

USAGE_NAMES = (("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens"))
"""What endpoints call the tokens that were read and written."""

MAX_SAID = 300
REASONING = "reasoning_content"


def answer_from(message: AIMessage, max_output_tokens: int) -> Answer:
    """Return the text of a completion, or why there is none that can be used."""
    said, told = message.text, message.response_metadata
    tokens = tokens_in(told.get("token_usage"), has_text=bool(said.strip()))
    refusal = message.additional_kwargs.get("refusal")
    finish = told.get("finish_reason")
    if finish == "length":
        told_why = f"the answer was cut at {max_output_tokens} tokens; raise `max_output_tokens`"
        return _none("llm_truncated", told_why, tokens, said)
    if refusal or finish == "content_filter":
        words, filtered = (
            f"the model refused: {str(refusal)[:MAX_SAID]}",
            "the provider held the answer back (content_filter)",
        )
        return _none("llm_refused", words if refusal else filtered, tokens, said)
    if said.strip():
        return Answer(said, tokens=tokens)
    called = [str(call.get("name"))[:80] for call in (*message.tool_calls, *message.invalid_tool_calls)]
    if called:
        return _none(
            "llm_refused", f"it called the tool `{called[0]}` (tool_calls), and none was offered", tokens, said
        )
    has_reasoned = message.additional_kwargs.get(REASONING)
    return _none("llm_empty", f"the answer has no text{', only reasoning' * bool(has_reasoned)}", tokens, said)


def _none(kind: Any, cause: str | None, tokens: Tokens | None, said: str) -> Answer:
    return Answer(said or None, failure=Failure(stop_reason(kind), cause=cause), tokens=tokens)


def tokens_in(usage: object, has_text: bool) -> Tokens | None:
    """Return what was counted: two whole numbers that can be one call's; None where that is not what is there.

    >>> tokens_in({"input_tokens": 500, "output_tokens": 90}, has_text=True)
    Tokens(prompt=500, completion=90)
    >>> tokens_in({"prompt_tokens": 0, "completion_tokens": 0}, has_text=True)
    """
    if not isinstance(usage, Mapping):
        return None
    for names in USAGE_NAMES:
        counts = [count for count in map(usage.get, names) if type(count) is int and count >= 0]
        if len(counts) == len(names) and (not has_text or any(counts)):
            return Tokens(*counts)
    return None
