"""Each tenant watches its own decisions, asks its own sources, and who may only read changes nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.board.watching import Reader, Source, lay, refusal_in, team
from tests.service.callers import accord, token
from tests.service.process import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PEOPLE = {"ada": ("acme", "admin"), "rob": ("acme", "read"), "gus": ("globex", "admin")}


@pytest.fixture
def people(home: Path, source: Source) -> Iterator[dict[str, Reader]]:
    """Readers by name, each with a session of their own; all share one service."""
    limited = [{**each, "tenants": ["acme"]} for each in source.facts]
    lay(home, source, {"small": team("small", source.facts), "theirs": team("theirs", limited)})
    tokens = {name: token(home, tenant, name, scope) for name, (tenant, scope) in PEOPLE.items()}
    with ExitStack() as stack:
        served = stack.enter_context(serving(home))
        yield {name: Reader(stack.enter_context(served.client(each))) for name, each in tokens.items()}


def test_a_tenant_sees_looks_at_and_takes_again_its_own_alone(people: dict[str, Reader], source: Source) -> None:
    ada, gus = people["ada"], people["gus"]
    own, foreign = ada.run("theirs"), gus.run("small")
    source.risk = {"rate": 0.05, "alerts": 2}
    before = source.asked
    assert ada.look().status_code == 303
    assert source.asked == before + 1
    assert [(each.thread, each.sign) for each in ada.see().items] == [(own, "block")]
    assert [(each.thread, each.sign) for each in gus.see().items] == [(foreign, "plain")]
    assert "Nobody has asked here for a look" in gus.see().text

    for reader, thread in ((ada, foreign), (gus, own), (gus, "nobody")):
        looked, opened = reader.look(thread), reader.reopen(thread)
        assert [looked.status_code, opened.status_code] == [404, 404]
        assert f"there is no thread {thread}" in refusal_in(looked)
    assert _bare(gus.reopen(own).text, own) == _bare(gus.reopen("nobody").text, "nobody")
    assert [(each.thread, each.sign) for each in gus.see().items] == [(foreign, "plain")]

    assert ada.reopen(own).headers["location"] == f"/board/runs/{own}.r1"
    new = ada.rested(f"{own}.r1")
    assert (new["tenant"], new["reopens"], new["final_decision"]) == ("acme", own, "no_go")
    assert gus.threads() == {foreign}
    assert gus.client.get(f"/v1/runs/{own}.r1").status_code == 404


def _bare(page: str, thread: str) -> str:
    return page.replace(thread, "…").replace("<wbr>", "")


def test_two_tenants_look_at_once(people: dict[str, Reader], source: Source) -> None:
    ada, gus = people["ada"], people["gus"]
    ada.run("small"), gus.run("small")
    source.is_open.clear()
    assert [each.look().status_code for each in (ada, gus, ada, gus)] == [303, 303, 409, 409]
    assert "ada asked for a look" in ada.see().text
    assert "gus asked for a look" in gus.see().text


def test_who_may_only_read_sees_what_was_found_and_can_change_nothing(
    people: dict[str, Reader], source: Source
) -> None:
    ada, rob = people["ada"], people["rob"]
    thread = ada.run("small")
    source.risk = {"rate": 0.05, "alerts": 2}
    ada.look()
    shown = rob.see()
    assert (shown.of(thread).sign, shown.of(thread).forms) == ("block", ())
    assert "Look at all now" not in shown.text
    rob.field = ada.field
    before = source.asked
    assert [rob.look().status_code, rob.look(thread).status_code, rob.reopen(thread).status_code] == [403] * 3
    assert source.asked == before
    assert ada.threads() == {thread}


def test_an_entry_that_was_changed_to_be_another_tenants_is_shown_to_nobody_else(
    people: dict[str, Reader], home: Path
) -> None:
    ada, gus = people["ada"], people["gus"]
    thread = ada.run("small")
    with closing(sqlite3.connect(home / "accord.sqlite", timeout=30)) as connection:
        changed = connection.execute(
            "UPDATE store SET value = CAST(replace(CAST(value AS TEXT), '\"acme\"', '\"globex\"') AS BLOB) "
            "WHERE prefix LIKE 'archive.%' AND key = ?",
            (thread,),
        )
        connection.commit()
        assert changed.rowcount == 1
    assert gus.see().items == []
    assert gus.look().status_code == 303
    assert gus.see().items == []
    assert gus.reopen(thread).status_code == 404
    assert accord(home, "audit", "verify").returncode == 1
