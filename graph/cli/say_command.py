"""`accord say`: a message from a person or a program to the roles of a thread."""

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, json_option, print_json, run_async, settings_for, speak_of
from graph.cli.waiting import reading
from policies.language import say
from policies.messages.message import KINDS, PRIORITIES

STDIN = "-"

HELP = """Say TEXT to roles of THREAD, as a person or a program outside the team; - reads it from stdin.

The roles read it, as data and with your name, when the next round or stage opens. THREAD may be at work, stopped, or
waiting. `accord messages` shows what became of it.

\b
accord say last "The supplier called: 2 weeks late." --to supply --from dana
accord say launch-42 "May we?" --to all --from dana --kind question --open terms
accord say launch-42 "We may." --to legal --from dana --kind result --reply-to m3
"""


@click.command("say", help=HELP)
@click.argument("thread")
@click.argument("text")
@click.option("--to", "roles", multiple=True, required=True, metavar="ROLE", help="A role, or all; may be repeated.")
@click.option("--from", "sender", required=True, metavar="NAME", help="Who says it: no role of the team.")
@click.option("--kind", type=click.Choice(KINDS), default="note", show_default=True, help="What it is for.")
@click.option(
    "--priority", type=click.Choice(PRIORITIES), default="normal", show_default=True, help="How urgent it is."
)
@click.option("--topic", metavar="NAME", help="A topic that roles may follow.")
@click.option("--conversation", metavar="C", help="A conversation in which you take part.")
@click.option("--open", "opened", metavar="C", help="Open a conversation of this name with those you write to.")
@click.option("--reply-to", metavar="ID", help="The message that this one answers.")
@click.option("--id", "own_id", metavar="ID", help="An id of yours: what is said twice under it is said once.")
@database_option
@json_option
def command(
    thread: str,
    text: str,
    roles: tuple[str, ...],
    sender: str,
    kind: str,
    priority: str,
    topic: str | None,
    conversation: str | None,
    opened: str | None,
    reply_to: str | None,
    own_id: str | None,
    db: str | None,
    as_json: bool,
) -> Exit:
    """Say TEXT to roles of THREAD, as a person or a program outside the team."""
    with reading(thread):
        from graph import saying
        from graph.problems import UsageError, neutral

        speak_of(thread, db)

    if conversation and opened:
        raise UsageError(say("--open opens a conversation, and --conversation continues one; give one of them"))
    about = {"topic": topic, "conversation": opened or conversation, "in_reply_to": reply_to}
    offered = {"from": sender, "to": [*roles], "kind": kind, "priority": priority, "content": _text(text), **about}
    speech = saying.Speech(offered, opens=opened is not None, id=own_id)
    thread, message = run_async(lambda _: saying.say(settings_for(db), thread, speech))
    if as_json:
        print_json({"thread_id": thread, "message": message})
    else:
        told = say(
            "{message} waits for {roles} in the thread {thread}; it is read when the next round or stage opens",
            message=message["id"],
            roles=", ".join(message["to"]),
            thread=thread,
        )
        click.echo(neutral(told))
    return Exit.DONE


def _text(typed: str) -> str:
    """Return what is said: as it was typed, or what stdin holds.

    Raises:
        UsageError: stdin is not UTF-8, or far too long.
    """
    from graph.documents import MAX_BYTES, text_of
    from graph.inputs import read_stdin

    if typed != STDIN:
        return typed
    return text_of(read_stdin(MAX_BYTES), "stdin")
