"""`accord why`: why a thread reached its decision, and what would have flipped it."""

import sys
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import begun, database_option, json_option, print_json, reading_thread
from graph.cli.waiting import reading


@click.command("why")
@reading_thread
@database_option
@json_option
def command(thread: str, db: str | None, as_json: bool) -> Exit:
    """Explain the last finished round of THREAD: the row, the guards, the smallest flips, each role's power.

    Also what people decided, and what other answers of theirs would have given; of a thread that waits for people, what
    each answer would give.

    Exits with 1 and explains nothing where what the thread keeps differs from its record.
    """
    with reading(thread):
        from graph.problems import UsageError
        from graph.report.dossier.changed import Changed
        from graph.report.dossier.explanation import explanation_of, unexplained
        from graph.report.terminal.visible import console_on
        from graph.report.terminal.why import print_why
        from graph.threads import blaming

    thread, state = begun(thread, db)
    with blaming(thread, state):
        found = explanation_of(thread, state)
        if found is None:
            raise UsageError(unexplained(thread, state))
    if isinstance(found, Changed):
        return _say_changed(found, as_json)
    if as_json:
        print_json(found)
    else:
        print_why(found, console_on(sys.stdout, columns=120))
    return Exit.DONE


def _say_changed(changed: Any, as_json: bool) -> Exit:
    from graph.problems import neutral

    if as_json:
        print_json({"thread_id": changed.thread, "changed": list(changed.what), "message": changed.sentence})
    else:
        click.echo(neutral(changed.sentence))
    return Exit.FOUND
