"""`accord run`: one team, one decision."""

import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import click

from graph.cli.exits import Exit, exit_of
from graph.cli.noticing import send_notices
from graph.cli.session import (
    database_option,
    facts_from,
    json_option,
    print_record,
    run_async,
    say_warnings,
    settings_for,
    verbose_option,
    voice_option,
)
from graph.cli.waiting import reading

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
@click.option("--thread", metavar="ID", help="The thread's id; an existing thread is continued. Default: a new one.")
@click.option("--accept-changes", is_flag=True, help="Continue although team, policy, facts or goal changed.")
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
    with reading(team):
        case = _read(team, (goal, facts, settings), voice, db)
    shows = {"as_json": as_json, "is_verbose": is_verbose}
    record = _run(case, {"thread": thread, "accept_changes": accept_changes}, shows)
    _say_where_it_failed(record, team)
    if "trace" in record:
        _say_who_answered(record, voice, case.has_endpoints, as_json)
        send_notices(case.settings, [record["thread_id"]])
    return exit_of(record)


@dataclass(frozen=True, slots=True)
class _Case:
    """A team that may run, with the settings under which it does."""

    team: Any
    settings: Any
    has_endpoints: bool


def _read(name: str, changed: tuple[Any, Any, Any], voice: Any, db: str | None) -> _Case:
    """Return the case; LangGraph is not among what it imports."""
    from graph.endpoints import load_endpoints
    from graph.teams.approval import approved
    from graph.teams.loader import Changes, load_team
    from graph.teams.voicing import voiced

    goal, facts, values = changed
    changes, settings = Changes(goal, facts_from(facts), values), settings_for(db)
    team = approved(voiced(load_team(name, changes), settings, voice))
    return _Case(team, settings, bool(load_endpoints(settings)))


def _run(case: _Case, options: dict[str, Any], shows: dict[str, bool]) -> dict[str, Any]:
    """Run the case, print its record, and return that."""
    from graph.cli.progress import progress_on_stderr
    from graph.live import running
    from graph.store.names import check_new_thread, new_thread

    team, named = case.team, options["thread"]
    say_warnings(team)
    options["thread"] = thread = check_new_thread(new_thread() if named is None else named)
    with progress_on_stderr().shown(running(team, team.budget)) as progress:
        from graph.runner import open_runner  # LangGraph, which takes longer than all before it

        async def work(halt: Any) -> tuple[dict[str, Any], Any]:
            async with open_runner(case.settings, halt=halt) as runner:
                progress.begin(thread)
                record = await runner.run(team, **options, on_event=progress.take)
                return record, None if shows["as_json"] else await runner.threads.state(thread)

        record, state = run_async(work)
    print_record(record, state or {}, thread=named, **shows)
    return record


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
