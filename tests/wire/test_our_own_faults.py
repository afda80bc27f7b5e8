"""A bug of ours is never taken for a fault of the endpoint: the process says that it was unexpected, with code 70."""

from pathlib import Path
from typing import Any

import pytest

from tests.hostile.command import Captured, accord
from tests.runs.stage import script
from tests.scripted_server import serve, status, text

pytestmark = pytest.mark.slow

PLACES = (
    "nodes.voices.model._messages",
    "nodes.voices.model._fields",
    "nodes.voices.model.answer_from",
    "nodes.voices.model.find_endpoint",
    "nodes.voices.wire.chat._read",
    "nodes.voices.wire.transport._unpacked",
)
"""Code of ours before a question is sent, while its answer is received, and after it was."""

BUGS: tuple[type[Exception], ...] = (TypeError, ValueError, KeyError, AttributeError, RecursionError, ZeroDivisionError)


@pytest.fixture
def _server(accord_home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    with serve(script()) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        yield server


@pytest.mark.usefixtures("_server")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_of_ours_ends_with_70(
    place: str, bug: type[Exception], capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise bug("ours")

    monkeypatch.setattr(place, fail)
    done = accord(capsys, "run", "--json")
    assert done.code == 70
    assert "unexpected: " in done.err


@pytest.mark.usefixtures("_server")
def test_the_same_run_without_a_bug_ends_well(capsys: Captured) -> None:
    assert accord(capsys, "run", "--json").code == 0


UNREADABLE = (
    *("null", "[]", '"text"', "{}", '{"choices": null}', '{"choices": []}', '{"choices": {}}', '{"choices": [null]}'),
    *('{"choices": [{}]}', '{"choices": [{"message": null}]}', '{"choices": [{"message": []}]}'),
    *('{"choices": [{"message": {"role": 1, "content": "x"}}]}', '{"choices": [{"message": {"content": {"a": 1}}}]}'),
    *('{"choices": [{"message": {"role": "assistant", "content": "x", "tool_calls": "y"}}]}', "3", "true", ""),
    *('{"choices": [{"message": {"role": "assistant", "content": [1, null]}}]}', '{"choices": "abc"}'),
)


@pytest.mark.parametrize("body", UNREADABLE)
def test_an_answer_that_cannot_be_read_is_a_fault_of_the_endpoint(
    body: str, accord_home: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(script(risk_analyst=status(200, body), brief=text("Ship it."))) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        done = accord(capsys, "run", "--json", "--set", "max_repairs=0")
    assert done.code == 3, done
    assert '"llm_error:200"' in done.out, done.out
