"""Bodies: what every body of a request has in common."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict
from starlette.types import Message, Receive

from graph.problems import UsageError
from policies.language import phrase, say

Given = ParamSpec("Given")
Made = TypeVar("Made")
MAX_FIELDS = 100
FEW_BYTES = 16_384
"""So much is read on the event loop; what is larger would hold up everybody else there."""


class Body(BaseModel):
    """The body of a request: JSON as it is, no key that nobody reads, no number in quotes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return what hands out a body that was read already, and then what comes after it."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return parts.pop() if parts else await receive()

    return again


async def aside(size: int, make: Callable[Given, Made], *given: Given.args, **named: Given.kwargs) -> Made:
    """Return what is made of a text of so many bytes, off the event loop where they are many."""
    return make(*given, **named) if size <= FEW_BYTES else await asyncio.to_thread(make, *given, **named)


def read_form(body: bytes) -> dict[str, str]:
    r"""Return the fields of a form as a browser sends it (`application/x-www-form-urlencoded`); lines end with LF.

    >>> read_form(b"form=x&because=Fine%0D%0Aso+far&empty=")
    {'form': 'x', 'because': 'Fine\nso far', 'empty': ''}

    Raises:
        UsageError: the body is not a form, or it has too many fields, or one of them twice.
    """
    try:
        options: Any = {"keep_blank_values": True, "strict_parsing": True, "errors": "strict"}
        pairs = parse_qsl(body.decode("ascii"), **options, max_num_fields=MAX_FIELDS)
    except ValueError:
        told = phrase("the form cannot be read; allowed: at most {most} fields, encoded as UTF-8; open the page again")
        raise UsageError(say(told, most=MAX_FIELDS)) from None
    fields = {name: value.replace("\r\n", "\n") for name, value in pairs}
    if len(fields) < len(pairs):
        raise UsageError(say("the form has a field twice; open the page again"))
    return fields


def object_in(body: bytes) -> dict[str, Any]:
    """Return the object that a body is; an empty one for any other body, of which the route says what is wrong.

    >>> object_in(b'{"input": {}}'), object_in(b"[]"), object_in(b"{"), object_in(b"[" * 100_000)
    ({'input': {}}, {}, {}, {})
    """
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
