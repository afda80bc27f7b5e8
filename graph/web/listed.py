"""Listed: a page of the threads of a tenant, and of what waits for people in it."""

from typing import Any

from graph.service.listing import Wanted, listed
from graph.service.questions import waiting_for
from graph.service.service import Service
from graph.store.names import admission_order
from graph.web.paging import Mark, cursor_of, mark_of, page_of
from policies.access.caller import Caller

Page = dict[str, Any]


async def threads_page(service: Service, wanted: Wanted, limit: int, after: str | None) -> Page:
    """Return a page of threads, the one that was admitted last first: {items, next}.

    Raises:
        ProblemError: `after` is not a cursor of ours.
        StorageError: the database failed.
    """
    before = None if after is None else mark_of(after)
    found, has_more = await listed(service, wanted, limit, before)
    return {"items": found, "next": cursor_of(admission_order(found[-1])) if has_more else None}


async def inbox_page(
    service: Service,
    caller: Caller,
    limit: int,
    after: str | None,
    *,
    name: str | None = None,
    kind: str | None = None,
) -> Page:
    """Return a page of what waits for people, of one name or kind where they are given, the oldest first.

    Raises:
        ProblemError: `after` is not a cursor of ours.
        StorageError: the database failed.
    """
    waiting, _ = await waiting_for(service, caller, name)
    return page_of([each for each in waiting if kind in (None, each["kind"])], _mark, limit, after)


def _mark(entry: dict[str, Any]) -> Mark:
    return entry["since"], f"{entry['thread_id']}/{entry['id']}"
