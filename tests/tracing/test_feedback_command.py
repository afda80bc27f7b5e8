"""`accord feedback`: a judgement of a past run, posted to its trace."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.command import Captured, accord, refused
from tests.tracing.endpoint import LangSmithEndpoint, langsmith
from tests.tracing.stage import KEY

pytestmark = pytest.mark.slow


@pytest.fixture
def endpoint(accord_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Iterator[LangSmithEndpoint]:
    """An endpoint to which one run was traced, `launch`; its own requests are forgotten."""
    with langsmith() as running:
        monkeypatch.setenv("LANGSMITH_ENDPOINT", running.url)
        monkeypatch.setenv("LANGSMITH_TRACING", "true")
        monkeypatch.setenv("LANGSMITH_API_KEY", KEY)
        assert accord(capsys, "run", "--thread", "launch", "--json").code == 0
        yield running


def test_a_score_and_a_comment_are_posted_to_the_trace(endpoint: LangSmithEndpoint, capsys: Captured) -> None:
    root = endpoint.root["id"]
    done = accord(capsys, "feedback", "launch", "--score", "0.5", "--key", "tone", "--comment", "Curt.")

    assert (done.code, done.err) == (0, "")
    assert done.out == f"posted to the trace {root} of launch: tone 0.5\n"
    told = {"key": "tone", "score": 0.5, "comment": "Curt.", "run_id": root, "trace_id": root}
    assert told.items() <= endpoint.feedback[-1].items()


def test_a_comment_alone_is_posted_without_a_score(endpoint: LangSmithEndpoint, capsys: Captured) -> None:
    assert accord(capsys, "feedback", "--comment", "Right.").code == 0
    last = endpoint.feedback[-1]
    assert (last["key"], last["comment"]) == ("user_score", "Right.")
    assert "score" not in last


def test_without_a_judgement_the_scores_of_the_run_are_posted_again(
    endpoint: LangSmithEndpoint, capsys: Captured
) -> None:
    own = [(each["key"], each["score"]) for each in endpoint.feedback]
    assert accord(capsys, "feedback", "launch").code == 0
    again = [(each["key"], each["score"]) for each in endpoint.feedback[len(own) :]]
    assert again == own == [("decided", 1), ("rounds_used", 1), ("conflicts", 0), ("guard_tripped", 0)]


def test_an_endpoint_that_is_gone_or_refuses_is_said(
    endpoint: LangSmithEndpoint, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.answers.by_path["/feedback"] = 401
    (told,) = refused(capsys, "feedback", "launch", "--score", "1")
    assert told == f"LangSmith at {endpoint.url} did not take the feedback: it answered 401"
    monkeypatch.setenv("LANGSMITH_ENDPOINT", "http://127.0.0.1:9")
    (told,) = refused(capsys, "feedback", "launch", "--score", "1")
    assert told == "LangSmith at http://127.0.0.1:9 did not take the feedback: it cannot be reached"


def test_an_endpoint_that_wants_the_id_of_the_project_is_given_it(
    endpoint: LangSmithEndpoint, capsys: Captured
) -> None:
    endpoint.wants_session = True
    assert accord(capsys, "feedback", "launch", "--score", "1").code == 0
    assert endpoint.feedback[-1]["session_id"] == endpoint.session


def test_a_thread_that_was_not_traced_has_no_trace(endpoint: LangSmithEndpoint, capsys: Captured) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANGSMITH_TRACING", "false")
        assert accord(capsys, "run", "--thread", "quiet", "--json").code == 0
    (told,) = refused(capsys, "feedback", "quiet", "--score", "1")
    assert told == "the thread `quiet` was never traced; set LANGSMITH_TRACING=true and run or resume it"


def test_the_audit_finds_nothing_wrong_with_a_traced_thread(endpoint: LangSmithEndpoint, capsys: Captured) -> None:
    assert accord(capsys, "audit", "verify", "launch").code == 0
    assert accord(capsys, "audit", "verify").code == 0
