"""`accord doctor`: check this installation."""

from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, json_option, print_json, run_async, settings_for

MARKS = {True: "ok  ", False: "BAD ", None: "-   "}


@click.command("doctor")
@click.option("--ask", "asks", is_flag=True, help="Ask every endpoint one small question.")
@database_option
@json_option
def command(asks: bool, db: str | None, as_json: bool) -> Exit:
    """Check this installation; exit code 1 if something is wrong."""
    from graph.doctor import examine
    from graph.problems import neutral

    settings = settings_for(db)

    async def work(_: Any) -> list[Any]:
        return await examine(settings, asks)

    findings = run_async(work)
    if as_json:
        print_json([{"name": each.name, "is_good": each.is_good, "message": each.message} for each in findings])
    else:
        for each in findings:
            click.echo(neutral(f"{MARKS[each.is_good]} {each.name}: {each.message}"))
    return Exit.FOUND if any(each.is_good is False for each in findings) else Exit.DONE
