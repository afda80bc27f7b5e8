"""`accord notify`: send every notice that is due."""

from collections.abc import Sequence
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, json_option, print_json, run_async, settings_for


@click.command("notify")
@database_option
@json_option
def command(db: str | None, as_json: bool) -> Exit:
    """Send every notice that is due to the receivers of accord.toml, and show how far each is served.

    Meant for cron: what a command could not send at its end, and what a server decided, is sent here. Exit code 1 if
    something waits.
    """
    from dataclasses import asdict

    from graph.config.file import config_path
    from graph.endpoints import load_notify
    from graph.notices.desk import open_desk
    from graph.problems import neutral

    settings = settings_for(db)
    notify = load_notify(settings)

    async def work(halt: Any) -> Sequence[Any]:
        async with open_desk(settings, notify) as desk:
            await desk.note_all()
            await desk.send_due(is_halted=lambda: halt.is_set)
            return await desk.receiver_states()

    standings = run_async(work) if notify.receivers else []
    if as_json:
        print_json([asdict(each) for each in standings])
    elif standings:
        for line in (line for each in standings for line in _lines(each)):
            click.echo(neutral(line))
    else:
        click.echo(neutral(f"No receiver: name some under `notify` in {config_path(settings)}"))
    return Exit.FOUND if any(each.waiting for each in standings) else Exit.DONE


def _lines(standing: Any) -> list[str]:
    lines = [f"{standing.shown} ({standing.title})", f"  sent now {standing.sent}, in all {standing.delivered}"]
    if standing.waiting:
        lines.append(
            f"  waiting {standing.waiting}, since {_time(standing.oldest)}; next try {_time(standing.next_at)}"
        )
    return [*lines, f"  last failure: {standing.error}"] if standing.error else lines


def _time(at: str) -> str:
    return f"{at[:19].replace('T', ' ')} UTC"
