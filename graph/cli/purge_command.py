"""`accord purge`: put tombstones in the place of threads that ended long ago."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, json_option, print_json, run_async, settings_for
from policies.language import phrase, say, say_count

KEPT = {
    "held": phrase("{number} held"),
    "open": phrase("{number} not ended"),
    "at_work": phrase("{number} at work"),
    "damaged": phrase("{number} damaged"),
    "not_exported": phrase("{number} not exported"),
}
"""How many threads were kept, by why."""
WRONG = ("damaged", "not_exported")
"""Reasons that somebody has to look into."""

HELP = """Purge threads that ended longer ago than a duration; of each only its hashes stay, and who purged it.

Held threads are kept, and those that have not ended, or whose record does not verify. What is left still verifies, also
against a head that was noted before. With --export, the record of each is written and on the disk before it is purged.
Exits with 1 where a thread was kept that somebody has to look into.

\b
accord purge --older-than 180d --dry-run
accord purge --older-than 180d --export kept --by operations
"""


@click.command("purge", help=HELP)
@click.option("--older-than", required=True, metavar="DURATION", help="Minutes, hours or days: 30m, 48h, 180d.")
@click.option("--export", "folder", metavar="DIR", help="Write THREAD.jsonl (the chain) and THREAD.json (the record).")
@click.option("--dry-run", "is_dry", is_flag=True, help="Show what would be purged, and change nothing.")
@click.option("--by", metavar="NAME", help="Who purges, for the record.")
@database_option
@json_option
def command(older_than: str, folder: str | None, is_dry: bool, by: str | None, db: str | None, as_json: bool) -> Exit:
    """Purge threads that ended longer ago than a duration."""
    from graph.problems import UsageError
    from graph.retention.exports import Exports
    from graph.retention.holds import checked
    from graph.retention.purging import Order
    from policies.people.answering import MAX_NAME
    from policies.team.people import check_duration

    try:
        check_duration(older_than)
    except ValueError as error:
        raise UsageError(f"--older-than {older_than}: {error}") from None
    by = None if by is None else checked("--by", by, MAX_NAME)
    if folder is not None and not folder.strip():
        raise UsageError(say("--export: is empty; name a folder"))
    exports = Exports(Path(folder)) if folder is not None and not is_dry else None
    purge = run_async(lambda halt: _purge(db, Order(older_than, by, exports, is_dry), halt))
    if as_json:
        print_json({"older_than": older_than, "dry_run": is_dry, **asdict(purge)})
    else:
        _print(purge, is_dry)
    return Exit.FOUND if any(each.because in WRONG for each in purge.kept) else Exit.DONE


async def _purge(db: str | None, order: Any, halt: Any) -> Any:
    from graph.languages.catalogue import speak_as
    from graph.retention.purging import open_purger

    async with open_purger(settings_for(db), order) as purger:
        speak_as(await purger.language())
        return await purger.purge(lambda: halt.is_set)


def _print(purge: Any, is_dry: bool) -> None:
    from graph.problems import neutral

    for line in _lines(purge, is_dry):
        click.echo(neutral(line))


def _lines(purge: Any, is_dry: bool) -> Iterator[str]:
    for each in purge.purged:
        told = {"thread": each.thread_id, "when": each.ended_at[:16].replace("T", " "), "head": each.head}
        if is_dry:
            yield say("{thread}: would be purged, ended {when}, head {head}", **told)
        else:
            yield say("{thread}: purged, ended {when}, head {head}", **told)
    for each in purge.kept:
        yield say("{thread}: kept, {why}", thread=each.thread_id, why=each.detail)
    yield _counted(purge, is_dry)
    if not purge.is_scrubbed:
        yield say(
            "The file still has bytes of what was deleted, since another process reads it or no room is left; "
            "the next purge removes them."
        )


def _counted(purge: Any, is_dry: bool) -> str:
    many = len(purge.purged)
    if is_dry:
        told = say_count("{number} thread would be purged", "{number} threads would be purged", many)
    else:
        told = say_count("{number} thread purged", "{number} threads purged", many)
    counts = Counter(each.because for each in purge.kept)
    kept = [say(KEPT[because], number=number) for because, number in sorted(counts.items())]
    return say("{purged}; kept: {kept}", purged=told, kept=", ".join(kept)) if kept else told
