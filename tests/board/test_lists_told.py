"""What the lists of the board say of a thread: what it is about first, and whether its decision is still the one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.board.drawn import Element, drawn
from tests.board.watching import Reader, Source, lay, team
from tests.service.process import serving
from tests.service.stories import DIVIDED

pytestmark = pytest.mark.slow

GOAL = "Shall we launch in spring?"


@pytest.fixture
def reader(home: Path, source: Source) -> Iterator[Reader]:
    asks = team("asks", {"risk": {"rate": 0.01, "alerts": 2}, "limits": {"rate": 0.03}}, goal=GOAL)
    people = {"escalate": {"decide": {"by": ["cfo"]}}, "approvers": {"cfo": {"title": "Chief financial officer"}}}
    asks |= {"roles": DIVIDED, "sequence": [*DIVIDED], **people}
    lay(home, source, {"small": team("small", source.facts, goal=GOAL), "asks": asks})
    with serving(home) as served, served.client() as client:
        yield Reader(client)


def row_of(reader: Reader, thread: str) -> Element:
    """Return the row of a thread in the list of runs."""
    rows = drawn(reader.client.get("/board").text).of_class("run")
    (found,) = [each for each in rows if each.all("a")[0].attributes["href"] == f"/board/runs/{thread}"]
    return found


def test_a_run_whose_decision_was_taken_again_says_so_with_the_newer_one(reader: Reader, source: Source) -> None:
    thread = reader.run("small")
    assert "Taken again" not in row_of(reader, thread).text
    source.risk = {"rate": 0.05, "alerts": 2}
    reader.look()
    assert "Taken again" not in row_of(reader, thread).text
    reader.reopen(thread)
    reader.rested(f"{thread}.r1")
    row = row_of(reader, thread)
    assert f"Taken again: No go, as {thread}.r1." in row.text
    assert f"/board/runs/{thread}.r1" in [each.attributes["href"] for each in row.all("a")]
    assert "replaced" in row.classes
    assert "replaced" not in row_of(reader, f"{thread}.r1").classes


def test_a_decision_that_a_team_within_took_is_watched_under_its_name(reader: Reader) -> None:
    thread = reader.run("vendor_review")
    decision = reader.client.get(f"/v1/runs/{thread}").json()["final_decision"]
    assert decision == "go"
    assert "vendor_review: Go" in reader.see().of(thread).text
    assert "success" not in reader.see().text


def test_each_entry_is_called_after_what_its_run_is_about(reader: Reader) -> None:
    thread, waits = reader.run("small"), reader.run("asks")
    heading = drawn(reader.see().html).of_class("watched")[0].one("h2").one("a")
    assert (heading.text, heading.attributes["href"]) == (GOAL, f"/board/runs/{thread}")
    entry = drawn(reader.see("/board/inbox").html).of_class("inbox")[0]
    link = entry.one("h2").one("a")
    assert link.text == GOAL
    assert link.attributes["href"].startswith(f"/board/runs/{waits}/answer/")
    assert entry.text.rpartition(" ")[2] == waits
