"""`accord whatif`: every past run decided again under another policy."""

import json
import sys
from collections import Counter
from dataclasses import asdict
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, json_option, run_async, settings_for


@click.command("whatif")
@click.option("--policy", required=True, metavar="POLICY|TEAM|FILE", help="What decides; of a team also its guards.")
@click.option("--team", metavar="NAME", help="Only runs of this team.")
@click.option("--since", metavar="DATE", help="Only runs that ended on this day (UTC) or later.")
@click.option("--all", "shows_same", is_flag=True, help="List the runs that stay the same, too.")
@database_option
@json_option
def command(policy: str, team: str | None, since: str | None, shows_same: bool, db: str | None, as_json: bool) -> Exit:
    """Decide every archived run again under another policy, without asking anybody.

    A run is `same`, `flipped`, or `undetermined`: the policy would have opened a round, asked a human or convened a
    role, and nobody can know what that would have brought.
    """
    from graph.assurance.replay import read_date, rules_named, verdicts
    from graph.threads import open_threads

    rules, day = rules_named(policy), read_date(since) if since is not None else None
    write = _write_json if as_json else _write_line

    async def work(_: Any) -> Counter[str]:
        counts: Counter[str] = Counter()
        async with open_threads(settings_for(db)) as threads:
            async for verdict in verdicts(threads, rules, team, day):
                counts[verdict.answer] += 1
                if shows_same or verdict.answer != "same":
                    write(verdict)
        return counts

    counts = run_async(work)
    _finish(counts, as_json)
    if team is not None and not counts:
        click.echo(f"accord: no archived run is of a team `{team}`", err=True)
    return Exit.DONE


def _write_json(verdict: Any) -> None:
    from graph.report.record import row_name

    row = None if verdict.now is None and verdict.round is None else row_name(verdict.row)
    _say(json.dumps({**asdict(verdict), "row": row}, ensure_ascii=False))


def _write_line(verdict: Any) -> None:
    from graph.problems import neutral
    from graph.report.record import row_name

    where = f" (round {verdict.round}, row {row_name(verdict.row)})" if verdict.round else ""
    guards = f" [{', '.join(verdict.guards)}]" if verdict.guards else ""
    reason = f": {verdict.reason}" if verdict.reason else ""
    _say(
        neutral(f"{verdict.answer:<12}  {verdict.thread}  {verdict.was} -> {verdict.now or '?'}{where}{reason}{guards}")
    )


def _finish(counts: Counter[str], as_json: bool) -> None:
    totals = {answer: counts[answer] for answer in ("same", "flipped", "undetermined")}
    if as_json:
        _say(json.dumps({"runs": sum(totals.values()), **totals}))
    else:
        told = ", ".join(f"{count} {answer}" for answer, count in totals.items())
        _say(f"{sum(totals.values())} runs: {told}")


def _say(line: str) -> None:
    sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")
