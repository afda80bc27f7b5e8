"""`accord answer`: give what a thread asks a person for, a role's answer or a fact."""

from typing import Any

import click

from graph.cli.answering import answering_options, give
from graph.cli.exits import Exit
from graph.cli.session import speak_of
from graph.cli.waiting import reading

HELP = """Give what THREAD asks a person for, and continue it: the answer of a role, or a fact that is missing.

FILE is JSON or YAML; - is stdin. For a role it holds what the role would answer, for example
{stance: caution, summary: …, confidence: 0.8, actions: […]}; for a fact its value, as a facts file has it.

\b
accord answer launch-42 --file review.yaml --by legal_counsel
"""


@click.command("answer", help=HELP)
@click.argument("thread")
@click.option("--file", required=True, metavar="FILE", help="The answer, as JSON or YAML; - is stdin.")
@answering_options
@click.option("--because", default="", metavar="TEXT", help="A reason, for the record.")
def command(thread: str, file: str, because: str, **options: Any) -> Exit:
    """Give what THREAD asks a person for, and continue it."""
    with reading(thread):
        from graph.answers import read_answer

        speak_of(thread, options["db"])

    said = {"answer": read_answer(file), "because": because}
    return give(thread, said, **options)
