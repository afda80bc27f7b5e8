"""What the board sends bit by bit ends with the session that it is sent to."""

import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.board.visitor import Visitor, visitor
from tests.service.entrances import accord, ids, new_token
from tests.service.process import serving
from tests.service.stories import lay

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CUT_SECONDS = 60.0
"""Within this a stream has ended, however slow the machine is; one that nobody ends lasts for ever."""


class Listening(threading.Thread):
    """Reads a stream with the cookies of a visitor, to its end."""

    def __init__(self, visiting: Visitor, path: str) -> None:
        super().__init__(daemon=True)
        self._url, self._cookie = f"{visiting.url}{path}", f"accord_board={visiting.cookies['accord_board']}"
        self.has_begun = threading.Event()
        self.start()

    def run(self) -> None:
        with httpx.stream("GET", self._url, headers={"cookie": self._cookie}, timeout=None) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            self.has_begun.set()
            for _ in answer.iter_bytes():
                pass


def test_a_stream_ends_with_its_session(tmp_path: Path) -> None:
    home = lay(tmp_path)
    tokens = {person: new_token(home, "admin", tenant="acme", person=person) for person in ("eve", "kim", "rob")}
    with serving(home) as served, visitor(served.url) as one, visitor(served.url) as two:
        with served.client(tokens["rob"]) as client:
            thread = client.post("/v1/execute", json={"team": "board", "wait": True}).json()["thread_id"]
        path = f"/board/runs/{thread}/events"

        def log_out() -> None:
            one.get("/board")
            assert one.send("/board/logout").status_code == 303

        def revoke() -> None:
            assert accord(home, "token", "revoke", ids(home)["kim"]).returncode == 0

        ends: dict[str, Callable[[], None]] = {"eve": log_out, "kim": revoke}
        for person, end in ends.items():
            one.log_in(tokens[person])
            two.log_in(tokens["rob"])
            streams = [Listening(each, path) for each in (one, two)]
            assert all(each.has_begun.wait(CUT_SECONDS) for each in streams)
            end()
            streams[0].join(CUT_SECONDS)
            assert [each.is_alive() for each in streams] == [False, True], person
