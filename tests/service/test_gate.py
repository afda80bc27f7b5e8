"""The gate of a service without tokens, attacked over the network: what is not meant for it or not open never runs."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.addresses import own_addresses
from tests.service.entrances import KINDS, Entrance, entrance, new_token
from tests.service.process import serving

pytestmark = pytest.mark.slow

STUDIO = "https://smith.langchain.com"
EVIL = "https://evil.example"


@pytest.fixture(scope="module", params=KINDS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    with entrance(request.param, tmp_path_factory.mktemp(request.param)) as running:
        yield running


HOSTS = {
    "": 400,
    "Host:": 400,
    "Host: localhost\nHost: localhost": 400,
    "Host: localhost\nhost: evil.example": 400,
    "Host: evil@localhost": 400,
    "Host: localhost,evil.example": 400,
    "Host: localhost:0": 400,
    "Host: localhost:http": 400,
    "Host: localhost/x": 400,
    "Host: 127.1": 400,
    "Host: 2130706433": 400,
    "Host: [::1": 400,
    "Host: [::1%25lo]": 400,
    "Host: evil.example": 421,
    "Host: localhost.evil.example": 421,
    "Host: 127.0.0.1.evil.example": 421,
    "Host: evil.example:8200\nX-Forwarded-Host: localhost": 421,
    "Host: 0.0.0.0": 421,
    "Host: [::]": 421,
    "Host: 169.254.169.254": 421,
    "Host: localhost": 200,
    "Host: LocalHost.:65535": 200,
    "Host: 127.0.0.1": 200,
    "Host: [0::1]:8200": 200,
}
"""What each head is answered with."""


@pytest.mark.parametrize("host", HOSTS)
def test_a_request_is_served_only_if_it_is_meant_for_this_machine(host: str, served: Entrance) -> None:
    for path in ("/health", "/v1/openapi.json"):
        status, answer = served.send(f"GET {path} HTTP/1.1\n{host}")
        assert status == HOSTS[host], answer


def test_a_request_of_http_1_0_names_its_host_too(served: Entrance) -> None:
    assert served.send("GET /health HTTP/1.0\n")[0] == 400
    assert served.send("GET /health HTTP/1.0\nHost: localhost")[0] == 200


ORIGINS = ("null", EVIL, "http://localhost:3000", "http://localhost", f"{STUDIO}.evil.example", "", "file://")


@pytest.mark.parametrize("origin", ORIGINS)
def test_pages_of_others_call_nothing_and_may_read_nothing(origin: str, served: Entrance) -> None:
    for method, path in (("GET", "/v1/openapi.json"), ("POST", "/v1/execute"), ("GET", "/health")):
        answer = served.ask(method, path, headers={"origin": origin})
        assert (answer.status_code, "access-control-allow-origin" in answer.headers) == (403, False)
    asked = {"origin": origin, "access-control-request-method": "POST", "access-control-request-headers": "x"}
    answer = served.ask("OPTIONS", "/v1/execute", headers=asked)
    assert (answer.status_code, [name for name in answer.headers if name.startswith("access-control")]) == (403, [])


def test_two_origins_are_none(served: Entrance) -> None:
    own = f"Origin: {served.url}"
    assert served.send(f"GET /health HTTP/1.1\nHost: {served.place}\n{own}\nOrigin: {EVIL}")[0] == 403
    assert served.send(f"GET /health HTTP/1.1\nHost: {served.place}\n{own}")[0] == 200
    assert served.send(f"GET /health HTTP/1.1\nHost: localhost\n{own}")[0] == 403


def test_a_browser_is_told_which_page_may_call_and_never_that_all_may(served: Entrance) -> None:
    pages = [served.url, *([STUDIO] if served.kind == "mounted" else [])]
    for page in pages:
        asked = {"origin": page, "access-control-request-method": "POST", "access-control-request-headers": "x-api-key"}
        told = served.ask("OPTIONS", "/v1/execute", headers=asked)
        assert (told.status_code, told.headers["access-control-allow-origin"]) == (204, page)
        assert told.headers["access-control-allow-methods"] == "POST"
        assert "access-control-allow-private-network" not in told.headers
        answer = served.ask("GET", "/v1/openapi.json", headers={"origin": page})
        assert (answer.status_code, answer.headers.get_list("access-control-allow-origin")) == (200, [page])
        assert "origin" in answer.headers["vary"].lower()
    assert served.ask("OPTIONS", "/v1/execute", headers={"origin": served.url}).status_code == 405
    asked = {"origin": served.url, "access-control-request-method": "POST"}
    assert served.ask("OPTIONS", "/internal/truncate", headers=asked).status_code == 404


CLOSED = (
    *("GET /internal/debug/thread/7", "POST /internal/truncate", "GET /deploy", "POST /deploy", "GET /deploy/7/stream"),
    *("GET /ui", "GET /ui/rounds", "POST /ui/rounds", "GET /ui/../health", "PUT /store/items", "GET /store/items"),
    *("POST /store/items/search", "POST /store/namespaces", "POST /mcp", "GET /mcp", "POST /a2a/7", "GET /profile"),
    *(
        "GET /.well-known/agent-card.json",
        "POST /runs/cancel",
        "GET /runs/crons/7",
        "DELETE /runs/crons/7",
        "GET /redoc",
    ),
    *("POST /runs/crons/search", "POST /runs/crons/count", "GET /threads/7/storage", "PATCH /runs/crons/7", "GET /x"),
)
TRICKS = (
    *(
        "//{}",
        "/./{}",
        "/v1/../{}",
        "/health/../{}",
        "/%2e/{}",
        "/v1/%2e%2e/{}",
        "/v1/..%2f{}",
        "/{}/",
        "/{}//",
        "/{};x",
    ),
    *(
        "/{}%00",
        "/{}%0a",
        "/{}%20",
        "/{}%23",
        "/%2f{}",
        "/{}%3f",
        "/{}%3bx",
        "/\\{}",
        "/{}?x#y",
        "http://evil.example/{}",
    ),
    *("http://localhost/{}", "/noauth/{}", "/{}%c3%a9", "/{}%ff", "/{}%", "/{}%zz", "/%{}", "*", "{}", "/{}\xe9"),
)
"""Ways to write a path that somebody on the way, or a router, may read as another."""


@pytest.mark.parametrize("line", CLOSED)
def test_what_is_closed_is_answered_404_however_it_is_written(line: str, served: Entrance) -> None:
    method, path = line.split(" ")
    host = f"Host: {served.place}"
    if ".." not in path:
        assert served.send(f"{method} {path} HTTP/1.1\n{host}")[0] == 404
    for trick in TRICKS:
        asked = trick.format(path[1:]).encode("latin-1")
        status, answer = served.send(method.encode() + b" " + asked + f" HTTP/1.1\n{host}".encode())
        assert status in (400, 403, 404, 405, 421), (asked, answer[:300])
    upper = path.upper()
    assert served.send(f"{method} {upper} HTTP/1.1\n{host}")[0] in (400, 404)


@pytest.mark.parametrize(
    "name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"]
)
def test_no_header_turns_a_request_into_another(name: str, served: Entrance) -> None:
    for value in ("POST", "DELETE", "/internal/truncate"):
        answer = served.ask("GET", "/health", headers={name: value})
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        assert served.ask("POST", "/internal/truncate", headers={name: "GET"}).status_code == 404


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "get", "OPTIONS", "PUT", "HEAD"])
def test_a_method_that_is_not_listed_does_nothing(method: str, served: Entrance) -> None:
    status, answer = served.send(f"{method} /v1/execute HTTP/1.1\nHost: {served.place}")
    assert status in (400, 405), answer
    assert status == 400 or b"allow: post" in answer.lower()


def test_a_websocket_is_refused(served: Entrance) -> None:
    for path in ("/threads/7/stream/events", "/health", "/v1/execute"):
        head = f"GET {path} HTTP/1.1\nHost: {served.place}\nUpgrade: websocket\nConnection: Upgrade\n"
        head += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13"
        status, answer = served.send(head)
        assert status == 403, answer
        assert b"content-type: application/problem+json" in answer.lower()
        assert b"text/event-stream" in answer


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"])
def test_without_tokens_what_a_proxy_sends_is_refused(name: str, served: Entrance) -> None:
    answer = served.ask("GET", "/v1/openapi.json", headers={name: "127.0.0.1"})
    assert (answer.status_code, "accord token create" in answer.json()["detail"]) == (403, True)


def test_every_refusal_is_a_problem_with_a_sentence(served: Entrance) -> None:
    for answer in (
        served.ask("GET", "/x"),
        served.ask("DELETE", "/health"),
        served.ask("GET", "/health/"),
        served.ask("GET", "/health", headers={"origin": EVIL}),
        served.ask("GET", "/health", headers={"host": "evil.example"}),
    ):
        told = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert (told["status"], len(told["detail"]) > 20) == (answer.status_code, True)


@pytest.mark.needs("own_address")
def test_without_tokens_nobody_else_is_served(tmp_path: Path) -> None:
    address = own_addresses()[0]
    with serving(tmp_path) as started:
        far = httpx.Client(base_url=started.url, transport=httpx.HTTPTransport(local_address=address))
        with far, started.client() as near:
            for path in ("/health", "/v1/openapi.json"):
                told = far.get(path)
                assert (told.status_code, "its own machine alone" in told.json()["detail"]) == (403, True)
                assert near.get(path).status_code == 200
            token = new_token(tmp_path, "read")
            named = {"authorization": f"Bearer {token}", "x-forwarded-for": "192.0.2.1"}
            assert far.get("/v1/openapi.json", headers=named).status_code == 200
            assert [each.get("/v1/openapi.json").status_code for each in (far, near)] == [401, 401]
            assert [each.get("/health").status_code for each in (far, near)] == [200, 200]
