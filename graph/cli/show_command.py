"""`accord show`: a thread's record."""

from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, json_option, print_record, run_async, settings_for


@click.command("show")
@click.argument("thread")
@database_option
@json_option
def command(thread: str, db: str | None, as_json: bool) -> Exit:
    """Show the record of THREAD as it stands."""
    from graph.runner import open_runner

    async def work(_: Any) -> dict[str, Any]:
        async with open_runner(settings_for(db)) as runner:
            return await runner.show(thread)

    return print_record(run_async(work), as_json)
