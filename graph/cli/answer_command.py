"""`accord answer`: give what a thread asks a person for, a role's answer or a fact."""

from pathlib import Path

import click

from graph.cli.answering import by_option, give, id_option, key_option
from graph.cli.exits import Exit
from graph.cli.session import database_option, json_option, verbose_option

HELP = """Give what THREAD asks a person for, and continue it: the answer of a role, or a fact that is missing.

FILE is JSON or YAML; - is stdin. For a role it holds what the role would answer, for example
{stance: caution, summary: …, confidence: 0.8, actions: […]}; for a fact its value, as a facts file has it.

\b
accord answer launch-42 --file review.yaml --by legal_counsel
"""


@click.command("answer", help=HELP)
@click.argument("thread")
@click.option("--file", required=True, metavar="FILE", help="The answer, as JSON or YAML; - is stdin.")
@by_option
@click.option("--because", default="", metavar="TEXT", help="A reason, for the record.")
@id_option
@key_option
@database_option
@verbose_option
@json_option
def command(
    thread: str,
    file: str,
    by: str,
    because: str,
    question: str | None,
    key: str | None,
    db: str | None,
    is_verbose: bool,
    as_json: bool,
) -> Exit:
    """Give what THREAD asks a person for, and continue it."""
    from graph.answers import read_answer

    said = {"question": question, "by": by, "answer": read_answer(file), "because": because}
    return give(thread, said, Path(key) if key else None, db, is_verbose, as_json)
