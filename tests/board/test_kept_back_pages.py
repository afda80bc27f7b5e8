"""What is kept back while a question is open is not offered either: a page has a download where there is one."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.board.asking import asked, lay
from tests.board.tree import Node, tree_of
from tests.service.callers import token
from tests.service.process import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.needs("ssh_keygen")]


@pytest.fixture
def people(tmp_path: Path) -> Iterator[dict[str, httpx.Client]]:
    lay(tmp_path)
    tokens = {name: token(tmp_path / "home", "acme", name, "read", "run", "decide") for name in ("cfo", "coo")}
    with ExitStack() as stack:
        served = stack.enter_context(serving(tmp_path / "home"))
        yield {name: stack.enter_context(served.client(each)) for name, each in tokens.items()}


def pages(client: httpx.Client, thread: str) -> list[Node]:
    found = [client.get(f"/board/runs/{thread}{page}") for page in ("", "/live", "/why")]
    assert [each.status_code for each in found] == [200] * 3
    return [tree_of(each.text) for each in found]


def downloads(page: Node) -> set[str]:
    return {each.attrs["href"] for each in page.all("a") if "download" in each.attrs}


def test_a_record_with_answers_that_somebody_must_not_know_is_not_offered_to_them(
    people: dict[str, httpx.Client],
) -> None:
    case = asked(people["cfo"], "board")
    path = f"/board/runs/{case.thread}/audit"
    for name in people:
        assert [downloads(page) for page in pages(people[name], case.thread)] == [{path}] * 3
    answer = {"question": case.question, "decision": "no_go", "because": "It is too early.", "wait": True}
    assert people["cfo"].post(f"/v1/runs/{case.thread}/decide", json=answer).status_code == 200

    for name, status in (("cfo", 200), ("coo", 403)):
        shown = pages(people[name], case.thread)
        assert people[name].get(path).status_code == status
        assert [downloads(page) for page in shown] == [{path} if status == 200 else set()] * 3
        told = shown[2].titled("record").text
        assert ("Note the head elsewhere" in told, "Its head is shown once" in told) == (status == 200, status == 403)
