"""`accord messages`: what it shows of a thread to people and to programs, page by page, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from policies.messages.message import KINDS
from tests.harness import settings_at
from tests.hostile.command import Captured, accord, refused
from tests.patterns.stage import play
from tests.patterns.talk import go, mail, silent, talking
from tests.runs.stage import state_of

pytestmark = pytest.mark.slow


def talk(home: Path, thread: str = "t") -> None:
    """Five messages: a note, the opening of a conversation, a question in it, its answer, and feedback."""
    note = mail("all", "Ready.")
    asked = mail(["bob"], "May we?", "question", conversation="terms", priority="urgent", topic="stock")
    reply = mail(["ann"], "We may.\nBut slowly.", "result", in_reply_to="m3")
    lines = {**silent(2), "ann": [go(note, asked), go()], "bob": [go(), go(reply, mail(["cid"], "Good.", "feedback"))]}
    play(home, talking(), lines, thread)


def found(capture: Captured, *arguments: object) -> Any:
    done = accord(capture, "messages", *arguments, "--json")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def ids(capture: Captured, *arguments: object) -> list[str]:
    return [message["id"] for message in found(capture, "t", *arguments)["messages"]]


def test_programs_get_the_messages_as_the_thread_keeps_them(accord_home: Path, capsys: Captured) -> None:
    talk(accord_home)
    kept = state_of(settings_at(accord_home))["messages"]

    assert found(capsys, "t") == {"thread_id": "t", "total": 5, "offset": 0, "messages": kept, "undelivered": []}
    assert [message["id"] for message in kept] == ["m1", "m2", "m3", "m4", "m5"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["--agent", "cid"], ["m1", "m5"]),
        (["--agent", "ann"], ["m1", "m2", "m3", "m4"]),
        (["--agent", "nobody"], []),
        (["--kind", "note"], ["m1", "m2"]),
        (["--kind", "vote"], []),
        (["--conversation", "terms"], ["m2", "m3", "m4"]),
        (["--conversation", "terms", "--agent", "bob", "--kind", "result"], ["m4"]),
        (["--limit", 2], ["m1", "m2"]),
        (["--offset", 2, "--limit", 2], ["m3", "m4"]),
        (["--kind", "note", "--offset", 1], ["m2"]),
        (["--offset", 9], []),
    ],
)
def test_filters_and_pages_choose_among_the_messages(
    filters: list[object], expected: list[str], accord_home: Path, capsys: Captured
) -> None:
    talk(accord_home)

    assert ids(capsys, *filters) == expected


def test_a_page_tells_how_many_match_in_all(accord_home: Path, capsys: Captured) -> None:
    talk(accord_home)
    page = found(capsys, "t", "--conversation", "terms", "--offset", 1, "--limit", 1)

    assert (page["total"], page["offset"], len(page["messages"])) == (3, 1, 1)


def test_a_conversation_is_shown_with_its_participants_whatever_page_of_it_is_read(
    accord_home: Path, capsys: Captured
) -> None:
    talk(accord_home)
    page = ("--conversation", "terms", "--agent", "bob", "--offset", 2)

    assert found(capsys, "t", *page)["participants"] == ["ann", "bob"]
    assert found(capsys, "t", "--conversation", "none")["participants"] == []
    assert accord(capsys, "messages", "t", *page).out.splitlines()[:2] == ["Between ann, bob", ""]
    assert accord(capsys, "messages", "t", "--conversation", "none").out == "No messages.\n"


def test_people_read_who_wrote_what_to_whom(accord_home: Path, capsys: Captured) -> None:
    talk(accord_home)
    times = [message["at"][:19].replace("T", " ") for message in state_of(settings_at(accord_home))["messages"]]
    shown = [line.rstrip() for line in accord(capsys, "messages", "t", "--offset", 1, "--limit", 3).out.splitlines()]

    assert shown == [
        f"m2  ann -> bob  (note, urgent, conversation terms)  {times[1]} UTC",
        "    ann opens the conversation terms.",
        "",
        f"m3  ann -> bob  (question, urgent, conversation terms, topic stock)  {times[2]} UTC",
        "    May we?",
        "",
        f"m4  bob -> ann  (result, in reply to m3, conversation terms)  {times[3]} UTC",
        "    We may.",
        "    But slowly.",
        "",
        "Messages 2 to 4 of 5; the next: --offset 4",
    ]


@pytest.mark.parametrize(
    ("arguments", "last"),
    [
        ([], "Messages 1 to 5 of 5"),
        (["--kind", "task"], "No messages."),
        (["--offset", 7], "No messages from 7 on; there are 5."),
    ],
)
def test_the_last_line_tells_where_the_page_stands(
    arguments: list[object], last: str, accord_home: Path, capsys: Captured
) -> None:
    talk(accord_home)

    assert accord(capsys, "messages", "t", *arguments).out.splitlines()[-1] == last


def test_a_message_cannot_steer_the_terminal_or_write_lines_of_ours(accord_home: Path, capsys: Captured) -> None:
    words = "\x1b[2J[bold]Fine.[/bold]\r\x9b31m\u202egnihton\nm9  cid -> all  (vote)"
    play(accord_home, talking(), {**silent(2), "ann": [go(mail("all", words)), go()]})
    shown = accord(capsys, "messages", "t").out

    assert not {"\x1b", "\r", "\x9b", "\u202e"} & {*shown}
    assert "[bold]Fine.[/bold]" in shown
    assert [line for line in shown.splitlines() if line.startswith("m9")] == []


def test_a_thread_whose_roles_send_no_messages_has_none(accord_home: Path, capsys: Captured) -> None:
    play(accord_home, talking(messages=None), silent(2))

    assert accord(capsys, "messages", "t").out == "No messages.\n"
    assert found(capsys, "t") == {"thread_id": "t", "total": 0, "offset": 0, "messages": [], "undelivered": []}


@pytest.mark.usefixtures("accord_home")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nobody"], "there is no thread `nobody` in "),
        (["a b"], "the thread id 'a b' is not allowed; allowed: "),
        ([], "there are no threads yet; `accord run` starts one"),
        (["t", "--kind", "order"], "--kind is 'order'; allowed: task, result, question, "),
        (["t", "--limit", "0"], "--limit is 0; allowed: a whole number from 1 to 10000"),
        (["t", "--offset", "-1"], "--offset is -1; allowed: a whole number from 0 on"),
    ],
)
def test_an_unknown_thread_kind_or_page_is_refused(arguments: list[str], sentence: str, capsys: Captured) -> None:
    (said,) = refused(capsys, "messages", *arguments)

    assert said.startswith(sentence)


def test_the_help_names_every_kind(capsys: Captured) -> None:
    shown = " ".join(accord(capsys, "messages", "--help").out.split())

    assert f"[{'|'.join(KINDS)}]" in shown.replace(" ", "")
