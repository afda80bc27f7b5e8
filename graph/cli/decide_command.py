"""`accord decide`: answer a decision that a thread leaves to people."""

from typing import Any

import click

from graph.cli.answering import answering_options, give
from graph.cli.exits import Exit
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
@answering_options
@click.option("--because", required=True, metavar="TEXT", help="The reason, for the record.")
def command(thread: str, answer: str, because: str, **options: Any) -> Exit:
    """Decide what THREAD leaves to a person, and continue it."""
    said = {"answer": answer, "because": because}
    return give(thread, said, **options)
