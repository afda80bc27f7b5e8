"""What is said from outside: who may say it, to whom, in which conversation, and that it is heard once and marked."""

from typing import Any

import pytest

from policies.messages.draft import OPENING, asked_of, read_draft
from policies.messages.mailbox import accept_messages, post
from policies.messages.message import Message, Messaging, open_questions
from policies.messages.outside import Listening, Unheard, accept_said, find_misplaced, hear

AT = "2026-01-01T00:00:00Z"
RULES = Messaging()
TEAM = Listening("launch", ("risk", "legal", "idle"), ("risk", "legal"), Messaging(max_characters=20))


def said(**changes: Any) -> dict[str, Any]:
    return {"id": "s-1", "from": "dana", "to": ["risk"], "kind": "note", "content": "Hello.", "at": AT, **changes}


def hi(to: Any, **changes: Any) -> dict[str, Any]:
    return {"to": to, "kind": "note", "content": "Hi.", **changes}


def test_what_is_said_becomes_a_message_with_its_own_id_its_own_time_and_the_mark() -> None:
    (heard,), unheard = hear([said(content=" Hello. ", priority="high", topic="price")], [], TEAM)

    assert heard == Message("s-1", "dana", ("risk",), "note", "Hello.", AT, "high", topic="price", outside=True)
    assert unheard == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"from": "risk"}, "the sender is 'risk', a role of the team; allowed: a person or a program outside it"),
        ({"from": "idle"}, "the sender is 'idle', a role of the team; allowed: a person or a program outside it"),
        ({"from": "Dana"}, "the sender is 'Dana'; allowed: a name of a-z, 0-9, _ and -, at most 40 characters, a "),
        ({"from": None}, "the sender is None; allowed: a name of "),
        ({"from": "all"}, "the sender is 'all', which has a meaning of its own; allowed: any other name"),
        ({"from": "brief"}, "the sender is 'brief', which has a meaning of its own; allowed: any other name"),
        ({"id": "m7"}, "the id is 'm7'; allowed: a name of "),
        ({"id": "m"}, "the id is 'm'; allowed: a name of "),
        ({"id": "s.1"}, "the id is 's.1'; allowed: a name of "),
        ({"id": 7}, "the id is 7; allowed: a name of "),
        ({"content": "a\x00"}, "`content` has a NUL character or a lone surrogate"),
        ({"content": "\ud800"}, "`content` has a NUL character or a lone surrogate"),
        ({"topic": "a\x00b"}, "`topic` has a NUL character or a lone surrogate"),
        ({"to": ["risk\x00"]}, "`to[0]` has a NUL character or a lone surrogate"),
        ({"content": " "}, "`content` is ' '; allowed: text of 1 to 20 characters"),
        ({"content": "x" * 21}, "`content` is 'xxxxxxxxxxxxxxxxxxxxx'; allowed: text of 1 to 20 characters"),
        ({"content": None}, "`content` is missing; allowed: text of 1 to 20 characters"),
        ({"to": ["ops"]}, "`to` is ['ops']; allowed: all, or one or more of legal, risk"),
        ({"to": ["idle"]}, "`to` is ['idle']; allowed: all, or one or more of legal, risk"),
        ({"kind": "order"}, "`kind` is 'order'; allowed: task, "),
        ({"in_reply_to": "m1"}, "`in_reply_to` is 'm1'; allowed: the id of a message dana sent or received"),
    ],
)
def test_what_may_not_be_said_is_refused_by_a_sentence_also_when_it_is_heard(
    changes: dict[str, Any], sentence: str
) -> None:
    told = accept_said(said(**changes), [], TEAM)
    messages, (refused,) = hear([said(**changes)], [], TEAM)

    assert isinstance(told, str)
    assert told.startswith(sentence)
    assert messages == []
    assert refused == Unheard(said(**changes)["id"], said(**changes)["from"], told)


def test_a_team_without_messages_hears_nothing() -> None:
    told = accept_said(said(), [], Listening("launch", ("risk",), ("risk",), None))

    assert told == (
        "the team `launch` exchanges no messages; add `messages: {}` to its team file and start a new thread"
    )


def test_what_was_heard_is_not_heard_again_and_one_refusal_takes_nothing_else_with_it() -> None:
    first, _ = hear([said()], [], TEAM)
    again, unheard = hear([said(), said(id="s-2", to=["ops"]), said(id="s-3")], first, TEAM)

    assert [message.id for message in again] == ["s-3"]
    assert [each.id for each in unheard] == ["s-2"]


def test_a_conversation_opened_from_outside_begins_with_a_marked_note_and_is_open_to_its_participants() -> None:
    opened, _ = hear([said(conversation="terms", kind="question"), said(id="s-2", to="legal")], [], TEAM)
    reply, refusals = accept_messages([hi("dana", in_reply_to="s-1")], "risk", TEAM.speaking, opened, RULES)

    assert [(each.id, each.sender, each.conversation, each.outside) for each in opened] == [
        ("m1", "dana", "terms", True),
        ("s-1", "dana", "terms", True),
        ("s-2", "dana", None, True),
    ]
    assert opened[0].metadata == {OPENING: True, "participants": ["dana", "risk"]}
    assert [each.id for each in open_questions(opened)] == ["s-1"]
    posted = post(opened, reply, "risk", AT)
    assert refusals == ()
    assert [(each.id, each.to, each.conversation, each.outside) for each in posted] == [
        ("m2", ("dana",), "terms", False)
    ]
    assert open_questions([*opened, *posted]) == []


def test_a_role_writes_only_to_those_outside_whom_it_heard_from_and_all_are_the_roles() -> None:
    heard, _ = hear([said()], [], TEAM)

    stranger = asked_of("legal", TEAM.speaking, heard, RULES)
    assert read_draft(hi("dana"), stranger) == "`to` is 'dana'; allowed: all, or one or more of risk"
    drafts, _ = accept_messages([hi("all"), hi(["dana", "legal"])], "risk", TEAM.speaking, heard, RULES)
    assert [draft.to for draft in drafts] == [("legal",), ("dana", "legal")]
    _, refusals = accept_messages([hi("dan")], "risk", TEAM.speaking, heard, RULES)
    assert refusals == ("message 1: `to` is 'dan'; allowed: all, or one or more of legal, dana",)


def test_no_role_can_set_the_mark() -> None:
    offered = {"to": "risk", "kind": "note", "content": "Hi.", "outside": True, "from": "dana", "id": "s-9"}
    drafts, _ = accept_messages([offered | {"metadata": {"outside": True}}], "legal", TEAM.speaking, [], RULES)
    (posted,) = post([], drafts, "legal", AT)

    assert (posted.id, posted.sender, posted.outside) == ("m1", "legal", False)


def test_a_conversation_is_joined_by_who_takes_part_in_it_and_opened_under_a_new_name() -> None:
    heard, _ = hear([said(conversation="terms"), said(id="s-2", conversation="price")], [], TEAM)

    assert find_misplaced("terms", "dana", False, heard) is None
    assert find_misplaced("terms", "dana", True, heard) == (
        "there is a conversation `terms` already; allowed: another name"
    )
    assert find_misplaced("terms", "eve", False, heard) == (
        "there is no conversation `terms` in which eve takes part; allowed: none yet, one has to be opened"
    )
    assert find_misplaced("talks", "dana", False, heard) == (
        "there is no conversation `talks` in which dana takes part; allowed: terms, price"
    )
    assert find_misplaced("talks", "dana", True, heard) is None


def test_a_conversation_that_others_opened_meanwhile_is_not_intruded_on_when_it_is_heard() -> None:
    theirs = [Message("m1", "risk", ("legal",), "note", "Between us.", AT, conversation="terms")]
    messages, (refused,) = hear([said(conversation="terms")], theirs, TEAM)

    assert messages == []
    assert refused.because.startswith("`conversation` is 'terms'; allowed: a conversation dana takes part in")


def test_nobody_replies_to_what_was_withdrawn() -> None:
    asked = Message("m1", "risk", ("dana", "legal"), "question", "May we?", AT)
    heard, unheard = hear([said(in_reply_to="m1")], [asked], TEAM)
    later, refused = hear([said(in_reply_to="m1")], [asked], TEAM, {"m1"})

    assert ([each.in_reply_to for each in heard], unheard) == (["m1"], [])
    assert (later, [each.id for each in refused]) == ([], ["s-1"])


def test_what_waits_names_its_conversation_and_opens_nothing_yet() -> None:
    waiting = accept_said(said(conversation="terms", to="all"), [], TEAM)

    assert isinstance(waiting, Message)
    assert (waiting.id, waiting.conversation, waiting.to, waiting.outside) == ("s-1", "terms", ("legal", "risk"), True)
