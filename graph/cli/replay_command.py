"""`accord replay`: a past run, run again from its record without a model."""

from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import begun, database_option, json_option, print_json, reading_thread, run_async
from policies.language import say


@click.command("replay")
@reading_thread
@database_option
@json_option
def command(thread: str, db: str | None, as_json: bool) -> Exit:
    """Run THREAD again from its recorded answers, brief included, and compare the two records; 1 when they differ.

    Every node and rule runs anew in a database of its own; no model is asked, and the thread is not touched.
    """
    from graph.assurance.rerun import differing, rerun
    from graph.record import record_of
    from graph.threads import blaming

    async def work(_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        with blaming(thread, state):
            return record_of(thread, state), await rerun(thread, state)

    thread, state = begun(thread, db)
    kept, again = run_async(work)
    keys = differing(kept, again)
    if as_json:
        print_json({"thread_id": thread, "same": not keys, "differs_in": keys, "record": again})
    else:
        ended = again.get("final_decision") or again.get("stop_reason")
        same = say("the same record: {ended}; no model was asked", ended=ended)
        click.echo(say("differs in {keys}", keys=", ".join(keys)) if keys else same)
    return Exit.FOUND if keys else Exit.DONE
