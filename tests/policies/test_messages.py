"""Messages: what a role may send, why an offer is refused, what is posted, and how the posted are read."""

from typing import Any

import pytest
from pydantic import ValidationError

from policies.messages.draft import OPENING, Draft
from policies.messages.mailbox import accept_messages, post
from policies.messages.message import (
    KINDS,
    PRIORITIES,
    Conversation,
    Kind,
    Message,
    Messaging,
    Priority,
    Subscription,
    conversation_of,
    conversations_of,
    find_messages,
    inbox_of,
    message_from,
    open_questions,
    plain_message,
    receives,
)

ROLES = ("legal", "ops", "risk")
AT = "2026-01-01T00:00:00Z"
RULES = Messaging()


def message(
    id: str,
    sender: str = "risk",
    to: tuple[str, ...] = ("legal",),
    kind: Kind = "note",
    priority: Priority = "normal",
    conversation: str | None = None,
    in_reply_to: str | None = None,
    topic: str | None = None,
) -> Message:
    return Message(id, sender, to, kind, f"Text of {id}.", AT, priority, conversation, in_reply_to, topic)


POSTED = (
    message("m1", "risk", ("legal",), "question"),
    message("m2", "legal", ("ops",), conversation="terms"),
    message("m3", "ops", ("risk",)),
    message("m4", "ops", ("legal", "risk"), conversation="price"),
    message("m5", "legal", ("ops",), conversation="price"),
)


def offer(**fields: Any) -> dict[str, Any]:
    return {"to": "legal", "kind": "note", "content": "Hello.", **fields}


def accepted(*items: Any, sender: str = "risk", rules: Messaging = RULES) -> tuple[Draft, ...]:
    drafts, refusals = accept_messages([*items], sender, ROLES, POSTED, rules)
    assert refusals == ()
    return drafts


def refused(*items: Any, roles: tuple[str, ...] = ROLES, rules: Messaging = RULES) -> tuple[str, ...]:
    drafts, refusals = accept_messages([*items], "risk", roles, POSTED, rules)
    assert drafts == ()
    return refusals


def ids(messages: list[Message]) -> list[str]:
    return [each.id for each in messages]


# --- settings and plain values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "lowest", "highest", "default"),
    [("max_per_turn", 1, 20, 3), ("max_characters", 1, 4_000, 1_000), ("max_inbox", 1, 100, 20)],
)
def test_a_limit_has_a_range_and_a_default(setting: str, lowest: int, highest: int, default: int) -> None:
    assert getattr(Messaging(), setting) == default
    for value in (lowest, highest):
        assert getattr(Messaging.model_validate({setting: value}), setting) == value
    for wrong in (lowest - 1, highest + 1, "3", True, None):
        with pytest.raises(ValidationError):
            Messaging.model_validate({setting: wrong})


def test_a_subscription_names_kinds_and_topics_as_messages_have_them() -> None:
    read = Subscription.model_validate({"kinds": ["vote", "task"], "topics": ["price"]})

    assert read == Subscription(kinds=("vote", "task"), topics=("price",))
    assert Subscription() == Subscription(kinds=(), topics=())
    for wrong in ({"kinds": ["chat"]}, {"topics": ["Price"]}, {"topics": [""]}, {"roles": ["risk"]}):
        with pytest.raises(ValidationError):
            Subscription.model_validate(wrong)


def test_kinds_and_priorities_are_those_of_the_specification() -> None:
    assert KINDS == ("task", "result", "question", "feedback", "proposal", "vote", "note")
    assert PRIORITIES == ("low", "normal", "high", "urgent")


def test_a_message_is_kept_as_plain_json_and_read_back() -> None:
    full = Message("m2", "risk", ("legal", "ops"), "vote", "Yes.", AT, "high", "terms", "m1", "price", {"weight": 2})
    plain = plain_message(full)

    assert plain == {
        "id": "m2",
        "from": "risk",
        "to": ["legal", "ops"],
        "kind": "vote",
        "priority": "high",
        "content": "Yes.",
        "conversation": "terms",
        "in_reply_to": "m1",
        "at": AT,
        "topic": "price",
        **{"metadata": {"weight": 2}, "outside": False},
    }
    assert message_from(plain) == full
    assert len({full, message_from(plain)}) == 1


# --- what is accepted -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "resolved"),
    [
        ("legal", ("legal",)),
        (" legal ", ("legal",)),
        (["ops", "legal"], ("ops", "legal")),
        (["ops", "ops", "risk"], ("ops",)),
        ("all", ("legal", "ops")),
        (["all"], ("legal", "ops")),
        (["ops", "all"], ("ops", "legal")),
    ],
)
def test_a_message_goes_to_the_others_that_were_named(to: Any, resolved: tuple[str, ...]) -> None:
    (draft,) = accepted(offer(to=to))

    assert draft.to == resolved


def test_everybody_is_addressed_in_the_order_of_names_whatever_the_order_of_roles() -> None:
    drafts = [accept_messages([offer(to="all")], "risk", roles, (), RULES)[0] for roles in (ROLES, ROLES[::-1])]

    assert drafts[0] == drafts[1]


def test_a_draft_has_what_was_offered_trimmed_and_what_was_left_out_by_default() -> None:
    (short,) = accepted(offer(content=" \x00Hello.\n", by="somebody", **{"from": "ops"}))
    nulls = dict.fromkeys(("priority", "in_reply_to", "conversation", "topic", "metadata"))
    full = offer(
        to="ops", kind="vote", priority="low", in_reply_to="m3", conversation="new", topic="price", metadata={"a": [1]}
    )

    assert short == Draft(("legal",), "note", "Hello.", "normal")
    assert accepted(offer(**nulls)) == (short,)
    assert accepted(full) == (Draft(("ops",), "vote", "Hello.", "low", "m3", "new", "price", {"a": [1]}),)


@pytest.mark.parametrize("readable", ["m1", "m3", "m4", "m5"])
def test_a_role_replies_to_what_it_sent_was_sent_or_can_read_in_its_conversation(readable: str) -> None:
    assert accepted(offer(in_reply_to=readable))[0].in_reply_to == readable


@pytest.mark.parametrize(("kinds", "drafts"), [(("question",), 1), (("note",), 0)])
def test_a_role_replies_to_what_it_received_by_its_subscription(kinds: tuple[Kind, ...], drafts: int) -> None:
    found = accept_messages([offer(in_reply_to="m1")], "ops", ROLES, POSTED, RULES, Subscription(kinds=kinds))
    assert len(found[0]) == drafts


@pytest.mark.parametrize("name", ["price", "new", "x" * 40, "a-b_2"])
def test_a_role_writes_in_its_own_conversation_or_opens_one(name: str) -> None:
    assert accepted(offer(conversation=name))[0].conversation == name


def test_limits_are_inclusive() -> None:
    rules = Messaging(max_per_turn=2, max_characters=5)
    most_values = {f"k{number}": number for number in range(20)}
    most_text = {"k": "x" * (1_000 - len("{'k': ''}"))}

    assert len(accepted(offer(content="12345"), offer(content=" 12345 "), rules=rules)) == 2
    assert [draft.metadata for draft in accepted(offer(metadata=most_values), offer(metadata=most_text))] == [
        most_values,
        most_text,
    ]


# --- what is refused --------------------------------------------------------------------------------------------------

NAMING = "a name of a-z, 0-9, _ and -, at most 40 characters, a letter first"
TO = "all, or one or more of legal, ops"
KIND = "task, result, question, feedback, proposal, vote, note"
CONTENT = "text of 1 to 1000 characters"
PRIORITY = "low, normal, high, urgent"
REPLY = "the id of a message risk sent or received, or of a conversation it takes part in"
CONVERSATION = f"a conversation risk takes part in, or a new one: {NAMING}"
METADATA = "a plain object of at most 20 values and 1000 characters, without the key conversation_start"
LONG = f"'{'x' * 76}..."


@pytest.mark.parametrize(
    ("field", "value", "found", "allowed"),
    [
        ("to", None, "missing", TO),
        ("to", "nobody", "'nobody'", TO),
        ("to", "risk", "'risk'", TO),
        ("to", ["risk"], "['risk']", TO),
        ("to", [], "[]", TO),
        ("to", ["legal", "nobody"], "['legal', 'nobody']", TO),
        ("to", ["all", 1], "['all', 1]", TO),
        ("to", {"role": "legal"}, "{'role': 'legal'}", TO),
        ("kind", None, "missing", KIND),
        ("kind", "chat", "'chat'", KIND),
        ("kind", ["note"], "['note']", KIND),
        ("content", None, "missing", CONTENT),
        ("content", " \n\x00", "' \\n\\x00'", CONTENT),
        ("content", 5, "5", CONTENT),
        ("content", "x" * 1_001, LONG, CONTENT),
        ("priority", "asap", "'asap'", PRIORITY),
        ("priority", 1, "1", PRIORITY),
        ("in_reply_to", "m2", "'m2'", REPLY),
        ("in_reply_to", "m9", "'m9'", REPLY),
        ("in_reply_to", ["m1"], "['m1']", REPLY),
        ("conversation", "terms", "'terms'", CONVERSATION),
        ("conversation", "New", "'New'", CONVERSATION),
        ("conversation", "x" * 41, f"'{'x' * 41}'", CONVERSATION),
        ("conversation", 7, "7", CONVERSATION),
        ("topic", "", "''", NAMING),
        ("topic", "2nd", "'2nd'", NAMING),
        ("topic", ["price"], "['price']", NAMING),
        ("metadata", "text", "'text'", METADATA),
        ("metadata", {"rate": float("nan")}, "{'rate': nan}", METADATA),
        ("metadata", {OPENING: True}, "{'conversation_start': True}", METADATA),
        ("metadata", {"k": [0] * 20}, "{'k': [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}", METADATA),
        ("metadata", {"k": "x" * 1_000}, f"{{'k': '{'x' * 70}...", METADATA),
    ],
)
def test_a_refusal_names_item_field_value_and_what_is_allowed(field: str, value: Any, found: str, allowed: str) -> None:
    assert refused(offer(**{field: value})) == (f"message 1: `{field}` is {found}; allowed: {allowed}",)


@pytest.mark.parametrize("offered", ["hello", {"to": "all"}, 3, True])
def test_what_is_no_list_is_refused_as_a_whole(offered: object) -> None:
    sentence = f"`messages` is {offered!r}; allowed: a list of messages"

    assert accept_messages(offered, "risk", ROLES, (), RULES) == ((), (sentence,))


def test_an_item_that_is_no_object_is_refused() -> None:
    assert refused("hello", None) == (
        "message 1 is 'hello'; allowed: an object",
        "message 2 is None; allowed: an object",
    )


def test_the_receivers_allowed_are_shown_up_to_ten() -> None:
    team = ("risk", *(f"role_{letter}" for letter in "abcdefghijk"))
    ten = ", ".join(team[1:11])

    assert refused(offer(to="x"), roles=team[:11])[0].endswith(f"; allowed: all, or one or more of {ten}")
    assert refused(offer(to="x"), roles=team)[0].endswith(f"; allowed: all, or one or more of {ten} and 1 more")


def test_a_role_that_is_alone_addresses_nobody() -> None:
    assert refused(offer(to="all"), roles=("risk",)) == (
        "message 1: `to` is 'all'; allowed: roles other than risk, of which there are none",
    )


def test_messages_beyond_the_limit_of_a_turn_are_refused_and_take_no_other_with_them() -> None:
    items = [offer(content="1"), offer(kind="chat"), *[offer(content=str(number)) for number in range(3, 9)]]
    drafts, refusals = accept_messages(items, "risk", ROLES, (), RULES)

    assert [draft.content for draft in drafts] == ["1", "3"]
    assert refusals == (
        f"message 2: `kind` is 'chat'; allowed: {KIND}",
        "`messages` has 8 items, from message 4 on refused; allowed: at most 3 a turn",
    )


def test_nothing_offered_is_no_message_and_no_refusal() -> None:
    assert accept_messages(None, "risk", ROLES, (), RULES) == ((), ())
    assert accept_messages([], "risk", ROLES, (), RULES) == ((), ())


# --- what is posted ---------------------------------------------------------------------------------------------------


def test_posted_messages_count_on_and_bear_sender_and_time() -> None:
    drafts = [Draft(("legal",), "note", "One."), Draft(("ops",), "vote", "Two.", "high", "m3", None, "price", {"a": 1})]

    assert post(POSTED, drafts, "risk", AT) == [
        Message("m6", "risk", ("legal",), "note", "One.", AT),
        Message("m7", "risk", ("ops",), "vote", "Two.", AT, "high", None, "m3", "price", {"a": 1}),
    ]
    assert post((), drafts[:1], "risk", AT)[0].id == "m1"
    assert post((message("x9"), message("m7"), message("m007")), drafts[:1], "risk", AT)[0].id == "m8"


def test_a_new_conversation_opens_once_with_a_note_to_its_participants() -> None:
    drafts = [
        Draft(("legal", "ops"), "question", "May we?", "high", conversation="start"),
        Draft(("ops",), "note", "More.", conversation="start"),
    ]
    note, question, more = post(POSTED, drafts, "risk", AT)

    assert note == Message(
        "m6",
        "risk",
        ("legal", "ops"),
        "note",
        "risk opens the conversation start.",
        AT,
        "high",
        "start",
        metadata={"conversation_start": True, "participants": ["risk", "legal", "ops"]},
    )
    assert [(each.id, each.content, each.conversation) for each in (question, more)] == [
        ("m7", "May we?", "start"),
        ("m8", "More.", "start"),
    ]


@pytest.mark.parametrize(
    ("in_reply_to", "conversation", "expected"),
    [("m4", None, "price"), ("m4", "terms", "terms"), ("m3", None, None), (None, None, None), ("m99", None, None)],
)
def test_a_reply_inherits_the_conversation_unless_it_names_one(
    in_reply_to: str | None, conversation: str | None, expected: str | None
) -> None:
    (reply,) = post(POSTED, [Draft(("ops",), "note", "Yes.", "low", in_reply_to, conversation)], "legal", AT)

    assert reply.conversation == expected


# --- how the posted are read ------------------------------------------------------------------------------------------


def test_an_inbox_is_ordered_by_priority_then_age_and_capped() -> None:
    priorities: list[Priority] = ["low", "normal", "urgent", "high", "urgent", "normal"]
    posted = [message(f"m{number}", priority=priority) for number, priority in enumerate(priorities, 1)]

    assert ids(inbox_of(posted, "legal", ())) == ["m3", "m5", "m4", "m2", "m6", "m1"]
    assert ids(inbox_of(posted, "legal", {"m5"}, None, Messaging(max_inbox=2))) == ["m3", "m4"]
    assert inbox_of(posted, "ops", ()) == []


def test_a_subscriber_also_receives_kinds_and_topics_but_never_its_own() -> None:
    posted = [message("m1", kind="vote"), message("m2", topic="price"), message("m3"), message("m4", to=("ops",))]
    subscription = Subscription(kinds=("vote",), topics=("price",))

    assert ids(inbox_of(posted, "ops", (), subscription)) == ["m1", "m2", "m4"]
    assert inbox_of(posted, "risk", (), subscription) == []
    assert receives(posted[0], "ops", subscription)
    assert not receives(posted[0], "ops")


def test_a_question_is_open_until_somebody_else_replies() -> None:
    asked = [message("m1", kind="question"), message("m2", kind="question"), message("m3")]
    own = message("m4", "risk", in_reply_to="m1")
    answer = message("m5", "legal", ("risk",), in_reply_to="m2")

    assert ids(open_questions([*asked, own])) == ["m1", "m2"]
    assert ids(open_questions([*asked, own, answer])) == ["m1"]


def test_a_conversation_has_those_who_send_or_receive_in_it_and_all_its_messages() -> None:
    price = Conversation("price", ("ops", "legal", "risk"), (POSTED[3], POSTED[4]))

    assert conversation_of(POSTED, "price") == price
    assert conversation_of(POSTED, "none") is None
    assert conversations_of(POSTED) == [Conversation("terms", ("legal", "ops"), (POSTED[1],)), price]


@pytest.mark.parametrize(
    ("filters", "page", "total"),
    [
        ({}, ["m1", "m2", "m3", "m4", "m5"], 5),
        ({"agent": "risk"}, ["m1", "m3", "m4"], 3),
        ({"agent": "nobody"}, [], 0),
        ({"kind": "question"}, ["m1"], 1),
        ({"kind": "chat"}, [], 0),
        ({"conversation": "price", "agent": "legal", "kind": "note"}, ["m4", "m5"], 2),
        ({"offset": 1, "limit": 2}, ["m2", "m3"], 5),
        ({"offset": 9}, [], 5),
        ({"offset": -3, "limit": 1}, ["m1"], 5),
        ({"limit": -1}, [], 5),
    ],
)
def test_history_is_filtered_and_paged_newest_last(filters: dict[str, Any], page: list[str], total: int) -> None:
    found, count = find_messages(POSTED, **filters)

    assert (ids(found), count) == (page, total)
