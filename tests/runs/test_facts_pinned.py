"""Facts from sources are fetched once a run and pinned; a refresh asks again, and says what moved."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph.problems import UsageError
from tests.runs.desk import Desk
from tests.runs.people import team
from tests.runs.sources import World, asking
from tests.runs.test_facts_from_sources import EXPECTED, LIVE, SUPPLY, URL, of, told


class Killed(BaseException):
    """The process is gone."""


def killed() -> Any:
    raise Killed


def dies(at: Desk, work: Callable[[], Any]) -> None:
    """Do something whose process dies when it asks a role."""
    speech, at.voice.speech = at.voice.speech, lambda question: killed()
    with pytest.raises(Killed):
        work()
    at.voice.speech = speech


def test_a_run_that_was_killed_goes_on_with_the_facts_it_had(tmp_path: Path) -> None:
    at = Desk(tmp_path, of(LIVE))
    with asking(World({URL: {"rate": 1}})) as world:
        dies(at, at.run)
        world.gives[URL] = {"rate": 2}
        record = at.resume()

    assert (record["status"], at.state()["case"]["facts"], world.asked) == ("ok", {"rate": 1}, [URL])


def test_a_process_that_dies_while_it_fetches_leaves_a_run_that_fetches_again(tmp_path: Path) -> None:
    at = Desk(tmp_path, of(LIVE))
    with asking(World({URL: killed})) as world:
        with pytest.raises(Killed):
            at.run()
        world.gives[URL] = {"rate": 2}
        assert at.resume()["status"] == "ok"

    assert at.state()["case"]["facts"] == {"rate": 2}


def test_a_process_that_dies_after_an_answer_does_not_fetch_again(tmp_path: Path) -> None:
    at = Desk(tmp_path, of(EXPECTED, **SUPPLY))
    with asking(World({URL: {"rate": 0.1}})) as world:
        at.run()
        dies(at, lambda: at.answer("cto", 4))
        world.gives[URL] = "no answer"
        assert at.resume()["status"] == "ok"

    assert (at.state()["case"]["facts"], world.asked) == ({"risk": {"rate": 0.1, "alerts": 4}}, [URL])


def test_a_refresh_in_which_nothing_moved_resumes_the_thread(tmp_path: Path) -> None:
    at = Desk(tmp_path, of(LIVE))
    with asking(World({URL: {"rate": 1}})) as world:
        dies(at, at.run)
        record = at.resume(refresh=True)

    assert (record["status"], world.asked) == ("ok", [URL, URL])
    assert len(at.events("admitted", "resumed")) == 1
    assert at.state()["superseded"] == []


def test_a_run_that_stopped_is_resumed_with_the_facts_it_had(tmp_path: Path) -> None:
    at = Desk(tmp_path, of(LIVE, budget={"max_messages": 1}))
    with asking(World({URL: {"rate": 1}})) as world:
        stopped = at.run()
        world.gives[URL] = {"rate": 2}
        record = at.resume(budget={"max_messages": 9})

    assert (stopped["stop_reason"], record["status"]) == ("max_messages", "ok")
    assert (at.state()["case"]["facts"], world.asked) == ({"rate": 1}, [URL])


def test_a_refresh_of_a_run_that_stopped_keeps_when_its_facts_were_fetched(tmp_path: Path) -> None:
    at = Desk(tmp_path, of(LIVE, budget={"max_messages": 1}))
    with asking(World({URL: {"rate": 1}})) as world:
        stopped = at.run()
        record = at.resume(budget={"max_messages": 9}, refresh=True)

    assert (record["status"], len(world.asked)) == ("ok", 2)
    assert record["sources"] == stopped["sources"]


def test_a_refresh_says_what_moved_and_writes_nothing_until_it_is_accepted(tmp_path: Path) -> None:
    at = Desk(tmp_path, of(LIVE))
    with asking(World({URL: {"rate": 1}})) as world:
        dies(at, at.run)
        before = at.state()
        world.gives[URL] = {"rate": 2}
        refused = at.resume(refresh=True)
        assert (refused["stop_reason"], refused["cause"]) == ("stale_thread:facts", "`rate`: 1 → 2")
        assert at.state() == before
        world.gives[URL] = {"rate": 3}
        record = at.resume(refresh=True, accept_changes=True)

    assert record["status"] == "ok"
    assert at.state()["case"]["facts"] == {"rate": 3}
    (resumed,) = at.events("resumed")
    assert (resumed["moved"], resumed["altered"], resumed["sources"]) == ("facts", [["rate"]], record["sources"])
    assert [told(each) for each in record["sources"]] == [("status", "http", ["rate"], None)]


def test_a_refresh_keeps_what_people_supplied(tmp_path: Path) -> None:
    at = Desk(tmp_path, of(EXPECTED, **SUPPLY))
    with asking(World({URL: {"rate": 0.1}})) as world:
        at.run()
        dies(at, lambda: at.answer("cto", 4))
        world.gives[URL] = {"rate": 0.2, "alerts": 9}
        assert at.resume(refresh=True)["cause"] == "`risk.rate`: 0.1 → 0.2"
        world.gives[URL] = {"rate": 0.1}
        assert at.resume(refresh=True)["status"] == "ok"

    assert at.state()["case"]["facts"] == {"risk": {"rate": 0.1, "alerts": 4}}


@pytest.mark.parametrize(
    ("sources", "gives", "sentence"),
    [
        ([LIVE], "no answer", "the source `status` gave no facts that can be used: no answer; the thread is as it was"),
        (None, "", "the facts came with the run, not from a source that can be asked again"),
    ],
)
def test_a_refresh_that_finds_no_facts_is_refused(sources: Any, gives: str, sentence: str, tmp_path: Path) -> None:
    at = Desk(tmp_path, team(facts=sources or {"rate": 1}))
    with asking(World({URL: {"rate": 1}})) as world:
        dies(at, at.run)
        before = at.state()
        world.gives[URL] = gives
        with pytest.raises(UsageError, match=sentence):
            at.resume(refresh=True)

    assert at.state() == before


def test_an_existing_thread_is_compared_with_what_is_at_hand_and_nobody_is_asked(tmp_path: Path) -> None:
    (tmp_path / "stock.json").write_text('{"lots": 3}')
    local, live = Desk(tmp_path, of({"file": "stock.json"})), Desk(tmp_path, of({"file": "stock.json"}, LIVE))
    live.database = str(tmp_path / "live.sqlite")
    with asking(World({URL: {"rate": 1}})) as world:
        first = local.run(), live.run()
        assert [local.run(), live.run()] == [*first]
        (tmp_path / "stock.json").write_text('{"lots": 4}')
        world.gives[URL] = {"rate": 2}
        moved, same = local.run(), live.run()

    assert (moved["stop_reason"], moved["cause"]) == ("stale_thread:facts", "`lots`: 3 → 4")
    assert (same, world.asked) == (first[1], [URL])


def test_a_finished_thread_refreshed_returns_its_record_and_asks_nobody(tmp_path: Path) -> None:
    at = Desk(tmp_path, of(LIVE))
    with asking(World({URL: {"rate": 1}})) as world:
        record = at.run()
        world.gives[URL] = {"rate": 2}
        again = at.resume(refresh=True), at.resume(refresh=True, accept_changes=True)

    assert again == (record, record)
    assert world.asked == [URL]
