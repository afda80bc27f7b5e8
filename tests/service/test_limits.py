"""Limits over HTTP: how large a body may be, and how often somebody may ask, as `accord.toml` says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

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
