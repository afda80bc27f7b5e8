"""A thread of another tenant is, for every route that names one, as one that does not exist."""

import re
from collections.abc import Iterator

import httpx
import pytest

from graph.web.gate.rights import OURS
from tests.service.entrances import Entrance, entrance, new_token

pytestmark = pytest.mark.slow

NAMING = [line for line in OURS if "{thread}" in line]
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    with entrance("alone", tmp_path_factory.mktemp("owners")) as running:
        yield running


@pytest.fixture(scope="module")
def threads(served: Entrance) -> dict[str, str]:
    """A thread of each tenant, by the token of its admin."""
    found = {}
    for tenant in ("acme", "globex", "local"):
        token = new_token(served.home, "admin", tenant=tenant, person=f"ada@{tenant}")
        asked = served.ask("POST", "/v1/execute", token, json={"team": "checkout_launch", "wait": True})
        found[token] = str(asked.json()["thread_id"])
    return found


def alike(answer: httpx.Response, thread: str) -> tuple[object, ...]:
    """Return all that an answer says, but for the thread that was asked for and the ids and times of each request."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    return answer.status_code, answer.text.replace(thread, "THREAD"), headers


def test_the_table_has_routes_that_name_a_thread() -> None:
    assert len(NAMING) >= 8


def example(template: str, thread: str) -> str:
    return re.sub(r"\{[a-z]+\}", "x", template.replace("{thread}", thread))


@pytest.mark.parametrize("line", NAMING)
def test_anothers_thread_is_as_one_that_does_not_exist(line: str, served: Entrance, threads: dict[str, str]) -> None:
    method, template = line.split(" ")
    for token, own in threads.items():
        answers = {
            thread: served.ask(method, example(template, thread), token, headers={"origin": served.url})
            for thread in (UNKNOWN, *(each for each in threads.values() if each != own))
        }
        assert {answer.status_code for answer in answers.values()} == {404}
        assert len({repr(alike(answer, thread)) for thread, answer in answers.items()}) == 1


def test_a_thread_has_one_spelling(served: Entrance, threads: dict[str, str]) -> None:
    """Neither another tenant's admin nor its own finds it by another one."""
    others = ("{}.", "{}@", ".{}", "{}%2e", "{}:", "last", "checkout_launch-1", "{}|", "{},{}")
    for token, own in threads.items():
        assert served.ask("GET", f"/v1/runs/{own}", token).status_code == 200
        for thread in threads.values():
            spelled = {
                thread.upper(),
                thread[:8],
                thread.replace("-", ""),
                *(each.format(thread, own) for each in others),
            }
            for each in spelled - {thread}:
                assert served.ask("GET", f"/v1/runs/{each}", token).status_code in (400, 404), each
