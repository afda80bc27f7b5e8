"""Limits over HTTP: how large a body may be, and how often somebody may ask, as `accord.toml` says."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from policies.access.tokens import token_of
from tests.service.entrances import new_token
from tests.service.process import Served, serving

pytestmark = pytest.mark.slow

JSON = {"content-type": "application/json"}


def served_with(home: Path, table: str) -> Iterator[Served]:
    (home / "accord.toml").write_text(f"[serve]\n{table}\n")
    with serving(home) as served:
        yield served


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from served_with(tmp_path_factory.mktemp("small"), "max_bytes = 1_000")


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Served]:
    yield from served_with(tmp_path, "requests_per_minute = 5")


def filled(size: int) -> bytes:
    """A body of exactly so many bytes, of a team that there is not."""
    return b'{"team": "' + b"x" * (size - 12) + b'"}'


def chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 100):
        yield body[start : start + 100]


@pytest.mark.parametrize(("size", "status"), [(1_000, 422), (1_001, 413), (200_000, 413)])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_may_have_so_many_bytes_and_not_one_more(
    size: int, status: int, is_chunked: bool, small: Served
) -> None:
    body = filled(size)
    with small.client() as client:
        answer = client.post("/v1/execute", content=chunks(body) if is_chunked else body, headers=JSON)
    assert ("content-length" in answer.request.headers) is not is_chunked
    assert answer.status_code == status
    assert status != 413 or answer.json()["detail"] == "the body has more than 1,000 bytes; send less"


def test_who_asks_too_often_is_told_when_to_ask_again(slow: Served) -> None:
    with slow.client() as client:
        answers = [client.get("/v1/openapi.json") for _ in range(7)]
        free = [client.get("/health").status_code for _ in range(7)]
    assert [each.status_code for each in answers] == [200] * 5 + [429] * 2
    refused = answers[-1]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.json()["detail"].startswith("more than 5 requests a minute; ask again in ")
    assert free == [200] * 7


def test_false_tokens_are_counted_together_before_the_database_is_asked(slow: Served, tmp_path: Path) -> None:
    ada = new_token(tmp_path, "read")

    def statuses(token: str, number: int) -> list[int]:
        with slow.client(token) as client:
            return [client.get("/v1/runs").status_code for _ in range(number)]

    def rename(old: str, new: str) -> None:
        with closing(sqlite3.connect(tmp_path / "accord.sqlite")) as database, database:
            database.execute(f"ALTER TABLE {old} RENAME TO {new}")

    assert statuses(ada, 1) == [200]  # known from now on, and counted as a person
    false = [token_of(bytes([each] * 32)) for each in range(6)]
    assert [status for each in false for status in statuses(each, 1)] == [401] * 4 + [429] * 2
    assert statuses("none", 1) == [429]
    assert statuses(ada, 1) == [200]
    rename("store", "gone")
    assert statuses(ada, 1) == [503]
    assert statuses(false[0], 1) == [429]
    rename("gone", "store")


@pytest.mark.parametrize(("scope", "status"), [("read", 404), ("decide", 403)])
def test_who_is_refused_is_counted_too(scope: str, status: int, slow: Served, tmp_path: Path) -> None:
    ada = new_token(tmp_path, scope)
    with slow.client(ada) as client:
        client.get("/v1/openapi.json")
        answers = [client.get("/v1/runs/lost").status_code for _ in range(7)]
    assert answers == [status] * 5 + [429] * 2


def test_who_names_other_addresses_is_counted_all_the_same(slow: Served, tmp_path: Path) -> None:
    new_token(tmp_path, "read")
    with slow.client() as client:
        names = ("x-forwarded-for", "x-real-ip", "forwarded")
        forged = [client.get("/v1/runs", headers={name: f"10.0.0.{n}"}) for n in range(3) for name in names]
        own = [client.get("/v1/runs").status_code for _ in range(6)]
    assert [each.status_code for each in forged] == [401] * 5 + [429] * 4
    assert own == [401] * 5 + [429]


def test_a_page_that_may_call_reads_that_it_asked_too_often(slow: Served) -> None:
    with slow.client() as client:
        answers = [client.get("/v1/lost", headers={"origin": slow.url}) for _ in range(6)]
    assert [each.status_code for each in answers] == [404] * 5 + [429]
    assert {each.headers["access-control-allow-origin"] for each in answers} == {slow.url}
