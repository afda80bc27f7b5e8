"""A token that is revoked while a call lasts: nothing is answered with it any more, and nothing shown."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mcp.by_hand import call, opening
from tests.mcp.lines import Message, Spoken
from tests.service.callers import accord, token
from tests.service.stories import lay

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(300)]
REFUSED = "ACCORD_TOKEN is not accepted: it is not known, it expired or was revoked"
GIVEN = {"action": "accept", "content": {"decision": "go_with_caution", "because": "After all."}}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay(tmp_path_factory.mktemp("revoked"))


@pytest.fixture
def asked(home: Path, tmp_path: Path) -> Iterator[tuple[Spoken, Message, str]]:
    """A person with a token who is shown a form, what shows it, and the thread."""
    text = token(home, "acme", "cfo")
    with Spoken.started(home, tmp_path / "log", {"ACCORD_TOKEN": text}) as spoken:
        for each in (opening(), {"jsonrpc": "2.0", "method": "notifications/initialized"}):
            spoken.write(json.dumps(each).encode() + b"\n")
        spoken.write(json.dumps(call(1, "decide", team="board")).encode() + b"\n")
        form = spoken.until(lambda each: each.get("method") == "elicitation/create")
        spoken.write(json.dumps(call(2, "list", limit=1)).encode() + b"\n")
        (item,) = spoken.answer(2)["result"]["structuredContent"]["items"]
        revoke(home)
        yield spoken, form, item["thread_id"]


def revoke(home: Path) -> None:
    for listed in json.loads(accord(home, "token", "list", "--json").stdout):
        assert accord(home, "token", "revoke", listed["id"]).returncode == 0


def test_no_answer_is_taken(asked: tuple[Spoken, Message, str], home: Path) -> None:
    spoken, form, thread = asked
    spoken.write(json.dumps({"jsonrpc": "2.0", "id": form["id"], "result": GIVEN}).encode() + b"\n")
    check_refused(spoken)
    events = [json.loads(line)["event"] for line in accord(home, "audit", "export", thread).stdout.splitlines()]
    assert "escalated" in events or "asked" in events
    assert "answered" not in events


def test_a_call_ends_and_its_record_does_not_come(asked: tuple[Spoken, Message, str]) -> None:
    check_refused(asked[0])


def check_refused(spoken: Spoken) -> None:
    result = spoken.answer(1)["result"]
    assert (result["isError"], result["content"][0]["text"]) == (True, REFUSED)
    assert "structuredContent" not in result
