"""What one caller could take from another, of both kinds of service: ids, answers, streams, logs.

What is right is what two requests are answered with, the byte of a stream, and the bytes of a log.
"""

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from graph.store.keys import thread_of
from tests.service.entrances import KINDS, Entrance, accord, entrance, ids, new_token
from tests.service.stories import lay
from tests.service.test_tokens import expire

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PEOPLE = {"cfo": "acme", "cto": "acme", "gus": "globex", "rob": "acme", "eve": "acme", "kim": "acme"}
YES = {"decision": "go_with_caution", "because": "As agreed."}
CUT_SECONDS = 60.0
"""Within this a stream has ended, however slow the machine is; one that nobody ends lasts for ever."""


@dataclass(frozen=True)
class Hall:
    """A service, and the token of each person."""

    served: Entrance
    tokens: dict[str, str]

    def ask(self, person: str, method: str, path: str, **options: Any) -> httpx.Response:
        return self.served.ask(method, path, self.tokens[person], **options)

    def begun(self, person: str, **headers: str) -> str:
        """A thread that waits for two people."""
        body = {"team": "board", "wait": True}
        answer = self.ask(person, "POST", "/v1/execute", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["thread_id"])


@pytest.fixture(scope="module", params=KINDS)
def hall(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    folder = tmp_path_factory.mktemp(request.param)
    home = lay(folder)
    tokens = {person: new_token(home, "admin", tenant=tenant, person=person) for person, tenant in PEOPLE.items()}
    with entrance(request.param, folder) as served:
        yield Hall(served, tokens)


def makings(hall: Hall, thread: str) -> Iterator[httpx.Response]:
    """Ask as the other tenant for a thread with this id, in all ways there are."""
    yield hall.ask("gus", "POST", "/v1/execute", json={"team": "agrees", "thread": thread, "wait": True})
    if hall.served.kind == "mounted":
        yield hall.ask("gus", "POST", "/threads", json={"thread_id": thread})
        yield hall.ask("gus", "POST", "/threads", json={"thread_id": thread, "if_exists": "do_nothing"})
        run = {"assistant_id": "rounds", "input": {}}
        for path in ("runs", "runs/wait", "runs/stream"):
            yield hall.ask("gus", "POST", f"/threads/{thread}/{path}", json={**run, "if_not_exists": "create"})
        start = {"id": 1, "method": "run.start", "params": run}
        yield hall.ask("gus", "POST", f"/threads/{thread}/commands", json=start)


def test_the_id_of_anothers_key_is_neither_taken_nor_told(hall: Hall) -> None:
    used, free = (thread_of("acme", f"{key}-{hall.served.kind}") for key in ("used", "free"))
    key = {"idempotency-key": f"used-{hall.served.kind}"}
    assert hall.begun("rob", **key) == used
    answers = [[*makings(hall, thread)] for thread in (used, free)]
    for of_used, of_free in zip(*answers, strict=True):
        assert (of_used.status_code, "version 5" in of_used.text) == (422, True), (of_used.request.url, of_used.text)
        assert of_used.text.replace(used, "?") == of_free.text.replace(free, "?")
    assert hall.begun("rob", **{"idempotency-key": f"free-{hall.served.kind}"}) == free
    own = str(uuid.uuid4())
    assert hall.ask("gus", "POST", "/v1/execute", json={"team": "agrees", "thread": own}).status_code == 202
    if hall.served.kind == "mounted":  # of one's own nothing changes
        again = hall.ask("rob", "POST", "/threads", json={"thread_id": used, "if_exists": "do_nothing"})
        assert (again.status_code, again.json()["thread_id"]) == (200, used)


def test_an_answer_under_a_key_is_given_to_the_person_who_asked_alone(hall: Hall) -> None:
    thread = hall.begun("rob")
    key = {"idempotency-key": f"same-{hall.served.kind}"}

    def decide(person: str, **headers: str) -> httpx.Response:
        return hall.ask(person, "POST", f"/v1/runs/{thread}/decide", json=YES, headers=headers)

    assert decide("cfo", **key).status_code == 202
    refused = decide("cto", **key)
    assert (refused.status_code, "another person" in refused.json()["detail"]) == (409, True)
    again = decide("cfo", **key)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (202, "true")
    assert decide("cto", **{"idempotency-key": f"own-{hall.served.kind}"}).status_code == 202
    lines = hall.ask("rob", "GET", f"/v1/runs/{thread}/audit").text
    assert [lines.count(f'"by":"{person}"') > 0 for person in ("cfo", "cto")] == [True, True]


class Listening(threading.Thread):
    """Reads a stream to its end."""

    def __init__(self, hall: Hall, person: str, path: str) -> None:
        super().__init__(daemon=True)
        self._url, self._token = f"{hall.served.url}{path}", hall.tokens[person]
        self.has_begun = threading.Event()
        self.start()

    def run(self) -> None:
        headers = {"authorization": f"Bearer {self._token}"}
        with httpx.stream("GET", self._url, headers=headers, timeout=None) as answer:
            assert answer.status_code == 200
            self.has_begun.set()
            for _ in answer.iter_bytes():
                pass


def test_a_stream_ends_when_its_token_does(hall: Hall) -> None:
    thread = hall.begun("rob")
    path = f"/v1/runs/{thread}/events"
    streams = {person: Listening(hall, person, path) for person in ("eve", "kim", "rob")}
    ending = [streams["eve"], streams["kim"]]
    if hall.served.kind == "mounted":
        ending.append(Listening(hall, "eve", f"/threads/{thread}/stream"))
    assert all(each.has_begun.wait(CUT_SECONDS) for each in (*ending, streams["rob"]))
    assert accord(hall.served.home, "token", "revoke", ids(hall.served.home)["eve"]).returncode == 0
    expire(hall.served.home, "kim", "2026-01-01T00:00:00.000+00:00")
    for each in ending:
        each.join(CUT_SECONDS)
        assert not each.is_alive()
    for person in ("eve", "kim"):
        assert hall.ask(person, "GET", path).status_code == 401
    assert streams["rob"].is_alive()
    assert hall.ask("cfo", "POST", f"/v1/runs/{thread}/decide", json=YES).status_code == 202
    assert hall.ask("cto", "POST", f"/v1/runs/{thread}/decide", json=YES).status_code == 202
    streams["rob"].join(CUT_SECONDS)
    assert not streams["rob"].is_alive(), "a stream whose token is good goes on to the end of its thread"


def test_a_token_that_is_sent_in_a_wrong_place_gets_into_no_log(hall: Hall) -> None:
    token = hall.tokens["rob"]
    coded = token.replace("_", "%5F")
    for path in (f"/health?x-api-key={token}", f"/v1/runs?limit={coded}", f"/v1/runs/{token}", "/health?X-API-Key=x"):
        refused = hall.ask("rob", "GET", path)
        assert (refused.status_code, "into logs" in refused.json()["detail"]) == (400, True), path
    for given in (token, f"a-{token}", token[:30]):
        answer = hall.ask("rob", "GET", "/v1/runs", headers={"x-request-id": given})
        assert (answer.status_code, len(answer.headers["x-request-id"])) == (200, 32)
    if hall.served.kind == "mounted":
        assert hall.ask("rob", "GET", f"/assistants/{token}?x-api-key={token}").status_code == 400
        unknown = f"/threads/{uuid.uuid4()}"
        for given in (token, "\xe9"):
            headers = [(b"x-request-id", given.encode("latin-1")), (b"authorization", f"Bearer {token}".encode())]
            assert httpx.get(f"{hall.served.url}{unknown}", headers=headers).status_code == 404
        assert hall.ask("rob", "GET", "/assistants/x", headers={"x-request-id": token}).status_code == 422
    begun = accord(hall.served.home, "run", str(hall.served.home / "agrees.json"), "--thread", token)
    assert (begun.returncode, "access token" in begun.stderr, token in begun.stderr) == (2, True, False), begun.stderr
    logs = [each for each in (hall.served.home / "serve.log", hall.served.home.parent / "log") if each.exists()]
    assert logs
    assert not [each for each in logs if token[7:30] in each.read_text()]


def test_a_thread_and_an_agent_whose_names_begin_as_a_token_does_are_read(hall: Hall) -> None:
    name = "accord_nightly_launch_2026-11-30"
    begun = accord(hall.served.home, "run", str(hall.served.home / "agrees.json"), "--thread", name, "--tenant", "acme")
    assert begun.returncode == 0, begun.stderr
    for path in (f"/v1/runs/{name}", f"/v1/runs/{name}/events", f"/v1/runs/{name}/report.html"):
        assert hall.ask("rob", "GET", path).status_code == 200, path
    assert hall.ask("rob", "GET", f"/v1/agents/{name}").status_code == 404


def test_the_address_of_a_request_says_for_whom_it_is_whatever_its_host_says(hall: Hall) -> None:
    place, token = hall.served.place, hall.tokens["rob"]
    tail = f"Authorization: Bearer {token}"
    for address, host, expected in (
        ("http://evil.example/v1/runs", place, 421),
        (f"http://evil.example:{place.partition(':')[2]}/health", place, 421),
        (f"http://evil@{place}/health", place, 400),
        ("http:///health", place, 400),
        (f"http://{place}/v1/runs", place, 200),
        (f"http://{place}/v1/runs", "evil.example", 200),
    ):
        status, answer = hall.served.send(f"GET {address} HTTP/1.1\nHost: {host}\n{tail}")
        assert status == expected, (address, host, answer[:300])
