"""Leaving: an endpoint that is not there holds nobody up, and one that is slow gets everything."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.command import Done, process
from tests.tracing.endpoint import LangSmithEndpoint, langsmith

NOISE = ("Traceback", "langsmith.", "urllib3", "Failed to", "HTTPConnectionPool", "Run compression")
GENEROUS_SECONDS = 3.0


def timed(folder: Path, url: str | None) -> tuple[Done, float]:
    """Run once, traced at a URL, and return how it ended and how long that took."""
    folder.mkdir()
    traced = {"LANGSMITH_TRACING": "true", "LANGSMITH_ENDPOINT": url} if url else {"LANGSMITH_TRACING": "false"}
    began = time.monotonic()
    done = process(folder, "run", "--json", env={"ACCORD_HOME": str(folder / "home"), **traced})
    return done, time.monotonic() - began


def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def said_of_traces(done: Done) -> list[str]:
    return [line for line in done.err.splitlines() if "LangSmith" in line]


@pytest.mark.system
@pytest.mark.parametrize("kind", ["refuses", "never answers"])
def test_an_endpoint_that_is_not_there_delays_the_exit_by_at_most_a_second(
    tmp_path: Path, kind: str, record_property: Callable[[str, object], None]
) -> None:
    untraced = min(timed(tmp_path / f"off{number}", None)[1] for number in range(3))
    with langsmith(is_silent=True) as endpoint:
        url = endpoint.url if kind == "never answers" else closed_port()
        done, seconds = min((timed(tmp_path / f"on{number}", url) for number in range(3)), key=lambda pair: pair[1])

    record_property("seconds later than without tracing", round(seconds - untraced, 2))
    assert done.code == 0
    assert seconds - untraced < GENEROUS_SECONDS


@pytest.mark.slow
def test_traces_that_were_not_delivered_are_said_in_one_sentence(tmp_path: Path) -> None:
    url = closed_port()
    done, _ = timed(tmp_path / "run", url)

    assert done.code == 0
    told = f"accord: warning: not all traces reached LangSmith at {url}: it cannot be reached"
    assert said_of_traces(done) == [told]
    assert not [word for word in NOISE if word in done.err]


@pytest.mark.slow
def test_a_slow_endpoint_gets_everything(tmp_path: Path) -> None:
    with langsmith(delay=0.7) as endpoint:
        done, _ = timed(tmp_path / "run", endpoint.url)
        fast = names_in(endpoint)
    with langsmith() as endpoint:
        timed(tmp_path / "other", endpoint.url)
        assert fast == names_in(endpoint)
    assert (done.code, said_of_traces(done)) == (0, [])


def names_in(endpoint: LangSmithEndpoint) -> tuple[list[str], list[str]]:
    """The runs that have ended, and the scores."""
    ended = sorted(run["name"] for run in endpoint.runs.values() if run.get("end_time"))
    return ended, [each["key"] for each in endpoint.feedback]


@pytest.mark.slow
@pytest.mark.parametrize("status", [404, 409, 500, 401])
@pytest.mark.parametrize("path", ["/info", "/feedback", "/runs/multipart"])
def test_whatever_an_endpoint_answers_each_run_comes_to_its_decision_and_other_traces_arrive(
    tmp_path: Path, path: str, status: int
) -> None:
    cases = "".join(json.dumps({"id": name}) + "\n" for name in "abc")
    with langsmith() as endpoint:
        endpoint.answers.by_path[path] = status
        env = {"LANGSMITH_TRACING": "true", "LANGSMITH_ENDPOINT": endpoint.url, "ACCORD_HOME": str(tmp_path / "home")}
        (tmp_path / "cases.jsonl").write_text(cases)
        done = process(tmp_path, "batch", "cases.jsonl", "--concurrency", "1", env=env)

    decisions = [json.loads(line)["result"]["final_decision"] for line in done.out.splitlines()]
    assert (done.code, decisions) == (0, ["go"] * 3), done.err
    assert not [word for word in NOISE if word in done.err]
    if path != "/runs/multipart":
        assert len(endpoint.roots) == 3
    elif status != 409:
        assert len(said_of_traces(done)) == 1


@pytest.mark.slow
def test_an_outage_in_the_middle_of_a_process_loses_nothing(tmp_path: Path) -> None:
    with langsmith() as endpoint:
        endpoint.fails_first = 2
        done, _ = timed(tmp_path / "run", endpoint.url)
    assert (done.code, said_of_traces(done)) == (0, [])
    assert len(names_in(endpoint)[0]) == 7
