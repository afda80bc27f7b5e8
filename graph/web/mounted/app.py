"""The application that the LangGraph server mounts: the HTTP service on that server's database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.middleware import Middleware

from graph.service.service import Service, open_service_on
from graph.settings import load_settings
from graph.store.database import served_database
from graph.web.app import build_app
from graph.web.ending import end_with_server
from graph.web.gate.rights import RIGHTS
from graph.web.gate.targets import read_targets
from graph.web.logs import to_server
from graph.web.mounted.assistants import offer_assistants
from graph.web.mounted.door import Door
from graph.web.mounted.drawn import Drawn
from graph.web.mounted.listing import list_newest
from graph.web.mounted.owners import owner_of
from graph.web.mounted.pages import pages
from graph.web.mounted.shut import Shut


@asynccontextmanager
async def _open() -> AsyncIterator[Service]:
    read_targets()
    # As a task: the server answers its own client only after it has started.
    making = [asyncio.create_task(each()) for each in (offer_assistants, list_newest)]
    try:
        settings = await asyncio.to_thread(load_settings)
        async with open_service_on(served_database(), settings, holder=owner_of) as service:
            end_with_server(service.drives.end)
            yield service
    finally:
        for each in making:
            each.cancel()


app = build_app(_open, to_server, rights=RIGHTS, pages=pages())
"""Named by langgraph.json."""

app.user_middleware.append(Middleware(Door))  # behind the gate, and before all routes of the server
app.user_middleware.append(Middleware(Shut))
app.user_middleware.append(Middleware(Drawn))
