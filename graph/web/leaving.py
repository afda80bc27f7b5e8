"""Leaving: whether the server of this process was asked to end, so that open streams let it."""

import signal


def is_leaving() -> bool:
    """Return whether it was: uvicorn waits for open answers first, and has no sign for them but what handles signals."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return bool(getattr(server, "should_exit", False))
