"""Paging: a part of a list, and an opaque cursor to what follows it."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import Query

from graph.web.problems import ProblemError
from policies.language import say

Limit = Annotated[int, Query(ge=1, le=200, description="How many are returned at most.")]
After = Annotated[str | None, Query(max_length=400, description="`next` of the page before.")]
Mark = tuple[str, str]
"""Where an item lies in its list."""


def cursor_of(mark: Mark) -> str:
    """Return the cursor to what follows an item.

    >>> mark_of(cursor_of(("2026-03-02", "t-1")))
    ('2026-03-02', 't-1')
    """
    return urlsafe_b64encode(json.dumps(mark).encode()).decode().rstrip("=")


def mark_of(cursor: str) -> Mark:
    """Return the place that a cursor names.

    Raises:
        ProblemError: no page of this service gave it.
    """
    try:
        first, second = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError):
        first = second = None
    if not isinstance(first, str) or not isinstance(second, str):
        told = say("the cursor is not one of this service; take `next` of the page before")
        raise ProblemError(422, told, [{"field": "after", "detail": told}])
    return first, second


def page_of(
    items: Sequence[dict[str, Any]], mark: Callable[[dict[str, Any]], Mark], limit: int, after: str | None
) -> dict[str, Any]:
    """Return the page {items, next} of a list that is sorted by its marks."""
    start = 0 if after is None else sum(mark(item) <= mark_of(after) for item in items)
    page = items[start : start + limit]
    return {"items": page, "next": cursor_of(mark(page[-1])) if len(items) > start + limit else None}
