"""The voice `model`: an OpenAI-compatible chat-completions endpoint, asked through ChatOpenAI."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import openai
import tenacity
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from nodes.voices.forms import response_format
from nodes.voices.voice import Answer, BriefQuestion, Limits, Meter, Prompt, Question, Tokens
from policies.seats import Failure
from policies.stop import stop_reason

MAX_RETRY_AFTER_SECONDS = 60.0
"""A provider that asks to wait longer is not waited for; the OpenAI client draws the same line."""

NO_COMPLETION = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What comes of an answer with status 200 that is no chat completion (a page, `{}`, no choices, 1,000 levels deep)."""

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where models answer, and how long one attempt may take."""

    api_key: str
    base_url: str | None
    default_model: str
    timeout_seconds: float = 60.0
    max_retries: int = 2


@dataclass(frozen=True, slots=True)
class _Model:
    """One chat model as a role asks for it."""

    name: str
    temperature: float | None
    max_output_tokens: int


class ModelVoice:
    """Asks models at one endpoint, over one HTTP client for all calls of the process."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._http = openai.DefaultAioHttpClient(timeout=endpoint.timeout_seconds, follow_redirects=False)
        self._models: dict[_Model, ChatOpenAI] = {}

    async def propose(self, question: Question) -> Answer:
        """Return the text the model gave, asked for as the JSON schema of its contract."""
        role = question.role
        model = self._model(role.model, role.temperature, question.limits)
        return await self._ask(model, question.prompt, response_format(question), question.limits, question.meter)

    async def write_brief(self, question: BriefQuestion) -> Answer:
        """Return the brief's text."""
        model = self._model(question.model, question.temperature, question.limits)
        return await self._ask(model, question.prompt, None, question.limits, question.meter)

    async def close(self) -> None:
        """Close the HTTP client."""
        await self._http.aclose()

    def _model(self, name: str | None, temperature: float | None, limits: Limits) -> ChatOpenAI:
        wanted = _Model(name or self._endpoint.default_model, temperature, limits.max_output_tokens)
        if wanted not in self._models:
            self._models[wanted] = ChatOpenAI(
                model_name=wanted.name,
                temperature=wanted.temperature,
                max_tokens=wanted.max_output_tokens,
                openai_api_key=SecretStr(self._endpoint.api_key),
                openai_api_base=self._endpoint.base_url,
                request_timeout=self._endpoint.timeout_seconds,
                max_retries=0,
                http_async_client=self._http,
                use_responses_api=False,
            )
        return self._models[wanted]

    async def _ask(
        self, model: ChatOpenAI, prompt: Prompt, schema: dict[str, Any] | None, limits: Limits, meter: Meter
    ) -> Answer:
        messages = [SystemMessage(prompt.system), HumanMessage(prompt.user)]
        extra = {"response_format": schema} if schema else {}
        deadline = asyncio.get_running_loop().time() + limits.seconds_left

        async def attempt() -> AIMessage:
            meter.calls += 1
            async with asyncio.timeout(self._endpoint.timeout_seconds):
                return await model.ainvoke(messages, extra_body=extra)

        try:
            return _answer(await _retrying(self._endpoint.max_retries, deadline)(attempt))
        except (openai.OpenAIError, TimeoutError, *NO_COMPLETION) as error:
            return Answer(failure=Failure(reason_of(error)))


def reason_of(error: Exception) -> str:
    """Return the stop reason of a provider's error.

    No connection counts as a timeout; an answer with status 200 that is no chat completion is `llm_error:200`.
    """
    if isinstance(error, openai.APIConnectionError | TimeoutError):
        return stop_reason("llm_timeout")
    if isinstance(error, openai.RateLimitError):
        return stop_reason("llm_rate_limited")
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return stop_reason("llm_auth")
    status = error.status_code if isinstance(error, openai.APIStatusError) else 200
    return stop_reason("llm_error", str(status))


def _answer(message: AIMessage) -> Answer:
    tokens, said = _tokens(message), message.text
    if not said.strip():
        return Answer(failure=Failure(stop_reason("llm_empty")), tokens=tokens)
    return Answer(said, tokens=tokens)


def _tokens(message: AIMessage) -> Tokens | None:
    """Return what was reported; None where that is no count, since nobody checks what an endpoint sends."""
    used: Mapping[str, Any] = message.usage_metadata or {}
    prompt, completion = used.get("input_tokens"), used.get("output_tokens")
    return Tokens(prompt, completion) if isinstance(prompt, int) and isinstance(completion, int) else None


def _retrying(max_retries: int, deadline: float) -> tenacity.AsyncRetrying:
    def is_worth_it(state: tenacity.RetryCallState) -> bool:
        now = asyncio.get_running_loop().time()
        return state.attempt_number <= max_retries and now + _wait(state) < deadline

    return tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(_is_transient),
        stop=lambda state: not is_worth_it(state),
        wait=_wait,
        reraise=True,
    )


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, openai.APIStatusError):
        is_retryable = error.status_code in (408, 409, 429) or error.status_code >= 500
        return is_retryable and (_retry_after(error) or 0.0) <= MAX_RETRY_AFTER_SECONDS
    return isinstance(error, openai.APIConnectionError | TimeoutError)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked_for = _retry_after(error) if isinstance(error, openai.APIStatusError) else None
    backoff = min(FIRST_WAIT_SECONDS * 2.0 ** (state.attempt_number - 1), LONGEST_WAIT_SECONDS)
    return backoff if asked_for is None else asked_for


def _retry_after(error: openai.APIStatusError) -> float | None:
    try:
        return max(0.0, float(error.response.headers["retry-after"]))
    except (KeyError, ValueError):
        return None
