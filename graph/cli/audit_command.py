"""`accord audit`: verify the record of a thread, or export it."""

import shlex
import sys
from pathlib import Path
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import (
    WholeHelpGroup,
    database_option,
    json_option,
    kept,
    print_json,
    reading_thread,
    run_async,
    settings_for,
    speak_of,
)
from policies.language import phrase, say, speak

AT_WORK = {"running": phrase("running"), "interrupted": phrase("interrupted"), "purged": phrase("purged")}


@click.group("audit", cls=WholeHelpGroup)
def command() -> None:
    """Verify or export the record: hash-chained events, one chain a thread."""


@command.command("verify")
@click.argument("name", required=False, metavar="[THREAD|FILE]")
@click.option("--head", metavar="N:HASH", help="A head that you noted elsewhere; with it, a missing end is found, too.")
@database_option
@json_option
def verify(name: str | None, head: str | None, db: str | None, as_json: bool) -> Exit:
    """Verify the record of a thread, of an exported file, or of every thread there is; works offline.

    All that any command shows of a thread is checked against its chain of events. Exits with 1 and names the thread and
    the first event that is not what was written, or what is missing.
    """
    from graph.assurance.records import read_head
    from graph.problems import UsageError

    if name and head is not None and not _is_file(name):
        speak_of(name, db)
    noted = read_head(head) if head is not None else None
    if noted and name is None:
        raise UsageError(say("--head goes with one thread or file; name it"))
    checked = [_check_file(name, noted)] if name and _is_file(name) else _check_threads(name, noted, db)
    if as_json:
        print_json(checked)
    else:
        _print(checked)
    return Exit.FOUND if any(each["broken"] for each in checked) else Exit.DONE


@command.command("export")
@reading_thread
@click.option("--out", metavar="FILE", help="Where to write; default: stdout.")
@click.option(
    "--signed", metavar="DIR", help="Write what people signed instead, to a new folder, for OpenSSH to check."
)
@database_option
def export(thread: str, out: str | None, signed: str | None, db: str | None) -> Exit:
    """Write the record of THREAD, one event a line, as canonical JSON (RFC 8785); the head goes to stderr.

    Of a thread that was purged, what is left is written: the hashes of its events, and who purged it.

    With --signed, the folder has the bytes that each signature covers, the signature, and the keys that were declared
    then. The commands that check them without Accord are printed.
    """
    from graph.past import Past
    from graph.problems import UsageError, neutral
    from policies.assurance.audit import head_of

    if out is not None and signed is not None:
        speak_of(thread, db)
        raise UsageError(say("--out names a file for the record, --signed a folder for signatures; give one of them"))
    thread, state = kept(thread, db, or_purged=signed is None)
    events = Past.of(state).events
    if not events:
        raise UsageError(say("the thread `{name}` has no event", name=thread))
    if signed is not None:
        return _export_signed(thread, state, signed)
    _write(_exported(thread, state), out)
    click.echo(neutral(say("head {head}", head=head_of(events))), err=True)
    return Exit.DONE


def _exported(thread: str, state: Any) -> bytes:
    from graph.assurance.records import exported
    from graph.past import Past
    from graph.threads import blaming

    with blaming(thread, state):
        return b"".join(exported(Past.of(state).events))


def _write(data: bytes, out: str | None) -> None:
    from graph.report.writing import write_file

    if out is None:
        sys.stdout.buffer.write(data)
    else:
        write_file(out, data)


def _export_signed(thread: str, state: Any, folder: str) -> Exit:
    from graph.assurance.signatures import signed_files
    from graph.past import Past
    from graph.problems import UsageError, neutral
    from graph.report.writing import write_new_folder
    from graph.threads import blaming

    with blaming(thread, state):
        signed = signed_files(Past.of(state).events)
    if not signed.commands:
        raise UsageError(say("the thread `{name}` has no signed answer", name=thread))
    write_new_folder(folder, signed.files)
    for line in (f"cd {shlex.quote(folder)}", *signed.commands):
        click.echo(neutral(line))
    return Exit.DONE


def _is_file(name: str) -> bool:
    return "/" in name or name.endswith((".jsonl", ".json"))


def _check_file(name: str, noted: Any) -> dict[str, Any]:
    from graph.assurance.records import check_file
    from policies.assurance.audit import head_of
    from policies.assurance.keeping import PURGED, is_tombstone

    events, broken = check_file(Path(name), noted)
    found = None if broken is None else {"event": broken.place, "message": broken.message}
    purged = {"status": PURGED} if is_tombstone(events) else {}
    return {"name": name, **purged, "events": len(events), "head": str(head_of(events)), "broken": found}


def _check_threads(name: str | None, noted: Any, db: str | None) -> list[dict[str, Any]]:
    from graph.assurance.verification import plain_verification, verify_all, verify_one
    from graph.store.location import storage_errors
    from graph.threads import open_threads

    async def work(_: Any) -> list[Any]:
        async with open_threads(settings_for(db)) as threads:
            with storage_errors(threads.location):
                return await found_by(threads)

    async def found_by(threads: Any) -> list[Any]:
        if name is not None:
            thread = await threads.find(name, or_purged=True)
            speak(await threads.language(thread))
            return [await verify_one(threads, thread, noted)]
        return [finding async for finding in verify_all(threads)]

    return [plain_verification(finding) for finding in run_async(work)]


def _print(checked: list[dict[str, Any]]) -> None:
    from graph.problems import neutral

    for each in checked:
        told = say("{name}: {events}, {found}", name=each["name"], events=_events(each), found=_said(each))
        click.echo(neutral(told))
    if not checked:
        click.echo(say("There is no thread to verify."))


def _events(each: dict[str, Any]) -> str:
    if each.get("status") == "not begun":
        return say("not begun")
    told = say("{number} events", number=each["events"])
    status = each.get("status", "")
    return f"{told} ({say(AT_WORK[status])})" if status in AT_WORK else told


def _said(each: dict[str, Any]) -> str:
    broken = each["broken"]
    if broken is None:
        return say("intact, head {head}", head=each["head"]) if each["events"] else say("intact")
    if broken["event"] is None:
        return say("BROKEN: {why}", why=broken["message"])
    return say("BROKEN at event {number}: it {fault}", number=broken["event"], fault=broken["message"])
