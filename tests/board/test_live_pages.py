"""A run as it happens: what its page shows before the record has it, what waits its turn, and the stream beside it."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from graph.store.database import open_database
from graph.store.index import Index
from tests.board.drawn import Element, drawn
from tests.durability.processes import Desk
from tests.scripted_server import Answer, Call, held, says, serve, text
from tests.service.process import serving
from tests.service.stories import begun, lay, until
from tests.service.streams import events_in

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]


@dataclass
class Gate:
    """Lets roles answer, each for itself."""

    open: set[str]


@dataclass(frozen=True)
class Scene:
    """A service whose model answers once it may."""

    client: httpx.Client
    gate: Gate
    desk: Desk

    def page(self, thread: str, part: str = "") -> Element:
        answer = self.client.get(f"/board/runs/{thread}{part}")
        assert answer.status_code == 200, answer.text
        return drawn(answer.text)

    def headline(self, thread: str) -> str:
        return self.page(thread, "/live").one("h1").text

    def cells(self, thread: str) -> dict[str, tuple[str, str]]:
        """Return the word and the state of each cell, by its round and its seat."""
        found = [each for each in self.page(thread, "/live").all() if "data-seat" in each.attributes]
        return {
            f"{each.attributes['data-round']} {each.attributes['data-seat']}": (
                each.of_class("word")[0].text,
                each.attributes["data-now"],
            )
            for each in found
        }


@contextmanager
def scene(folder: Path, table: str = "") -> Iterator[Scene]:
    gate, home = Gate(set()), lay(folder)
    with (home / "accord.toml").open("a") as file:
        file.write(table)

    def said(call: Call) -> Answer:
        role = call.role
        answer = text("Launch.") if role == "brief" else says("block" if role == "risk" else "go", "As it is.")
        return held(answer, lambda: role in gate.open)

    with serve({name: said for name in ("demand", "risk", "brief")}) as model:
        desk = Desk(folder, model.base_url)
        environment = {name: desk.environment[name] for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL")}
        with serving(home, env=environment) as served, served.client() as client:
            yield Scene(client, gate, desk)
        gate.open |= {"demand", "risk", "brief"}


def test_what_a_role_answered_is_shown_before_its_round_is_finished(tmp_path: Path) -> None:
    with scene(tmp_path) as at:
        thread = begun(at.client, "models", wait=False)
        working = {"1 demand": ("at work", "open"), "1 risk": ("at work", "open")}
        until(lambda: at.cells(thread) == working, "both are at work")
        root = at.page(thread)
        assert (root.one("h1").text, "data-followed" in root.of_class("live")[0].attributes) == ("In progress", True)
        at.gate.open.add("demand")
        until(lambda: at.cells(thread)["1 demand"] == ("go", "done"), "one has answered")
        assert at.cells(thread)["1 risk"] == ("at work", "open")
        assert "As it is." in at.page(thread).one("td", id="cell-1-demand").text
        assert at.client.get(f"/v1/runs/{thread}").json()["history"] == []
        at.gate.open.add("risk")
        until(lambda: "Round 6 (open)" in at.page(thread).text or "Waiting" in at.page(thread).text, "it goes on")


def test_a_thread_that_waits_its_turn_says_so_and_what_it_is_about(tmp_path: Path) -> None:
    with scene(tmp_path, "[serve]\nat_once = 1\n") as at:
        first = begun(at.client, "models", wait=False)
        until(lambda: at.headline(first) == "In progress", "the first is at work")
        second = begun(at.client, "models", wait=False)
        until(lambda: at.headline(second) == "Queued", "it is held by nobody")
        root = at.page(second)
        assert "Launch?" in root.text
        assert "A team" in root.text
        assert root.all("table") == []
        rows = {
            each.one("a").attributes["href"]: each.text for each in drawn(at.client.get("/board").text).of_class("run")
        }
        assert rows[f"/board/runs/{second}"].startswith("Queued")
        assert rows[f"/board/runs/{first}"].startswith("In progress")


def test_a_thread_whose_process_died_is_interrupted(tmp_path: Path) -> None:
    with scene(tmp_path) as at:
        with at.desk.started("run", "home/models.json", "--thread", "cut", "--json") as run:
            until(lambda: at.client.get("/v1/runs/cut").is_success, "the thread is there")
            until(lambda: at.cells("cut").get("1 risk") == ("at work", "open"), "its roles are at work")
            run.kill()
        assert at.headline("cut") == "Interrupted"
        assert at.cells("cut") == {"1 demand": ("no answer", "done"), "1 risk": ("no answer", "done")}
        assert "accord resume cut" in at.page("cut").text


def test_a_stage_of_another_pattern_shows_who_is_at_work(tmp_path: Path) -> None:
    with scene(tmp_path) as at:
        (at.desk.folder / "home" / "line.json").write_text(LINE)
        with at.desk.started("run", "home/line.json", "--thread", "line", "--json"):
            until(lambda: at.client.get("/v1/runs/line").is_success, "the thread is there")
            until(lambda: ("at work", "open") in at.cells("line").values(), "somebody is at work")
            assert at.page("line").one(aria_labelledby="now").of_class("title")[0].text == "Demand"


LINE = """{"name": "line", "title": "A line", "goal": "Write it.", "facts": {"x": 1}, "pattern": "pipeline",
"sequence": ["demand", "risk"], "roles": {"demand": {"title": "Demand", "mandate": "Say."},
"risk": {"title": "Risk", "mandate": "Say."}}}"""


def test_a_person_in_the_round_is_waited_for_in_their_cell(tmp_path: Path) -> None:
    with scene(tmp_path) as at:
        at.gate.open |= {"demand", "risk"}
        thread = begun(at.client, "seated")
        assert at.cells(thread)["1 legal"] == ("waits for a person", "open")
        assert "cfo" in at.page(thread).one("td", id="cell-1-legal").text


def test_a_thread_of_which_nothing_is_recorded_yet_has_a_page(tmp_path: Path) -> None:
    home = lay(tmp_path)

    async def take() -> None:
        async with open_database(str(home / "accord.sqlite"), "NORMAL") as database, database.fences.hold("taken"):
            await Index(database.store).begin("taken", "agrees", "Is this new?")

    with serving(home) as served, served.client() as client:
        asyncio.run(take())
        root = drawn(client.get("/board/runs/taken").text)
        assert root.one("h1").text == "In progress"
        assert "Is this new?" in root.text
        assert "data-followed" in root.of_class("live")[0].attributes


def test_the_stream_of_the_board_is_that_of_the_service(tmp_path: Path) -> None:
    with serving(lay(tmp_path)) as served, served.client() as client:
        thread = begun(client, "agrees")
        for options in ({}, {"params": {"after": 3}}, {"headers": {"last-event-id": "5"}}):
            one, other = (client.get(f"/{place}/runs/{thread}/events", **options) for place in ("board", "v1"))
            assert (one.content, one.headers["content-type"]) == (other.content, other.headers["content-type"])
            assert [each.kind for each in events_in(iter(one.content.split(b"\n")))][-1] == "end"
        assert client.get(f"/board/runs/{thread}/events", params={"after": "x"}).status_code == 422


def test_a_page_listens_to_every_kind_of_event_that_a_record_may_have(tmp_path: Path) -> None:
    documented = {
        name
        for line in (ROOT / "docs/record.md").read_text(encoding="utf-8").split("## ")
        for row in line.splitlines()
        if row.startswith("| `") and "`admitted` | `thread`" in line
        for name in re.findall(r"`([a-z_]+)`", row.split("|")[1])
    }
    with serving(lay(tmp_path)) as served, served.client() as client:
        part = drawn(client.get(f"/board/runs/{begun(client, 'agrees')}").text).of_class("live")[0]
    assert {"admitted", "outcome", "noted", "finished"} <= documented
    assert documented - {*part.attributes["data-kinds"].split()} <= {"purged"}
