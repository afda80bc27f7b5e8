"""Complaints: what went wrong with a call, as a stop reason, in words, and whether it may be tried again."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import httpcore2
import httpx2
import openai

from nodes.voices.voice import Tokens
from nodes.voices.wire.transport import MalformedError, TooLargeError
from policies.language import say
from policies.plain import clean_text
from policies.run.stop import stop_reason

MAX_SAID = 300
"""Characters kept of what a provider says."""

MOST_READ = 20 * MAX_SAID
"""Characters of it that are read for what it complains of."""

MAX_RETRY_AFTER_SECONDS = 60.0
"""A provider that asks to wait longer is not waited for; the OpenAI client draws the same line."""

FILTERED = ("content_filter", "ResponsibleAIPolicyViolation")
"""Codes of a refusal of what was asked, as Azure says it."""

MAX_DEPTH = 20
"""Levels of an error object that are read."""

STATUSES = {
    "invalid_request_error": 400,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "insufficient_quota": 429,
    "server_error": 500,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
}
"""Names of errors, as OpenAI and Anthropic call them, and the status that each is sent with."""

FINAL_CODES = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "account_deactivated")
"""Kinds of error with a transient status that waiting does not mend."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What went wrong: the stop reason, the whole story in one sentence, and what the provider said.

    `parameter` is the field of the request it names, `wait` the seconds after which it wants to be asked again.
    """

    reason: str
    cause: str
    status: int | None = None
    said: str = ""
    parameter: str | None = None
    is_transient: bool = False
    wait: float | None = None


class ErrorInAnswer(Exception):  # it is the provider's error, carried by an answer that says 200
    """An answer with status 200 that holds an error object, which means the status that it names."""

    def __init__(self, error: object, status: int, headers: Mapping[str, str], tokens: Tokens | None) -> None:
        super().__init__(say("an error inside an answer with status 200"))
        self.error, self.status, self.headers, self.tokens = error, status, headers, tokens


class NoCompletionError(Exception):
    """An answer with status 200 that is not a chat completion; the tokens it reports count all the same."""

    def __init__(self, said: str, tokens: Tokens | None = None) -> None:
        super().__init__(said)
        self.tokens = tokens


def complaint_of(error: Exception, address: str) -> Complaint | None:
    """Return what an error of a call complains of; None where neither the endpoint nor the way to it is at fault."""
    if isinstance(error, openai.APIStatusError):
        return _of_status(error.status_code, error.body, error.response.headers, address, type(error).__name__)
    if isinstance(error, ErrorInAnswer):
        return _of_status(error.status, error.error, error.headers, address, str(error))
    is_timeout = isinstance(error, TimeoutError | openai.APITimeoutError)
    if is_timeout and not isinstance(error.__cause__, httpx2.ConnectTimeout):
        return Complaint(
            stop_reason("llm_timeout"),
            say("{address}: gave no whole answer in time", address=address),
            is_transient=True,
        )
    if isinstance(error, openai.APIConnectionError):
        return _of_connection(error.__cause__, address)
    if isinstance(error, NoCompletionError):
        told = say(
            "{address}: answered with status 200 and no chat completion: {error}",
            address=address,
            error=_said(str(error)),
        )
        return Complaint(stop_reason("llm_error", "200"), told, 200)
    return None


# --- what the provider says ------------------------------------------------------------------------------------------


def _of_status(status: int, body: object, headers: Mapping[str, str], address: str, kind: str) -> Complaint:
    error = _shallow(body.get("error", body) if isinstance(body, Mapping) else body)
    fields = error if isinstance(error, Mapping) else {}
    said = _said(_message(error), MOST_READ)
    wait = wait_asked_for(headers)
    is_final = any(code in FINAL_CODES for code in (fields.get("code"), fields.get("type")))
    is_transient = (status in (408, 409, 429) or status >= 500) and not is_final  # RFC 9110
    parameter = fields.get("param")
    is_filtered = any(str(code) in FILTERED for code in (fields.get("code"), _inner_code(fields)))
    return Complaint(
        stop_reason("llm_refused") if is_filtered else _reason(status),
        _told(address, f"{status} {kind}", _said(said)),
        status,
        said,
        parameter if isinstance(parameter, str) else None,
        is_transient and (wait or 0.0) <= MAX_RETRY_AFTER_SECONDS,
        wait,
    )


def _told(address: str, problem: str, said: str) -> str:
    if not said:
        return say("{address}: {problem}", address=address, problem=problem)
    return say("{address}: {problem}: {said}", address=address, problem=problem, said=said)


def _inner_code(fields: Mapping[str, Any]) -> object:
    inner = fields.get("innererror")
    return inner.get("code") if isinstance(inner, Mapping) else None


def _reason(status: int) -> str:
    if status in (401, 403):
        return stop_reason("llm_auth")
    return stop_reason("llm_rate_limited") if status == 429 else stop_reason("llm_error", str(status))


def status_in(error: object, answer: Mapping[str, Any]) -> int:
    """Return the status that an error inside an answer carries, as a number or by name: 200 where it carries none.

    >>> status_in({"code": "503"}, {}), status_in("No.", {"status": 429}), status_in({"type": "server_error"}, {})
    (503, 429, 500)
    """
    fields = [each for each in (error, answer) if isinstance(each, Mapping)]
    found = [each.get(name) for each in fields for name in ("code", "status", "status_code", "type")]
    said = [each for each in found if isinstance(each, int | str)]
    codes = (int(each) if re.fullmatch(r"[45][0-9]{2}", str(each)) else STATUSES.get(str(each)) for each in said)
    return next(filter(None, codes), 200)


def _shallow(value: object, depth: int = MAX_DEPTH) -> object:
    """Return a value without what nests deeper than any error does."""
    if isinstance(value, Mapping):
        return {key: _shallow(each, depth - 1) for key, each in value.items()} if depth else "..."
    if isinstance(value, list):
        return [_shallow(each, depth - 1) for each in value] if depth else "..."
    return value


def _message(error: object) -> str:
    """Return the sentence in an error object, in whichever of the usual shapes."""
    if isinstance(error, Mapping):
        found = (error.get(name) for name in ("message", "detail", "error_description", "msg", "error", "title"))
        inner = next((each for each in found if each), None)
        return str(error) if inner is None else _message(inner)
    if isinstance(error, list):
        return "; ".join(map(_message_with_place, error[:5]))
    return "" if error is None else str(error)


def _message_with_place(error: object) -> str:
    """Return one of several errors with the place it names, as servers built on FastAPI say them."""
    place = error.get("loc") if isinstance(error, Mapping) else None
    where = ".".join(map(str, place)) + ": " if isinstance(place, list | tuple) else ""
    return where + _message(error)


def _said(message: str, most: int = MAX_SAID) -> str:
    shown = " ".join(clean_text(re.sub(r"<[^<>]{0,2000}>", " ", message[:MOST_READ])).split())
    return shown if len(shown) <= most else shown[: most - 1] + "\u2026"


def wait_asked_for(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a provider asks to wait: `retry-after-ms`, or `Retry-After` as seconds or HTTP date.

    >>> wait_asked_for({"retry-after": "2.5"}), wait_asked_for({"retry-after-ms": "250"})
    (2.5, 0.25)
    >>> wait_asked_for({"retry-after": "nan"}), wait_asked_for({"retry-after": "-1"}), wait_asked_for({})
    (None, None, None)
    """
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            seconds = float(value) * scale
        except ValueError:
            seconds = _seconds_until(value)
        if seconds >= 0:  # not a number is neither
            return seconds
    return None


def _seconds_until(date: str) -> float:
    """Return how far away an HTTP date is; not a number where it is none."""
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return math.nan
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


# --- what happened on the way ----------------------------------------------------------------------------------------


def _of_connection(error: BaseException | None, address: str) -> Complaint | None:
    if isinstance(error, TooLargeError):
        return Complaint(
            stop_reason("llm_error", "too_large"), say("{address}: {problem}", address=address, problem=error)
        )
    if isinstance(error, MalformedError):
        told = say("{address}: sent what is not an HTTP answer: {error}", address=address, error=_said(str(error)))
        return Complaint(stop_reason("llm_error", "protocol"), told, is_transient=True)
    if isinstance(error, httpx2.RequestError):
        told = say("{address}: {problem}", address=address, problem=_way_lost(error))
        return Complaint(stop_reason("llm_timeout"), told, is_transient=True)
    return None


def _way_lost(error: httpx2.RequestError) -> str:
    """Return why there is no connection, or no more, in words."""
    below = error.__cause__ or error
    said = _said(str(below))
    causes = {
        aiohttp.ClientConnectorDNSError: say("the name of the host was not found"),
        aiohttp.ClientConnectorCertificateError: say(
            "its certificate is not trusted ({said}); see SSL_CERT_FILE", said=said
        ),
        aiohttp.ClientConnectorSSLError: say(
            "it does not speak TLS as expected ({said}); is it an http:// address?", said=said
        ),
        aiohttp.ClientHttpProxyError: say("the proxy refused the connection: {said}", said=_refused_by_proxy(below)),
        aiohttp.ClientProxyConnectionError: say("the proxy cannot be reached: {said}", said=said),
        httpcore2.ConnectError: say(
            "the proxy cannot be reached: {said}", said=said
        ),  # only a SOCKS proxy is reached by it
        aiohttp.ServerDisconnectedError: say("the connection was closed without an answer"),
        aiohttp.ClientPayloadError: say("the connection was lost before the answer was whole"),
    }
    for kind, words in causes.items():
        if isinstance(below, kind):
            return words
    system = below.os_error if isinstance(below, aiohttp.ClientConnectorError) else below.__cause__
    if isinstance(system, ConnectionRefusedError) or "refused" in said.lower():
        return say("refused the connection")
    if isinstance(below, aiohttp.ClientOSError):
        return say("the connection was lost: {said}", said=said)
    return said or type(error).__name__


def _refused_by_proxy(error: BaseException) -> str:
    """Return what a proxy said, without its address, which may have a password."""
    return f"{error.status} {_said(error.message)}" if isinstance(error, aiohttp.ClientResponseError) else ""


def error_in(answer: Mapping[str, Any]) -> object:
    """Return the error object that an answer with status 200 is or holds, also in its first choice; None where none."""
    if answer.get("error"):
        return answer["error"]
    if answer.get("object") == "error":
        return answer
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], Mapping) else {}
    is_error = first.get("finish_reason") == "error"
    return first.get("error") or ({"message": "finish_reason `error`"} if is_error else None)
