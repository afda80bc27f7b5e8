"""Problems over HTTP: a wrong request is answered 4xx, as problem+json, with a sentence that names the field."""

import json
import random
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from policies.wording import PATTERNS
from tests.hostile.command import ROOT
from tests.service.process import Served, serving

pytestmark = pytest.mark.slow

EXECUTE = "/v1/execute"
JSON = {"content-type": "application/json"}
DEEP = b'{"team": ' + b"[" * 40 + b"]" * 40 + b"}"
STACK = re.compile(r"Traceback|File \"|\.py\b|pydantic|Value error|Input should|errors\.pydantic")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("service")) as served:
        yield served


def post(served: Served, body: bytes | str, headers: dict[str, str] | None = None) -> httpx.Response:
    with served.client() as client:
        return client.post(EXECUTE, content=body, headers={**JSON, **(headers or {})})


def told(answer: httpx.Response) -> dict[str, Any]:
    """The problem of an answer, which has the form of RFC 9457 and nothing of the program in it."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found: dict[str, Any] = answer.json()
    assert {*found} - {"errors"} == {"type", "title", "status", "detail"}
    assert found["status"] == answer.status_code
    assert not STACK.search(answer.text), answer.text
    assert found["detail"].strip() == found["detail"] != ""
    return found


BODIES: dict[str, tuple[bytes, int, str]] = {
    "cut off": (b'{"team": "check', 400, "cannot be read as JSON"),
    "no JSON": (b"team=checkout_launch", 400, "cannot be read as JSON"),
    "two values": (b"{} {}", 400, "cannot be read as JSON"),
    "not UTF-8": (b'{"team": "\xff"}', 400, "UTF-8"),
    "UTF-16": ('{"team": "checkout_launch"}'.encode("utf-16"), 400, "UTF-8"),
    "a NaN": (b'{"team": "checkout_launch", "wait": NaN}', 400, "`NaN` is not JSON"),
    "an infinity": (b'{"team": -Infinity}', 400, "`-Infinity` is not JSON"),
    "a key twice": (b'{"team": "checkout_launch", "team": "vendor_review"}', 400, "the key `team` is there twice"),
    "too deep to read": (b"[" * 100_000, 400, "nested too deep"),
    "too deep to keep": (DEEP, 422, "is nested deeper than 32 levels"),
    "half a character": (rb'{"team": "\ud800"}', 422, "`team` has a NUL character or a lone surrogate"),
    "half a character in a key": (rb'{"\udc00": 1}', 422, "has a NUL character or a lone surrogate"),
    "a NUL": (rb'{"team": "a\u0000b"}', 422, "`team` has a NUL character or a lone surrogate"),
    "an integer too large": (b'{"team": 9007199254740993}', 422, "`team` is an integer beyond"),
    "a number of 5,000 digits": (b'{"team": ' + b"9" * 5_000 + b"}", 400, "a number too long"),
    "a number that is infinite": (b'{"team": 1e999}', 422, "`team` is inf; allowed: finite numbers"),
    "null for a name": (b'{"team": "checkout_launch", "wait": null}', 422, "`wait` is null; allowed: true or false"),
    "a key without a name": (b'{"": ""}', 422, '`""` is an unknown key; allowed: '),
    "a thread that is no UUID": (b'{"thread": "x"}', 422, "`thread` is 'x'; allowed: a UUID in lower case, 8-4-4-4-12"),
    "2,000 keys": (b"{%s}" % b", ".join(b'"k%d": 1' % each for each in range(2_000)), 422, "the body has 2000 keys"),
    "a list": (b"[]", 422, "the body is []"),
    "null": (b"null", 422, "the body is null"),
    "a number for a name": (b'{"team": 5}', 422, "`team` is 5; allowed: text"),
    "an unknown key": (b'{"team": "checkout_launch", "weit": true}', 422, "did you mean `wait`? Allowed: "),
    "an unknown team": (b'{"team": "checkout_lunch"}', 422, "did you mean `checkout_launch`?"),
    "a path": (b'{"team": "/etc/passwd"}', 422, "there is no team `/etc/passwd`; allowed: "),
}


JUDGED = {r"^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,127}$", r"^[!-~]([ -~]{0,198}[!-~])?$"}
"""The ids of threads and idempotency keys, each of which has a sentence of its own where it is read."""


def test_no_pattern_of_a_field_is_shown_to_who_misses_it(served: Served) -> None:
    with served.client() as client:
        described = client.get("/v1/openapi.json").text
    patterns = {json.loads(f'"{each}"') for each in re.findall(r'"pattern":\s*"((?:[^"\\]|\\.)*)"', described)}
    assert patterns
    assert patterns - JUDGED <= {*PATTERNS}


@pytest.mark.parametrize("what", BODIES)
def test_a_wrong_body_is_refused_with_a_sentence(what: str, served: Served) -> None:
    body, status, sentence = BODIES[what]
    found = told(post(served, body))
    assert (found["status"], sentence in found["detail"]) == (status, True), found


def test_every_field_that_is_wrong_is_named(served: Served) -> None:
    found = told(post(served, b'{"team": 5, "wait": "perhaps", "extra": 1}'))
    assert {"team", "wait", "extra"} <= {each["field"] for each in found["errors"]}
    assert all(f"`{each['field']}`" in each["detail"] for each in found["errors"])


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"content-type": "text/plain"}, "the body is text/plain; allowed: application/json"),
        ({"content-type": "application/x-www-form-urlencoded"}, "allowed: application/json"),
        ({"content-encoding": "gzip"}, "without an encoding"),
    ],
)
def test_a_body_of_another_kind_is_415(headers: dict[str, str], said: str, served: Served) -> None:
    found = told(post(served, b'{"team": "checkout_launch"}', headers))
    assert (found["status"], said in found["detail"]) == (415, True), found


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/nope", 404, "there is no `GET /nope`; GET /v1/openapi.json lists what there is"),
        ("GET", "/v1/nope", 404, "there is no `GET /v1/nope`"),
        ("DELETE", "/health", 405, "/health does not take DELETE; allowed: GET"),
        ("GET", EXECUTE, 405, "/v1/execute does not take GET; allowed: POST"),
        ("GET", "/health?verbose=1", 422, "the parameter `verbose` is an unknown key; allowed: none"),
        ("GET", "/health?x=%00", 400, "a NUL character"),
    ],
)
def test_a_wrong_address_is_refused(method: str, path: str, status: int, said: str, served: Served) -> None:
    with served.client() as client:
        answer = client.request(method, path)
    assert (told(answer)["status"], said in answer.json()["detail"]) == (status, True), answer.text


def test_the_page_shows_a_real_answer(served: Served) -> None:
    page = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    section = page.partition("## Problems\n")[2]
    asked, shown = (re.search(each, section, re.DOTALL) for each in (r"with `(\{.+?\})`", r"```json\n(.+?)```"))
    assert asked
    assert shown
    assert told(post(served, asked[1])) == json.loads(shown[1])


def test_a_405_says_which_methods_there_are(served: Served) -> None:
    with served.client() as client:
        assert client.request("PUT", EXECUTE).headers["allow"] == "POST"


@pytest.mark.parametrize(("accept", "status"), [("text/html", 406), ("application/json;q=0", 406), ("*/*", 200)])
def test_who_takes_no_json_is_told_so(accept: str, status: int, served: Served) -> None:
    with served.client() as client:
        answer = client.get("/ready", headers={"accept": accept})
    assert answer.status_code == status
    assert status == 200 or "the answer comes as application/json" in told(answer)["detail"]


def test_random_bytes_and_random_json_are_never_a_fault_of_the_service(served: Served) -> None:
    """2 kinds of noise, seeded: bytes, and JSON of the fields that there are with values that are not meant."""
    chance = random.Random(20)
    values = [None, True, -1, 1.5, "", "x" * 300, [], {}, [1], {"a": {"b": [None]}}, "\u202e", "💥"]
    with served.client() as client:
        for _ in range(150):
            noise = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 60)))
            fields = {chance.choice(["team", "wait", "goal", "facts", ""]): chance.choice(values) for _ in range(3)}
            for body in (noise, json.dumps(fields).encode()):
                answer = client.post(EXECUTE, content=body, headers=JSON)
                assert 400 <= answer.status_code < 500, (body, answer.text)
                told(answer)
