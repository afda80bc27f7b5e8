"""The chat model: ChatOpenAI with its callbacks, traces and typed errors, its answer read without a model of it.

Half of the CPU of a call went into models of the answer and a thread that builds the result.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatResult
from langchain_openai import ChatOpenAI

from nodes.voices.wire.complaints import ErrorInAnswer, NoCompletionError, error_in, status_in
from nodes.voices.wire.completions import REASONING, tokens_in
from policies.language import say

SHOWN_BYTES = 2_000
"""Bytes kept of an answer that cannot be read; of those, a cause shows the beginning."""


class LeanChat(ChatOpenAI):
    """A chat model whose requests are sent as they are given, and whose answers are read as plain values."""

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # the signature of the class above
        **kwargs: Any,
    ) -> ChatResult:
        payload = self._get_request_payload(messages, stop=stop, **kwargs)
        extra = payload.pop("extra_body", {})
        body = {key: value for key, value in payload.items() if key != "stream"} | extra
        response = await self.root_async_client.post("/chat/completions", body=body, cast_to=httpx2.Response)
        with _faults_of_the_answer(response.content):
            answer = json.loads(response.content)
        found = _read(answer, response)
        with _faults_of_the_answer(response.content):
            result = self._create_chat_result(found, {})
            for choice, generation in zip(found["choices"], result.generations, strict=True):
                if not isinstance(generation.message, AIMessage):
                    raise TypeError("a message that is not the assistant's")
                generation.message.additional_kwargs[REASONING] = bool(choice["message"].get(REASONING))
        return result


@contextmanager
def _faults_of_the_answer(body: bytes) -> Iterator[None]:
    """Raise as no completion what comes of reading one; libraries do that here, and nothing of ours."""
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise NoCompletionError(_shown(body)) from error


def _shown(body: bytes) -> str:
    return body[:SHOWN_BYTES].decode(errors="replace")


def _read(answer: object, response: httpx2.Response) -> dict[str, Any]:
    """Return a completion that can be turned into a result.

    Raises:
        ErrorInAnswer: it holds an error object.
        NoCompletionError: it has no choice to read.
    """
    if not isinstance(answer, Mapping):
        raise NoCompletionError(_shown(response.content))
    counted = tokens_in(answer.get("usage"), has_text=False)
    error = error_in(answer)
    if error:
        raise ErrorInAnswer(error, status_in(error, answer), response.headers, counted)
    if not isinstance(answer.get("choices"), list) or not answer["choices"]:
        raise NoCompletionError(say("it has no choice: {content}", content=_shown(response.content)), counted)
    usage = counted and {"prompt_tokens": counted.prompt, "completion_tokens": counted.completion}
    return {**answer, "usage": usage}
