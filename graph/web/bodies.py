"""Bodies: what every body of a request has in common."""

from pydantic import BaseModel, ConfigDict
from starlette.types import Message, Receive


class Body(BaseModel):
    """The body of a request: JSON as it is, no key that nobody reads, no number in quotes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return what hands out a body that was read already, and then what comes after it."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return parts.pop() if parts else await receive()

    return again
