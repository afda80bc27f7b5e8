"""Incoming: a message is judged before the library reads it, so that whoever sent it learns what is wrong with it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mcp_types import INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, jsonrpc_message_adapter
from pydantic import ValidationError

from graph.documents import read_json
from graph.mcp.call import refused
from graph.mcp.crowd import CALLS, MOST_CALLS
from graph.mcp.forms import FAULT
from graph.mcp.parameters import find_fault
from graph.problems import UsageError
from graph.web.bodies import object_in
from policies.language import phrase, say
from policies.plain import clean_text, find_unplain

Plain = dict[str, Any]
NO_MESSAGE = phrase("the message is not one of JSON-RPC 2.0; allowed: a request, a notification or a response")


@dataclass(frozen=True, slots=True)
class Judged:
    """A message that was judged: what the library is to read, or in its place the answer to whoever sent it."""

    data: bytes
    refusal: Plain | None = None


def judged(data: bytes, most: int) -> Judged:
    r"""Return what becomes of a message.

    A call of a tool is answered with a result that its caller reads, everything else with an error of the protocol. But
    what a person filled in is read though it may not enter a record, as the sentence that says so: they are asked
    again.

    >>> judged(b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}', 100).refusal
    >>> judged(b"[1]", 100).refusal["error"]["message"]
    'the message is [1]; allowed: one JSON object'
    >>> json.loads(judged(rb'{"id": 1, "result": {"content": {"by": "\u0000"}}}', 100).data)["result"]
    {'content': {'accord:fault': '`by` has a NUL character or a lone surrogate'}}
    """
    try:
        message = read_json(data, say("the message"), most).value
    except UsageError as error:
        return Judged(data, _error(None, PARSE_ERROR, str(error)))
    readable = _readable(message)
    refusal = _refusal_of(readable)
    return Judged(data if readable is message else json.dumps(readable).encode(), refusal)


def _readable(message: Any) -> Any:
    """Return a message in which what a person filled in can be read; the very same one where it could be."""
    if not isinstance(message, dict):
        return message
    if "method" not in message:
        result = _filled(message.get("result"))
        return message if result is message.get("result") else {**message, "result": result}
    params = message.get("params")
    given = params.get("inputResponses") if isinstance(params, dict) else None
    if not isinstance(params, dict) or not isinstance(given, dict):
        return message
    read = {name: _filled(each) for name, each in given.items()}
    if all(read[name] is given[name] for name in given):
        return message
    return {**message, "params": {**params, "inputResponses": read}}


def _filled(result: Any) -> Any:
    """Return what a person did with a form; where it holds what may not enter a record, the sentence in its place."""
    content = result.get("content") if isinstance(result, dict) else None
    fault = None if content is None else find_unplain(content, whole=say("the answer"))
    return result if fault is None else {**result, "content": {FAULT: clean_text(fault)}}


def _refusal_of(message: Any) -> Plain | None:
    whole = say("the message")
    if not isinstance(message, Mapping):
        told = say("{whole} is {value}; allowed: one JSON object", whole=whole, value=repr(message)[:80])
        return _error(None, INVALID_REQUEST, told)
    name = message.get("id")
    is_named = isinstance(name, str | int) and not isinstance(name, bool) and find_unplain(name) is None
    is_named = is_named and "method" in message  # else the id is one of our own
    fault = find_unplain(message, whole=whole) or _form_fault(message) or find_fault(message)
    if fault is None:
        return None if _is_of_protocol(message) else _error(None, INVALID_REQUEST, say(NO_MESSAGE))
    if is_named and name is not None and message.get("method") == "tools/call":
        return _refused(name, fault)
    return _error(name if is_named else None, INVALID_PARAMS, fault)


def crowded(data: bytes, at_work: int) -> Plain | None:
    """Return the answer to a call of a tool while as many are at work as one person may have; else None."""
    name = find_call(data) if at_work >= MOST_CALLS else None
    return None if name is None else _refused(name, say(CALLS, most=MOST_CALLS))


def find_call(data: bytes) -> str | int | None:
    """Return the id of a call of a tool that was judged before; None of any other message.

    >>> find_call(b'{"id": 7, "method": "tools/call"}'), find_call(b'{"id": 7, "result": {}}')
    (7, None)
    """
    message = object_in(data)
    name: str | int | None = message.get("id") if message.get("method") == "tools/call" else None
    return name


def _refused(name: str | int, fault: str) -> Plain:
    result = refused(fault).model_dump(by_alias=True, mode="json", exclude_none=True)
    return {"jsonrpc": "2.0", "id": name, "result": result}


def _is_of_protocol(message: Mapping[str, Any]) -> bool:
    try:
        jsonrpc_message_adapter.validate_python(message, by_name=False)
    except ValidationError:
        return False
    return True


def _form_fault(message: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the form of a call of a tool, which the library refuses without saying what."""
    if message.get("method") != "tools/call" or "id" not in message:
        return None
    params = message.get("params")
    if not isinstance(params, Mapping) or not isinstance(params.get("name"), str):
        return say("the call names no tool: `params.name` is missing, or not text")
    given = params.get("arguments")
    if given is not None and not isinstance(given, Mapping):
        return say("`arguments` is {value}; allowed: an object", value=repr(given)[:80])
    return None


def _error(name: str | int | None, code: int, sentence: str) -> Plain:
    return {"jsonrpc": "2.0", "id": name, "error": {"code": code, "message": clean_text(sentence)}}
