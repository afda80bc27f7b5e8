"""Mail: delivers messages with a seat's turn and posts what an accepted answer sends.

What is delivered is fixed with the seat, in convene's checkpoint; it counts as delivered once the round or stage is
full and the seat has its answer. So a kill, a repair, an absence or a discarded round neither loses a message nor
delivers it twice.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nodes.border import name_of
from nodes.events import Body, events_of
from policies.messages.draft import OPENING
from policies.messages.mailbox import accept_messages, post
from policies.messages.message import Message, inbox_of, message_from, open_questions, plain_message
from policies.messages.outside import Listening, Unheard, hear
from policies.run.seats import Seat
from policies.team.team import Team

State = Mapping[str, Any]

NOT_SHOWN: tuple[Any, ...] = (None, {}, [], False)
"""Values of a message's fields that say nothing to who reads it."""


def posted(state: State) -> list[Message]:
    """Return the thread's messages, in the order in which they were posted."""
    return [message_from(plain) for plain in state.get("messages", [])]


def standing(state: State) -> list[Message]:
    """Return the messages that count: all but those of a round or stages that were set aside."""
    withdrawn = {*state.get("withdrawn", [])}
    return [message for message in posted(state) if message.id not in withdrawn]


def open_count(state: State) -> int:
    """Return how many questions nobody has answered yet."""
    return len(open_questions(standing(state))) if state.get("messages") else 0


def with_inboxes(state: State, team: Team, seats: Sequence[Seat]) -> list[Seat]:
    """Return the seats, each new one with what is delivered to it; of several seats of a role the first gets it."""
    if team.messages is None or not state.get("messages"):
        return [*seats]
    messages, taken = standing(state), _delivered(state)
    return [_with_inbox(seat, team, messages, taken) for seat in seats]


def _with_inbox(seat: Seat, team: Team, messages: Sequence[Message], taken: dict[str, set[str]]) -> Seat:
    given = taken.setdefault(seat.role, set())
    found = inbox_of(messages, seat.role, given, team.roles[seat.role].subscribes, team.messages)
    given.update(message.id for message in found)
    return replace(seat, inbox=tuple(message.id for message in found))


def inbox_shown(state: State, seat: str) -> list[dict[str, Any]]:
    """Return the messages delivered to a seat of the open round or stage, as its role reads them."""
    ids: list[str] = next((each["inbox"] for each in state["seats"] if seat == name_of(each)), [])
    found = {message["id"]: message for message in state.get("messages", [])} if ids else {}
    return [{key: value for key, value in found[id].items() if value not in NOT_SHOWN} for id in ids]


def delivered(seats: Sequence[Seat]) -> list[dict[str, str]]:
    """Return what a full round or stage delivered: {role, id} for each message; an absent seat was given nothing."""
    return [{"role": seat.role, "id": id} for seat in seats if not seat.absent for id in seat.inbox]


def _delivered(state: State) -> dict[str, set[str]]:
    ids = defaultdict[str, set[str]](set)
    for each in state.get("delivered", []):
        ids[each["role"]].add(each["id"])
    return ids


def heard_in(events: Sequence[Body], number: int) -> list[dict[str, Any]]:
    """Return what was heard from outside as a round or stage of this number opened, without the notes of ours on it."""
    sent = (each["message"] for each in events if each["event"] == "sent" and each["round"] == number)
    return [message for message in sent if message.get("outside") and OPENING not in message["metadata"]]


def listening_of(team: Team) -> Listening:
    """Return what a message from outside to a team is checked against."""
    return Listening(team.name, tuple(team.roles), team.speaking, team.messages)


def hear_all(
    state: State, team: Team, said: Sequence[Mapping[str, Any]], number: int
) -> tuple[list[dict[str, Any]], list[Body]]:
    """Return the messages that what was said from outside makes in this round or stage, and the events of it."""
    messages, unheard = _heard_now(state, listening_of(team), said)
    events = [{"event": "sent", "round": number, "message": plain_message(message)} for message in messages]
    events += [_refused(each, number) for each in unheard]
    return [plain_message(message) for message in messages], events


def as_if_heard(state: State, listening: Listening, said: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Return the messages that count, and after them what was said from outside, as it would be heard now."""
    return [*standing(state), *_heard_now(state, listening, said)[0]]


def _heard_now(
    state: State, listening: Listening, said: Sequence[Mapping[str, Any]]
) -> tuple[list[Message], list[Unheard]]:
    heard = _heard_ids(state) if said else set()
    new = [each for each in said if each["id"] not in heard]
    return hear(new, posted(state), listening, {*state.get("withdrawn", [])}) if new else ([], [])


def _heard_ids(state: State) -> set[str]:
    """Return the ids of what was said from outside and heard: posted, or refused when it was to be."""
    refused = {event["said"] for event in events_of(state, "message_refused") if "said" in event}
    return refused | {message["id"] for message in state.get("messages", []) if message.get("outside")}


def _refused(unheard: Unheard, number: int) -> Body:
    who = {"said": unheard.id, "from": unheard.sender}
    return {"event": "message_refused", "round": number, **who, "because": unheard.because}


def send(
    state: State, team: Team, offers: Sequence[tuple[str, Any]], at: str
) -> tuple[list[dict[str, Any]], list[Body]]:
    """Return the messages that these offers {role, offered} post, one role after the other, and the events of it."""
    if team.messages is None:
        return [], []
    before, withdrawn, events = posted(state), {*state.get("withdrawn", [])}, list[Body]()
    messages = [*before]
    for role, offered in offers:
        subscribes = team.roles[role].subscribes
        known = [message for message in messages if message.id not in withdrawn]
        drafts, refusals = accept_messages(offered, role, team.speaking, known, team.messages, subscribes)
        new = post(messages, drafts, role, at)
        events += [{"event": "sent", "round": state["round"], "message": plain_message(message)} for message in new]
        events += [
            {"event": "message_refused", "round": state["round"], "role": role, "because": text} for text in refusals
        ]
        messages += new
    return [plain_message(message) for message in messages[len(before) :]], events
