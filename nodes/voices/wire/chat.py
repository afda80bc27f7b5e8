"""The chat model: ChatOpenAI with its callbacks, traces and typed errors, its answer read without a model of it.

Half of what a call cost went into models of the answer and a thread that builds the result (docs/performance.md).
"""

from collections.abc import Mapping
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from langchain_openai import ChatOpenAI

from nodes.voices.wire.complaints import ErrorInAnswer, error_in
from nodes.voices.wire.completions import REASONING, tokens_in


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
        answer = await self.root_async_client.post("/chat/completions", body=body, cast_to=object)
        found = _read(answer)
        result = self._create_chat_result(found, {})
        for choice, generation in zip(found["choices"], result.generations, strict=True):
            generation.message.additional_kwargs[REASONING] = bool(choice["message"].get(REASONING))
        return result


def _read(answer: object) -> dict[str, Any]:
    """Return a completion that can be turned into a result.

    Raises:
        ErrorInAnswer: it holds an error object.
        ValueError: it is no chat completion.
    """
    if not isinstance(answer, Mapping):
        raise ValueError(f"{answer!r:.200}")
    error = error_in(answer)
    if error:
        raise ErrorInAnswer(error)
    counted = tokens_in(answer.get("usage"), has_text=False)
    usage = counted and {"prompt_tokens": counted.prompt, "completion_tokens": counted.completion}
    return {**answer, "usage": usage}
