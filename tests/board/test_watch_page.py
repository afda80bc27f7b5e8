"""What became of decisions, at the board: seen, looked at, and taken again, while the value of a source moves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.board.watching import (
    Reader,
    Source,
    decided_before,
    exported,
    lay,
    refusal_in,
    team,
    text_of,
)
from tests.service.callers import accord
from tests.service.process import serving

pytestmark = pytest.mark.slow

OLD = {"brief", "passing", "old"}
"""The threads of decisions that were taken long ago; the time of all but the last is over."""
FILE = {"rate": 0.01, "alerts": 2}


@pytest.fixture
def reader(home: Path, source: Source, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    private = {"facts": [*source.facts, {"inline": {"customer": {"name": "Ada Lovelace"}}}], "private": ["customer"]}
    short = {"budget": {"max_messages": 1}, "guards": []}
    teams = {
        "small": team("small", source.facts),
        "french": team("french", source.facts, language="fr"),
        "brief": team("brief", source.facts, watch={"owner": "Head of risk", "expires_after": "90d"}),
        "bare": team("bare", {"risk": FILE, "limits": {"rate": 0.03}}),
        "passing": team("passing", {"risk": FILE, "limits": {"rate": 0.03}}, watch={"expires_after": "90d"}),
        "discreet": team("discreet", **private),
        "stops": team("stops", source.facts, **short),
    }
    lay(home, source, teams)
    decided_before(home, monkeypatch, brief="brief", passing="passing", old="small")
    with serving(home) as served, served.client() as client:
        yield Reader(client)


def test_a_decision_holds_until_its_facts_move_and_is_then_taken_again_once(
    reader: Reader, source: Source, home: Path
) -> None:
    thread = reader.run("small")
    assert "Nobody has looked at it yet" in reader.see().of(thread).text
    record = exported(home, thread)

    assert (reader.look().status_code, reader.look().headers["location"]) == (303, "/board/watch")
    held = reader.see()
    assert held.of(thread).sign == "go"
    assert "It looked at 4 decisions." in held.text
    assert "It holds" in held.of(thread).text
    assert held.of(thread).forms == ("/board/watch",)
    assert reader.reopen(thread).status_code == 409
    assert refusal_in(reader.reopen(thread)).startswith(
        f"the decision of the thread {thread} holds on the facts of now, so it is not taken again"
    )

    source.risk = {"rate": 0.05, "alerts": 2}
    reader.look(thread)
    moved = reader.see().of(thread)
    assert moved.sign == "block"
    assert "It should be taken again" in moved.text
    assert "Guard fraud: another answer" in moved.text
    assert "0.01 (clear; 0.02 from the limit) → 0.05 (tripped; 0.02 past the limit)" in moved.text
    assert "risk.rate 0.01 → 0.05" in moved.text
    assert "owner: Head of risk" in moved.text
    assert moved.forms == ("/board/watch", f"/board/runs/{thread}/reopen")

    answers = [reader.reopen(thread) for _ in range(3)]
    assert {(each.status_code, each.headers["location"]) for each in answers} == {(303, f"/board/runs/{thread}.r1")}
    new = reader.rested(f"{thread}.r1")
    assert (new["final_decision"], new["reopens"], new["status"]) == ("no_go", thread, "ok")
    after = reader.see()
    assert after.of(thread).sign == "done"
    assert after.of(thread).forms == ()
    assert f"It is taken again as the thread {thread}.r1." in after.of(thread).text
    assert [each.thread for each in after.items][-2:] == ["old", thread]
    assert reader.threads() == {thread, f"{thread}.r1", *OLD}
    assert exported(home, thread) == record
    assert accord(home, "audit", "verify").returncode == 0
    found = accord(home, "watch", thread, "--json")
    assert f'"reopened_as": "{thread}.r1"' in found.stdout


def test_a_source_that_fails_says_why_and_nothing_is_taken_again(reader: Reader, source: Source) -> None:
    thread = reader.run("small")
    source.risk = None
    reader.look()
    shown = reader.see().of(thread)

    assert shown.sign == "open"
    assert "It is not known whether it holds" in shown.text
    assert "gave no facts that can be used" in shown.text
    assert "500" in shown.text
    answer = reader.reopen(thread)
    assert answer.status_code == 409
    assert "the facts of now are not known" in refusal_in(answer)
    assert reader.threads() == {thread, *OLD}


def test_a_decision_whose_time_is_over_comes_first_before_anybody_looks(reader: Reader) -> None:
    bare = reader.run("bare")
    unseen = reader.see()
    assert [(each.thread, each.sign) for each in unseen.items] == [
        *(("brief", "block"), ("passing", "block"), ("old", "plain"), (bare, "absent"))
    ]
    assert "It was valid until 2026-04-02 03:04:05 UTC, and has expired." in unseen.of("brief").text
    reader.look()
    assert [each.sign for each in reader.see().items] == ["block", "block", "go", "absent"]

    assert reader.reopen(bare).status_code == 409
    for name in ("brief", "passing"):
        assert reader.reopen(name).headers["location"] == f"/board/runs/{name}.r1"
        assert reader.rested(f"{name}.r1")["final_decision"] == "go"


def test_facts_given_at_the_command_line_are_those_a_sourceless_decision_is_taken_again_on(
    reader: Reader, home: Path
) -> None:
    thread = reader.run("bare")
    (home / "today.json").write_text('{"risk": {"rate": 0.07, "alerts": 2}, "limits": {"rate": 0.03}}')
    assert accord(home, "watch", thread, "--facts", str(home / "today.json")).returncode == 1
    assert f"/board/runs/{thread}/reopen" in reader.see().of(thread).forms
    for look in (reader.look(thread), reader.look()):  # nobody can be asked, and what was found stays
        assert look.status_code == 303
        assert (reader.see().of(thread).sign, accord(home, "watch", thread).returncode) == ("block", 1)

    assert reader.reopen(thread).status_code == 303
    assert reader.rested(f"{thread}.r1")["final_decision"] == "no_go"


def test_a_source_that_fails_keeps_a_decision_whose_time_is_over_from_being_taken_again(
    reader: Reader, source: Source
) -> None:
    source.risk = None
    answer = reader.reopen("brief")
    assert answer.status_code == 409
    assert "gave no facts that can be used" in refusal_in(answer)
    assert reader.threads() == OLD


def test_what_never_was_decided_and_what_was_purged_is_not_watched(reader: Reader, home: Path) -> None:
    stopped, purged = reader.run("stops"), "old"
    reader.look()
    assert accord(home, "purge", "--older-than", "30d").returncode == 0
    assert reader.see().items == []
    for thread, status in ((stopped, 409), (purged, 410), ("nobody", 404), ("no body", 404)):
        assert reader.look(thread).status_code == status
    for thread, status in ((stopped, 409), (purged, 410), ("nobody", 404)):
        assert reader.reopen(thread).status_code == status
    assert "ended without a decision" in refusal_in(reader.reopen(stopped))
    assert reader.threads() == {stopped}


def test_the_page_of_a_thread_says_what_became_of_its_decision_and_which_one_it_takes_again(
    reader: Reader, source: Source
) -> None:
    thread = reader.run("small")
    page = f"/board/runs/{thread}"
    assert "Nobody has looked at it yet" in since(reader, page)
    source.risk = {"rate": 0.05, "alerts": 2}
    assert reader.send("/board/watch", thread=thread, page="run").headers["location"] == page
    found = since(reader, page)
    assert "It should be taken again" in found
    assert "0.01 → 0.05" in found
    assert reader.send(f"{page}/reopen").headers["location"] == f"{page}.r1"
    reader.rested(f"{thread}.r1")
    assert f"It is taken again as the thread {thread}.r1." in since(reader, page)
    assert f"This thread decides again what the thread {thread} decided: Go, of" in since(reader, f"{page}.r1")
    assert f'<a href="{page}">' in reader.see(f"{page}.r1").html
    assert 'id="later"' not in reader.see(f"/board/runs/{reader.run('stops')}").html


def since(reader: Reader, page: str) -> str:
    """Return what the page of a thread says of the time after its decision."""
    return text_of(reader.see(page).html.partition('<h2 id="later">')[2])


def test_private_facts_are_not_shown(reader: Reader, source: Source) -> None:
    thread = reader.run("discreet")
    source.risk = {"rate": 0.04, "alerts": 2}
    reader.look()
    reader.reopen(thread)
    reader.rested(f"{thread}.r1")
    assert "Lovelace" not in reader.see().html


def test_the_page_speaks_the_language_of_its_reader_whatever_that_of_a_team(reader: Reader, source: Source) -> None:
    french, english = reader.run("french"), reader.run("small")
    source.risk = {"rate": 0.05, "alerts": 2}
    reader.client.headers["accept-language"] = "fr, en;q=0.5"
    reader.look()
    shown = reader.see()
    assert '<html lang="fr">' in shown.html
    for thread in (french, english):
        assert "Elle devrait être reprise" in shown.of(thread).text
        assert "0,01 (respecté" in shown.of(thread).text
    assert '" lang="fr"><bdi>' in shown.html.partition(f"/board/runs/{french}")[2][:20]
    reader.client.headers["accept-language"] = "en"
    assert "It should be taken again" in reader.see().of(french).text
    assert "Elle devrait être reprise" in reader.see(f"/board/runs/{french}").text
    reader.client.headers["accept-language"] = "fr"
    assert "Tout examiner maintenant" in shown.text


def test_the_list_is_filtered_and_paged_and_loses_nothing(reader: Reader, source: Source) -> None:
    threads = {reader.run("small") for _ in range(27)} | {reader.run("bare")}
    reader.look()
    first = reader.see()
    assert first.following is not None
    second = reader.see(first.following)
    assert [len(first.items), len(second.items)] == [25, 6]
    assert {each.thread for each in (*first.items, *second.items)} == {*threads, *OLD}
    assert second.following is None
    assert "Holds (28)" in first.text
    bare = reader.see("/board/watch?verdict=sourceless")
    assert [each.sign for each in bare.items] == ["absent"]
    held = reader.see("/board/watch?verdict=holds")
    assert held.following is not None
    assert "verdict=holds" in held.following
    assert len(reader.see(held.following).items) == 3
    assert reader.see("/board/watch?verdict=odd").status == 422
    assert reader.see("/board/watch?after=odd").status == 422
