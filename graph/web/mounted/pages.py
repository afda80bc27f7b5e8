"""Pages: whose requests a browser may send to the LangGraph server."""

import json

from graph.settings import variable

HTTP = "LANGGRAPH_HTTP"
"""The variable in which the server has what langgraph.json says of `http`."""


def pages() -> tuple[str, ...]:
    """Return the pages that langgraph.json names: Studio's."""
    return tuple(json.loads(variable(HTTP, None) or "{}").get("cors", {}).get("allow_origins", ()))
