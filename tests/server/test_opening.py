"""The service that the LangGraph server mounts, where it cannot be opened."""

import asyncio

import pytest

from graph.store import database
from graph.web.mounted.app import app


@pytest.mark.usefixtures("accord_home")
def test_nothing_that_a_service_began_goes_on_where_it_cannot_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_SERVER", database._Server())  # as in a process in which no server has opened any

    async def open_it() -> None:
        with pytest.raises(AttributeError, match="locks"):  # outside of the server there is no database
            await app.router.lifespan_context(app).__aenter__()
        left = [task for task in asyncio.all_tasks() - {asyncio.current_task()} if not task.cancelling()]
        assert left == []

    asyncio.run(open_it())
