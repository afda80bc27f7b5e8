"""Resources: the page and the audit export of a thread, under addresses of their own."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from mcp_types import ResourceTemplate, TextResourceContents

from graph.problems import NotFoundError
from graph.service.service import Service
from graph.store.names import PATTERN
from graph.web.named import kept, there
from graph.web.printed import events_for, page_for, written_out
from policies.access.caller import Caller
from policies.language import phrase, say

URI = re.compile(rf"accord://runs/(?P<thread>{PATTERN.pattern})/(?P<part>[a-z]+)")
MAX_SHOWN = 200
UNKNOWN = phrase("there is no resource `{uri}`; allowed: {allowed}")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what is kept of a thread: what it is called, its media type, and how it is read."""

    title: str
    about: str
    media: str
    read: Callable[[str, Service, Caller], Awaitable[bytes]]


async def _report(thread: str, service: Service, caller: Caller) -> bytes:
    own = await there(await kept(thread, service, caller), service)
    return await page_for(service, own, caller)


async def _audit(thread: str, service: Service, caller: Caller) -> bytes:
    return await written_out(await events_for(service, await kept(thread, service, caller), caller))


PARTS: Mapping[str, Part] = {
    "report": Part("Report", "The page of a thread, as `accord show --html` writes it.", "text/html", _report),
    "audit": Part("Audit export", "The hash-chained events of a thread, one a line.", "application/x-ndjson", _audit),
}


def templates() -> list[ResourceTemplate]:
    """Return the resources that each thread has."""
    return [
        ResourceTemplate(
            uri_template=f"accord://runs/{{thread}}/{name}",
            name=name,
            title=part.title,
            description=part.about,
            mime_type=part.media,
        )
        for name, part in PARTS.items()
    ]


async def read(uri: str, service: Service, caller: Caller) -> TextResourceContents:
    """Return a resource.

    Raises:
        NotFoundError: there is none of this address, or its thread is another tenant's.
        UsageError: the thread has not begun.
        ProblemError: the caller may not read it yet.
        StorageError: the database failed.
    """
    found = URI.fullmatch(uri)
    part = PARTS.get(found["part"]) if found else None
    if found is None or part is None:
        allowed = ", ".join(each.uri_template for each in templates())
        raise NotFoundError(say(UNKNOWN, uri=uri[:MAX_SHOWN], allowed=allowed))
    text = (await part.read(found["thread"], service, caller)).decode()
    return TextResourceContents(uri=uri, mime_type=part.media, text=text)
