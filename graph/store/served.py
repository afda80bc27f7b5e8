"""What `langgraph dev` keeps threads and the call journal in: the same database as the command line's.

langgraph.json names these two by the path of this file, so no class is defined here.
"""

from contextlib import AbstractAsyncContextManager
from typing import Any

from graph.settings import load_settings
from graph.store.database import open_saver, open_store
from graph.store.location import located


def create_checkpointer() -> AbstractAsyncContextManager[Any]:
    """Return the checkpoints, to be opened by the server."""
    settings = load_settings()
    return open_saver(located(settings), settings.accord_sqlite_synchronous)


def create_store() -> AbstractAsyncContextManager[Any]:
    """Return the store, to be opened by the server."""
    settings = load_settings()
    return open_store(located(settings), settings.accord_sqlite_synchronous)
