"""`accord inbox`: what waits for people."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.noticing import send_notices
from graph.cli.session import board_address, database_option, json_option, print_json, run_async, settings_for
from policies.language import speaking

HELP = """Show what waits for people: since when, until when, and for whom.

Questions that nobody answered in time are settled first, as their team file says. What others said is shown once the
question is settled; --for shows it earlier to somebody who has answered, too.

\b
accord inbox
accord inbox --for cfo
"""


@click.command("inbox", help=HELP)
@click.option("--for", "name", metavar="NAME", help="What this person is asked or has answered, or anybody may answer.")
@database_option
@json_option
def command(name: str | None, db: str | None, as_json: bool) -> Exit:
    """Show what waits for people: since when, until when, and for whom."""
    from graph.inbox import open_inbox
    from graph.languages.catalogue import language_of, speak_as
    from graph.report.terminal.inbox import print_inbox

    settings = settings_for(db)

    async def work(halt: Any) -> tuple[Sequence[Mapping[str, Any]], Mapping[str, str | None]]:
        async with open_inbox(settings, halt) as inbox:
            waiting = await inbox.waiting(name)
            if not waiting:
                speak_as(await inbox.language())
            return waiting, inbox.languages

    waiting, languages = run_async(work)
    if as_json:
        print_json(waiting)
    elif not waiting:
        print_inbox(waiting, name)
    else:
        for number, each in enumerate(waiting):
            click.echo("\n" * bool(number), nl=False)
            with speaking(language_of(languages.get(each["thread_id"]))):
                print_inbox([each], name, board_address())
    send_notices(settings)
    return Exit.DONE
