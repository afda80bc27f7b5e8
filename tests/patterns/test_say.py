"""`accord say`: a word from outside to the roles of a thread at work, stopped or not begun; heard once, as data."""

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graph import saying
from graph.saying import Speech
from graph.store.database import open_database
from graph.store.index import Index
from graph.teams.voicing import voiced
from policies.team.team import Team
from tests.harness import settings_at
from tests.hostile.command import ROOT, Captured, accord, process, refused
from tests.patterns.stage import Plain, Played, answering, go_on, output, parsed, play, raw_team
from tests.patterns.stage import refused as failing
from tests.patterns.talk import events_of, go, inboxes, mail, posted, silent, talking
from tests.runs.stage import state_of
from tests.scripted_server import Answer, Call, text

pytestmark = pytest.mark.slow

DANA = ("--to", "bob", "--from", "dana")


def say(capture: Captured, *arguments: object) -> Plain:
    """Say something by the command, and return the message as it is kept."""
    done = accord(capture, "say", *arguments, "--json")
    assert (done.code, done.err) == (0, ""), done
    message: Plain = json.loads(done.out)["message"]
    return message


def found(capture: Captured, *arguments: object) -> Any:
    done = accord(capture, "messages", *arguments, "--json")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def stopped(home: Path, thread: str = "t", **changes: Any) -> Played:
    """A talk that stopped in round 1, since a role could not be asked."""
    return play(home, talking(**changes), {**silent(2), "cid": [failing(401)]}, thread)


def admit(home: Path, team: Team) -> None:
    """Leave a thread as a process does that dies before its first step."""
    settings = settings_at(home, "http://127.0.0.1:9/v1")
    spoken = voiced(team, settings)

    async def main() -> None:
        async with open_database(settings.database) as database, database.fences.hold("t"):
            inputs = {"goal": team.goal, "facts": team.own_facts, "accept_changes": False}
            await Index(database.store).admit("t", spoken, inputs)

    asyncio.run(main())


def said_meanwhile(home: Path, *arguments: str) -> Callable[[Call], Answer]:
    """What a role does that has somebody else say something, in a process of its own, before it answers for the first
    time."""
    waiting = [arguments]

    def reply(_: Call) -> Answer:
        while waiting:
            done = process(home.parent, "say", "t", *waiting.pop(), env={"ACCORD_HOME": str(home)})
            assert (done.code, done.err) == (0, ""), done
        return go()

    return reply


# --- who hears what, and when ----------------------------------------------------------------------------------------


def test_what_a_second_process_says_while_a_run_goes_on_is_read_in_the_next_round_and_once(accord_home: Path) -> None:
    lines = {**silent(3), "ann": said_meanwhile(accord_home, "The supplier is late.", *DANA, "--kind", "feedback")}
    played = play(accord_home, talking(rounds=3), lines)
    (message,) = posted(accord_home)
    read = played.calls("bob")[1].user["inbox"]

    assert (played.record["status"], inboxes(played, "bob")) == ("ok", [[], ["The supplier is late."], []])
    assert inboxes(played, "cid") == [[], [], []]
    assert re.fullmatch(r"s-[0-9a-f]{12}", message["id"])
    assert (message["from"], message["to"], message["kind"], message["outside"]) == ("dana", ["bob"], "feedback", True)
    assert [{key: each[key] for key in ("id", "from", "to", "kind", "outside")} for each in read] == [
        {"id": message["id"], "from": "dana", "to": ["bob"], "kind": "feedback", "outside": True}
    ]
    (event,) = events_of(accord_home, "sent")
    assert (event["round"], event["message"]["id"]) == (2, message["id"])


def test_what_is_said_to_a_stopped_thread_waits_and_is_heard_after_its_resume(
    accord_home: Path, capsys: Captured
) -> None:
    stopped(accord_home)
    said = say(capsys, "t", "Wait for me.", "--to", "all", "--from", "dana", "--priority", "urgent")
    before = found(capsys, "t")
    shown = accord(capsys, "messages", "t").out
    played = go_on(accord_home, {**silent(2), "ann": [go()], "bob": [go()]})

    assert said["to"] == ["ann", "bob", "cid"]
    assert before["messages"] == []
    assert before["undelivered"] == [{**said, "because": "waits until `accord resume t`"}]
    assert "dana, from outside, -> ann, bob, cid  (note, urgent)" in shown
    assert "Not delivered: waits until `accord resume t`." in shown
    assert [inboxes(played, role)[-1] for role in ("ann", "bob", "cid")] == [["Wait for me."]] * 3
    after = found(capsys, "t")
    assert (after["messages"], after["undelivered"]) == ([said], [])
    assert "dana, from outside, -> ann, bob, cid" in accord(capsys, "messages", "t").out


def test_a_thread_that_has_not_begun_hears_in_its_first_round(accord_home: Path, capsys: Captured) -> None:
    admit(accord_home, talking())
    said = say(capsys, "t", "Before all.", *DANA)
    before = found(capsys, "t")
    played = go_on(accord_home, silent(2))

    assert [each["because"] for each in before["undelivered"]] == ["waits until the next round or stage opens"]
    assert inboxes(played, "bob") == [["Before all."], []]
    assert found(capsys, "t")["messages"] == [said]


def test_a_team_that_answers_for_a_role_does_not_hear_what_is_said_to_the_thread(
    accord_home: Path, capsys: Captured
) -> None:
    inner = answering("parallel", "bob", "eve", goal="Look.", messages={}, brief={"voice": "model"})
    roles = {"bob": inner}
    team = parsed(raw_team("parallel", "ann", "bob", roles=roles, messages={}, facts={"orders": 1}))
    admit(accord_home, team)
    say(capsys, "t", "To bob alone.", *DANA)
    played = go_on(
        accord_home,
        {"ann": [output("So.")], "bob": [output("So.")], "eve": [output("So.")], "brief": [text("Done.")] * 2},
    )

    assert [message["content"] for message in posted(accord_home)] == ["To bob alone."]
    assert inboxes(played, "bob") == [[]]


def test_an_outside_question_is_open_until_somebody_answers_its_asker(accord_home: Path, capsys: Captured) -> None:
    rules = [{"when": "open_questions > 0", "then": "next_round"}]
    team = talking(rounds=4, policy={"name": "asked", "rules": rules, "otherwise": "go"})
    admit(accord_home, team)
    say(capsys, "t", "May we?", *DANA, "--kind", "question", "--id", "q1")
    reply = mail("dana", "We may.", "result", in_reply_to="q1")
    played = go_on(accord_home, {**silent(4), "bob": [go(), go(), go(reply)]})

    outcomes = [
        (each["round"], each["marks"]["open_questions"], each["final"]) for each in events_of(accord_home, "outcome")
    ]
    assert outcomes == [(1, 1, "next_round"), (2, 1, "next_round"), (3, 0, "go")]
    assert played.record["final_decision"] == "go"
    assert [(each["id"], each["from"], each["to"], each["outside"]) for each in posted(accord_home)] == [
        ("q1", "dana", ["bob"], True),
        ("m1", "bob", ["dana"], False),
    ]
    assert "(result, in reply to q1)" in accord(capsys, "messages", "t", "--agent", "dana").out


def test_a_role_asks_somebody_outside_and_is_answered_in_a_conversation_of_theirs(
    accord_home: Path, capsys: Captured
) -> None:
    admit(accord_home, talking(rounds=4))
    opened = say(capsys, "t", "Shall we talk?", *DANA, "--open", "terms")
    again = say(capsys, "t", "About the price.", "--to", "cid", "--from", "dana", "--conversation", "terms")
    asks = mail(["dana"], "Which price?", "question", conversation="terms")
    meanwhile = said_meanwhile(
        accord_home, "Ours.", "--to", "cid", "--from", "dana", "--kind", "result", "--reply-to", "m2"
    )

    def ann(call: Call) -> Answer:
        return meanwhile(call) if call.round == 3 else go()

    played = go_on(accord_home, {**silent(4), "cid": [go(), go(asks), go(), go()], "ann": ann})

    assert [(each["id"], each["from"], each["conversation"]) for each in posted(accord_home)] == [
        ("m1", "dana", "terms"),
        (opened["id"], "dana", "terms"),
        (again["id"], "dana", "terms"),
        ("m2", "cid", "terms"),
        (posted(accord_home)[-1]["id"], "dana", "terms"),
    ]
    assert inboxes(played, "bob")[0] == ["dana opens the conversation terms.", "Shall we talk?"]
    assert inboxes(played, "cid") == [["About the price."], [], [], ["Ours."]]
    assert found(capsys, "t", "--conversation", "terms")["participants"] == ["dana", "bob", "cid"]


def test_changes_that_are_accepted_set_rounds_aside_and_nothing_that_people_said(
    accord_home: Path, capsys: Captured
) -> None:
    admit(accord_home, talking())
    said = say(capsys, "t", "Mind the price.", *DANA)
    broken = {**silent(2), "ann": [go(mail("bob", "Never mind.")), go()], "cid": [failing(401)]}
    first = go_on(accord_home, broken)
    again = go_on(accord_home, silent(2), facts={"orders": 1}, accept_changes=True)
    state = state_of(settings_at(accord_home))

    assert first.record["status"] == "stopped"
    assert (inboxes(first, "bob"), inboxes(again, "bob")) == ([["Mind the price."]], [["Mind the price."], []])
    assert [each["id"] for each in state["messages"] if each["id"] not in state["withdrawn"]] == [said["id"]]


# --- twice, and never ------------------------------------------------------------------------------------------------


def test_what_is_said_twice_under_one_id_is_said_once_before_and_after_it_is_heard(
    accord_home: Path, capsys: Captured
) -> None:
    stopped(accord_home)
    words = ("t", "Once.", *DANA, "--id", "erp-7", "--open", "terms")
    first, second = say(capsys, *words), say(capsys, *words)
    (other,) = refused(capsys, "say", "t", "Twice.", *DANA, "--id", "erp-7")
    go_on(accord_home, {**silent(2), "ann": [go()], "bob": [go()]})
    third = say(capsys, *words)

    assert first == second == third
    assert other == "the id 'erp-7' was used for another message; allowed: another id, or no --id for one of ours"
    assert [each["id"] for each in posted(accord_home)] == ["m1", "erp-7"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["x", "Hi.", *DANA], "there is no thread `x` in "),
        (
            ["t", "Hi.", "--to", "dan", "--from", "dana"],
            "`to` is ['dan']; allowed: all, or one or more of ann, bob, cid",
        ),
        (["t", "Hi.", "--to", "ann", "--from", "bob"], "the sender is 'bob', a role of the team; allowed: "),
        (["t", "Hi.", "--to", "ann", "--from", "Dana K"], "the sender is 'Dana K'; allowed: a name of a-z, "),
        (["t", " ", *DANA], "`content` is ' '; allowed: text of 1 to 1000 characters"),
        (["t", "", *DANA], "`content` is ''; allowed: text of 1 to 1000 characters"),
        (["t", "x" * 1001, *DANA], "`content` is 'xxx"),
        (["t", "a\udc80b", *DANA], "`content` has a NUL character or a lone surrogate"),
        (["t", "Hi.", *DANA, "--id", "m3"], "the id is 'm3'; allowed: a name of a-z, 0-9, _ and -, "),
        (["t", "Hi.", *DANA, "--id", ""], "the id is ''; allowed: a name of a-z, 0-9, _ and -, "),
        (["t", "Hi.", *DANA, "--topic", "A b"], "`topic` is 'A b'; allowed: a name of a-z, "),
        (["t", "Hi.", *DANA, "--reply-to", "m9"], "`in_reply_to` is 'm9'; allowed: the id of a message dana sent or "),
        (["t", "Hi.", *DANA, "--conversation", "terms"], "there is no conversation `terms` in which dana takes part; "),
        (["t", "Hi.", *DANA, "--open", "A b"], "`conversation` is 'A b'; allowed: "),
        (
            ["t", "Hi.", *DANA, "--open", "a", "--conversation", "a"],
            "--open opens a conversation, and --conversation continues one; ",
        ),
        (["t", "Hi.", *DANA, "--kind", "order"], "--kind is 'order'; allowed: task, result, question, "),
        (["t", "Hi.", "--to", "bob"], "`accord say` needs --from; "),
        (["t", "Hi.", "--from", "dana"], "`accord say` needs --to; "),
    ],
)
def test_what_cannot_be_said_is_refused_by_a_sentence_and_nothing_is_written(
    arguments: list[str], sentence: str, accord_home: Path, capsys: Captured
) -> None:
    stopped(accord_home)
    (told,) = refused(capsys, "say", *arguments)

    assert told.startswith(sentence)
    assert found(capsys, "t")["undelivered"] == []


def test_a_thread_that_has_finished_and_a_team_without_messages_hear_nobody(
    accord_home: Path, capsys: Captured
) -> None:
    play(accord_home, talking(), silent(2))
    play(accord_home, talking(messages=None), {**silent(2), "cid": [failing(401)]}, "mute")
    (late,), (mute,) = (refused(capsys, "say", thread, "Hi.", *DANA) for thread in ("t", "mute"))

    assert late == (
        "the thread `t` has finished (success), so that nobody would read the message; `accord run` starts another"
    )
    assert mute == (
        "the team `a_rounds` exchanges no messages; add `messages: {}` to its team file and start a new thread"
    )
    assert found(capsys, "t")["undelivered"] == found(capsys, "mute")["undelivered"] == []


def test_what_is_said_in_the_last_round_is_shown_as_said_too_late(accord_home: Path, capsys: Captured) -> None:
    play(accord_home, talking(rounds=1), {**silent(1), "ann": said_meanwhile(accord_home, "Wait!", *DANA)})

    (left,) = found(capsys, "t")["undelivered"]
    assert (left["content"], left["because"]) == ("Wait!", "said too late: the thread had finished")
    assert accord(capsys, "messages", "t", "--agent", "cid").out == "No messages.\n"
    assert accord(capsys, "audit", "verify").out.startswith("t: ")
    assert "BROKEN" not in accord(capsys, "audit", "verify").out


def test_a_name_that_the_team_gives_to_a_role_meanwhile_is_refused_when_it_is_heard(
    accord_home: Path, capsys: Captured
) -> None:
    stopped(accord_home)
    said = say(capsys, "t", "Hi.", "--to", "ann", "--from", "dan")
    team = talking("ann", "bob", "dan")
    played = play(accord_home, team, silent(2, "ann", "bob", "dan"), accept_changes=True)

    (event,) = events_of(accord_home, "message_refused")
    assert played.record["status"] == "ok"
    assert (event["said"], event["from"]) == (said["id"], "dan")
    (left,) = found(capsys, "t")["undelivered"]
    assert left["because"] == "the sender is 'dan', a role of the team; allowed: a person or a program outside it"


# --- the command -----------------------------------------------------------------------------------------------------


def test_text_may_come_from_stdin(accord_home: Path, capsys: Captured) -> None:
    stopped(accord_home)
    piped = subprocess.run(
        [sys.executable, "-m", "graph", "say", "last", "-", *DANA],
        input=b"From a\npipe.\n",
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "ACCORD_HOME": str(accord_home)},
        capture_output=True,
        check=False,
    )
    broken = subprocess.run(
        [sys.executable, "-m", "graph", "say", "last", "-", *DANA],
        input=b"\xff",
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "ACCORD_HOME": str(accord_home)},
        capture_output=True,
        check=False,
    )

    (left,) = found(capsys, "t")["undelivered"]
    assert (piped.returncode, piped.stderr, left["content"]) == (0, b"", "From a\npipe.")
    assert piped.stdout.decode() == (
        f"{left['id']} waits for bob in the thread t; it is read when the next round or stage opens\n"
    )
    assert (broken.returncode, broken.stderr) == (
        2,
        b"accord: stdin: is not UTF-8 at byte 0; write the text as UTF-8\n",
    )


def test_a_replay_hears_what_was_said_in_the_round_in_which_it_was_heard(accord_home: Path, capsys: Captured) -> None:
    asks = ("May we?", *DANA, "--kind", "question", "--open", "terms", "--id", "q1")
    rules = [{"when": "open_questions > 0 || round == 1", "then": "next_round"}]
    team = talking(rounds=4, policy={"name": "asked", "rules": rules, "otherwise": "go"})
    reply = mail("dana", "We may.", "result", in_reply_to="q1")
    lines = {**silent(4), "ann": said_meanwhile(accord_home, *asks), "bob": [go(), go(), go(reply)]}
    played = play(accord_home, team, lines)
    replayed = accord(capsys, "replay", "t")

    assert [(each["round"], each["marks"]["open_questions"]) for each in events_of(accord_home, "outcome")] == [
        (1, 0),
        (2, 1),
        (3, 0),
    ]
    assert (played.record["rounds_used"], replayed.code, replayed.err) == (3, 0, "")
    assert accord(capsys, "audit", "verify", "t").code == 0


def test_what_was_changed_in_the_database_after_it_was_said_is_not_heard(accord_home: Path, capsys: Captured) -> None:
    admit(accord_home, talking())
    say(capsys, "t", "I agree.", *DANA, "--id", "s-1")
    say(capsys, "t", "So do I.", *DANA, "--id", "s-2")
    say(capsys, "t", "Me too.", *DANA, "--id", "s-3")
    with closing(sqlite3.connect(accord_home / "accord.sqlite")) as file, file:
        file.execute("UPDATE store SET value = replace(value, 'I agree', 'I object') WHERE key = 's-1'")
        file.execute("UPDATE store SET key = 's-4' WHERE key = 's-2'")
    played = go_on(accord_home, silent(2))

    assert inboxes(played, "bob") == [["Me too."], []]


def test_other_threads_hear_nothing_of_it_whatever_their_names(accord_home: Path, capsys: Captured) -> None:
    for thread in ("t", "t.1", "t1", "t_1"):
        stopped(accord_home, thread)
    for number, thread in enumerate(("t", "t.1", "t1", "t_1")):
        say(capsys, thread, f"To {thread}.", *DANA, "--id", f"s-{number}")

    for thread in ("t", "t.1", "t1", "t_1"):
        assert [each["content"] for each in found(capsys, thread)["undelivered"]] == [f"To {thread}."]


def test_many_who_speak_at_once_are_all_heard(accord_home: Path, capsys: Captured) -> None:
    admit(accord_home, talking())
    settings = settings_at(accord_home)

    async def speak(number: int) -> Any:
        offered = {"from": f"p{number % 3}", "to": ["bob"], "kind": "note", "content": f"Word {number}."}
        return await saying.say(settings, "t", Speech(offered, id=f"s-{number % 10}" if number < 10 else None))

    async def main() -> list[Any]:
        return await asyncio.gather(*(speak(number) for number in range(20)))

    asyncio.run(main())
    assert len(found(capsys, "t")["undelivered"]) == 20
