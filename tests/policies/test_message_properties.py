"""Messages: what holds for every offer, every history and every interleaving of turns, caps and kills."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.messages.draft import FIELDS, MAX_METADATA_CHARACTERS, OPENING, Draft
from policies.messages.mailbox import accept_messages, post
from policies.messages.message import (
    KINDS,
    PRIORITIES,
    Message,
    Messaging,
    Subscription,
    conversation_of,
    conversations_of,
    find_messages,
    inbox_of,
    message_from,
    open_questions,
    plain_message,
)
from policies.plain import clean_text, is_plain

pytestmark = pytest.mark.slow

ROLES = ("demand", "finance", "legal", "ops", "risk")
AT = "2026-01-01T00:00:00Z"
NAMES = st.sampled_from(["terms", "price", "launch"])
SENDERS = st.sampled_from(ROLES)
RULES = st.builds(
    Messaging, max_per_turn=st.integers(1, 4), max_characters=st.integers(1, 30), max_inbox=st.integers(1, 4)
)
SUBSCRIPTIONS = st.dictionaries(
    SENDERS,
    st.builds(
        Subscription,
        kinds=st.lists(st.sampled_from(KINDS), max_size=2).map(tuple),
        topics=st.lists(NAMES, max_size=2).map(tuple),
    ),
)
IDS = st.integers(0, 30).map(lambda number: f"m{number}")
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=15,
)
GOOD_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "to": st.just("all") | SENDERS | st.lists(SENDERS, max_size=3),
    "kind": st.sampled_from(KINDS),
    "content": st.sampled_from(["Yes.", " No. ", "It depends on the terms."]),
}
MORE_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "priority": st.sampled_from(PRIORITIES),
    "in_reply_to": st.none() | IDS,
    "conversation": st.none() | NAMES,
    "topic": st.none() | NAMES,
    "metadata": st.dictionaries(st.sampled_from(["a", "b", OPENING]), st.integers(0, 9)),
}
OFFERS = st.lists(st.fixed_dictionaries(GOOD_FIELDS, optional=MORE_FIELDS), max_size=5)
NEAR_OFFERS = st.lists(
    st.fixed_dictionaries({}, optional={name: ANY_JSON | good for name, good in (GOOD_FIELDS | MORE_FIELDS).items()})
    | ANY_JSON,
    max_size=6,
)
TURNS = st.lists(st.tuples(SENDERS, OFFERS, st.booleans()), max_size=12)


@dataclass
class Thread:
    """A thread as nodes keep it: what is posted, and what was recorded as delivered to each role."""

    rules: Messaging
    subscriptions: dict[str, Subscription]
    posted: list[Message] = field(default_factory=list)
    delivered: dict[str, list[str]] = field(default_factory=lambda: {role: [] for role in ROLES})

    def inbox(self, role: str) -> list[Message]:
        return inbox_of(self.posted, role, self.delivered[role], self.subscriptions.get(role), self.rules)

    def take_turn(self, role: str, offered: object, killed: bool) -> None:
        inbox = self.inbox(role)
        assert len(inbox) <= self.rules.max_inbox
        if killed:
            assert self.restored().inbox(role) == inbox
        self.delivered[role] += [message.id for message in inbox]
        drafts, _ = accept_messages(offered, role, ROLES, self.posted, self.rules)
        assert len(drafts) <= self.rules.max_per_turn
        self.posted += post(self.posted, drafts, role, AT)

    def restored(self) -> "Thread":
        plain = [plain_message(message) for message in self.posted]
        delivered = {role: [*given_ids] for role, given_ids in self.delivered.items()}
        return Thread(self.rules, self.subscriptions, [message_from(each) for each in plain], delivered)

    def entitled(self, role: str) -> list[str]:
        subscription = self.subscriptions.get(role, Subscription())
        return [
            each.id
            for each in self.posted
            if each.sender != role
            and (role in each.to or each.kind in subscription.kinds or each.topic in subscription.topics)
        ]


@st.composite
def threads(draw: st.DrawFn) -> Thread:
    """A thread after any turns, some of which were killed before their delivery was recorded."""
    thread = Thread(draw(RULES), draw(SUBSCRIPTIONS))
    for role, offered, killed in draw(TURNS):
        thread.take_turn(role, offered, killed)
    return thread


def later_first(first: Message, second: Message, posted: Sequence[Message]) -> bool:
    """Tell whether `second` should have come before `first`."""
    if first.priority == second.priority:
        return posted.index(second) < posted.index(first)
    return PRIORITIES.index(second.priority) > PRIORITIES.index(first.priority)


def naive_inbox(thread: Thread, role: str) -> list[Message]:
    """The inbox by repeated choice of the one that no other precedes."""
    waiting = [
        each for each in thread.posted if each.id in thread.entitled(role) and each.id not in thread.delivered[role]
    ]
    chosen: list[Message] = []
    while waiting and len(chosen) < thread.rules.max_inbox:
        first = next(each for each in waiting if not any(later_first(each, other, thread.posted) for other in waiting))
        chosen.append(first)
        waiting.remove(first)
    return chosen


# --- delivery ---------------------------------------------------------------------------------------------------------


@given(threads())
def test_an_inbox_is_what_a_naive_choice_by_priority_and_age_gives(thread: Thread) -> None:
    for role in ROLES:
        assert thread.inbox(role) == naive_inbox(thread, role)


@given(threads())
def test_each_message_is_delivered_exactly_once_to_each_who_is_entitled_and_to_nobody_else(thread: Thread) -> None:
    for role in ROLES:
        while thread.inbox(role):
            thread.take_turn(role, None, killed=True)

        assert Counter(thread.delivered[role]) == Counter(thread.entitled(role))
        assert {each.id for each in thread.posted if role in each.to} <= {*thread.delivered[role]}


@given(threads(), SENDERS)
def test_what_is_posted_after_a_kill_is_posted_under_the_same_ids(thread: Thread, role: str) -> None:
    drafts = [Draft(("legal",), "note", "Hello.", conversation="launch"), Draft(("ops",), "note", "Hello.")]

    assert post(thread.posted, drafts, role, AT) == post(thread.restored().posted, drafts, role, AT)


# --- posting ----------------------------------------------------------------------------------------------------------


@given(threads())
def test_ids_count_from_one_without_a_gap(thread: Thread) -> None:
    assert [each.id for each in thread.posted] == [f"m{number}" for number in range(1, len(thread.posted) + 1)]


@given(threads())
def test_a_posted_message_is_plain_and_is_never_sent_to_its_sender_or_to_nobody(thread: Thread) -> None:
    for message in thread.posted:
        assert is_plain(plain_message(message))
        assert message_from(plain_message(message)) == message
        assert message.to
        assert message.sender not in message.to
        assert {*message.to} <= {*ROLES}


@given(threads())
def test_a_reply_was_readable_and_only_participants_write_in_a_conversation(thread: Thread) -> None:
    for place, message in enumerate(thread.posted):
        before = thread.posted[:place]
        joined = {each.id for each in conversations_of(before) if message.sender in each.participants}
        readable = [
            each.id for each in before if message.sender in (each.sender, *each.to) or each.conversation in joined
        ]
        assert message.in_reply_to in (None, *readable)

        opens = message.conversation not in {each.conversation for each in before}
        if message.conversation is not None:
            assert opens == (OPENING in message.metadata)
            assert opens or message.conversation in joined


@given(threads())
def test_conversations_hold_every_message_that_names_one_in_order(thread: Thread) -> None:
    conversations = conversations_of(thread.posted)

    assert sum(len(each.messages) for each in conversations) == sum(bool(each.conversation) for each in thread.posted)
    for conversation in conversations:
        start = conversation.messages[0]
        assert conversation == conversation_of(thread.posted, conversation.id)
        assert [*conversation.messages] == [each for each in thread.posted if each.conversation == conversation.id]
        assert start.metadata == {OPENING: True, "participants": [start.sender, *start.to]}
        assert {role for each in conversation.messages for role in (each.sender, *each.to)} == {
            *conversation.participants
        }


@given(threads())
def test_a_question_is_open_exactly_while_no_other_has_replied(thread: Thread) -> None:
    still_open = open_questions(thread.posted)

    for message in thread.posted:
        replies = [each for each in thread.posted if each.in_reply_to == message.id and each.sender != message.sender]
        assert (message in still_open) == (message.kind == "question" and not replies)


@given(threads(), st.none() | SENDERS, st.none() | st.sampled_from(KINDS), st.none() | NAMES, st.integers(1, 5))
def test_pages_put_together_are_the_whole_history_that_matches(
    thread: Thread, agent: str | None, kind: str | None, conversation: str | None, size: int
) -> None:
    def page(offset: int, limit: int) -> tuple[list[Message], int]:
        return find_messages(thread.posted, agent, kind, conversation, offset, limit)

    whole, total = page(0, 1_000)
    pages = [page(start, size) for start in range(0, total, size)]

    assert [message for found, _ in pages for message in found] == whole
    assert {count for _, count in pages} <= {total}
    assert len(whole) == total
    for message in thread.posted:
        matches = agent in (None, message.sender, *message.to) and kind in (None, message.kind)
        assert (message in whole) == (matches and conversation in (None, message.conversation))


@given(threads(), st.integers(-5, 99), st.integers(-5, 99))
def test_any_page_is_read_without_an_error_and_never_longer_than_asked(thread: Thread, offset: int, limit: int) -> None:
    found, total = find_messages(thread.posted, offset=offset, limit=limit)

    assert len(found) <= max(limit, 0)
    assert total == len(thread.posted)


# --- acceptance -------------------------------------------------------------------------------------------------------


@given(ANY_JSON | NEAR_OFFERS, threads(), SENDERS)
def test_any_json_is_accepted_or_refused_within_the_limits_and_never_raises(
    offered: object, thread: Thread, sender: str
) -> None:
    rules = thread.rules
    drafts, refusals = accept_messages(offered, sender, ROLES, thread.posted, rules)
    items = offered if isinstance(offered, list) else []

    assert len(drafts) <= rules.max_per_turn
    assert len(drafts) + len(refusals) == min(len(items), rules.max_per_turn + 1) + _as_a_whole(offered)
    for draft in drafts:
        assert 1 <= len(draft.content) <= rules.max_characters
        assert draft.content == clean_text(draft.content).strip()
        assert is_plain(draft.metadata)
        assert len(repr(draft.metadata)) <= MAX_METADATA_CHARACTERS
    for refusal in refusals:
        assert "; allowed: " in refusal
        assert len(refusal) <= 400
        assert clean_text(refusal) == refusal
        assert "\n" not in refusal
    assert all(is_plain(plain_message(each)) for each in post(thread.posted, drafts, sender, AT))


def _as_a_whole(offered: object) -> int:
    return int(offered is not None and not isinstance(offered, list))


@given(NEAR_OFFERS, threads(), SENDERS)
def test_each_item_is_accepted_or_refused_on_its_own(offered: list[Any], thread: Thread, sender: str) -> None:
    def accepted(items: list[Any]) -> tuple[Draft, ...]:
        return accept_messages(items, sender, ROLES, thread.posted, thread.rules)[0]

    alone = [draft for item in offered[: thread.rules.max_per_turn] for draft in accepted([item])]

    assert repr([*accepted(offered)]) == repr(alone)


@given(st.integers(1, 3_000), st.sampled_from([*FIELDS, None]))
def test_a_value_of_any_depth_is_refused_or_ignored_without_an_error(depth: int, name: str | None) -> None:
    deep: Any = "x"
    for _ in range(depth):
        deep = [deep]
    item = {"to": "legal", "kind": "note", "content": "x", name: deep} if name else deep

    assert accept_messages([item], "risk", ROLES, (), Messaging())[0] == ()
