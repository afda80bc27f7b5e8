"""What commands share: options, the event loop with a clean Ctrl-C, and the way records are printed."""

import os
import shlex
import signal
import sys
import warnings
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from typing import Any, TypeVar

import click

from graph.cli.exits import Exit, exit_of
from policies.language import Language, say, speak, spoken
from policies.team.voices import VOICE_NAMES

T = TypeVar("T")
Decorated = Callable[..., Any]


def database_option(command: Decorated) -> Decorated:
    """Add `--db`."""
    text = "The database: a file, or postgresql://... Default: accord.sqlite in the data directory."
    return click.option("--db", metavar="FILE|URL", help=text)(command)


def tenant_option(text: str) -> Callable[[Decorated], Decorated]:
    """Add `--tenant`, with what it does; a name that no tenant may have is refused."""

    def check(_: click.Context, __: click.Parameter, tenant: str | None) -> str | None:
        from graph.problems import UsageError
        from policies.access.names import find_misnamed

        problem = find_misnamed(tenant) if tenant is not None else None
        if problem:
            raise UsageError(f"--tenant: {problem}")
        return tenant

    return click.option("--tenant", metavar="NAME", callback=check, help=text)


def json_option(command: Decorated) -> Decorated:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON alone on stdout.")(command)


def verbose_option(command: Decorated) -> Decorated:
    """Add `--verbose`."""
    return click.option("--verbose", "is_verbose", is_flag=True, help="Show what each answer took, and causes.")(
        command
    )


def voice_option(default: str) -> Callable[[Decorated], Decorated]:
    """Add `--voice`, with what it is by default."""
    text = f"Who answers for the roles. Default: {default}."
    return click.option("--voice", type=click.Choice(VOICE_NAMES), help=text)


class WholeHelpGroup(click.Group):
    """Shows the first paragraph of each command's help whole, where click cuts it."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        told = [(name, command.get_short_help_str(limit=1_000)) for name, command in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(told)


def say_warnings(team: Any) -> None:
    """Say on stderr what of a team is allowed but hardly meant."""
    from policies.team.rules import warnings_of

    for told in warnings_of(team):
        click.echo(warning(told), err=True)


def warning(told: str) -> str:
    """Return a warning as a command says it."""
    return f"accord: {say('warning: {what}', what=told)}"


def settings_for(db: str | None) -> Any:
    """Return the settings, with the database that `--db` names and the file of `accord --config`."""
    from graph.settings import load_settings

    config = click.get_current_context().find_root().params.get("config")
    given = {"accord_database_url": db, "accord_config": Path(config) if config else None}
    return load_settings().model_copy(update={name: value for name, value in given.items() if value})


def facts_from(path: str | None) -> dict[str, Any] | None:
    """Return the facts in the file that `--facts` names; `-` is stdin.

    Raises:
        UsageError: the file cannot be used.
    """
    from graph.facts.file import facts_from_stdin, load_facts_file

    if path is None:
        return None
    return facts_from_stdin() if path == "-" else load_facts_file(path)


def run_async(work: Callable[[Any], Awaitable[T]]) -> T:
    """Run `work(halt)` in an event loop; Ctrl-C stops the calls under way, a second one ends the process.

    The language that it speaks in the end is spoken afterwards, too.
    """
    import asyncio

    from nodes.halt import Halt

    # A run that is cut off leaves calls that LangGraph never began; whoever reads stderr need not hear of it.
    warnings.filterwarnings("ignore", r"coroutine '.*' was never awaited", RuntimeWarning)

    async def main() -> T:
        halt = Halt()
        loop = asyncio.get_running_loop()

        def stop(signum: int) -> None:
            loop.remove_signal_handler(signum)
            halt.set()

        for signum in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(signum, stop, signum)
        return await work(halt)

    _check_files()
    context = copy_context()
    try:
        with asyncio.Runner() as runner:
            return runner.run(main(), context=context)
    finally:
        speak(context.run(spoken))


def _check_files() -> None:
    """Fail before the event loop does where it could not open its files: half made, it complains once more at exit."""
    opened: list[int] = []
    try:
        for _ in range(4):
            opened.append(os.open(os.devnull, os.O_RDONLY))
    finally:
        for file in opened:
            os.close(file)


def reading_thread(command: Decorated) -> Decorated:
    """Add THREAD: an id, the beginning of one, an alias that `accord list` shows, or `last`, which is the default."""
    return click.argument("thread", default="last", metavar="[THREAD]")(command)


def begun(name: str, db: str | None) -> tuple[str, Mapping[str, Any]]:
    """Return the id and the state of a thread that has begun.

    Raises:
        UsageError: there is no such thread, or it has not begun.
        StorageError: the database failed.
    """
    return kept(name, db)


def kept(name: str, db: str | None, *, or_purged: bool = False) -> tuple[str, Mapping[str, Any]]:
    """Return the id and the state of a thread that has begun; of one that was purged its events, where it is asked for.

    Raises:
        UsageError: as `begun`.
        StorageError: the database failed.
    """
    from graph.languages.catalogue import speak_as
    from graph.past import Past
    from graph.threads import open_threads

    async def work(_: Any) -> tuple[str, Mapping[str, Any]]:
        async with open_threads(settings_for(db)) as threads:
            thread = await threads.find(name, or_purged=or_purged)
            tombstone = await threads.tombstones.events(thread)
            return thread, {"events": tombstone} if tombstone is not None else await threads.begun(thread)

    thread, state = run_async(work)
    speak_as(Past.of(state).language)
    return thread, state


def speak_of(name: str, db: str | None) -> None:
    """Speak the language of the thread that a name means from now on, where there is one: its options are judged next.

    What is wrong with the name or the database is said where the thread is worked with.
    """
    from graph.problems import UsageError
    from graph.threads import open_threads

    async def work(_: Any) -> Language:
        async with open_threads(settings_for(db)) as threads:
            return await threads.language(await threads.find(name))

    with suppress(UsageError):
        speak(run_async(work))


def speak_about(name: str, settings: Sequence[str] = ()) -> None:
    """Speak the language of the team of that name, or in that file, from now on; that of a policy is not changed.

    What is wrong with it is said where it is used.
    """
    from graph.languages.catalogue import speak_as
    from graph.problems import UsageError
    from graph.teams.loader import Changes, load_team

    with suppress(UsageError):
        speak_as(load_team(name, Changes(settings=settings)).language)


def print_json(value: Any) -> None:
    """Write one JSON value to stdout."""
    import json

    sys.stdout.buffer.write(json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n")
    sys.stdout.buffer.flush()


def print_record(
    record: Mapping[str, Any], state: Mapping[str, Any], as_json: bool, *, thread: str | None, **shows: Any
) -> Exit:
    """Print a record for a program, or with the state of its thread for people, and return its exit code.

    `thread` is how what to type next names it: None where it is the last one touched. `shows` is what `print_report`
    shows besides.
    """
    if as_json:
        print_json(record)
    else:
        from graph.report.terminal.report import Handle, print_report

        print_report(record, state, typed=Handle(thread, typed_database(), board_address()), **shows)
    return exit_of(record)


def board_address() -> str | None:
    """Return where the board is, as `accord.toml` says; None where it does not, or cannot be read."""
    from graph.config.file import read_config
    from graph.problems import UsageError

    try:
        return read_config(settings_for(None)).public_url
    except UsageError:
        return None


def typed_facts() -> str:
    """Return `--facts` as it was typed; nothing where it was not."""
    given = click.get_current_context().params.get("facts")
    return f" --facts {shlex.quote(given)}" if given else ""


def typed_database() -> str:
    """Return `--db` as it was typed, without a password; nothing where it was not."""
    from graph.store.location import shown

    given = click.get_current_context().params.get("db")
    return f" --db {shlex.quote(shown(given))}" if given else ""
