"""How checkpoints are written and read: plain values alone."""

from collections.abc import Iterable

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer


class PlainSerializer(JsonPlusSerializer):
    """Reads no type but LangGraph's own safe ones: every channel holds plain values.

    So a graph that asks to allow the types of its schemas gets the same serializer. To make another, LangGraph would
    copy the saver, and the development server's cannot be copied (langgraph-api 0.16.7): a subgraph would fail there.
    """

    def __init__(self) -> None:
        super().__init__(allowed_msgpack_modules=None)

    def with_msgpack_allowlist(self, extra_allowlist: Iterable[tuple[str, ...] | type]) -> JsonPlusSerializer:
        """Return the same serializer."""
        return self
