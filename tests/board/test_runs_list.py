"""The list of runs: what each is about and how it stands, filters, pages, and what is said where there is nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.board.drawn import Element, drawn
from tests.service.entrances import new_token
from tests.service.process import serving
from tests.service.stories import begun, lay

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TEAMS = ("agrees", "board", "short", "models")


@pytest.fixture(scope="module")
def threads(client: httpx.Client) -> dict[str, str]:
    """A thread of each team."""
    return {team: begun(client, team) for team in TEAMS}


def listed(client: httpx.Client, **query: str) -> Element:
    answer = client.get("/board", params=query)
    assert answer.status_code == 200, answer.text
    return drawn(answer.text)


def rows(root: Element) -> dict[str, Element]:
    """Return the rows of a list by their threads."""
    return {each.one("a").attributes["href"].removeprefix("/board/runs/"): each for each in root.of_class("run")}


def test_a_row_says_what_a_run_is_about_and_how_it_stands(client: httpx.Client, threads: dict[str, str]) -> None:
    found = rows(listed(client))
    entries = {each["thread_id"]: each for each in client.get("/v1/runs", params={"limit": 200}).json()["items"]}
    assert [*found] == [*entries]
    told = {"agrees": ("Go", "go"), "board": ("Waiting", "human"), "short": ("Stopped", "stopped")}
    for team, (word, tone) in told.items():
        row, entry = found[threads[team]], entries[threads[team]]
        assert (row.of_class("verdict")[0].one("b").text, row.classes) == (word, ["run", tone])
        assert row.all("svg")
        assert (entry["goal"] in row.text, team in row.text) == (True, True)
        times = [each.attributes["datetime"] for each in row.all("time")]
        assert times == [entry["started_at"]] + ([] if team == "board" else [entry["updated_at"]])
    assert "Waits for a decision from CFO (cfo), CTO (cto)." in found[threads["board"]].text
    assert "The limit of messages was reached" in found[threads["short"]].text


@pytest.mark.parametrize(
    "query",
    [
        *({"status": each} for each in ("waiting", "ok", "stopped", "running")),
        *({"status": each, "team": "agrees"} for each in ("waiting", "ok")),
        {"team": "models"},
        {"status": "", "team": ""},
    ],
    ids=str,
)
def test_a_filter_shows_what_the_list_of_the_service_has(
    query: dict[str, str], client: httpx.Client, threads: dict[str, str]
) -> None:
    asked = {name: value for name, value in query.items() if value}
    wanted = [each["thread_id"] for each in client.get("/v1/runs", params={**asked, "limit": 200}).json()["items"]]
    root = listed(client, **query)
    assert [*rows(root)] == wanted
    assert wanted or "No run is like that." in root.text
    form = root.of_class("filter")[0]
    assert form.attributes["method"] == "get"
    chosen = [each.attributes["value"] for each in form.all("option") if "selected" in each.attributes]
    assert chosen == ([query["status"]] if query.get("status") else [])
    assert form.one("input").attributes["value"] == query.get("team", "")
    labels = {each.attributes["for"] for each in form.all("label")}
    assert labels == {each.attributes["id"] for each in [*form.all("select"), *form.all("input")]}


@pytest.mark.parametrize("query", [{"status": "x"}, {"team": "x" * 81}, {"after": "x"}, {"nothing": "x"}], ids=str)
def test_what_cannot_be_looked_for_is_refused(query: dict[str, str], client: httpx.Client) -> None:
    assert client.get("/board", params=query).status_code == 422


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, list[str]]]:
    """A service with more runs than a page has, and another tenant's runs between them."""
    home = lay(tmp_path_factory.mktemp("many"))
    tokens = [new_token(home, "read", "run", tenant=each) for each in ("acme", "globex")]
    with serving(home) as served, served.client(tokens[0]) as client, served.client(tokens[1]) as other:
        threads = [begun(client, "agrees" if number % 4 else "short") for number in range(60)]
        begun(other, "agrees")
        yield client, threads[::-1]


def pages(client: httpx.Client, **query: str) -> list[list[str]]:
    """Return the threads of each page, from the first to the last, as the links lead."""
    found, root = [], listed(client, **query)
    while True:
        found.append([*rows(root)])
        links = root.all("a", rel="next")
        if not links:
            return found
        root = drawn(client.get(links[0].attributes["href"]).text)
        newest = [
            each.attributes["href"] for each in root.of_class("pages")[0].all("a") if "rel" not in each.attributes
        ]
        assert [*rows(drawn(client.get(newest[0]).text))] == found[0]


def test_pages_have_every_run_of_the_tenant_once_newest_first(many: tuple[httpx.Client, list[str]]) -> None:
    client, threads = many
    assert pages(client) == [threads[:50], threads[50:]]


def test_the_pages_of_a_filter_keep_it(many: tuple[httpx.Client, list[str]]) -> None:
    client, threads = many
    assert pages(client, team="agrees", status="ok") == [[each for n, each in enumerate(threads[::-1]) if n % 4][::-1]]


def test_an_empty_list_says_how_a_first_run_is_begun(tmp_path: Path) -> None:
    home = lay(tmp_path)
    with serving(home) as served, served.client() as client:
        root = listed(client)
        assert "There is no run yet." in root.text
        assert "accord run checkout_launch" in root.text
        assert root.of_class("run") == []
        told: dict[str, Any] = client.post("/v1/execute", json={"team": "checkout_launch", "wait": True}).json()
        assert [*rows(listed(client))] == [told["thread_id"]]
