"""What a command does about notices at its end, once its record is printed."""

from collections.abc import Iterable, Sequence
from typing import Any

import click

from policies.language import say


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
        problem = say("unexpected: {error}", error=type(error).__name__)
    if problem:
        told = say("notices: {problem}; `accord notify` tries again", problem=problem)
        click.echo(neutral(f"accord: {told}"), err=True)


def _sent(settings: Any, notify: Any, threads: Iterable[str] | None) -> str | None:
    """Send what is due; return what is left, in words."""
    from graph.cli.session import run_async
    from graph.notices.desk import open_desk

    async def work(halt: Any) -> Sequence[Any]:
        async with open_desk(settings, notify) as desk:
            await desk.serve(threads, notify.seconds, lambda: halt.is_set)
            return await desk.receiver_states()

    return words_of_left(run_async(work))


def words_of_left(standings: Sequence[Any]) -> str | None:
    """Return in words what waits for which receiver, and why; None where nothing does."""
    return say("; ").join(_left(each) for each in standings if each.waiting) or None


def _left(standing: Any) -> str:
    waiting = {"number": standing.waiting, "receiver": standing.shown}
    if standing.error:
        return say("{number} not sent yet to {receiver}: {why}", **waiting, why=standing.error)
    return say("{number} not sent yet to {receiver}", **waiting)
