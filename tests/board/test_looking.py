"""A look that lasts: it holds up no request, there is one at a time, and what ends before it saw all says so."""

from pathlib import Path

import pytest

from tests.board.watching import Reader, Source, refusal_in
from tests.service.process import Served, serving, start
from tests.service.stories import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def held_up(reader: Reader, source: Source) -> str:
    """Have a look at a decision wait for its source, and return the thread."""
    thread = reader.run("small")
    source.is_open.clear()
    assert reader.look().status_code == 303
    return thread


def test_a_second_look_says_that_one_is_under_way_whichever_process_has_it(home: Path, source: Source) -> None:
    with serving(home) as one, serving(home) as other, one.client() as first, other.client() as second:
        here, there = Reader(first), Reader(second)
        thread = held_up(here, source)
        asked = source.asked
        for reader in (here, there):
            for answer in (reader.look(), reader.look(thread)):
                assert answer.status_code == 409
                assert "a look is under way already; this one was not begun" in answer.text
            shown = reader.see()
            assert "local asked for a look on" in shown.text
            assert "it has looked at 0 decisions so far" in shown.text
            assert "Nobody has looked at it yet" in shown.of(thread).text
            assert first.get("/health").status_code == 200
        assert source.asked == asked

        source.is_open.set()
        until(lambda: "ended on" in there.see().text, "the look ended")
        assert "It looked at 1 decision." in here.see().text
        assert here.see().of(thread).sign == "go"
        assert there.look(thread).status_code == 303


def ended(served: Served, how: str) -> None:
    if how == "kill":
        served.kill()
    else:
        assert served.stop() == 0


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_look_whose_process_ends_is_not_under_way_any_more(how: str, home: Path, source: Source) -> None:
    served = start(home)
    with served.client() as client:
        thread = held_up(Reader(client), source)
        ended(served, how)
    source.is_open.set()
    with serving(home) as again, again.client() as client:
        reader = Reader(client)
        shown = reader.see()
        assert "The last look broke off; local asked for it on" in shown.text
        assert "Nobody has looked at it yet" in shown.of(thread).text
        assert reader.look().status_code == 303
        assert reader.see().of(thread).sign == "go"


def test_a_look_that_ends_midway_has_noted_what_it_found(home: Path, source: Source) -> None:
    """A look takes 64 decisions at a time; those that are left when the process ends were not looked at."""
    served = start(home)
    with served.client() as client:
        reader = Reader(client)
        threads = [reader.run("small") for _ in range(3)]
        assert reader.look(threads[0]).status_code == 303
        source.risk, found = {"rate": 0.02, "alerts": 2}, reader.see()
        assert sorted(each.sign for each in found.items) == ["go", "plain", "plain"]
        source.is_open.clear()
        reader.look()
        assert served.stop() == 0
    source.is_open.set()
    with serving(home) as again, again.client() as client:
        assert sorted(each.sign for each in Reader(client).see().items) == ["go", "plain", "plain"]
        Reader(client).look()
        assert [each.sign for each in Reader(client).see().items] == ["caution"] * 3


def test_settings_that_cannot_be_read_are_for_the_log_and_nobody_is_asked(home: Path, source: Source) -> None:
    with serving(home) as served, served.client() as client:
        reader = Reader(client)
        thread = reader.run("small")
        text = (home / "accord.toml").read_text(encoding="utf-8")
        (home / "accord.toml").write_text(f"{text}\nodd = 1\n", encoding="utf-8")
        before = source.asked
        answers = [reader.look(), reader.look(thread), reader.reopen(thread)]
        assert {each.status_code for each in answers} == {409}
        assert all("its log says why" in refusal_in(each) for each in answers)
        assert all(str(home) not in each.text for each in answers)
        assert reader.client.post("/board/watch", data={"form": reader.field}).status_code == 403  # no page sent it
        assert source.asked == before
    assert "odd" in (home / "serve.log").read_text(encoding="utf-8")
