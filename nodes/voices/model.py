"""The voice `model`: OpenAI-compatible chat-completions endpoints, each asked in the dialect it understands."""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import openai
import tenacity
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig
from pydantic import SecretStr

from nodes.voices.voice import BriefQuestion, Limits, Meter, Prompt, Question, Tokens, Utterance
from nodes.voices.wire.chat import LeanChat
from nodes.voices.wire.complaints import Complaint, complaint_of
from nodes.voices.wire.completions import answer_from
from nodes.voices.wire.dialect import Dialect, first_dialect, learned, names_limit, weaker, with_other_cap
from nodes.voices.wire.endpoint import Endpoint, Route, find_endpoint
from nodes.voices.wire.keys import Cutter
from nodes.voices.wire.transport import open_client
from policies.contracts.schema import Schema
from policies.contracts.table import answer_form
from policies.run.seats import Failure
from policies.run.stop import Stop, stop_reason

logging.getLogger("openai").setLevel(logging.WARNING)  # OPENAI_LOG would have it write prompts to the terminal

TRACE_NAME = "ChatOpenAI"
"""How a call is named in a trace."""
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 8.0

IGNORED = 2
"""How many times longer than its cap an answer is where the endpoint knows nothing of it."""

TRIAL = Prompt('Answer with the JSON object {"ready": true} and nothing else.', "{}")
TRIAL_FORM: Schema = {
    "name": "trial",
    "strict": True,
    "schema": {
        "type": "object",
        "properties": {"ready": {"type": "boolean"}},
        "required": ["ready"],
        "additionalProperties": False,
    },
}
TRIAL_TOKENS = 64

IN_WORDS = "Answer with one JSON object and nothing else. Its JSON Schema:"


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question on its way: to which model, in what words, within which limits."""

    endpoint: Endpoint
    model: str
    temperature: float | None
    prompt: Prompt
    form: Schema | None
    limits: Limits
    meter: Meter
    deadline: float
    labels: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    lost: list[Tokens] = field(default_factory=list)
    """The tokens that unusable answers reported."""

    def weaker(self, dialect: Dialect, complaint: Complaint) -> Dialect | None:
        """Return the dialect that leaves out what a complaint about this question names, or None."""
        return weaker(dialect, complaint, len(self.prompt.users), self.seed is not None)


class _Complained(Exception):  # carries a complaint to who retries
    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.cause)
        self.complaint = complaint


class ModelVoice:
    """Asks models at one or more endpoints, over one HTTP client for all calls of the process."""

    def __init__(self, endpoints: Sequence[Endpoint], route: Route | None = None) -> None:
        self._endpoints = {endpoint.name: endpoint for endpoint in endpoints}
        route = route or Route()
        self._keys = Cutter([secret for endpoint in endpoints for secret in endpoint.secrets] + route.secrets)
        longest = max(endpoint.timeout_seconds for endpoint in endpoints)
        self._http = open_client(route, longest, self._keys)
        self._chats: dict[tuple[str, str], LeanChat] = {}
        self._dialects: dict[tuple[str, str], Dialect] = {}
        self._turns: dict[str, asyncio.Semaphore] = {}

    async def propose(self, question: Question) -> Utterance:
        """Return the text the model gave, asked for in the form of its contract."""
        role = question.role
        form = answer_form(question.task, role, sends=question.sends)
        return await self._ask(replace(self._asked(role.model, role.temperature, question, form), seed=question.seed))

    async def write_brief(self, question: BriefQuestion) -> Utterance:
        """Return the brief's text."""
        return await self._ask(self._asked(question.model, question.temperature, question, None))

    async def try_out(self, name: str) -> Utterance:
        """Return what an endpoint's default model answers to the smallest question with a form."""
        endpoint = self._endpoints[name]
        limits = Limits(TRIAL_TOKENS, endpoint.timeout_seconds)
        deadline = asyncio.get_running_loop().time() + endpoint.timeout_seconds
        model = endpoint.default_model
        return await self._ask(_Asked(endpoint, model, 0.0, TRIAL, TRIAL_FORM, limits, Meter(), deadline))

    def learned(self) -> dict[str, dict[str, str]]:
        """Return what was learned of each model by now, under `model` or `endpoint/model`."""
        firsts = {name: first_dialect(endpoint) for name, endpoint in self._endpoints.items()}
        found = {key: learned(firsts[key[0]], dialect) for key, dialect in self._dialects.items()}
        return {self._endpoints[name].called(model): what for (name, model), what in sorted(found.items()) if what}

    async def close(self) -> None:
        """Close the HTTP client."""
        await self._http.aclose()

    def _asked(
        self, model: str | None, temperature: float | None, question: Question | BriefQuestion, form: Schema | None
    ) -> _Asked:
        endpoint, wanted = find_endpoint(model, self._endpoints)
        deadline = asyncio.get_running_loop().time() + question.limits.seconds_left
        prompt, limits, meter = question.prompt, question.limits, question.meter
        return _Asked(endpoint, wanted, temperature, prompt, form, limits, meter, deadline, question.labels)

    # --- asking ------------------------------------------------------------------------------------------------------

    async def _ask(self, asked: _Asked) -> Utterance:
        """Return the answer, asked for in weaker forms while the endpoint refuses what the form needs."""
        key, cap = (asked.endpoint.name, asked.model), asked.limits.max_output_tokens
        first = first_dialect(asked.endpoint)
        dialect = self._dialects.setdefault(key, first)
        earlier: list[Tokens] = []
        cut: Utterance | None = None
        if asked.endpoint.lacks:
            return Utterance(failure=Failure(stop_reason("llm_auth"), cause=asked.endpoint.lacks))
        while True:
            try:
                message: AIMessage = await self._retrying(asked, dialect)(self._attempt, asked, dialect, cap)
            except _Complained as error:
                if cut and names_limit(error.complaint):
                    return replace(_with(cut, [*asked.lost, *earlier], cap), dialect=learned(first, dialect))
                known = self._dialects[key]
                better = known if known != dialect else asked.weaker(dialect, error.complaint)
                if better is None:
                    told = self._keys.text(error.complaint.cause)
                    failed = Utterance(failure=Failure(error.complaint.reason, cause=told))
                    return replace(_with(failed, [*asked.lost, *earlier], cap), dialect=learned(first, dialect))
                self._dialects[key] = dialect = better
                continue
            answer = self._clean(answer_from(message, cap))
            if answer.tokens and answer.tokens.completion > IGNORED * cap:
                self._dialects[key] = dialect = with_other_cap(self._dialects[key])
            may_grow = asked.limits.grows and cap == asked.limits.max_output_tokens
            if may_grow and answer.tokens and answer.tokens.completion <= cap and _is_truncated(answer):
                cap *= 2
                earlier.append(answer.tokens)
                cut = replace(answer, tokens=None)
                continue
            answer = replace(answer, beyond=max(0, answer.tokens.completion - cap) if answer.tokens else 0)
            return replace(_with(answer, [*asked.lost, *earlier], cap), dialect=learned(first, dialect))

    async def _attempt(self, asked: _Asked, dialect: Dialect, cap: int) -> AIMessage:
        chat = self._chat(asked.endpoint, asked.model)
        async with self._turn(asked.endpoint):
            asked.meter.calls += 1
            try:
                async with asyncio.timeout(asked.endpoint.timeout_seconds):
                    told: RunnableConfig = {"run_name": TRACE_NAME, "metadata": dict(asked.labels)}
                    return await chat.ainvoke(_messages(asked, dialect), told, extra_body=_fields(asked, dialect, cap))
            except Exception as error:
                complaint = complaint_of(error, asked.endpoint.address)
                if complaint is None:
                    raise
                counted: Tokens | None = getattr(error, "tokens", None)
                asked.lost.extend([counted] if counted else [])
                raise _Complained(complaint) from error

    def _turn(self, endpoint: Endpoint) -> Any:
        """Return what holds no more calls to an endpoint at once than it may have."""
        if endpoint.max_concurrency is None:
            return nullcontext()
        return self._turns.setdefault(endpoint.name, asyncio.Semaphore(endpoint.max_concurrency))

    def _retrying(self, asked: _Asked, dialect: Dialect) -> tenacity.AsyncRetrying:
        def may_pass(error: BaseException) -> bool:
            """Return whether the same may be asked again: not where a weaker form is what the endpoint wants."""
            complaint = error.complaint if isinstance(error, _Complained) else None
            return complaint is not None and complaint.is_transient and asked.weaker(dialect, complaint) is None

        def is_over(state: tenacity.RetryCallState) -> bool:
            now = asyncio.get_running_loop().time()
            return state.attempt_number > asked.endpoint.max_retries or now + _wait(state) >= asked.deadline

        return tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(may_pass),
            stop=is_over,
            wait=_wait,
            reraise=True,
        )

    def _chat(self, endpoint: Endpoint, model: str) -> LeanChat:
        key = (endpoint.name, model)
        if key not in self._chats:
            client = _client(endpoint, self._http)
            self._chats[key] = LeanChat(
                model_name=model,
                openai_api_key=SecretStr(endpoint.api_key),
                openai_api_base=endpoint.address,
                openai_proxy="",
                http_socket_options=(),
                max_retries=0,
                use_responses_api=False,
                client=client.chat.completions,
                async_client=client.chat.completions,
                root_async_client=client,
            )
        return self._chats[key]

    def _clean(self, answer: Utterance) -> Utterance:
        """Return the answer without keys that an endpoint has sent back."""
        said = self._keys.text(answer.said) if isinstance(answer.said, str) else answer.said
        failure = answer.failure
        if failure and failure.cause:
            failure = replace(failure, cause=self._keys.text(failure.cause))
        return replace(answer, said=said, failure=failure)


def _messages(asked: _Asked, dialect: Dialect) -> list[SystemMessage | HumanMessage]:
    system = asked.prompt.system
    if asked.form is not None and dialect.schema != "json_schema":
        system += f"\n\n{IN_WORDS}\n{json.dumps(asked.form['schema'], ensure_ascii=False)}"
    users = asked.prompt.users
    return [SystemMessage(system), *map(HumanMessage, ["\n".join(users)] if dialect.joins else users)]


def _fields(asked: _Asked, dialect: Dialect, cap: int) -> dict[str, Any]:
    """Return the fields of a request that depend on the dialect."""
    fields: dict[str, Any] = {dialect.cap: cap}
    if asked.temperature is not None and dialect.sends_temperature:
        fields["temperature"] = asked.temperature
    if asked.seed is not None and dialect.sends_seed:
        fields["seed"] = asked.seed
    if asked.form is not None and dialect.schema != "none":
        strict = {"type": "json_schema", "json_schema": asked.form}
        fields["response_format"] = strict if dialect.schema == "json_schema" else {"type": "json_object"}
    return fields


def _client(endpoint: Endpoint, http: Any) -> openai.AsyncOpenAI:
    client = openai.AsyncOpenAI(
        api_key=endpoint.api_key,
        base_url=endpoint.address,
        default_query=endpoint.query,
        default_headers=dict(endpoint.headers),
        timeout=endpoint.timeout_seconds,
        max_retries=0,
        http_client=http,
    )
    # It reads these from the environment, where nobody looked at them.
    client.organization = client.project = None
    client._custom_headers = dict(endpoint.headers)
    return client


def _is_truncated(answer: Utterance) -> bool:
    return answer.failure is not None and Stop.parse(answer.failure.reason).kind == "llm_truncated"


def _with(answer: Utterance, earlier: Sequence[Tokens], cap: int) -> Utterance:
    """Return the answer with what earlier attempts counted; one without a count may have been as long as its cap."""
    if not earlier:
        return answer
    last = answer.tokens or (Tokens(0, 0) if answer.failure else Tokens(earlier[-1].prompt, cap))
    counted = [*earlier, last]
    prompt, completion = (sum(getattr(each, name) for each in counted) for name in ("prompt", "completion"))
    is_estimated = answer.tokens is None and answer.failure is None
    return replace(answer, tokens=Tokens(prompt, completion), is_estimated=is_estimated)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked_for = error.complaint.wait if isinstance(error, _Complained) else None
    backoff = min(FIRST_WAIT_SECONDS * 2.0 ** (state.attempt_number - 1), LONGEST_WAIT_SECONDS)
    return backoff if asked_for is None else asked_for
