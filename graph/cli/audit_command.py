"""`accord audit`: verify the record of a thread, or export it."""

import sys
from pathlib import Path
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, json_option, print_json, run_async, settings_for


@click.group("audit")
def command() -> None:
    """Verify or export the record: hash-chained events, one chain a thread."""


@command.command("verify")
@click.argument("name", required=False, metavar="[THREAD|FILE]")
@click.option("--head", metavar="N:HASH", help="A head that was noted elsewhere; finds a missing end, too.")
@database_option
@json_option
def verify(name: str | None, head: str | None, db: str | None, as_json: bool) -> Exit:
    """Verify the record of a thread, of an exported file, or of every thread that ended; works offline.

    Exits with 1 and names the first event that is not what was written.
    """
    from graph.assurance.records import read_head
    from graph.problems import UsageError

    noted = read_head(head) if head is not None else None
    if noted and name is None:
        raise UsageError("--head goes with one thread or file; name it")
    checked = [_check_file(name, noted)] if name and _is_file(name) else _check_threads(name, noted, db)
    if as_json:
        print_json(checked)
    else:
        _print(checked)
    return Exit.FOUND if any(each["broken"] for each in checked) else Exit.DONE


@command.command("export")
@click.argument("thread")
@click.option("--out", metavar="FILE", help="Where to write; default: stdout.")
@database_option
def export(thread: str, out: str | None, db: str | None) -> Exit:
    """Write the record of THREAD, one event a line, as canonical JSON (RFC 8785); the head goes to stderr."""
    from graph.assurance.records import exported
    from graph.problems import UsageError, neutral
    from graph.report.writing import write_file
    from graph.threads import open_threads
    from policies.assurance.audit import head_of

    async def work(_: Any) -> Any:
        async with open_threads(settings_for(db)) as threads:
            return (await threads.begun(thread)).get("events", [])

    events = run_async(work)
    if not events:
        raise UsageError(f"the thread `{thread}` has no event")
    data = b"".join(exported(events))
    if out is None:
        sys.stdout.buffer.write(data)
    else:
        write_file(out, data)
    click.echo(neutral(f"head {head_of(events)}"), err=True)
    return Exit.DONE


def _is_file(name: str) -> bool:
    return "/" in name or name.endswith((".jsonl", ".json"))


def _check_file(name: str, noted: Any) -> dict[str, Any]:
    from graph.assurance.records import check_file

    events, broken = check_file(Path(name), noted)
    return _entry(name, events, broken)


def _check_threads(name: str | None, noted: Any, db: str | None) -> list[dict[str, Any]]:
    from graph.assurance.agreement import find_disagreement
    from graph.assurance.records import check_archived, check_events
    from graph.problems import StorageError
    from graph.threads import open_threads
    from policies.assurance.audit import Break, Head

    async def work(_: Any) -> list[dict[str, Any]]:
        found = []
        async with open_threads(settings_for(db)) as threads:
            await threads.catch_up()
            names = [name] if name else [entry["thread_id"] async for entry in threads.archive.entries()]
            for each in names:
                entry = await threads.archive.entry(each)
                try:
                    state = await threads.state(each) if entry else await threads.begun(each)
                except StorageError as error:
                    found.append(_entry(each, [], Break(0, f"cannot be read: {error}")))
                    continue
                if state is None:
                    found.append(_entry(each, [], Break(0, "is gone: the thread was archived, its state is not there")))
                    continue
                events, kept = state.get("events", []), Head(**entry["head"]) if entry else None
                broken = check_events(events, noted) or check_archived(events, kept) or find_disagreement(each, state)
                found.append(_entry(each, events, broken))
        return found

    return run_async(work)


def _entry(name: str, events: Any, broken: Any) -> dict[str, Any]:
    from policies.assurance.audit import head_of

    found = None if broken is None else {"event": broken.place, "message": broken.message}
    return {"name": name, "events": len(events), "head": str(head_of(events)), "broken": found}


def _print(checked: list[dict[str, Any]]) -> None:
    from graph.problems import neutral

    for each in checked:
        broken = each["broken"]
        told = (
            f"BROKEN at event {broken['event']}: it {broken['message']}" if broken else f"intact, head {each['head']}"
        )
        click.echo(neutral(f"{each['name']}: {each['events']} events, {told}"))
    if not checked:
        click.echo("No thread has ended yet.")
