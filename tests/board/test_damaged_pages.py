"""A thread that cannot be read: every way to it says so, and none that the database does not answer."""

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.board.watching import Reader, refusal_in
from tests.durability.processes import Desk
from tests.service.stories import begun

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TOLD = "what is kept of the thread cannot be read, now and later; `accord audit verify` says why"
STUCK = "what is kept of the thread can be shown, and nothing can follow on it; `accord resume` says why"
QUESTION = "0123456789abcdef"
SPOILT = {"checkpoint": b"\0\xff\x13", "metadata": b"\xff\0", "type": b"zz"}


def as_read(told: str) -> str:
    """Return what is read of a sentence on a page, but for how it begins: what is to be typed is drawn as code."""
    return told.replace("`", "")[1:]


def spoil(home: Path, thread: str, column: str) -> None:
    """Overwrite a column of all checkpoints of a thread."""
    with closing(sqlite3.connect(home / "accord.sqlite", timeout=60)) as database, database:
        database.execute(f"UPDATE checkpoints SET {column} = ? WHERE thread_id = ?", (SPOILT[column], thread))


@pytest.fixture(scope="module")
def home(desk: Desk) -> Path:
    return desk.folder / "home"


def test_where_nothing_can_follow_on_it_whoever_answers_is_told(client: httpx.Client, home: Path) -> None:
    thread = begun(client, "board")
    question = client.get(f"/v1/runs/{thread}").json()["waiting"][0]["id"]
    with closing(sqlite3.connect(home / "accord.sqlite", timeout=60)) as database, database:
        database.execute("UPDATE checkpoints SET metadata = '{}' WHERE thread_id = ?", (thread,))
    said = {"by": "cfo", "decision": "no_go", "because": "So."}
    answer = Reader(client).send(f"/board/runs/{thread}/answer/{question}", **said)
    assert (answer.status_code, as_read(STUCK) in refusal_in(answer)) == (409, True)
    assert client.get(f"/board/runs/{thread}/why").status_code == 200
    for _ in range(2):
        way = client.post(f"/v1/runs/{thread}/decide", json={"by": "cfo", "answer": "no_go", "because": "So."})
        assert (way.status_code, way.json()["detail"]) == (409, STUCK)


@pytest.mark.parametrize("column", [*SPOILT])
@pytest.mark.parametrize("team", ["seated", "agrees"])
def test_every_way_to_it_says_that_it_cannot_be_read(column: str, team: str, client: httpx.Client, home: Path) -> None:
    thread, reader = begun(client, team), Reader(client)
    spoil(home, thread, column)
    page = client.get(f"/board/runs/{thread}")
    assert (page.status_code, "What is kept of the thread cannot be read, now and later" in page.text) == (200, True)

    if team == "seated":
        listed = [client.get("/board", params={"status": status}).text for status in ("", "damaged", "waiting")]
        assert [thread in each for each in listed] == [True, True, False]
        assert "cannot be read." in client.get("/board/inbox").text.partition('href="/board?status=damaged"')[2]
        kept = {each["thread_id"]: each["status"] for each in client.get("/v1/runs?status=damaged").json()["items"]}
        assert kept[thread] == "damaged"

    answers = [client.get(f"/board/runs/{thread}{end}") for end in ("/why", "/report", "/audit", f"/answer/{QUESTION}")]
    answers += [reader.look(thread), reader.reopen(thread), reader.send(f"/board/runs/{thread}/answer/{QUESTION}")]
    for answer in answers:
        assert (answer.status_code, "retry-after" in answer.headers) == (409, False), answer.url
        assert as_read(TOLD) in refusal_in(answer)
    ways = [client.get(f"/v1/runs/{thread}{end}") for end in ("", "/why", "/report.html", "/audit", "/audit/verify")]
    ways += [client.post(f"/v1/runs/{thread}/decide", json={"by": "cfo", "answer": "go"})]
    ways += [client.post(f"/v1/runs/{thread}/resume", json={})]
    for way in ways:
        assert (way.status_code, way.json()["detail"]) == (409, TOLD), way.url
    assert not any(str(home) in each.text for each in (*answers, *ways))
    assert str(home) in (home / "serve.log").read_text(encoding="utf-8")
