"""`accord show`: a thread's record, for people, for programs, as a page or as Markdown."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from graph.cli.exits import Exit, exit_of
from graph.cli.session import (
    database_option,
    json_option,
    print_record,
    reading_thread,
    run_async,
    settings_for,
    speak_of,
    verbose_option,
    warning,
)
from graph.cli.waiting import reading
from policies.language import say

STDOUT = "-"


@click.command("show")
@reading_thread
@click.option("--html", metavar="FILE", help="Write one self-contained page; - is stdout.")
@click.option(
    "--markdown",
    metavar="[FILE]",
    is_flag=False,
    flag_value=STDOUT,
    help="Write the same as Markdown, for an issue or a wiki; without FILE to stdout. Put it after THREAD.",
)
@click.option("--full", "is_full", is_flag=True, help="Show what every role said in every round.")
@database_option
@verbose_option
@json_option
def command(
    thread: str,
    html: str | None,
    markdown: str | None,
    is_full: bool,
    db: str | None,
    is_verbose: bool,
    as_json: bool,
) -> Exit:
    """Show the result of THREAD, or how far it is.

    The exit code says what became of the thread, whatever was written.
    """
    writes_pages = html is not None or markdown is not None
    with reading(thread):
        from graph.languages.catalogue import speak_as
        from graph.past import Past
        from graph.threads import blaming

        if writes_pages:
            speak_of(thread, db)

    if writes_pages:
        _check_targets(html, markdown, as_json)
    thread, state, is_running, hindsight = run_async(lambda _: _read(thread, db))
    speak_as(Past.of(state).language)
    with blaming(thread, state):
        record = _record(thread, state, is_running)
        _warn_of_change(thread, state)
        if writes_pages:
            _write_pages(record, state if record["hashes"] else {}, hindsight, html, markdown)
        if as_json or not writes_pages:
            shown, how = state if record["hashes"] else {}, {"is_full": is_full, "is_verbose": is_verbose}
            print_record(record, shown, as_json, thread=thread, hindsight=hindsight, **how)
    return exit_of(record)


async def _read(name: str, db: str | None) -> tuple[str, Mapping[str, Any], bool, Mapping[str, Any]]:
    from graph.hindsight import hindsight_of
    from graph.threads import blaming, open_threads

    async with open_threads(settings_for(db)) as threads:
        thread = await threads.find(name)
        state, is_running = await threads.look(thread)
        with blaming(thread, state):
            return thread, state, is_running, await hindsight_of(threads, thread, state)


def _record(thread: str, state: Mapping[str, Any], is_running: bool) -> dict[str, Any]:
    from graph.record import record_of

    return record_of(thread, state, is_running)


def _warn_of_change(thread: str, state: Mapping[str, Any]) -> None:
    """Say on stderr where the decision that is shown is not the one that the thread's record holds."""
    from graph.problems import neutral
    from graph.report.dossier.changed import find_change

    changed = find_change(thread, state)
    if changed:
        click.echo(neutral(warning(changed.sentence)), err=True)


def _check_targets(html: str | None, markdown: str | None, as_json: bool) -> None:
    from graph.problems import UsageError

    targets = [target for target in (html, markdown) if target is not None]
    if "" in targets:
        raise UsageError(say("--html or --markdown names no file; name one, or - for stdout"))
    if [*targets, *([STDOUT] if as_json else [])].count(STDOUT) > 1:
        raise UsageError(say("stdout takes one of --html -, --markdown and --json; name files for the others"))
    if len({Path(target).absolute() for target in targets}) < len(targets):
        raise UsageError(f"{targets[0]}: {say('is named for two things; name two files')}")
    # Before anything is read: what is there is replaced, and a device or a pipe is not there to be replaced.
    for target in targets:
        path = Path(target)
        if target != STDOUT and path.exists() and not path.is_file():
            is_folder = say("is a folder; name a file, or - for stdout")
            told = is_folder if path.is_dir() else say("is not a regular file; name a file, or - for stdout")
            raise UsageError(f"{target}: {told}")


def _write_pages(
    record: Mapping[str, Any],
    state: Mapping[str, Any],
    hindsight: Mapping[str, Any],
    html: str | None,
    markdown: str | None,
) -> None:
    from graph.report.dossier.dossier import dossier_of
    from graph.report.html.page import page_of
    from graph.report.markdown.report import markdown_of

    dossier = dossier_of(record["thread_id"], record, state, hindsight)
    for target, render in ((html, page_of), (markdown, markdown_of)):
        if target is not None:
            _write(target, render(dossier))


def _write(target: str, text: str) -> None:
    from graph.problems import neutral
    from graph.report.writing import write_file

    data = text.encode("utf-8", "replace")
    if target != STDOUT:
        write_file(target, data)
        click.echo(say("wrote {file}", file=neutral(target)), err=True)
        return
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
