"""`accord why`: why a thread came to its decision, and what would have flipped it."""

import sys
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import blaming, database_option, json_option, print_json, run_async, settings_for


@click.command("why")
@click.argument("thread")
@database_option
@json_option
def command(thread: str, db: str | None, as_json: bool) -> Exit:
    """Explain the last finished round of THREAD: the row, the guards, the smallest flips, each role's power."""
    from graph.problems import UsageError
    from graph.report.explanation import explanation_of, unexplained
    from graph.report.terminal import console_on
    from graph.report.why import print_why
    from graph.threads import open_threads

    async def work(_: Any) -> Any:
        async with open_threads(settings_for(db)) as threads:
            return await threads.begun(thread)

    state = run_async(work)
    with blaming(thread, state):
        found = explanation_of(thread, state)
        if found is None:
            raise UsageError(unexplained(thread, state))
    if as_json:
        print_json(found)
    else:
        print_why(found, console_on(sys.stdout, columns=120))
    return Exit.DONE
