"""The page of a run tells once what became of its decision, and has there what can be done about it."""

from pathlib import Path

import pytest

from tests.board.tree import Node, tree_of
from tests.board.watching import Reader, Source, decided_before, lay, team, text_of
from tests.service.callers import token
from tests.service.process import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MOVED = {"rate": 0.05, "alerts": 2}


@pytest.fixture
def home(home: Path, source: Source) -> Path:
    bare = {"risk": {"rate": 0.01, "alerts": 2}, "limits": {"rate": 0.03}}
    brief = {"watch": {"owner": "Head of risk", "expires_after": "90d"}}
    teams = {"small": team("small", source.facts), "brief": team("brief", source.facts, **brief)}
    lay(home, source, {**teams, "passing": team("passing", bare, **brief)})
    return home


def page_at(reader: Reader, path: str) -> Node:
    shown = reader.see(path)
    assert shown.status == 200
    return tree_of(shown.html)


def deeds(page: Node) -> dict[str, tuple[str, dict[str, str]]]:
    """Return what the buttons of the section do: where each sends what, but for the hidden field of a form."""
    found = {}
    for button in page.titled("later").all("button"):
        (form,) = [each for each in page.all("form") if each.attrs.get("id") == button.attrs["form"]]
        fields = {each.attrs["name"]: each.attrs["value"] for each in form.all("input")}
        assert fields.pop("form")
        found[button.text] = (form.attrs["action"], fields)
    return found


def test_a_decision_whose_facts_moved_is_told_once_with_its_buttons(home: Path, source: Source) -> None:
    with serving(home) as served, served.client() as client:
        reader = Reader(client)
        thread = reader.run("small")
        path = f"/board/runs/{thread}"
        look = {"Look at it now": ("/board/watch", {"thread": thread, "page": "run"})}
        assert deeds(page_at(reader, path)) == look
        source.risk = MOVED
        reader.look(thread)

        page = page_at(reader, path)
        assert deeds(page) == {**look, "Take it again": (f"{path}/reopen", {})}
        for told in ("It should be taken again", "Guard fraud", "0.01 → 0.05", "Head of risk"):
            assert page.text.count(told) == 1, told
        assert "accord watch" not in page.text
        sections = [each.attrs["aria-labelledby"] for each in page.all("section")]
        assert sections.index("later") < sections.index("why")
        live = page_at(reader, f"{path}/live")
        assert live.titled("later").text == page.titled("later").text
        assert live.all("form") == []

        reader.reopen(thread)
        reader.rested(f"{thread}.r1")
        before, after = page_at(reader, path), page_at(reader, f"{path}.r1")
        assert deeds(before) == {}
        assert links(before).count(f"{path}.r1") == 1
        assert links(after).count(path) == 1
        assert after.titled("reopens").text.count(thread) == 1
        assert after.text.count("decides again") == 1


def links(page: Node) -> list[str]:
    return [each.attrs["href"] for each in page.all("a")]


def test_what_was_valid_at_the_look_and_is_over_now_is_said_as_of_now_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided_before(home, monkeypatch, old="brief")
    with serving(home) as served, served.client() as client:
        reader = Reader(client)
        told = page_at(reader, "/board/runs/old").titled("later").text
        assert "It should be taken again" in told
        reader.look("old")
        told = page_at(reader, "/board/runs/old").titled("later").text
        assert told.count("It was valid until 2026-04-02 03:04:05 UTC, and has expired.") == 1
        assert "It is valid until" not in told


def test_a_thread_that_waits_for_its_turn_says_whose_decision_it_takes_again(
    home: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided_before(home, monkeypatch, old="passing")
    source.is_open.clear()
    with serving(home, "--at-once", "1") as served, served.client() as client:
        reader = Reader(client)
        client.post("/v1/execute", json={"team": "small"})
        assert reader.reopen("old").status_code == 303
        assert client.get("/v1/runs/old.r1").json()["status"] == "queued"
        page = page_at(reader, "/board/runs/old.r1")
        assert page.titled("reopens").text == "What it reopens This thread decides again what the thread old decided."
        assert links(page).count("/board/runs/old") == 1
        source.is_open.set()


def test_who_may_only_read_has_no_button_on_the_page_of_a_run(home: Path, source: Source) -> None:
    tokens = {name: token(home, "acme", name, scope) for name, scope in (("ada", "admin"), ("rob", "read"))}
    with serving(home) as served, served.client(tokens["ada"]) as ada, served.client(tokens["rob"]) as rob:
        thread = Reader(ada).run("small")
        source.risk = MOVED
        Reader(ada).look(thread)
        shown = Reader(rob).see(f"/board/runs/{thread}")
        assert "It should be taken again" in text_of(shown.html)
        assert tree_of(shown.html).titled("later").all("button") == []
        assert "/reopen" not in shown.html
