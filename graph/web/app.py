"""The application that the LangGraph server mounts: what it makes when it starts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from graph.web.assistants import offer_assistants
from graph.web.listing import list_newest


@asynccontextmanager
async def _lifespan(_: Starlette) -> AsyncIterator[None]:
    # As a task: the server answers its own client only after it has started.
    making = [asyncio.create_task(each()) for each in (offer_assistants, list_newest)]
    yield
    for each in making:
        each.cancel()


app = Starlette(lifespan=_lifespan)
"""Named by langgraph.json."""
