"""Parameters: what is wrong with the id or the parameters of a request, where the library would not say."""

import json
from collections.abc import Mapping
from typing import Any

from mcp_types import INVALID_PARAMS, UNSUPPORTED_PROTOCOL_VERSION, JSONRPCError, JSONRPCMessage
from mcp_types.methods import MONOLITH_REQUESTS
from mcp_types.version import KNOWN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from graph.web.faults import faults_in
from graph.web.problems import summary_of
from policies.language import phrase, say
from policies.plain import clean_text

Plain = dict[str, Any]
TOO_SOON = phrase(
    "the request comes before `initialize` was answered, or its `params` are not of the agreed version of the protocol"
)
MAX_SHOWN = 80


def find_fault(message: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the id or the parameters of a request; None of one that the library may read.

    >>> find_fault({"id": 1.5, "method": "ping"})
    '`id` is 1.5; allowed: a whole number, or text'
    >>> find_fault({"id": 1, "method": "tools/list", "params": {"cursor": 5}})
    '`params.cursor` is 5; allowed: text'
    >>> find_fault({"id": 1, "method": "tools/list", "params": {}})
    """
    if "id" not in message or "method" not in message:
        return None
    name = message["id"]
    if isinstance(name, bool) or not isinstance(name, str | int):
        return say("`id` is {value}; allowed: a whole number, or text", value=_shown(name))
    model, params = MONOLITH_REQUESTS.get(str(message["method"])), message.get("params")
    if not isinstance(params, Mapping | None):
        return say("`params` is {value}; allowed: an object", value=_shown(params))
    if model is None:
        return None
    try:
        model.model_validate({"method": message["method"], "params": params or {}}, by_name=False)
    except ValidationError as error:
        errors = [{**each, "loc": _place(each, message)} for each in error.errors()]
        return summary_of(faults_in(model, errors[:1]))
    return None


def unknown_version(version: str | None) -> Plain | None:
    """Return the answer to a request whose header names a version that nobody knows; None of one that is known."""
    if version is None or version in KNOWN_PROTOCOL_VERSIONS:
        return None
    told = phrase("the header MCP-Protocol-Version is {value}; allowed: {allowed}")
    allowed = ", ".join(KNOWN_PROTOCOL_VERSIONS)
    sentence = clean_text(say(told, value=version[:MAX_SHOWN], allowed=allowed))
    data = {"supported": [*KNOWN_PROTOCOL_VERSIONS], "requested": version[:MAX_SHOWN]}
    return {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": UNSUPPORTED_PROTOCOL_VERSION, "message": sentence, "data": data},
    }


def worded(message: JSONRPCMessage) -> JSONRPCMessage:
    """Return a message of the library, in a sentence where it has none."""
    if not isinstance(message, JSONRPCError) or (message.error.code, message.error.data) != (INVALID_PARAMS, ""):
        return message
    error = message.error.model_copy(update={"message": say(TOO_SOON)})
    return message.model_copy(update={"error": error})


def _place(error: Any, message: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return where a fault is, without the names of the alternatives that pydantic puts behind it."""
    found: Any = message
    for number, key in enumerate(error["loc"]):
        if error["type"] != "missing" and (not isinstance(found, Mapping) or key not in found):
            return tuple(error["loc"][:number])
        found = found.get(key) if isinstance(found, Mapping) else None
    return tuple(error["loc"])


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:MAX_SHOWN]
