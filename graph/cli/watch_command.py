"""`accord watch`: decisions checked against current facts."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.noticing import send_notices
from graph.cli.session import (
    database_option,
    facts_from,
    json_option,
    print_json,
    run_async,
    settings_for,
    speak_of,
    typed_database,
    typed_facts,
)
from policies.language import say, speaking

LAST = "last"

HELP = """Check decisions against current facts, by code alone: of THREAD, the one touched last, or of all threads.

The sources of the thread's team are asked again; --facts takes a file instead. A decision holds, is weakened (a limit
is closer), or is to be reopened: a guard changed its answer, a role's checks give another position, or its time is
over.

Exit code 1 if a decision is to be reopened, 3 if the facts of one cannot be had or the command was stopped, else 0.
With --all, decisions whose facts came with the run are only counted: there is no source to ask. The threads themselves
are not changed.

\b
accord watch launch-42
accord watch launch-42 --facts today.json --reopen
accord watch --all --reopen
"""


@click.command("watch", help=HELP)
@click.argument("thread", default=LAST, metavar="[THREAD]")
@click.option("--all", "watches_all", is_flag=True, help="Watch the decisions of all threads.")
@click.option("--facts", metavar="FILE", help="A file with the current facts, instead of the sources; - is stdin.")
@click.option("--reopen", "reopens", is_flag=True, help="Take again, in a new thread, what is to be reopened.")
@database_option
@json_option
def command(thread: str, watches_all: bool, facts: str | None, reopens: bool, db: str | None, as_json: bool) -> Exit:
    """Check decisions against current facts, by code alone."""
    from graph.facts.settings import load_fact_settings
    from graph.facts.source import Reading
    from graph.fresh import asked_sources, given_facts
    from graph.report.terminal.watch import Totals
    from graph.watching import open_watching
    from nodes.services import utc_now

    if watches_all:
        _refuse_thread()
    elif facts is not None:
        speak_of(thread, db)
    given, settings, totals = facts_from(facts), settings_for(db), Totals()

    async def work(halt: Any) -> None:
        # Served: a tenant reads at the board what is noted.
        reading = Reading(load_fact_settings(settings), is_served=True)
        ask = asked_sources(reading) if given is None else given_facts(given, utc_now)
        async with open_watching(settings, ask, reopens, halt) as watching:
            if not watches_all:
                totals.add(told := await watching.of(thread))
                _show(told, as_json)
                return
            async for told in watching.all():
                totals.add(told)
                _stream(told, as_json)
            totals.cut_off = watching.was_cut_off

    run_async(work)
    if watches_all:
        _show_totals(totals, as_json)
    send_notices(settings)
    if totals.verdicts["reopen"] and not totals.cut_off:
        return Exit.FOUND
    is_unknown = totals.unanswered or (totals.sourceless and not watches_all)
    return Exit.STOPPED if is_unknown or totals.cut_off else Exit.DONE


def _refuse_thread() -> None:
    """Refuse a thread next to --all.

    Raises:
        UsageError: one is named.
    """
    from click.core import ParameterSource

    from graph.problems import UsageError

    if click.get_current_context().get_parameter_source("thread") is not ParameterSource.DEFAULT:
        raise UsageError(say("--all watches every decision; name a thread or --all"))


def _show(told: Any, as_json: bool) -> None:
    """Print what was found of the one decision that was asked for."""
    from graph.languages.catalogue import speak_as
    from graph.report.terminal.watch import print_finding

    speak_as(told.language)
    if as_json:
        print_json(told.finding)
    else:
        print_finding(told.finding, typed_facts(), typed_database())


def _stream(told: Any, as_json: bool) -> None:
    """Print what was found of one decision of many: for people only where it does not just hold."""
    from graph.languages.catalogue import language_of
    from graph.report.terminal.watch import print_finding

    if as_json:
        _write(told.finding)
    elif told.finding["verdict"] != "holds" and not told.is_sourceless and not told.was_reopened:
        with speaking(language_of(told.language)):
            print_finding(told.finding, typed_facts(), typed_database())
            click.echo()


def _show_totals(totals: Any, as_json: bool) -> None:
    from graph.report.terminal.watch import print_totals

    if as_json:
        _write(totals.plain())
    else:
        print_totals(totals)


def _write(value: Mapping[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()
