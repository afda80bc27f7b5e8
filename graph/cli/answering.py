"""What `accord decide` and `accord answer` share: who answers, which question, by which key; and the giving."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.noticing import send_notices
from graph.cli.session import (
    database_option,
    json_option,
    print_record,
    run_async,
    settings_for,
    verbose_option,
)
from graph.cli.waiting import reading
from policies.language import speak

Decorated = Callable[..., Any]


def answering_options(command: Decorated) -> Decorated:
    """Add who answers, which question, by which key, and how what comes of it is shown."""
    named = "The question, where several wait; `accord inbox` shows them."
    for option in (
        json_option,
        verbose_option,
        database_option,
        click.option("--sign", "key", metavar="KEY", help="Sign the answer with this SSH key."),
        click.option("--id", "question", metavar="ID", help=named),
        click.option("--by", required=True, metavar="NAME", help="Who answers: an approver of the team."),
    ):
        command = option(command)
    return command


def give(
    thread: str,
    said: Mapping[str, Any],
    *,
    by: str,
    question: str | None,
    key: str | None,
    db: str | None,
    is_verbose: bool,
    as_json: bool,
) -> Exit:
    """Answer a thread and print what came of it; `said` is {answer, because}."""
    with reading(thread):
        from graph.answers import signed
        from graph.cli.progress import progress_on_stderr
        from graph.opening import open_runner

    settings, said = settings_for(db), {**said, "by": by, "question": question}

    async def work(halt: Any) -> tuple[dict[str, Any], Any]:
        async with open_runner(settings, halt=halt) as runner:
            found = await runner.threads.find(thread)
            speak(await runner.threads.language(found))
            given = said if key is None else signed(await runner.threads.begun(found), said, Path(key))
            with progress_on_stderr().shown() as progress:
                progress.begin(found)
                record = await runner.answer(found, given, progress.take)
            return record, None if as_json else await runner.threads.state(found)

    record, state = run_async(work)
    code = print_record(record, state or {}, as_json, thread=record["thread_id"], is_verbose=is_verbose)
    send_notices(settings, [record["thread_id"]])
    return code
