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
from nodes.events import Body
from policies.messages.mailbox import accept_messages, post
from policies.messages.message import Message, inbox_of, message_from, open_questions, plain_message
from policies.run.seats import Seat
from policies.team.team import Team

State = Mapping[str, Any]


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
    return [{key: value for key, value in found[id].items() if value not in (None, {}, [])} for id in ids]


def delivered(seats: Sequence[Seat]) -> list[dict[str, str]]:
    """Return what a full round or stage delivered: {role, id} for each message; an absent seat was given nothing."""
    return [{"role": seat.role, "id": id} for seat in seats if not seat.absent for id in seat.inbox]


def _delivered(state: State) -> dict[str, set[str]]:
    ids = defaultdict[str, set[str]](set)
    for each in state.get("delivered", []):
        ids[each["role"]].add(each["id"])
    return ids


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
