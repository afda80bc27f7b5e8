"""`accord whatif`: every past run decided again under another policy."""

import json
import sys
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, json_option, run_async, settings_for, speak_about
from policies.language import say


@click.command("whatif")
@click.option(
    "--policy",
    required=True,
    metavar="POLICY|TEAM|FILE",
    help="The policy that decides, or a team, whose guards count too.",
)
@click.option("--team", metavar="NAME", help="Only runs of this team.")
@click.option("--since", metavar="DATE", help="Only runs that ended on this day (UTC) or later.")
@click.option("--all", "shows_same", is_flag=True, help="List the runs that stay the same, too.")
@database_option
@json_option
def command(policy: str, team: str | None, since: str | None, shows_same: bool, db: str | None, as_json: bool) -> Exit:
    """Decide every archived run again under another policy, without asking anybody; the newest run comes first.

    A run is `same`, `flipped`, or `undetermined`: the policy would have opened a round, asked a human or convened a
    role, and nobody can know what that would have brought. It is `refused` where the policy reads the stance of a role
    that the run does not have.
    """
    from graph.assurance.replay import read_date, rules_named, verdicts
    from graph.assurance.subject import is_policy
    from graph.problems import neutral
    from graph.report.terminal.visible import console_on
    from graph.report.terminal.whatif import Totals, line_of, plain_verdict, print_totals
    from graph.threads import open_threads

    speak_about(team or policy)
    speak_about(policy)
    rules, day = rules_named(policy), read_date(since) if since is not None else None
    totals = Totals()

    async def work(_: Any) -> None:
        async with open_threads(settings_for(db)) as threads:
            if is_policy(policy):
                await _speak_of(threads, team)
            async for verdict in verdicts(threads, rules, team, day):
                totals.add(verdict)
                if verdict is not None and (shows_same or verdict.answer != "same"):
                    _say(_json(plain_verdict(verdict)) if as_json else line_of(verdict))

    run_async(work)
    if as_json:
        _say(_json(totals.plain()))
    else:
        print_totals(totals, console_on(sys.stdout))
    if team is not None and not totals.runs + totals.left_out:
        click.echo(neutral(f"accord: {say('there is no archived run of a team `{name}`', name=team)}"), err=True)
    return Exit.DONE


async def _speak_of(threads: Any, team: str | None) -> None:
    """Speak the language of the runs that a policy decides again, where all of them have the same."""
    from graph.languages.catalogue import speak_as
    from graph.store.index import shared_language
    from graph.store.location import storage_errors

    with storage_errors(threads.location):
        entries = [each for each in await threads.index.newest() if team in (None, each["team"])]
    if entries:
        speak_as(shared_language(entries))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _say(line: str) -> None:
    sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")
