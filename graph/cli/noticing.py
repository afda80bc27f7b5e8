"""What a command does about notices at its end, once its record is printed."""

from collections.abc import Iterable, Sequence
from typing import Any

import click


def send_notices(settings: Any, threads: Iterable[str] | None = None) -> None:
    """Send the notices of these threads, or of all, and what else is due, for a few seconds at most.

    Whatever comes of it changes neither a record nor an exit code; what could not be sent is said on stderr.
    """
    from graph.endpoints import load_notify
    from graph.problems import UsageError, neutral

    try:
        notify = load_notify(settings)
        problem = _sent(settings, notify, threads) if notify.receivers and notify.seconds else None
    except UsageError as error:
        problem = "; ".join(error.problems)
    except Exception as error:  # a bug, of which its text may hold an address
        problem = f"unexpected: {type(error).__name__}"
    if problem:
        click.echo(neutral(f"accord: notices: {problem}; `accord notify` tries again"), err=True)


def _sent(settings: Any, notify: Any, threads: Iterable[str] | None) -> str | None:
    """Send what is due; return what is left, in words."""
    from graph.cli.session import run_async
    from graph.notices.desk import open_desk

    async def work(halt: Any) -> Sequence[Any]:
        async with open_desk(settings, notify) as desk:
            await desk.serve(threads, notify.seconds, lambda: halt.is_set)
            return await desk.standings()

    return words_of_left(run_async(work))


def words_of_left(standings: Sequence[Any]) -> str | None:
    """Return in words what waits for which receiver, and why; None where nothing does."""
    left = [each for each in standings if each.waiting]
    told = (f"{each.waiting} not sent yet to {each.shown}" + (f": {each.error}" if each.error else "") for each in left)
    return "; ".join(told) or None
