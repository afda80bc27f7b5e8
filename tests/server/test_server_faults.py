"""Whatever a caller sends to the real `langgraph dev` is no fault of the server: requests made from its own schemas.

Seeded: each value is of the kind that the schema names, or of another one, or an edge of it.
"""

import random
import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from graph.web.gate.rights import LANGGRAPHS
from tests.server.tenants import Pair, client, new_thread, things_of, token, told

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
NESTED = 900
"""As deep as the server still reads; what is deeper is no JSON to it."""
DEEP: dict[str, bytes] = {
    "lists": b"[" * 100_000,
    "objects": b'{"a": ' * 100_000,
    "closed": b"[" * 100_000 + b"]" * 100_000,
    "nested": b'{"a": ' * NESTED + b"1" + b"}" * NESTED,
    **{
        f"{name} {depth}": f'{{"assistant_id": "rounds", "{name}": {{"a": {"[" * depth}{"]" * depth}}}}}'.encode()
        for name in ("input", "metadata", "config", "context", "command", "values", "before")
        for depth in (200, NESTED)
    },
}
QUERIES = ("-1", "0", "x", "", "true", "null", "{}", str(2**63))
ROUTES = [tuple(route.split()) for route, right in LANGGRAPHS.items() if not isinstance(right, str)]
JSON = {"content-type": "application/json"}
LASTING = "/stream"
"""What only ends when its caller goes."""


@pytest.fixture(scope="module")
def runs_only(pair: Pair) -> Iterator[httpx.Client]:
    """A client that may read and run, and no more."""
    with client(pair.server, token(pair.server.folder, "acme", "bob", "read", "run")) as asking:
        yield asking


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


@pytest.mark.parametrize("kind", DEEP)
def test_a_body_however_deep_is_no_fault_of_the_server(kind: str, runs_only: httpx.Client, pair: Pair) -> None:
    """Whoever may only run is shown less, so what they are answered is read once more."""
    thread, body = new_thread(runs_only), DEEP[kind]
    ids = {"thread_id": thread, "run_id": str(uuid.uuid4()), "assistant_id": "rounds"}
    for method, template in ROUTES:
        if method in ("POST", "PATCH"):
            path = re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1], "x"), template)
            asked = {"method": method, "url": path, "content": body, "headers": JSON}
            for asking in (runs_only, pair.acme):
                assert status_of(asking, asked) < 500, (method, template)


def status_of(asking: httpx.Client, asked: dict[str, Any]) -> int:
    """Return the status of an answer, of which no more is read: it may be a stream."""
    with asking.stream(**asked) as answer:
        return answer.status_code
