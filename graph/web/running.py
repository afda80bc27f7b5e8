"""Running: the server that runs this process, where it is another's, as that of `langgraph dev` is."""

import signal

import uvicorn


def server_of_process() -> uvicorn.Server | None:
    """Return the server that runs this process; only its handler of signals knows. None where there is none."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return server if isinstance(server, uvicorn.Server) else None
