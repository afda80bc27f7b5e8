"""Whatever a caller sends to the real `langgraph dev` is no fault of the server: requests made from its own schemas.

Seeded: each value is of the kind that the schema names, or of another one, or an edge of it.
"""

import random
from typing import Any

import httpx
import pytest

from graph.web.gate.rights import LANGGRAPHS
from tests.server.tenants import Pair, new_thread, things_of, told

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.needs("langgraph_dev"), pytest.mark.timeout(600)]

ROUNDS = 6
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    2**63,
    10**30,
    "",
    "x",
    "\0",
    "a" * 5_000,
    [],
    {},
    [None],
    {"a": None},
    {"a": {"b": 1}},
)
QUERIES = ("-1", "0", "x", "", "true", "null", "{}", str(2**63))
ROUTES = [tuple(route.split()) for route, right in LANGGRAPHS.items() if not isinstance(right, str)]
LASTING = "/stream"
"""What only ends when its caller goes."""


class Maker:
    """Makes requests from the server's own description of its routes."""

    def __init__(self, document: dict[str, Any], ids: dict[str, str], seed: int) -> None:
        self._document, self._ids, self._random = document, ids, random.Random(seed)

    def asked(self, method: str, template: str) -> dict[str, Any]:
        """Return what `httpx` takes for a request to a route."""
        described = self._document["paths"].get(template, {}).get(method.lower(), {})
        kinds = described.get("requestBody", {}).get("content", {}).get("application/json", {})
        named = [each["name"] for each in described.get("parameters", ()) if each.get("in") == "query"]
        body = {"json": self._value(kinds.get("schema", {"type": "object"}))} if method in ("POST", "PATCH") else {}
        query = {name: self._random.choice(QUERIES) for name in named if self._random.random() < 0.5}
        path = template.replace("{namespace}", "x")
        for name, value in self._ids.items():
            path = path.replace(f"{{{name}}}", value)
        return {"method": method, "url": path, "params": query, **body}

    def _value(self, schema: dict[str, Any]) -> Any:
        if self._random.random() < 0.2:
            return self._random.choice((*ODD, *self._ids.values()))
        if "$ref" in schema:
            return self._value(self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        if choices := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
            return self._value(self._random.choice(choices))
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        return self._of_kind(schema)

    def _of_kind(self, schema: dict[str, Any]) -> Any:
        kind = schema.get("type")
        kind = self._random.choice(kind) if isinstance(kind, list) else kind
        if kind == "object":
            return self._object(schema)
        if kind == "array":
            return [self._value(schema.get("items", {})) for _ in range(self._random.randint(0, 2))]
        kinds: dict[Any, tuple[Any, ...]] = {"integer": (0, 1, 10), "number": (0, 1.5), "boolean": (True, False)}
        return self._random.choice(kinds.get(kind, ("rounds", "values", "x", *self._ids.values())))

    def _object(self, schema: dict[str, Any]) -> dict[str, Any]:
        known = {name: each for name, each in schema.get("properties", {}).items() if name != "after_seconds"}
        if not known:
            return {self._random.choice(("a", "tenant", "configurable", "\0")): self._random.choice(ODD)}
        required = schema.get("required", ())
        return {
            name: self._value(each) for name, each in known.items() if name in required or self._random.random() < 0.3
        }


@pytest.mark.parametrize("seed", [20, 21])
def test_nothing_that_a_caller_sends_is_a_fault_of_the_server(seed: int, pair: Pair) -> None:
    ids = things_of(pair)
    for thread in (ids["thread_id"], new_thread(pair.acme)):
        maker = Maker(told(pair.acme.get("/openapi.json")), ids | {"thread_id": thread}, seed)
        for _ in range(ROUNDS):
            for method, template in ROUTES:
                if method != "DELETE" and not (method == "GET" and template.endswith(LASTING)):
                    asked = maker.asked(method, template)
                    assert status_of(pair.acme, asked) < 500, asked


def status_of(asking: httpx.Client, asked: dict[str, Any]) -> int:
    """Return the status of an answer, of which no more is read: it may be a stream."""
    with asking.stream(**asked) as answer:
        return answer.status_code
