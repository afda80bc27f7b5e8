"""The HTTP service: the gate before it, its routes, and how it is mounted on the LangGraph server."""
