"""`accord run`: one team, one decision."""

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
    tenant_option,
    verbose_option,
    voice_option,
)
from graph.cli.waiting import reading
from policies.language import say

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
@tenant_option("Whose a new thread is, and who may use the team. Default: local; a thread that exists keeps its own.")
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
    tenant: str | None,
    voice: Any,
    db: str | None,
    is_verbose: bool,
    as_json: bool,
) -> Exit:
    """Run TEAM (a shipped team's name, or a team file) to one decision."""
    with reading(team):
        case = _read(team, (goal, facts, settings), voice, db)
    shows = {"as_json": as_json, "is_verbose": is_verbose}
    options = {"thread": thread, "accept_changes": accept_changes, "tenant": tenant}
    record, state = _run(case, options, shows, facts is not None)
    _say_where_it_failed(record, state, case.team, team)
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
    from graph.languages.catalogue import speak_as
    from graph.teams.approval import approved
    from graph.teams.loader import Changes, language_at, load_team
    from graph.teams.voicing import voiced

    goal, facts, values = changed
    if facts is not None:
        speak_as(language_at(name))
    changes, settings = Changes(goal, facts_from(facts), values), settings_for(db)
    found = load_team(name, changes)
    speak_as(found.language)
    team = approved(voiced(found, settings, voice))
    return _Case(team, settings, bool(load_endpoints(settings)))


def _run(case: _Case, options: dict[str, Any], shows: dict[str, bool], has_facts: bool) -> tuple[dict[str, Any], Any]:
    """Run the case, print its record, and return that, with the state where it says more."""
    from graph.cli.progress import progress_on_stderr
    from graph.live import running
    from graph.store.names import check_new_thread, new_thread

    team, named = case.team, options["thread"]
    say_warnings(team)
    options["thread"] = thread = check_new_thread(new_thread() if named is None else named)
    with progress_on_stderr().shown(running(team, team.budget)) as progress:
        from graph.facts.brought import Brought
        from graph.opening import open_runner  # LangGraph, which takes longer than all before it

        async def work(halt: Any) -> tuple[dict[str, Any], Any]:
            async with open_runner(case.settings, halt=halt) as runner:
                progress.begin(thread)
                record = await runner.run(team, **options, on_event=progress.take, brought=Brought(has_facts))
                needs_state = not shows["as_json"] or "cause" in record
                return record, await runner.threads.state(thread) if needs_state else None

        record, state = run_async(work)
    print_record(record, state or {}, thread=named, **shows)
    return record, state


def _say_where_it_failed(record: Mapping[str, Any], state: Any, team: Any, name: str) -> None:
    """Say which line of the team's file holds a check that could not be evaluated; a thread keeps no lines."""
    from graph.problems import UsageError
    from graph.teams.loader import place_of_check

    found = _unanswered(record, state, team)
    with suppress(UsageError):  # the file is gone by now
        place = place_of_check(name, *found) if found else None
        if place:
            click.echo(f"accord: {place}: {say('this check could not be evaluated')}", err=True)


def _unanswered(record: Mapping[str, Any], state: Any, team: Any) -> tuple[str, int] | None:
    """Return the role and the number of the check whose lack of an answer stopped the run; None where none did."""
    from graph.past import Past
    from policies.run.stop import stop_reason
    from policies.team.checks import Unanswered, stance_of

    facts: Any = Past.of(state).case.get("facts") if state and "cause" in record else None
    speaking = [(name, role) for name, role in team.roles.items() if role.otherwise is not None]
    for name, role in speaking if isinstance(facts, dict) else ():
        said = stance_of(role, facts)
        if isinstance(said, Unanswered):
            lacks = "condition_failed", name
            if record["stop_reason"] == stop_reason(
                *(lacks if said.missing is None else ("needs_input", said.missing))
            ):
                return name, said.number
    return None


def _say_who_answered(record: Mapping[str, Any], voice: str | None, has_key: bool, as_json: bool) -> None:
    """Say it where no model was asked: nobody should take rules for a model's judgement."""
    from graph.report.terminal.visible import console_on

    if not record["trace"] or record["usage"]["calls"]:
        return
    told = say("Answered by the roles' own rules, because OPENAI_API_KEY is not set; no model was asked.")
    if voice:
        told = say("Answered by the roles' own rules, as --voice asked; no model was asked.")
    elif has_key:
        told = say("Answered by the roles' own rules, as the team file says; no model was asked.")
    console_on(sys.stderr if as_json else sys.stdout).print(told)
