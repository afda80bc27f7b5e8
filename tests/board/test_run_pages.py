"""The page of a thread: in each state it says that state, whom it waits for, and never what nobody may know yet."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.assurance.test_changed_threads import placed, rewrite_kept
from tests.board.drawn import Element, drawn
from tests.durability.processes import Desk
from tests.harness import settings_at
from tests.retention.desks import purge
from tests.service.entrances import new_token
from tests.service.process import serving
from tests.service.stories import begun, lay

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

HEADLINES = {
    "agrees": ("Go", "go"),
    "board": ("Waiting", "human"),
    "short": ("Stopped", "stopped"),
    "needy": ("Stopped", "stopped"),
    "incident_report": ("4 steps done", "done"),
}
"""What is on top of the page of a team's thread, and in which tone; as the stories end."""


def page(client: httpx.Client, thread: str, part: str = "", status: int = 200) -> Element:
    """Return the page of a thread, or a part of it."""
    answer = client.get(f"/board/runs/{thread}{part}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), answer.text
    return drawn(answer.text)


def region(root: Element) -> Element:
    """Return the part of a page that changes."""
    (found,) = (each for each in root.all() if "data-live" in each.attributes)
    return found


def section(root: Element, name: str) -> str:
    """Return the text of a section; empty where there is none."""
    found = root.all(aria_labelledby=name)
    return found[0].text if found else ""


@pytest.mark.parametrize("team", HEADLINES)
def test_a_thread_at_rest_says_how_it_rests_and_its_changing_part_is_the_same_alone(
    team: str, client: httpx.Client
) -> None:
    thread = begun(client, team)
    root = page(client, thread)
    part = region(root)
    assert (root.one("h1").text, part.classes) == (HEADLINES[team][0], ["live", HEADLINES[team][1]])
    assert root.one("head").one("title").text.startswith(f"{HEADLINES[team][0]} – ")
    assert region(page(client, thread, "/live")) == part
    assert ("data-followed" in part.attributes) == (team == "board")
    assert part.all("form") == []


def test_a_decision_leads_to_its_why_and_to_its_report(client: httpx.Client) -> None:
    thread = begun(client, "agrees")
    links = [each.attributes["href"] for each in region(page(client, thread)).all("a")]
    assert {f"/board/runs/{thread}/why", f"/board/runs/{thread}/report"} <= {*links}


def test_what_waits_says_for_whom_and_leads_to_where_it_is_answered(client: httpx.Client) -> None:
    thread = begun(client, "board")
    (question,) = client.get(f"/v1/runs/{thread}").json()["waiting"]
    root = page(client, thread)
    told = section(root, "asked")
    assert "CFO (cfo), CTO (cto)" in told
    assert question["question"] in told
    assert root.of_class("button")[0].attributes["href"] == f"/board/runs/{thread}/answer/{question['id']}"
    assert "accord decide" not in root.text


def test_what_is_asked_about_comes_first_and_why_people_are_asked_is_not_called_a_decision(
    client: httpx.Client,
) -> None:
    thread = begun(client, "board")
    root = page(client, thread)
    assert "Launch?" in region(root).all("header")[0].one("div", id="goal").text
    assert "What would have spared people the question" in section(root, "flips")
    (way,) = page(client, thread, "/why").of_class("ways")[0].all("a")[1:]
    assert (way.text, "/answer/" in way.attributes["href"]) == ("See the question", True)
    assert "What would have changed it" in section(page(client, begun(client, "agrees")), "flips")


def test_only_who_may_answer_is_offered_to(tmp_path: Path) -> None:
    home = lay(tmp_path)
    tokens = {name: new_token(home, "read", "run", "decide", person=name) for name in ("cfo", "eve")}
    reading = new_token(home, "read", person="cfo")
    with serving(home) as served, served.client(tokens["cfo"]) as cfo:
        thread = begun(cfo, "board")
        said = {}
        for name, token in (*tokens.items(), ("reader", reading)):
            with served.client(token) as one:
                told = section(page(one, thread, "/live"), "asked")
                said[name] = "Answer this" in told, "See the question" in told
    assert said == {"cfo": (True, False), "eve": (False, True), "reader": (False, True)}


def test_a_stopped_thread_says_what_resumes_it(client: httpx.Client) -> None:
    thread = begun(client, "short")
    assert f"accord resume {thread}" in section(page(client, thread), "next")


def test_roles_by_rounds_with_each_stance_why_and_the_conflicts_of_each_round(client: httpx.Client) -> None:
    thread = begun(client, "board")
    record = client.get(f"/v1/runs/{thread}").json()
    root = page(client, thread)
    for entry in record["history"]:
        for said in entry["contributions"]:
            cell = root.one("td", data_round=str(entry["round"]), data_seat=said["agent"])
            assert (cell.of_class("word")[0].text, cell.classes) == (said["stance"], [said["stance"]])
            assert f"confidence {said['confidence']:.2f}" in cell.text
            assert cell.attributes["data-head"] == f"Round {entry['round']}"
            assert said["summary"] in cell.text
            assert all(action in cell.text for action in said["actions"])
    row = root.of_class("conflicts")[0]
    assert [each.text for each in row.all("td")] == ["a block against other stances"] * len(record["history"])
    scrolls = [each for each in root.of_class("scroll") if each.all("td")]
    assert all(each.attributes["tabindex"] == "0" and each.attributes["aria-label"] for each in scrolls)
    assert "Exceeded by 0.01" in section(root, "guards")


def test_what_is_left_of_each_limit_is_the_limit_without_what_was_used(client: httpx.Client) -> None:
    thread = begun(client, "models")
    record = client.get(f"/v1/runs/{thread}").json()
    root = page(client, thread)
    rows = {
        each.one("th").text: [cell.text for cell in each.all("td")] for each in root.of_class("budget")[0].all("tr")[1:]
    }
    assert rows["Rounds"] == [str(6 - len(record["history"])), "6"]
    fills = [each.of_class("fill")[0].attributes["width"] for each in root.of_class("budget")[0].all("tr")[1:]]
    shares = {name: 100 * float(left) / float(most) for name, (left, most) in rows.items() if name != "Seconds at work"}
    assert [float(each.rstrip("%")) for each in fills[:2]] == pytest.approx([*shares.values()][:2], abs=0.01)
    assert rows["Seconds at work"][0].isdigit()
    assert rows["Messages"] == [str(40 - 2 * len(record["history"])), "40"]
    assert "Tokens" not in rows  # this team does not limit them


SECTIONS = {
    "incident_report": "Plan",
    "support_backlog": "Assignments",
    "market_entry": "Assignments",
    "market_scan": "Results",
    "build_or_buy": "Positions",
    "onboarding_ideas": "Notes",
    "retrospective": "Turns",
    "change_freeze": "Ballots",
}
"""What the pages of teams of other patterns than rounds are about."""


@pytest.mark.parametrize("team", SECTIONS)
def test_a_thread_of_any_pattern_shows_what_its_team_did(team: str, client: httpx.Client) -> None:
    thread = begun(client, team)
    record = client.get(f"/v1/runs/{thread}").json()
    root = page(client, thread)
    assert SECTIONS[team] in [each.text for each in root.all("h2")]
    titles = {each.text for each in root.of_class("title")}
    assert len(titles) >= 2
    assert record["pattern"] in root.of_class("place")[0].text
    assert root.all(aria_labelledby="now") == []


def cut(home: Path, thread: str, *statements: str) -> None:
    with closing(sqlite3.connect(home / "accord.sqlite", timeout=30)) as connection:
        for statement in statements:
            connection.execute(statement, (thread,))
        connection.commit()


def test_a_thread_that_cannot_be_read_says_so_on_its_page(client: httpx.Client, desk: Desk) -> None:
    thread = begun(client, "agrees")
    cut(desk.folder / "home", thread, "UPDATE checkpoints SET checkpoint = x'c1' WHERE thread_id = ?")
    root = page(client, thread)
    assert (root.one("h1").text, region(root).classes) == ("Damaged", ["live", "block"])
    assert region(root) == region(page(client, thread, "/live"))
    assert str(desk.folder) not in root.text


def test_a_thread_whose_record_is_gone_is_damaged_too(client: httpx.Client, desk: Desk) -> None:
    thread = begun(client, "agrees")
    tables = ("checkpoints", "writes", "newest_checkpoints")
    cut(desk.folder / "home", thread, *(f"DELETE FROM {each} WHERE thread_id = ?" for each in tables))
    root = page(client, thread)
    assert (root.one("h1").text, str(desk.folder) in root.text) == ("Damaged", False)


def test_a_thread_that_was_changed_says_what_differs(tmp_path: Path) -> None:
    home = lay(tmp_path)
    with serving(home) as served, served.client() as client:
        thread = begun(client, "agrees")
    rewrite_kept(home / "accord.sqlite", placed("case", "goal", value="Lunch?"))
    with serving(home) as served, served.client() as client:
        root = page(client, thread)
        assert (root.one("h1").text, root.all(aria_labelledby="guards")) == ("Changed", [])
        assert "goal" in root.of_class("lead")[0].text


def test_a_purged_thread_says_when_and_by_whom_and_that_it_is_gone(tmp_path: Path) -> None:
    home = lay(tmp_path)
    with serving(home) as served, served.client() as client:
        thread = begun(client, "agrees")
        assert purge(settings_at(home), by="the archive").purged
        for part in ("", "/live"):
            root = page(client, thread, part, 410)
            assert root.one("h1").text == "Purged"
            assert "by the archive" in root.text
        assert client.get(f"/board/runs/{thread}/events").status_code == 410


def test_what_one_person_answered_is_shown_to_nobody_before_the_question_is_settled(tmp_path: Path) -> None:
    home = lay(tmp_path)
    tokens = {name: new_token(home, "read", "run", "decide", person=name) for name in ("cfo", "cto")}
    said = {"decision": "go_with_caution", "because": "The fraud team is ready."}
    with serving(home) as served, served.client(tokens["cfo"]) as cfo, served.client(tokens["cto"]) as cto:
        thread = begun(cfo, "board")
        assert cfo.post(f"/v1/runs/{thread}/decide", json=said).status_code == 202
        for client in (cfo, cto):
            for part in ("", "/live"):
                text = client.get(f"/board/runs/{thread}{part}").text
                assert said["because"] not in text
                assert "CFO (cfo) has answered" in drawn(text).text
        assert cto.post(f"/v1/runs/{thread}/decide", json={**said, "wait": True}).status_code == 200
        assert said["because"] in page(cto, thread).text


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[tuple[httpx.Client, str]]:
    """A thread of which every text wants to be more than text."""
    home = lay(tmp_path)
    with serving(home) as served, served.client() as client:
        answer = client.post("/v1/execute", json={"team": "agrees", "goal": HOSTILE, "wait": True})
        assert answer.is_success, answer.text
        yield client, answer.json()["thread_id"]


HOSTILE = "<script>alert(1)</script> \"'><img src=x onerror=alert(2)> {{ 7 * 7 }} \u202egnp.exe " + "W" * 900


def test_texts_stay_texts(hostile: tuple[httpx.Client, str]) -> None:
    client, thread = hostile
    for path in ("/board", f"/board/runs/{thread}", f"/board/runs/{thread}/live"):
        text = client.get(path).text
        root = drawn(text)
        assert "<script>alert(1)</script>" in root.text
        assert "\u202e" not in text
        assert root.all("img") == []
        assert [each.attributes.get("src") for each in root.all("script")] in ([], ["/board/static/board.js"])
        named = [name for each in root.all() for name in each.attributes]
        assert [name for name in named if name == "style" or name.startswith("on")] == []


def test_a_page_speaks_the_language_of_its_team(client: httpx.Client) -> None:
    root = page(client, begun(client, "checkout_launch_fr"))
    assert root.one("html").attributes["lang"] == "fr"
    assert [each.text for each in root.all("h2")][:2] != ["Decision", "Goal"]
    assert "Budget restant" in root.text
