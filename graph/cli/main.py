"""The entry point of `accord`: finds the command, and turns what went wrong into a sentence and an exit code."""

import errno
import importlib
import os
import sys
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.mistakes import sentence_of
from graph.cli.streams import open_streams
from graph.problems import UsageError, neutral, reason_of
from policies.language import ENGLISH, say, speaking, spoken

COMMANDS = {
    "run": "Run a team to one decision.",
    "resume": "Resume a thread where it stopped or was cut off.",
    "inbox": "Show what waits for people.",
    "decide": "Answer a decision that a thread leaves to people.",
    "answer": "Give what a thread asks a person for: a role's answer, or a fact.",
    "show": "Show a thread's record.",
    "list": "List the threads touched last.",
    "why": "Explain a thread's decision, and what would have flipped it.",
    "messages": "Show what the roles of a thread wrote to each other.",
    "say": "Say something to the roles of a thread, from outside.",
    "estimate": "Show what a team takes in calls, tokens and cost, before anything is asked.",
    "patterns": "Compare the coordination patterns, to choose one.",
    "policy": "Prove, compare and test decision tables.",
    "watch": "Check decisions against current facts.",
    "whatif": "Decide every past run again under another policy.",
    "replay": "Run a past run again from its record, and compare.",
    "feedback": "Post a judgement of a run to its trace in LangSmith.",
    "audit": "Verify or export the record of a thread.",
    "halt": "Halt all runs, or those of a tenant, until they are released.",
    "hold": "Hold the record of a thread, so that it is not purged, or release it.",
    "purge": "Purge threads that ended long ago; their hashes stay.",
    "init": "Write a team file to start from.",
    "serve": "Serve runs, decisions and messages over HTTP.",
    "mcp": "Let other agents run teams and read decisions, over the Model Context Protocol.",
    "token": "Create, list and revoke the tokens of those who may call the HTTP service.",
    "batch": "Run many cases at once, one JSON object a line.",
    "teams": "List the shipped teams, or print the JSON Schema of a team file.",
    "graph": "Draw a team's graph as mermaid.",
    "endpoints": "List where models answer.",
    "notify": "Send every notice that is due.",
    "doctor": "Check this installation.",
}


class LateGroup(click.Group):
    """Imports a command's module only when it is called, so that `--help` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"graph.cli.{cmd_name}_command").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="accord", message="%(prog)s %(version)s")
@click.option(
    "--config", metavar="FILE", help="The file that names endpoints. Default: accord.toml in the data directory."
)
def accord(config: str | None) -> None:  # it is read by the commands that need it, where it is declared once
    """Run a team of role agents to one decision. Models propose; policy decides."""


def main() -> None:
    """Run the command line and exit with its code."""
    open_streams()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Return the exit code of `accord` with these arguments."""
    with speaking(ENGLISH):
        return _run(arguments)


def _run(arguments: list[str]) -> int:
    try:
        code = accord.main(arguments, prog_name="accord", standalone_mode=False)
        sys.stdout.flush()
    except BaseException as error:
        if isinstance(error, SystemExit) and error.code == 0:  # so click ends once it has written a shell's completion
            return Exit.DONE
        return _exit_code(error, arguments)
    return code if isinstance(code, int) else Exit.DONE


def _exit_code(error: BaseException, arguments: list[str]) -> int:
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return _say(Exit.STOPPED, say("cancelled"))
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return Exit.USAGE
    if isinstance(error, click.ClickException):
        return _say(Exit.USAGE, _mistake(error, arguments))
    if isinstance(error, UsageError):
        return _say(Exit.USAGE, *map(neutral, error.problems))
    if isinstance(error, SystemExit | BrokenPipeError):  # click exits by itself where its reader is gone
        return _say(Exit.USAGE)
    if isinstance(error, OSError):
        return _say(Exit.USAGE, _failure(error))
    told = f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"
    return _say(Exit.UNEXPECTED, say("unexpected: {error}", error=told))


def _mistake(error: click.ClickException, arguments: list[str]) -> str:
    """Return what is wrong with the arguments, in the language of the team or the thread that they name."""
    if spoken() is not ENGLISH:
        return sentence_of(error)
    from graph.cli.naming import language_named

    with speaking(language_named(arguments, accord)):
        return sentence_of(error)


def _failure(error: OSError) -> str:
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return say("too many files are open; allow more with `ulimit -n`, or run fewer cases at once")
    if error.filename is not None:
        return f"{error.filename}: {say('cannot be read or written: {why}', why=reason_of(error))}"
    return say("the output cannot be written: {why}", why=reason_of(error))


def _say(code: int, *sentences: str) -> int:
    for sentence in sentences:
        _write("\n".join(map(neutral, f"accord: {sentence}\n".split("\n"))))
    _drop_output()
    return code


def _write(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        pass


def _drop_output() -> Any:
    """Point stdout elsewhere where it is broken, or Python complains once more at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
