"""Who may ask for which route, on both kinds of service: the table of rights against the specification's sentences."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx
import pytest
from fastapi.routing import APIRoute

from graph.web.board.routes import BOARD
from graph.web.gate.rights import LANGGRAPHS, OPEN, OURS, RIGHTS
from tests.server.development import lay_out
from tests.service.entrances import KINDS, Entrance, entrance, new_token
from tests.service.process import PATIENCE_SECONDS

pytestmark = pytest.mark.slow

SCOPES = ("read", "run", "decide", "admin")
BALANCERS = {"/health", "/ready", "/ok"}
LOGIN = ("/board/login", "/board/static/")
LOOKS = r"/(search|count|history|versions|state/checkpoint|stream/events)"
"""What a POST only reads with, on the LangGraph server."""
BEGINS = r"/threads/[^/]+/(runs|runs/stream|runs/wait|commands)"
"""Where a run begins or an answer is given: the body says which."""
REFUSED = r"/runs(/stream|/wait|/batch|/crons)?|/threads/(prune|[^/]+/(copy|state|runs/crons))"
"""Of POST; closed to all, with a reason."""
CLOSED = r"/(internal|deploy|ui|store|mcp|a2a|profile|\.well-known)(/.*)?|/runs/(crons/.*|cancel)|.*/storage"


def needed(method: str, path: str) -> set[str]:
    """Return the scopes of which one is needed, from the sentences of the specification; `open` needs none."""
    if path in BALANCERS or is_page(path):
        return needed_at_the_board(method, path) if is_page(path) else {"open"}
    if method == "POST" and re.fullmatch(REFUSED, path):
        return set()
    if path.endswith("/decide"):
        return {"decide"}
    if method == "POST" and re.fullmatch(BEGINS, path):
        return {"run", "decide"}
    if path.endswith(("/halt", "/metrics")):
        return {"admin"}
    if path.startswith("/v1/agents") and method == "DELETE":
        return {"run"}
    if method == "DELETE" or (path.startswith("/assistants") and method in ("POST", "PATCH")):
        return {"read"} if re.search(LOOKS, path) else {"admin"}
    return {"read"} if method == "GET" or re.search(LOOKS, path) else {"run"}


def needed_at_the_board(method: str, path: str) -> set[str]:
    if path.startswith(LOGIN):
        return {"open"}
    if path == "/board/logout":
        return {*SCOPES}
    return {"read"} if method == "GET" else {"decide"} if "/answer/" in path else {"run"}


def test_the_table_says_what_the_specification_says() -> None:
    for line, right in RIGHTS.items():
        has = {right} if right == OPEN else set(right) if isinstance(right, tuple) else set()
        assert has == needed(*line.split(" ")), line


def test_the_table_has_what_a_service_of_ours_serves(tmp_path: Path) -> None:
    with entrance("alone", tmp_path) as served:
        paths = served.ask("GET", "/v1/openapi.json").json()["paths"]
    found = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    served_pages = [route for router in BOARD for route in router.routes if isinstance(route, APIRoute)]
    pages = {f"{method} {route.path}" for route in served_pages for method in route.methods or ()}
    assert found == {line for line in OURS if not is_page(line.split(" ")[1])}
    assert pages <= {*OURS} - found


def routes_of_the_langgraph_server(folder: Path) -> set[str]:
    """Return each route that a process of it has, by method and path, `*` for any method."""
    lay_out(folder)
    command = [sys.executable, "-m", "tests.server.route_table", "8123"]
    environment = {**os.environ, "ACCORD_HOME": str(folder), "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    table = next(line for line in done.stderr.splitlines() if line.startswith("ROUTES"))
    return {f"{method} {path}" for method, path in json.loads(table.removeprefix("ROUTES"))}


@pytest.mark.system
def test_every_route_of_the_langgraph_server_is_listed_or_known_to_be_closed(tmp_path: Path) -> None:
    """Fails where a version of it has a route that nobody has judged, and where the table has one that is gone."""
    routes = routes_of_the_langgraph_server(tmp_path)
    listed = {line for line in routes if line in RIGHTS}
    rest = {line for line in routes - listed if not line.startswith(("HEAD ", "WEBSOCKET ", "* "))}
    assert {line for line in rest if not re.fullmatch(CLOSED, line.split(" ")[1])} == set()
    assert {line for line in rest if line.startswith("HEAD ") and f"GET {line[5:]}" not in RIGHTS} == set()
    assert listed == {*LANGGRAPHS, *OURS}


@pytest.fixture(scope="module", params=KINDS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    with entrance(request.param, tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture(scope="module")
def tokens(served: Entrance) -> dict[tuple[str, ...], str]:
    """Tokens of a tenant that has nothing, by their scopes."""
    sets = [(scope,) for scope in SCOPES] + [("read", "run"), ("read", "decide"), ("run", "decide")]
    return {scopes: new_token(served.home, *scopes, tenant="nothing", person="-".join(scopes)) for scopes in sets}


def lines_of(served: Entrance) -> list[str]:
    return [*(RIGHTS if served.kind == "mounted" else OURS)]


def example(template: str) -> str:
    return re.sub(r"\{[^}]*\}", "00000000-0000-4000-8000-000000000000", template)


def is_page(template: str) -> bool:
    return template == "/board" or template.startswith("/board/")


def own(served: Entrance, template: str) -> dict[str, str]:
    """What a page of this service sends beside."""
    return {"origin": served.url} if is_page(template) else {}


def refusal_of(answer: httpx.Response) -> str:
    """Return the sentence of a problem, or the page of one."""
    is_told = answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["detail"]) if is_told else answer.text


def test_no_route_but_the_open_ones_is_served_without_a_token(
    served: Entrance, tokens: dict[tuple[str, ...], str]
) -> None:
    assert tokens
    for line in lines_of(served):
        method, template = line.split(" ")
        answer = served.ask(method, example(template), headers=own(served, template))
        if is_page(template):
            wanted = "open" if "open" in needed(method, template) else method
            assert answer.status_code in {"open": (200, 403, 404), "GET": (303,), "POST": (401,)}[wanted], line
            assert answer.headers.get("location", "/board/login").startswith("/board/login"), line
        elif needed(method, template) == {"open"}:
            assert answer.status_code == 200, line
        else:
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), line
            assert "accord token create" in answer.json()["detail"]


BAD = (
    *("Bearer", "Bearer x", "Basic {}", "bearer {}x", "{}", "Bearer accord_", "Bearer {} {}", "Token {}"),
    *("Bearer accord_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "Bearer {}, Bearer {}", "Bearer\t{}"),
)


@pytest.mark.parametrize("form", BAD)
def test_what_is_not_quite_a_token_is_none(form: str, served: Entrance, tokens: dict[tuple[str, ...], str]) -> None:
    good = tokens["admin",]
    for name in ("authorization", "x-api-key"):
        value = form.format(good, good)
        if (name, value) != ("x-api-key", good):
            assert served.ask("GET", "/v1/openapi.json", headers={name: value}).status_code == 401, (name, value)
    both = {"x-api-key": good, "authorization": form.format(good, good)}
    assert served.ask("GET", "/v1/openapi.json", headers=both).status_code == 401
    assert served.ask("GET", "/v1/openapi.json", headers={"x-auth-scheme": "langsmith"}).status_code == 401
    assert served.ask("GET", f"/v1/openapi.json?token={good}&api_key={good}").status_code == 400


def test_a_token_is_taken_from_either_header(served: Entrance, tokens: dict[tuple[str, ...], str]) -> None:
    good = tokens["read",]
    for headers in ({"x-api-key": good}, {"authorization": f"bearer {good}"}, {"Authorization": f"Bearer  {good}"}):
        assert served.ask("GET", "/v1/openapi.json", headers=headers).status_code == 200


def test_every_route_is_served_to_those_alone_whose_token_has_its_scope(
    served: Entrance, tokens: dict[tuple[str, ...], str]
) -> None:
    """All pairs of a route and a single scope, and pairs with several drawn at random."""
    random, lines = Random(28), lines_of(served)
    pairs: list[tuple[str, tuple[str, ...]]] = [(line, (scope,)) for line in lines for scope in SCOPES]
    pairs += [(random.choice(lines), random.choice([*tokens])) for _ in range(60)]
    for line, scopes in pairs:
        method, template = line.split(" ")
        wanted = needed(method, template)
        answer = served.ask(method, example(template), tokens[scopes], headers=own(served, template))
        detail = refusal_of(answer) if answer.status_code == 403 else ""
        is_closed = "this needs the scope" in detail
        may = wanted == {"open"} or "admin" in scopes or bool(wanted & {*scopes})
        assert answer.status_code != 401, line
        assert is_closed == (bool(wanted) and not may), (line, scopes, answer.status_code, answer.text[:200])
        if not wanted:
            assert (answer.status_code, "is refused: " in detail) == (403, True), line
