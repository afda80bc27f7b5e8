"""`accord batch`: many cases at once."""

import asyncio
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import IO, Any

import click
from click.core import ParameterSource

from graph.cli.exits import Exit, exit_of
from graph.cli.noticing import send_notices
from graph.cli.session import database_option, run_async, settings_for, tenant_option, voice_option, warning
from graph.cli.waiting import reading
from policies.language import say

SECONDS_BETWEEN, PARTS = 5.0, 10
"""Without a terminal, the seconds between two reports of progress; a tenth of the time so far, once that is more."""


@click.command("batch")
@click.argument("cases", metavar="CASES.jsonl")
@click.option("--team", default="checkout_launch", show_default=True, help="The team of cases that name none.")
@click.option(
    "--concurrency", default=16, show_default=True, type=click.IntRange(1, 1_000), help="How many cases run at once."
)
@click.option("--out", metavar="FILE", help="Where the results go once all are there; default: stdout, as they come.")
@click.option("--retry-failed", "retries", is_flag=True, help="Resume cases that stopped; begin no new ones.")
@click.option("--fail-fast", "fails_fast", is_flag=True, help="Begin no further case once one did not succeed.")
@tenant_option("Whose the threads are, and who may use the teams. Default: local.")
@voice_option("as the team file says, else the model where a key is set, else the roles' own rules")
@database_option
def command(
    cases: str,
    team: str,
    concurrency: int,
    out: str | None,
    retries: bool,
    fails_fast: bool,
    tenant: str | None,
    voice: Any,
    db: str | None,
) -> Exit:
    """Run every line of CASES.jsonl: {"id", "team"?, "goal"?, "facts"?, "overrides"?}.

    Writes one line {"id", "result"} a case, in the order of the lines, and a summary on stderr. The id is the thread's,
    so the same batch again continues where it was cut off and repeats nothing that is finished.
    """
    with reading(cases):
        from graph.batch import MAX_LINE_BYTES
        from graph.inputs import open_lines
        from graph.languages.catalogue import speak_as
        from graph.problems import UsageError
        from graph.teams.loader import language_at

    speak_as(language_at(team))
    settings, again = settings_for(db), _typed(click.get_current_context())
    room, kinds = _room_for(concurrency, settings, voice), {"retries": retries, "fails_fast": fails_fast}
    asked = {"concurrency": room, "tenant": tenant, **kinds}
    if out is not None and Path(out).resolve() == Path(cases).resolve():
        raise UsageError(f"--out {out}: {say('is the file of cases; name another file')}")
    try:
        with open_lines(cases, MAX_LINE_BYTES) as lines, _output(out) as output:
            reports = run_async(lambda halt: _run(lines, Reports(output, halt), (team, settings, voice), asked, halt))
            for line in reports.tally.lines(again):
                click.echo(line, err=True)
            if out is not None and reports.tally.left:
                raise _EndedEarlyError  # the older file stays
    except _EndedEarlyError:
        click.echo(f"accord: {out}: {say('is left as it was, since not every case has a result')}", err=True)
    send_notices(settings, reports.threads)
    return reports.worst


async def _run(
    lines: Any, reports: "Reports", spoken_by: tuple[str, Any, Any], asked: dict[str, Any], halt: Any
) -> "Reports":
    """Run the lines, and return the reports once all of them are taken."""
    from graph.batch import Batch
    from graph.languages.catalogue import speak_as
    from graph.opening import open_runner
    from graph.teams.approval import approved
    from graph.teams.loader import language_at, load_team
    from graph.teams.voicing import voiced

    team, settings, voice = spoken_by

    def load(case: Any) -> Any:
        speak_as(language_at(case.team or team))  # also of what is wrong with it
        found = load_team(case.team or team, case.changes)
        speak_as(found.language)
        return approved(voiced(found, settings, voice))

    async with open_runner(settings, halt=halt) as runner:
        await reports.take_all(lines, Batch(runner, load=load, is_halted=lambda: halt.is_set, **asked))
    return reports


def _typed(context: click.Context) -> str:
    """Return the command as it was typed, without the password of a database and what only this time was for."""
    from graph.store.location import shown

    words = ["accord", "batch", str(context.params["cases"])]
    for each in context.command.params:
        is_typed = context.get_parameter_source(str(each.name)) is ParameterSource.COMMANDLINE
        if isinstance(each, click.Option) and is_typed and not each.is_flag:
            words += [each.opts[0], shown(str(context.params[str(each.name)]))]
    return shlex.join(words)


class _EndedEarlyError(Exception):
    """A batch was ended before each case had a result, so that its file is not written."""


class Reports:
    """Writes the results of a batch as they come, and keeps the tally and the worst exit code."""

    def __init__(self, output: IO[bytes], halt: Any) -> None:
        from graph.report.terminal.batch import Tally

        self.tally, self.worst, self.threads = Tally(), Exit.DONE, list[str]()
        self._output, self._halt = output, halt

    async def take_all(self, lines: Any, batch: Any) -> None:
        """Run the lines, and take each result."""
        from graph.batch import run_lines

        with _progress(sum(1 for line in lines() if line.strip())) as advance:
            async with aclosing(run_lines(lines(), batch)) as results:
                async for result in results:
                    # In a thread: a reader that is slow must not stop the cases under way.
                    await asyncio.to_thread(self._write, result)
                    self.tally.add(result.id, result.record, is_left=result.is_left)
                    self.worst = max(self.worst, self._exit_of(result))
                    self.threads += [result.record["thread_id"]] if result.record else []
                    advance()

    def _write(self, result: Any) -> None:
        import json

        from graph.problems import neutral

        self._output.write(json.dumps(result.line, ensure_ascii=False).encode() + b"\n")
        self._output.flush()
        if result.record is None and not result.is_left:
            click.echo(f"accord: {neutral(result.error)}", err=True)

    def _exit_of(self, result: Any) -> Exit:
        if result.record is not None:
            return exit_of(result.record)
        if result.is_unexpected:
            return Exit.UNEXPECTED
        return Exit.STOPPED if result.is_left or self._halt.is_set else Exit.USAGE


@contextmanager
def _output(out: str | None) -> Iterator[IO[bytes]]:
    from graph.problems import neutral
    from graph.report.writing import writing_file

    if out is None:
        yield sys.stdout.buffer
        return
    with writing_file(out) as file:
        yield file
    click.echo(neutral(say("wrote {file}", file=out)), err=True)


def _room_for(concurrency: int, settings: Any, voice: str | None) -> int:
    from graph.batch import room_for
    from graph.endpoints import load_endpoints

    room = room_for(concurrency, calls_models=voice != "rules" and bool(load_endpoints(settings)))
    if room < concurrency:
        told = say(
            "{number} cases at once would open more files than are allowed (`ulimit -n`); at once: {room}",
            number=concurrency,
            room=room,
        )
        click.echo(warning(told), err=True)
    return room


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """Show how many cases are done: as a bar at a terminal, elsewhere as a line now and then."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(total)
        return
    columns = (TextColumn(say("cases")), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(say("cases"), total=total)
        yield lambda: progress.advance(task)


def _lines(total: int) -> Callable[[], None]:
    begun, done = time.monotonic(), 0
    due = begun + SECONDS_BETWEEN

    def advance() -> None:
        nonlocal done, due
        done, now = done + 1, time.monotonic()
        if now >= due:
            due = now + max(SECONDS_BETWEEN, (now - begun) / PARTS)
            minutes, seconds = divmod(int(now - begun), 60)
            told = say("{done} of {total} cases, {time}", done=done, total=total, time=f"{minutes}:{seconds:02}")
            click.echo(told, err=True)

    return advance
