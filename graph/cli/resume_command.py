"""`accord resume`: resume a thread."""

from collections.abc import Sequence
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.noticing import send_notices
from graph.cli.session import (
    database_option,
    facts_from,
    json_option,
    print_record,
    run_async,
    settings_for,
    speak_of,
    verbose_option,
)
from graph.cli.waiting import reading
from policies.language import phrase, say, speak

NOT_ASKED = phrase(
    "--refresh: the thread has ended, so its sources were not asked; "
    "`accord watch {thread}` checks a decision against current facts"
)

HELP = """Resume THREAD where it stopped or was cut off; a finished one returns its record.

\b
accord resume launch-42
accord resume launch-42 --budget max_rounds=5 --budget max_seconds=120
"""


@click.command("resume", help=HELP)
@click.argument("thread")
@click.option("--budget", multiple=True, metavar="LIMIT=VALUE", help="Change a limit, for example max_rounds=5.")
@click.option(
    "--facts", metavar="FILE", help="A file of facts for a thread that stopped because it lacks some; - is stdin."
)
@click.option("--refresh", is_flag=True, help="Ask the sources of the facts again first, and say what moved.")
@click.option(
    "--accept-changes", is_flag=True, help="Continue although the facts changed; the open round is asked again."
)
@database_option
@verbose_option
@json_option
def command(
    thread: str,
    budget: tuple[str, ...],
    facts: str | None,
    refresh: bool,
    accept_changes: bool,
    db: str | None,
    is_verbose: bool,
    as_json: bool,
) -> Exit:
    """Resume THREAD where it stopped or was cut off; a finished one returns its record."""
    with reading(thread):
        from graph.cli.progress import progress_on_stderr
        from graph.opening import open_runner
        from graph.problems import UsageError

        if budget or facts is not None:
            speak_of(thread, db)
        if refresh and facts is not None:
            raise UsageError(say("--refresh cannot be used together with --facts; keep one of the two"))

    limits, given, settings = _limits(budget), facts_from(facts), settings_for(db)

    async def work(halt: Any) -> tuple[dict[str, Any], Any, Any]:
        async with open_runner(settings, halt=halt) as runner:
            found = await runner.threads.find(thread)
            speak(await runner.threads.language(found))
            before = await runner.threads.state(found) if refresh else None
            with progress_on_stderr().shown() as progress:
                progress.begin(found)
                record = await runner.resume(found, limits, given, accept_changes, progress.take, refresh)
            return record, None if as_json else await runner.threads.state(found), before

    record, state, before = run_async(work)
    code = print_record(record, state or {}, as_json, thread=record["thread_id"], is_verbose=is_verbose)
    if refresh and _has_ended(before):
        click.echo(f"accord: {say(NOT_ASKED, thread=record['thread_id'])}", err=True)
    send_notices(settings, [record["thread_id"]])
    return code


def _has_ended(state: Any) -> bool:
    """Return whether a thread had ended for good, so that a resume returned its record."""
    from graph.past import Past
    from policies.run.resumption import resumption_of

    return state is not None and resumption_of(Past.of(state).stop_reason).way == "show"


def _limits(budget: Sequence[str]) -> dict[str, Any]:
    from graph.documents import read_yaml
    from graph.problems import UsageError

    pairs = [(each, *each.partition("=")) for each in budget]
    told = say("is not a limit; allowed: LIMIT=VALUE, for example max_rounds=5")
    problems = [f"--budget {each}: {told}" for each, _, found, _ in pairs if not found]
    if problems:
        raise UsageError(*problems)
    return {
        name: read_yaml(text.encode("utf-8", "surrogatepass"), f"--budget {each}").value
        for each, name, _, text in pairs
    }
