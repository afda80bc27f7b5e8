"""`accord replay`: a past run, run again from its record without a model."""

from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, json_option, print_json, run_async, settings_for


@click.command("replay")
@click.argument("thread")
@database_option
@json_option
def command(thread: str, db: str | None, as_json: bool) -> Exit:
    """Run THREAD again from its recorded answers, brief included, and compare the two records; 1 when they differ.

    Every node and rule runs anew in a database of its own; no model is asked, and the thread is not touched.
    """
    from graph.assurance.rerun import differing, rerun
    from graph.record import record_of
    from graph.threads import blaming, open_threads

    async def work(_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        async with open_threads(settings_for(db)) as threads:
            state = await threads.begun(thread)
        with blaming(thread, state):
            return record_of(thread, state), await rerun(thread, state)

    kept, again = run_async(work)
    keys = differing(kept, again)
    if as_json:
        print_json({"thread_id": thread, "same": not keys, "differs_in": keys, "record": again})
    else:
        ended = again.get("final_decision") or again.get("stop_reason")
        click.echo(f"differs in {', '.join(keys)}" if keys else f"the same record: {ended}; no model was asked")
    return Exit.FOUND if keys else Exit.DONE
