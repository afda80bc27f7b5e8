"""`accord batch`: many cases at once."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from functools import partial
from typing import Any

import click

from graph.cli.exits import Exit, exit_of
from graph.cli.session import database_option, run_async, settings_for, voice_option


@click.command("batch")
@click.argument("cases", metavar="CASES.jsonl")
@click.option("--team", default="checkout_launch", show_default=True, help="The team of cases that name none.")
@click.option("--concurrency", default=16, show_default=True, type=click.IntRange(1, 1_000), help="Cases at once.")
@click.option("--retry-failed", "retries", is_flag=True, help="Go on with cases that stopped; begin no new ones.")
@voice_option("as the team file says, else the model where a key is set, else the roles' own rules")
@database_option
def command(cases: str, team: str, concurrency: int, retries: bool, voice: Any, db: str | None) -> Exit:
    """Run every line of CASES.jsonl: {"id", "team"?, "goal"?, "facts"?, "overrides"?}.

    Prints one line {"id", "result"} a case on stdout, in the order of the lines. The id is the thread's, so the same
    batch again goes on where it was cut off and repeats nothing that is finished.
    """
    from graph.batch import MAX_LINE_BYTES, Batch, run_lines
    from graph.inputs import open_lines
    from graph.runner import open_runner
    from graph.teams.approval import approved
    from graph.teams.loader import load_team
    from graph.teams.voicing import voiced

    settings = settings_for(db)

    async def work(lines: Any, halt: Any) -> Exit:
        worst = Exit.DONE
        async with open_runner(settings, halt=halt) as runner:
            batch = Batch(
                runner,
                load=lambda case: approved(voiced(load_team(case.team or team, case.changes), settings, voice)),
                is_halted=lambda: halt.is_set,
                concurrency=_room_for(concurrency, settings, voice),
                retries=retries,
            )
            with _bar(sum(1 for line in lines() if line.strip())) as advance:
                async with aclosing(run_lines(lines(), batch)) as results:
                    async for result in results:
                        # In a thread: a reader that is slow must not stop the cases under way.
                        worst = max(worst, await asyncio.to_thread(_print_result, result, halt.is_set))
                        advance()
        return worst

    with open_lines(cases, MAX_LINE_BYTES) as lines:
        return run_async(partial(work, lines))


def _room_for(concurrency: int, settings: Any, voice: str | None) -> int:
    from graph.batch import room_for
    from graph.endpoints import load_endpoints

    room = room_for(concurrency, calls_models=voice != "rules" and bool(load_endpoints(settings)))
    if room < concurrency:
        click.echo(
            f"accord: warning: {concurrency} cases at once would open more files than may be (`ulimit -n`); "
            f"at once: {room}",
            err=True,
        )
    return room


def _print_result(result: Any, is_halted: bool) -> Exit:
    import json

    from graph.problems import neutral

    sys.stdout.buffer.write(json.dumps(result.line, ensure_ascii=False).encode() + b"\n")
    sys.stdout.buffer.flush()
    if result.record is not None:
        return exit_of(result.record)
    click.echo(f"accord: {neutral(result.error)}", err=True)
    if result.is_unexpected:
        return Exit.UNEXPECTED
    return Exit.STOPPED if is_halted else Exit.USAGE


@contextmanager
def _bar(total: int) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("cases"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("cases", total=total)
        yield lambda: progress.advance(task)
        done = int(progress.tasks[0].completed)
    if not console.is_terminal:
        click.echo(f"{done} of {total} cases reported", err=True)
