"""`accord list`: the threads touched last."""

from collections.abc import Sequence
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, json_option, print_json, run_async, settings_for


@click.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="How many threads.")
@database_option
@json_option
def command(limit: int, db: str | None, as_json: bool) -> Exit:
    """List the threads touched last, newest first."""
    from graph.threads import open_threads

    async def work(_: Any) -> list[dict[str, Any]]:
        async with open_threads(settings_for(db)) as threads:
            return await threads.newest(limit)

    entries = run_async(work)
    if as_json:
        print_json(entries)
    else:
        _print_table(entries)
    return Exit.DONE


def _print_table(entries: Sequence[dict[str, Any]]) -> None:
    import sys

    from graph.report.terminal.blocks import rows_shown
    from graph.report.terminal.visible import STYLES, console_on, visible

    if not entries:
        click.echo("No threads yet; `accord run` starts one.")
        return
    console = console_on(sys.stdout, columns=200)
    rows = []
    for entry in entries:
        ended = entry.get("final_decision") or entry.get("stop_reason") or "-"
        touched = (entry["updated_at"] or "-")[:19].replace("T", " ")
        said = visible(ended, STYLES.get(ended, ""))
        rows.append((entry["thread_id"], entry["alias"] or "-", entry["status"], said, touched))
    console.print(rows_shown(console, ("thread", "alias", "status", "ended with", "touched (UTC)"), rows, lined=False))
