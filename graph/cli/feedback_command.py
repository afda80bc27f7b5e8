"""`accord feedback`: what a person, or the run itself, says of a past run, posted to its trace in LangSmith."""

import re
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, reading_thread, run_async, settings_for, speak_of
from graph.cli.waiting import reading
from policies.language import phrase, say

HELP = """Post a judgement of THREAD to its trace in LangSmith: a score, a comment, or both.

Without either, the scores of the run itself are posted again: decided, rounds_used, conflicts, guard_tripped.

\b
accord feedback last --score 1 --comment "Right, and for the right reason."
accord feedback launch-42 --key tone --score 0.5
"""
KEY = re.compile(r"[A-Za-z0-9_.-]{1,80}")


@click.command("feedback", help=HELP)
@reading_thread
@click.option("--score", type=float, help="A number, as you count: 0 and 1, or out of 5.")
@click.option("--key", default="user_score", show_default=True, help="What is judged.")
@click.option("--comment", help="Why, in your words.")
@database_option
def command(thread: str, score: float | None, key: str, comment: str | None, db: str | None) -> Exit:
    """Post a judgement of THREAD to its trace in LangSmith."""
    with reading(thread):
        from graph.problems import neutral
        from graph.scores import scores_of
        from graph.tracing import check_asked, post_judgement

        speak_of(thread, db)

    settings = settings_for(db)
    check_asked(settings)
    _check(score, key)
    thread, traced, record = run_async(lambda _: _read(thread, settings))
    judged = score is not None or comment is not None
    scores: dict[str, float | None] = {key: score} if judged else dict(scores_of(record))
    post_judgement(settings, traced, scores, comment)
    told = ", ".join(name if value is None else f"{name} {value:g}" for name, value in scores.items())
    click.echo(
        neutral(say("posted to the trace {run} of {thread}: {scores}", run=traced.run_id, thread=thread, scores=told))
    )
    return Exit.DONE


def _check(score: float | None, key: str) -> None:
    from math import isfinite

    from graph.problems import UsageError

    if score is not None and not isfinite(score):
        raise UsageError(say("--score is {score}; allowed: a finite number", score=score))
    if not KEY.fullmatch(key):
        raise UsageError(say("--key is {key}; allowed: 1 to 80 of A-Z a-z 0-9 _ . -", key=repr(key[:80])))


async def _read(name: str, settings: Any) -> tuple[str, Any, dict[str, Any]]:
    """Return the thread's id, where it was last traced, and its record.

    Raises:
        UsageError: there is no such thread, or it was never traced.
    """
    from graph.problems import UsageError
    from graph.threads import open_threads

    async with open_threads(settings) as threads:
        thread = await threads.find(name)
        record = await threads.show(thread)
        traced = await threads.traced(thread)
        if traced is None:
            told = phrase("the thread `{name}` was never traced; set LANGSMITH_TRACING=true and run or resume it")
            raise UsageError(say(told, name=thread))
        return thread, traced, record
