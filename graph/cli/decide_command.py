"""`accord decide`: answer a decision that a thread leaves to people."""

from pathlib import Path

import click

from graph.cli.answering import by_option, give, id_option, key_option
from graph.cli.exits import Exit
from graph.cli.session import database_option, json_option, verbose_option
from policies.people.question import WORDS

HELP = """Decide what THREAD leaves to a person, and continue it.

ANSWER is a decision that the limits allow, `again` for another round with your reason as a note to the team, or `stop`.

\b
accord decide launch-42 go_with_caution --by cfo --because "The refund buffer covers it."
accord decide launch-42 again --by cfo --because "What does the fraud team say?"
"""


@click.command("decide", help=HELP)
@click.argument("thread")
@click.argument("answer", type=click.Choice(WORDS))
@by_option
@click.option("--because", required=True, metavar="TEXT", help="The reason, for the record.")
@id_option
@key_option
@database_option
@verbose_option
@json_option
def command(
    thread: str,
    answer: str,
    by: str,
    because: str,
    question: str | None,
    key: str | None,
    db: str | None,
    is_verbose: bool,
    as_json: bool,
) -> Exit:
    """Decide what THREAD leaves to a person, and continue it."""
    said = {"question": question, "by": by, "answer": answer, "because": because}
    return give(thread, said, Path(key) if key else None, db, is_verbose, as_json)
