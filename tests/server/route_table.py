"""Prints the routes of the LangGraph server as its process has them: started as `langgraph dev` is, up to serving."""

import json
import sys
from importlib import import_module
from typing import Any

import uvicorn
from langgraph_cli.cli import cli


def found_in(routes: list[Any], under: str = "") -> list[tuple[str, str]]:
    """Return each route as (method, path); what a mount has is below its path, and `*` is any method."""
    rows: list[tuple[str, str]] = []
    for route in routes:
        path = under + getattr(route, "path", "")
        inner = getattr(getattr(route, "original_router", route), "routes", None)  # FastAPI keeps routers as they are
        if inner:
            rows += found_in(inner, path)
        elif getattr(route, "methods", None):
            rows += [(method, path) for method in sorted(route.methods)]
        else:
            rows.append(("WEBSOCKET" if "WebSocket" in type(route).__name__ else "*", path))
    return rows


def show(app: str, **_: Any) -> None:
    """Stand in for uvicorn: load the application, and print its routes instead of serving it."""
    module, name = app.split(":")
    print("ROUTES" + json.dumps(found_in(getattr(import_module(module), name).routes)), file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    uvicorn.run = show  # type: ignore[assignment]
    cli(["dev", "--no-browser", "--no-reload", "--port", sys.argv[1]])
