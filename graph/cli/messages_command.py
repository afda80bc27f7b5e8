"""`accord messages`: what the roles of a thread wrote to each other, and what was said to them from outside."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, json_option, print_json, reading_thread, run_async, settings_for
from policies.language import say
from policies.messages.message import KINDS


@click.command("messages")
@reading_thread
@click.option("--agent", metavar="A", help="Only what this role sent or was sent.")
@click.option("--kind", type=click.Choice(KINDS), help="Only messages of this kind.")
@click.option("--conversation", metavar="C", help="Only messages of this conversation.")
@click.option("--offset", default=0, show_default=True, type=click.IntRange(min=0), help="How many to skip first.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="How many to show.")
@database_option
@json_option
def command(
    thread: str,
    agent: str | None,
    kind: str | None,
    conversation: str | None,
    offset: int,
    limit: int,
    db: str | None,
    as_json: bool,
) -> Exit:
    """Show the messages of THREAD, oldest first: those between its roles, and what was said to them from outside.

    What was said and not heard yet comes last.
    """
    from graph.languages.catalogue import speak_as
    from graph.past import Past
    from graph.saying import read_said, undelivered
    from graph.threads import blaming
    from policies.messages.message import conversation_of, find_messages, message_from, plain_message

    thread, state, said = run_async(lambda _: read_said(settings_for(db), thread))
    speak_as(Past.of(state).language)
    with blaming(thread, state):
        posted = [message_from(plain) for plain in Past.of(state).messages]
        left = undelivered(thread, state, said)
    waiting = [each for each in left if find_messages([message_from(each.message)], agent, kind, conversation)[1]]
    found, total = find_messages(posted, agent, kind, conversation, offset, limit)
    messages = [plain_message(message) for message in found]
    whole = conversation_of(posted, conversation) if conversation else None
    if as_json:
        between = {"participants": [*whole.participants] if whole else []} if conversation else {}
        unheard = [{**each.message, "because": each.because} for each in waiting]
        page = {"thread_id": thread, "total": total, "offset": offset, **between, "messages": messages}
        print_json({**page, "undelivered": unheard})
    else:
        _print(messages, total, offset, whole.participants if whole else (), waiting)
    return Exit.DONE


def _print(
    messages: Sequence[Mapping[str, Any]], total: int, offset: int, participants: Sequence[str], waiting: Sequence[Any]
) -> None:
    from rich.padding import Padding

    from graph.report.terminal.visible import console_on, visible, visible_lines

    console = console_on(sys.stdout, columns=120)
    if participants:
        console.print(visible(say("Between {names}", names=", ".join(participants))), end="\n\n")
    for message in messages:
        console.print(visible(_heading(message), "bold"))
        console.print(Padding(visible_lines(message["content"]), (0, 0, 1, 4)))
    console.print(visible(_footer(len(messages), total, offset)))
    for each in waiting:
        console.print()
        console.print(visible(_heading(each.message), "bold"))
        console.print(Padding(visible_lines(say("Not delivered: {why}.", why=each.because)), (0, 0, 0, 4)))
        console.print(Padding(visible_lines(each.message["content"]), (0, 0, 0, 4)))


def _heading(message: Mapping[str, Any]) -> str:
    """Return who wrote to whom, what for and when, on one line."""
    beside = ", ".join([message["kind"], *_marks(message)])
    sent = message["at"][:19].replace("T", " ")
    sender = message["from"]
    if message["outside"]:
        sender = say("{name}, from outside,", name=sender)
    return f"{message['id']}  {sender} -> {', '.join(message['to'])}  ({beside})  {sent} UTC"


def _marks(message: Mapping[str, Any]) -> Iterator[str]:
    """Yield what sets a message apart from a plain one."""
    if message["priority"] != "normal":
        yield message["priority"]
    if message["in_reply_to"]:
        yield say("in reply to {message}", message=message["in_reply_to"])
    if message["conversation"]:
        yield say("conversation {name}", name=message["conversation"])
    if message["topic"]:
        yield say("topic {name}", name=message["topic"])


def _footer(shown: int, total: int, offset: int) -> str:
    """Return how many there are, and how the next page is read."""
    if not total:
        return say("No messages.")
    if not shown:
        return say("No messages from {offset} on; there are {total}.", offset=offset, total=total)
    part = {"first": offset + 1, "last": offset + shown, "total": total}
    if offset + shown < total:
        return say("Messages {first} to {last} of {total}; the next: --offset {last}", **part)
    return say("Messages {first} to {last} of {total}", **part)
