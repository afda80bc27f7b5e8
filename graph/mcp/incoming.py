"""Incoming: a message is judged before the library reads it, so that whoever sent it learns what is wrong with it."""

from collections.abc import Mapping
from typing import Any

from mcp_types import INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, jsonrpc_message_adapter
from pydantic import ValidationError

from graph.documents import read_json
from graph.mcp.call import refused
from graph.mcp.crowd import CALLS, MOST_CALLS
from graph.mcp.parameters import find_fault
from graph.problems import UsageError
from graph.web.bodies import object_in
from policies.language import phrase, say
from policies.plain import clean_text, find_unplain

Plain = dict[str, Any]
NO_MESSAGE = phrase("the message is none of JSON-RPC 2.0; allowed: a request, a notification or an answer")


def refusal_of(data: bytes, most: int) -> Plain | None:
    """Return the answer to a message that is refused; None of one that the library may read.

    A call of a tool is answered with a result that its caller reads, everything else with an error of the protocol.

    >>> refusal_of(b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}', 100)
    >>> refusal_of(b"[1]", 100)["error"]["message"]
    'the message is [1]; allowed: one JSON object'
    """
    whole = say("the message")
    try:
        message = read_json(data, whole, most).value
    except UsageError as error:
        return _error(None, PARSE_ERROR, str(error))
    if not isinstance(message, Mapping):
        told = say("{whole} is {value}; allowed: one JSON object", whole=whole, value=repr(message)[:80])
        return _error(None, INVALID_REQUEST, told)
    name = message.get("id")
    is_named = isinstance(name, str | int) and not isinstance(name, bool) and find_unplain(name) is None
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
