"""Leaving: whether the server of this process was asked to end, so that open streams let it; also the LangGraph one."""

import signal


def is_leaving() -> bool:
    """Return whether it was; uvicorn waits for open answers, and only its handler of signals knows."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return bool(getattr(server, "should_exit", False))
