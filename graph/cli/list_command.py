"""`accord list`: the threads touched last."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, json_option, print_json, run_async, settings_for, tenant_option
from policies.language import say


@click.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="How many threads.")
@tenant_option("Only the threads of this tenant. Default: those of all.")
@database_option
@json_option
def command(limit: int, tenant: str | None, db: str | None, as_json: bool) -> Exit:
    """List the threads touched last, newest first."""
    from graph.languages.catalogue import speak_as
    from graph.store.index import shared_language
    from graph.store.location import storage_errors
    from graph.store.names import aliases_of
    from graph.threads import open_threads

    async def work(_: Any) -> list[dict[str, Any]]:
        async with open_threads(settings_for(db)) as threads:
            with storage_errors(threads.location):
                speak_as(shared_language((await threads.index.of(tenant))[:limit]))
                aliases = aliases_of(await threads.index.newest())  # of all threads, as other commands take them
            listed = await threads.newest(limit, tenant)
            return [{**entry, "alias": aliases.get(entry["thread_id"])} for entry in listed]

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
        click.echo(say("No threads yet; `accord run` starts one."))
        return
    console = console_on(sys.stdout, columns=200)
    rows = []
    for entry in entries:
        touched = (entry["updated_at"] or "-")[:19].replace("T", " ")
        said = visible(_ended(entry), STYLES.get(entry.get("final_decision") or "", ""))
        status = say("{status}, held", status=entry["status"]) if entry.get("held") else entry["status"]
        rows.append((entry["thread_id"], entry["alias"] or "-", status, said, touched))
    heads = (say("thread"), say("alias"), say("status"), say("ended with"), say("touched (UTC)"))
    console.print(rows_shown(console, heads, rows, lined=False))


def _ended(entry: Mapping[str, Any]) -> str:
    """Return what a thread ended with: the decision, that it was answered, or the stop reason; or what it waits for."""
    from graph.report.dossier.people import waiting_in_words
    from graph.report.words import plain_word

    if entry.get("waits_for"):
        return say("; ").join(waiting_in_words(entry["waits_for"]))
    if entry.get("reopened_as"):
        decision = plain_word(entry["final_decision"])
        return say("{decision}, reopened as {thread}", decision=decision, thread=entry["reopened_as"])
    if entry.get("final_decision"):
        return plain_word(entry["final_decision"])
    return say("answered") if entry["status"] == "ok" else entry.get("stop_reason") or "-"
