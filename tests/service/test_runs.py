"""Lists of runs, runs that wait their turn, and resuming over HTTP."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.durability.processes import Desk
from tests.harness import settings_at
from tests.retention.desks import purge
from tests.scripted_server import delayed, forever, says, serve, text
from tests.service.process import serving
from tests.service.stories import begun, events, lay, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def begun_in_order(client: httpx.Client) -> list[tuple[str, str, str]]:
    """Threads with their team and their status, the newest first."""
    statuses = {"board": "waiting", "agrees": "ok", "short": "stopped"}
    draw = random.Random(20)
    teams = [draw.choice([*statuses]) for _ in range(14)]
    return [(begun(client, team), team, statuses[team]) for team in teams][::-1]


def listed(client: httpx.Client, limit: int, **asked: str) -> list[dict[str, Any]]:
    """Return all that is listed, page by page, each as long as it may be but for the last."""
    found: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = client.get("/v1/runs", params={"limit": limit, **asked, **after}).json()
        assert len(page["items"]) == limit or page["next"] is None
        found += page["items"]
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


@pytest.mark.parametrize("limit", [1, 5, 14, 200])
def test_pages_hold_every_run_once_the_newest_first(
    limit: int, client: httpx.Client, begun_in_order: list[tuple[str, str, str]]
) -> None:
    found = [(each["thread_id"], each["team"], each["status"]) for each in listed(client, limit)]
    assert found == begun_in_order


@pytest.mark.parametrize("status", ["waiting", "ok", "stopped", "running", "queued"])
@pytest.mark.parametrize("team", [None, "board", "agrees", "nope"])
def test_a_list_has_the_runs_of_a_team_and_a_status_alone(
    team: str | None, status: str, client: httpx.Client, begun_in_order: list[tuple[str, str, str]]
) -> None:
    asked = {"status": status, **({"team": team} if team else {})}
    wanted = [one for one, of, is_now in begun_in_order if is_now == status and team in (None, of)]
    assert [each["thread_id"] for each in listed(client, 3, **asked)] == wanted


def test_a_page_stays_where_it_was_while_runs_begin_and_go_on(
    client: httpx.Client, begun_in_order: list[tuple[str, str, str]], desk: Desk
) -> None:
    first = client.get("/v1/runs", params={"limit": 4}).json()
    old = next(thread for thread, team, _ in reversed(begun_in_order) if team == "board")
    said = {"decision": "no_go", "because": "So.", "by": "cfo"}
    assert client.post(f"/v1/runs/{old}/decide", json=said).status_code == 202
    new = begun(client, "agrees")
    rest = client.get("/v1/runs", params={"limit": 200, "after": first["next"]}).json()["items"]
    seen = [each["thread_id"] for each in (*first["items"], *rest)]
    assert seen == [thread for thread, *_ in begun_in_order]
    assert client.get("/v1/runs", params={"limit": 1}).json()["items"][0]["thread_id"] == new
    begun_in_order.insert(0, (new, "agrees", "ok"))


def test_pages_lose_and_repeat_no_run_while_queued_runs_begin(tmp_path: Path) -> None:
    home, draw = lay(tmp_path), random.Random(120)
    with serve(
        {"demand": forever(delayed(says("go"), 0.1)), "risk": forever(says("go")), "brief": forever(text("Go."))}
    ) as model:
        desk = Desk(tmp_path, model.base_url)
        environment = {name: desk.environment[name] for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL")}
        with serving(home, "--at-once", "1", env=environment) as served, served.client() as client:
            made = [begun(client, draw.choice(["agrees", "board"]), wait=False) for _ in range(12)][::-1]
            seen: list[dict[str, Any]] = []
            after: dict[str, str] = {}
            while not seen or after["after"]:
                page = client.get("/v1/runs", params={"limit": draw.randint(1, 3), **after}).json()
                seen, after = [*seen, *page["items"]], {"after": page["next"]}
                started = [each["started_at"] for each in listed(client, 200)]
                until(lambda: [each["started_at"] for each in listed(client, 200)] != started or rests(client), "on")  # noqa: B023
            assert [each["thread_id"] for each in seen] == made
            admitted = {each["thread_id"]: each["admitted_at"] for each in seen}
            until(lambda: rests(client), "all rest")
            assert {each["thread_id"]: each["admitted_at"] for each in listed(client, 5)} == admitted
            assert [*map(admitted.get, made)] == sorted(admitted.values(), reverse=True)


def rests(client: httpx.Client) -> bool:
    return all(each["status"] not in ("queued", "running") for each in listed(client, 200))


@pytest.mark.parametrize(
    "asked", [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"after": "x"}, {"after": "W10"}, {"status": "asleep"}]
)
def test_a_list_that_is_asked_for_wrongly_is_refused_by_field(asked: dict[str, Any], client: httpx.Client) -> None:
    answer = client.get("/v1/runs", params=asked)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert next(iter(asked)) in fault["field"]


def test_a_run_that_waits_its_turn_is_queued_and_one_at_work_is_running(tmp_path: Path) -> None:
    home = lay(tmp_path)
    slow = forever(delayed(says("go"), 0.4))
    with serve({"demand": slow, "risk": slow, "brief": forever(text("Launch."))}) as model:
        desk = Desk(tmp_path, model.base_url)
        environment = {name: desk.environment[name] for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL")}
        with serving(home, "--at-once", "1", env=environment) as served, served.client() as client:
            accepted = [client.post("/v1/execute", json={"team": "agrees"}).json() for _ in range(3)]
            assert [each["status"] for each in accepted] == ["running", "queued", "queued"]
            threads = [each["thread_id"] for each in accepted]
            status = [client.get(f"/v1/runs/{thread}").json()["status"] for thread in threads]
            assert status[2] == "queued", status
            assert client.get(f"/v1/runs/{threads[2]}/why").status_code == 409
            busy = client.post(f"/v1/runs/{threads[2]}/resume", json={})
            assert (busy.status_code, busy.json()["title"]) == (409, "Conflict")
            shown = {each["thread_id"]: each["status"] for each in listed(client, 2)}
            assert shown[threads[2]] == "queued"
            until(lambda: "running" in [each["status"] for each in listed(client, 5)], "one runs")
            for thread in threads:
                until(lambda: client.get(f"/v1/runs/{thread}").json()["status"] == "ok", "it ends")  # noqa: B023


REFUSED: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "an unknown limit": (
        "short",
        {"budget": {"rounds": 3}},
        422,
        "budget.rounds is not a limit; did you mean `max_rounds`?",
    ),
    "a value not allowed": ("short", {"budget": {"max_messages": -1}}, 422, "max_messages"),
    "other facts": ("agrees", {"facts": {"rate": 0.5}}, 409, "`rate`: 0.02 → 0.5"),
    "facts beyond numbers": ("needy", {"facts": {"rate": 2**60}}, 422, "facts"),
    "facts twice": ("needy", {"facts": {"rate": 1}, "refresh": True}, 409, "`refresh` cannot be used together"),
    "an unknown key": ("short", {"limits": {}}, 422, ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_resumed_is_said_at_once_and_changes_nothing(name: str, client: httpx.Client) -> None:
    team, asked, status, sentence = REFUSED[name]
    thread = begun(client, team)
    before = client.get(f"/v1/runs/{thread}/audit").content
    answer = client.post(f"/v1/runs/{thread}/resume", json=asked)
    assert (answer.status_code, sentence in answer.text) == (status, True), answer.text
    assert client.get(f"/v1/runs/{thread}/audit").content == before


def test_a_thread_is_resumed_with_a_limit_and_with_facts_to_its_end(client: httpx.Client, desk: Desk) -> None:
    short, needy, done = (begun(client, team) for team in ("short", "needy", "agrees"))
    answer = client.post(f"/v1/runs/{short}/resume", json={"budget": {"max_messages": 9}})
    assert (answer.status_code, answer.json()) == (202, {"thread_id": short})
    until(lambda: client.get(f"/v1/runs/{short}").json()["status"] == "ok", "it ends")
    waited = client.post(f"/v1/runs/{needy}/resume", json={"facts": {"rate": 0.1}, "wait": True})
    assert (waited.status_code, waited.json()["status"]) == (200, "ok")
    again = client.post(f"/v1/runs/{done}/resume", json={})
    assert (again.status_code, again.json()) == (200, client.get(f"/v1/runs/{done}").json())
    assert [event["event"] for event in events(desk, short)].count("resumed") == 1


def test_a_purged_thread_is_gone_for_good_and_says_since_when_and_by_whom(tmp_path: Path) -> None:
    home = lay(tmp_path)
    with serving(home) as served, served.client() as client:
        thread = begun(client, "agrees")
        later = (datetime.now(UTC) + timedelta(days=2)).isoformat(timespec="milliseconds")
        purge(settings_at(home), now=later, older_than="1d", by="ops")
        for path in ("", "/events", "/why", "/report.html"):
            answer = client.get(f"/v1/runs/{thread}{path}")
            assert (answer.status_code, "by ops" in answer.json()["detail"]) == (410, True), answer.text
        assert client.post(f"/v1/runs/{thread}/resume", json={}).status_code == 410
        last = client.get(f"/v1/runs/{thread}/audit").text.splitlines()[-1]
        assert '"event":"purged"' in last
        assert client.get(f"/v1/runs/{thread}/audit/verify").json()["status"] == "purged"
        assert listed(client, 5) == []
