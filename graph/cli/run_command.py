"""`accord run`: one team, one decision."""

import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import (
    database_option,
    facts_from,
    json_option,
    print_record,
    run_async,
    settings_for,
    verbose_option,
    voice_option,
)

HELP = """Run TEAM (a shipped team's name, or a team file) to one decision.

\b
accord run
accord run cold_storage --set budget.min_go_votes=4
accord run my_team.yaml --facts today.json --thread launch-42
"""


@click.command("run", help=HELP)
@click.argument("team", default="checkout_launch", metavar="[TEAM|FILE]")
@click.option("--goal", help="The question, instead of the team's own.")
@click.option("--facts", metavar="FILE", help="A JSON or YAML file of facts, instead of the team's own; - is stdin.")
@click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help="Set a value of the team; += appends.")
@click.option("--thread", metavar="ID", help="The thread's id; an existing thread goes on. Default: a new one.")
@click.option("--accept-changes", is_flag=True, help="Go on although team, policy, facts or goal of the thread moved.")
@voice_option("as the team file says, else the model where a key is set, else the roles' own rules")
@database_option
@verbose_option
@json_option
def command(
    team: str,
    goal: str | None,
    facts: str | None,
    settings: tuple[str, ...],
    thread: str | None,
    accept_changes: bool,
    voice: Any,
    db: str | None,
    is_verbose: bool,
    as_json: bool,
) -> Exit:
    """Run TEAM (a shipped team's name, or a team file) to one decision."""
    from graph.teams.loader import Changes

    changes = Changes(goal, facts_from(facts), settings)
    shows = {"as_json": as_json, "is_verbose": is_verbose}
    return _run(team, changes, {"thread": thread, "accept_changes": accept_changes}, voice, db, shows)


def _run(name: str, changes: Any, options: dict[str, Any], voice: Any, db: str | None, shows: dict[str, bool]) -> Exit:
    from graph.cli.progress import progress_on_stderr
    from graph.endpoints import load_endpoints
    from graph.live import running
    from graph.store.names import check_thread, new_thread
    from graph.teams.approval import approved
    from graph.teams.loader import load_team
    from graph.teams.voicing import voiced
    from policies.team.rules import warnings_of

    settings = settings_for(db)
    team = approved(voiced(load_team(name, changes), settings, voice))
    for warning in warnings_of(team):
        click.echo(f"accord: warning: {warning}", err=True)

    named = options["thread"]
    options["thread"] = thread = check_thread(new_thread() if named is None else named)

    with progress_on_stderr().shown(running(team, team.budget)) as progress:
        from graph.runner import open_runner  # takes longer than all before it

        async def work(halt: Any) -> tuple[dict[str, Any], Any]:
            async with open_runner(settings, halt=halt) as runner:
                progress.begin(thread)
                record = await runner.run(team, **options, on_event=progress.take)
                return record, None if shows["as_json"] else await runner.threads.state(thread)

        record, state = run_async(work)
    code = print_record(record, state or {}, thread=named, **shows)
    _say_where_it_failed(record, name)
    if "trace" in record:
        _say_who_answered(record, voice, bool(load_endpoints(settings)), shows["as_json"])
    return code


def _say_where_it_failed(record: Mapping[str, Any], name: str) -> None:
    """Say which line of the team's file holds a check that could not be evaluated; a thread keeps no lines."""
    from graph.problems import UsageError
    from graph.teams.loader import place_of_check

    found = re.match(r"role `([^`]*)`, check (\d+) \(", record.get("cause", ""))
    with suppress(UsageError):  # the file is gone by now
        place = place_of_check(name, found[1], int(found[2])) if found else None
        if place:
            click.echo(f"accord: {place}: this check could not be evaluated", err=True)


def _say_who_answered(record: Mapping[str, Any], voice: str | None, has_key: bool, as_json: bool) -> None:
    """Say it where no model was asked: nobody should take rules for a model's judgement."""
    from graph.report.terminal.visible import console_on

    if not record["trace"] or record["usage"]["calls"]:
        return
    reason = "as --voice asked" if voice else "because OPENAI_API_KEY is not set"
    if voice is None and has_key:
        reason = "as the team file says"
    told = f"Answered by the roles' own rules, {reason}; no model was asked."
    console_on(sys.stderr if as_json else sys.stdout).print(told)
