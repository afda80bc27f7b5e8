"""Endpoints by the dialect they speak: what each refuses, how it dresses its answers, and how it says what is wrong.

with serve_as("llama.cpp-like", script()) as server:
    ...  # a request in a form that it refuses uses up no answer of the script
assert len(server.refused) == 3
"""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from tests.scripted_server import Answer, Call, Script, ScriptedServer, completion_of, served, status

Body = dict[str, Any]
ORDINARY = (100, 20)
"""Tokens that the scripted server counts for each answer."""


TOO_LONG = status(400, {"error": {"message": "Too long.", "type": "invalid_request_error", "code": "long"}})


@dataclass(frozen=True)
class Dialect:
    """One kind of endpoint. `refuses` answers a request that it does not take, `dresses` changes its other answers.

    `learned` is what a run has to find out, `steps` the requests refused until then, `usage` the tokens that count for
    an answer (nothing: as reserved), `error` its way to say that the context is too long, and `told` how a run says it.
    """

    refuses: Callable[[Call], Answer | None] = lambda call: None
    dresses: Callable[[Body], Body] = lambda made: made
    body: Callable[[str], str] = lambda text: text
    learned: Mapping[str, str] = field(default_factory=dict)
    steps: int = 0
    usage: tuple[int, int] | None = ORDINARY
    error: Answer = TOO_LONG
    reason: str = "llm_error:400"
    told: str = "Too long."
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    note: str = ""


class DialectServer(ScriptedServer):
    """A scripted server that takes questions in one dialect only."""

    def __init__(self, dialect: Dialect, script: Script) -> None:
        super().__init__(script)
        self.dialect = dialect
        self.refused: list[Call] = []

    def _next(self, method: str, call: Call) -> Answer | str:
        refused = self.dialect.refuses(call)
        if refused:
            self.refused.append(call)
            return refused
        answer = super()._next(method, call)
        if isinstance(answer, str) or answer.body is not None:
            return answer
        made = self.dialect.dresses(completion_of(answer, call))
        return replace(answer, body=self.dialect.body(json.dumps(made)), headers={**self.dialect.headers})


def serve_as(name: str, script: Script) -> AbstractContextManager[DialectServer]:
    """The server in a thread of its own."""
    return served(DialectServer(DIALECTS[name], script))


# --- what is refused -------------------------------------------------------------------------------------------------

Refusal = Callable[[Call], Answer | None]


def form_of(call: Call) -> str | None:
    """The kind of `response_format` that a request asks for."""
    form = call.body.get("response_format")
    return form["type"] if form else None


def openai_error(message: str, param: str | None = None, code: int = 400) -> Answer:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": "unsupported_parameter"}
    return status(code, {"error": error})


def refuses_form(answer: Answer, *forms: str) -> Refusal:
    return lambda call: answer if form_of(call) in forms else None


def refuses_field(name: str, answer: Answer) -> Refusal:
    return lambda call: answer if name in call.body else None


def refuses_unless(is_right: Callable[[Call], bool], answer: Answer) -> Refusal:
    return lambda call: None if is_right(call) else answer


def first_of(*refusals: Refusal) -> Refusal:
    return lambda call: next((answer for refuse in refusals if (answer := refuse(call))), None)


def refuses_temperature(call: Call) -> Answer | None:
    said = "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) is supported."
    return openai_error(said, "temperature") if call.body.get("temperature", 1) != 1 else None


def json_is_named(call: Call) -> bool:
    """Some endpoints take JSON mode only where the messages have the word."""
    return form_of(call) != "json_object" or any("json" in each["content"].lower() for each in call.body["messages"])


DEEPSEEK = openai_error("This response_format type is unavailable now", None)
NO_JSON_WORD = openai_error(
    "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'."
)
MISTRAL = status(
    422,
    {
        "object": "error",
        "message": {
            "detail": [
                {
                    "type": "extra_forbidden",
                    "loc": ["body", "max_completion_tokens"],
                    "msg": "Extra inputs are not permitted",
                }
            ]
        },
        "type": "invalid_request_error",
    },
)
VLLM = status(400, {"object": "error", "message": "The json_schema is not supported by xgrammar.", "code": 400})
LLAMA = status(500, {"error": {"code": 500, "message": "failed to parse grammar", "type": "server_error"}})
ROUTER = status(200, {"error": {"message": "structured outputs are not supported by the provider", "code": 400}})
GATEWAY = status(
    404, {"error": {"message": "No endpoints found that support json_schema response_format", "code": 404}}
)


def old(name: str) -> Answer:
    return openai_error(f"Unrecognized request argument supplied: {name}")


# --- how answers are dressed -----------------------------------------------------------------------------------------


def said(change: Callable[[str], Any]) -> Callable[[Body], Body]:
    """Answers whose text is changed."""

    def dress(made: Body) -> Body:
        message = made["choices"][0]["message"]
        message["content"] = change(message["content"])
        return made

    return dress


def counted(usage: object) -> Callable[[Body], Body]:
    """Answers with this report of their tokens."""
    return lambda made: {**made, "usage": usage}


def reasoned(made: Body) -> Body:
    made["choices"][0]["message"]["reasoning_content"] = 'First I look at the facts. {"stance": "block"}'
    return made


def filtered(made: Body) -> Body:
    safe = {kind: {"filtered": False, "severity": "safe"} for kind in ("hate", "violence")}
    made["choices"][0]["content_filter_results"] = safe
    return {**made, "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": safe}]}


DIALECTS: dict[str, Dialect] = {
    "OpenAI": Dialect(note="takes everything as it is sent first"),
    "o-series": Dialect(
        first_of(refuses_temperature, refuses_field("max_tokens", openai_error("Unsupported parameter", "max_tokens"))),
        learned={"temperature": "omit"},
        steps=1,
        note="refuses a temperature",
    ),
    "Azure-like": Dialect(
        refuses_unless(
            lambda call: "api-version=2024-10-21" in call.query,
            status(404, {"error": {"code": "404", "message": "Resource not found"}}),
        ),
        filtered,
        query="?api-version=2024-10-21",
        error=status(400, {"error": {"code": "context_length_exceeded", "message": "Too long.", "status": 400}}),
        note="wants `api-version` in the query; adds filter results",
    ),
    "DeepSeek-like": Dialect(
        first_of(refuses_form(DEEPSEEK, "json_schema"), refuses_unless(json_is_named, NO_JSON_WORD)),
        reasoned,
        learned={"schema": "json_object"},
        steps=1,
        note="has JSON mode, no schema; reasons next to its answer",
    ),
    "Mistral-like": Dialect(
        refuses_field("max_completion_tokens", MISTRAL),
        learned={"output_cap": "max_tokens"},
        steps=1,
        error=status(422, {"message": {"detail": [{"loc": ["body", "messages"], "msg": "Too long."}]}}),
        reason="llm_error:422",
        told="body.messages: Too long.",
        note="names the field it does not know in a list of problems",
    ),
    "Ollama-like": Dialect(
        dresses=said(lambda text: f"```json\n{text}\n```" if text.startswith("{") else text),
        error=status(404, {"error": {"message": 'model "m" not found, try pulling it first', "type": "api_error"}}),
        reason="llm_error:404",
        told="try pulling it first",
        note="takes a schema, and puts its answer into a fence",
    ),
    "vLLM-like": Dialect(
        refuses_form(VLLM, "json_schema"),
        learned={"schema": "json_object"},
        steps=1,
        error=status(400, {"object": "error", "message": "Too long.", "type": "BadRequestError", "code": 400}),
        note="says what is wrong without an `error` around it",
    ),
    "OpenRouter-like": Dialect(
        refuses_form(ROUTER, "json_schema"),
        body=lambda text: f"\n\n\n{text}",
        learned={"schema": "json_object"},
        steps=1,
        error=status(200, {"error": {"message": "Too long.", "code": 400}}),
        note="sends errors inside answers with status 200",
    ),
    "a gateway of many providers": Dialect(
        refuses_form(GATEWAY, "json_schema"),
        learned={"schema": "json_object"},
        steps=1,
        error=status(200, {"choices": [{"error": {"message": "Too long.", "code": 502}, "finish_reason": "error"}]}),
        reason="llm_error:502",
        note="answers 404 where no provider has the form; its errors may be inside a choice",
    ),
    "llama.cpp-like": Dialect(
        refuses_form(LLAMA, "json_schema"),
        learned={"schema": "json_object"},
        steps=1,
        note="answers a schema that it cannot turn into a grammar with 500",
    ),
    "an old server": Dialect(
        first_of(
            refuses_field("max_completion_tokens", old("max_completion_tokens")),
            refuses_field("response_format", old("response_format")),
        ),
        learned={"schema": "none", "output_cap": "max_tokens"},
        steps=3,
        error=status(500, "Too long."),
        reason="llm_error:500",
        note="knows neither `max_completion_tokens` nor `response_format`",
    ),
    "Anthropic-like": Dialect(
        dresses=counted({"input_tokens": 90, "output_tokens": 30}),
        usage=(90, 30),
        error=status(400, {"type": "error", "error": {"type": "invalid_request_error", "message": "Too long."}}),
        note="counts `input_tokens` and `output_tokens`",
    ),
    "a model that thinks aloud": Dialect(
        dresses=said(lambda text: f'<think>\nGo, or block? {{"stance": "block"}}\n</think>\n\n{text}'),
        note="puts its reasoning before the answer, between `<think>` and `</think>`",
    ),
    "a server that counts nothing": Dialect(
        dresses=counted({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}),
        usage=None,
        error=status(400, {"detail": "Too long."}),
        note="reports zeros",
    ),
    "a server without a report": Dialect(
        refuses_form(status(422, {"detail": "response_format: not supported"}), "json_schema", "json_object"),
        counted(None),
        body=lambda text: f"\ufeff{text}",
        learned={"schema": "none"},
        steps=2,
        usage=None,
        error=status(400, "<html><body><h1>400</h1>Too long.</body></html>"),
        note="knows no form at all, reports nothing, and begins with a byte order mark",
    ),
    "an answer in parts": Dialect(
        dresses=said(lambda text: [{"type": "text", "text": text[:9]}, {"type": "text", "text": text[9:]}]),
        note="sends its text as a list of parts",
    ),
}
