"""`accord hold`: keep the record of a thread from being purged."""

import click

from graph.cli.exits import Exit, exit_of
from graph.cli.session import database_option, json_option, print_json, print_record, run_async, settings_for, speak_of
from graph.cli.waiting import reading
from policies.language import phrase, say

HELP = """Hold the record of THREAD: it is not purged, however old it is, until somebody releases it.

Both are written to the record, with the name and the reason. THREAD may have ended, or wait for people.

\b
accord hold launch-42 --by legal --because "The supplier went to court."
accord hold launch-42 --release --by legal --because "The case is closed."
"""


@click.command("hold", help=HELP)
@click.argument("thread")
@click.option("--release", "is_release", is_flag=True, help="Release it, so that it may be purged again.")
@click.option("--by", required=True, metavar="NAME", help="Who holds or releases it, for the record.")
@click.option("--because", required=True, metavar="TEXT", help="The reason, for the record.")
@database_option
@json_option
def command(thread: str, is_release: bool, by: str, because: str, db: str | None, as_json: bool) -> Exit:
    """Hold the record of THREAD, or release it."""
    with reading(thread):
        from graph.problems import neutral
        from graph.record import said_hold
        from graph.retention.holds import hold

        speak_of(thread, db)

    record = run_async(lambda _: hold(settings_for(db), thread, by, because, is_release=is_release))
    if "trace" not in record:
        print_record(record, {}, as_json, thread=record["thread_id"])
        return exit_of(record)
    if as_json:
        print_json(record)
    elif is_release:
        click.echo(neutral(say("The record of {thread} is released: it may be purged.", thread=record["thread_id"])))
    else:
        told = phrase("The record of {thread} is held by {by} since {when}: {because}")
        click.echo(neutral(say(told, thread=record["thread_id"], **said_hold(record["held"]))))
    return Exit.DONE
