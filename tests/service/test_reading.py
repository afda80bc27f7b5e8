"""What is read over HTTP is what the command line prints, to the byte."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.durability.processes import Desk
from tests.service.stories import begun

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TEAMS = ("board", "agrees", "checkout_launch_fr")
PRINTED = {
    "": ("show", "{}", "--json"),
    "/why": ("why", "{}", "--json"),
    "/audit": ("audit", "export", "{}"),
    "/report.html": ("show", "{}", "--html", "-"),
}
"""What the command line prints of a thread, by the path that returns the same."""


@pytest.fixture(scope="module")
def threads(client: httpx.Client) -> dict[str, str]:
    """A thread that waits, one that decided, and one of a team that speaks French, by team."""
    return {team: begun(client, team) for team in TEAMS}


@pytest.mark.parametrize("path", PRINTED)
@pytest.mark.parametrize("team", TEAMS)
def test_a_thread_is_read_as_the_command_line_prints_it(
    team: str, path: str, client: httpx.Client, desk: Desk, threads: dict[str, str]
) -> None:
    answer = client.get(f"/v1/runs/{threads[team]}{path}")
    printed = desk.accord(*(part.format(threads[team]) for part in PRINTED[path]))
    assert answer.status_code == 200, answer.text
    assert answer.text == printed.out


def test_a_verification_is_the_one_that_the_command_line_prints(
    client: httpx.Client, desk: Desk, threads: dict[str, str]
) -> None:
    found = [client.get(f"/v1/runs/{thread}/audit/verify").json() for thread in threads.values()]
    printed = json.loads(desk.accord("audit", "verify", "--json").out)
    assert sorted(found, key=name) == sorted(printed, key=name)
    heads = [client.get(f"/v1/runs/{thread}/audit").headers["accord-head"] for thread in threads.values()]
    assert heads == [each["head"] for each in found]


def name(each: dict[str, Any]) -> str:
    return str(each["name"])


@pytest.mark.parametrize("team", ["checkout_launch", "checkout_launch_fr", "board"])
def test_a_proof_is_the_one_that_the_command_line_prints(team: str, client: httpx.Client, desk: Desk) -> None:
    file = f"home/{team}.json" if team == "board" else team
    printed = desk.accord("policy", "verify", file, "--json").out.replace(file, team)  # what to type next names it
    for _ in range(2):  # the second one is kept from the first
        answer = client.get(f"/v1/policies/{team}/proof")
        assert (answer.status_code, answer.text) == (200, printed)


@pytest.mark.parametrize("team", ["nope", "launch", "..", "%2Fetc%2Fpasswd", "home%2Fboard.json", "board.json"])
def test_a_proof_is_of_an_offered_team_and_never_of_a_path(team: str, client: httpx.Client) -> None:
    answer = client.get(f"/v1/policies/{team}/proof")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code == (400 if "%" in team else 404), answer.text  # a path in the path is no path of ours
    assert "/home" not in answer.text


def test_a_team_that_no_policy_decides_has_no_proof_and_no_explanation(client: httpx.Client) -> None:
    assert client.get("/v1/policies/incident_report/proof").status_code == 422
    thread = begun(client, "incident_report")
    answer = client.get(f"/v1/runs/{thread}/why")
    assert (answer.status_code, "no policy decides its pattern" in answer.json()["detail"]) == (409, True)


def test_the_page_runs_nothing_and_is_framed_by_nobody(client: httpx.Client, threads: dict[str, str]) -> None:
    headers = client.get(f"/v1/runs/{threads['board']}/report.html").headers
    policy = [part.split() for part in headers["content-security-policy"].split(";")]
    rules = {rule[0]: rule[1:] for rule in policy}
    assert rules["default-src"] == rules["frame-ancestors"] == rules["form-action"] == ["'none'"]
    assert "script-src" not in rules
    assert rules["sandbox"] == []
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_what_is_not_there_is_named_and_nothing_else_is_said(client: httpx.Client, tmp_path: Path) -> None:
    for path in ("", "/events", "/why", "/audit", "/audit/verify", "/report.html"):
        answer = client.get(f"/v1/runs/nobody{path}")
        assert (answer.status_code, answer.json()["detail"]) == (404, "there is no thread `nobody`")
    for path in ("decide", "resume"):
        answer = client.post(f"/v1/runs/nobody/{path}", json={"decision": "go"} if path == "decide" else {})
        assert answer.status_code == 404, answer.text
