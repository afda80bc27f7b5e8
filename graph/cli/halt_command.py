"""`accord halt`: the kill switch."""

from collections.abc import Sequence
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, json_option, print_json, run_async, settings_for
from policies.language import phrase, say

HELP = """Halt all runs, or those of a tenant, in every process: no new calls, and what is at work stops `cancelled`.

It holds until somebody releases it, also when processes end. Without --by and --because, what is halted is shown.

\b
accord halt --by ops --because "The prices are wrong."
accord halt
accord halt --release --by ops
"""
NEEDS_BOTH = phrase("to halt, say who and why: accord halt --by NAME --because TEXT")
NEEDS_WHO = phrase("to release, say who does: accord halt --release --by NAME")
NO_REASON = phrase("--because: is why something is halted; leave it out to release that")
NOT_HALTED = phrase("nothing is halted there, so that nothing can be released; `accord halt` shows what is")


@click.command("halt", help=HELP)
@click.option("--tenant", metavar="TENANT", help="Halt or release the runs of this tenant alone.")
@click.option("--release", "is_release", is_flag=True, help="Release the halt, so that runs may work again.")
@click.option("--by", metavar="NAME", help="Who halts or releases it.")
@click.option("--because", metavar="TEXT", help="Why.")
@database_option
@json_option
def command(
    tenant: str | None, is_release: bool, by: str | None, because: str | None, db: str | None, as_json: bool
) -> Exit:
    """Halt all runs, or those of a tenant, in every process."""
    from graph.problems import neutral

    _check(tenant, is_release, by, because)

    async def work(_: Any) -> tuple[Sequence[str], Sequence[Any]]:
        settings = settings_for(db)
        if by is None:
            return await _look(settings)
        return await (_release(settings, tenant, by) if is_release else _halt(settings, tenant, by, because or ""))

    told, halts = run_async(work)
    if as_json:
        print_json([{"tenant": each.tenant, "by": each.by, "because": each.because, "at": each.at} for each in halts])
    else:
        for line in told or [each.told() for each in halts] or [say("nothing is halted")]:
            click.echo(neutral(line))
    return Exit.DONE


def _check(tenant: str | None, is_release: bool, by: str | None, because: str | None) -> None:
    from graph.problems import UsageError
    from graph.retention.holds import checked
    from policies.access.names import find_misnamed
    from policies.people.answering import MAX_NAME
    from policies.run.stoppage import MAX_BECAUSE

    if is_release and because is not None:
        raise UsageError(say(NO_REASON))
    if is_release and by is None:
        raise UsageError(say(NEEDS_WHO))
    if (not is_release and (by is None) != (because is None)) or (tenant is not None and by is None):
        raise UsageError(say(NEEDS_BOTH))
    misnamed = find_misnamed(tenant) if tenant is not None else None
    if misnamed:
        raise UsageError(f"--tenant: {misnamed}")
    for option, text, most in (("--by", by, MAX_NAME), ("--because", because, MAX_BECAUSE)):
        if text is not None:
            checked(option, text, most)


async def _look(settings: Any) -> tuple[Sequence[str], Sequence[Any]]:
    from graph.store.halts import open_halts

    async with open_halts(settings, reads=True) as halts:
        return [], await halts.open()


async def _halt(settings: Any, tenant: str | None, by: str, because: str) -> tuple[Sequence[str], Sequence[Any]]:
    from graph.store.halts import open_halts
    from nodes.services import utc_now
    from policies.run.stoppage import Stoppage

    asked = Stoppage(by.strip(), utc_now(), because.strip(), tenant=tenant)
    async with open_halts(settings) as halts:
        found = await halts.halt(asked)
        told = found.told() if found is asked else say("halted already: {what}", what=found.told())
        return [told], await halts.open()


async def _release(settings: Any, tenant: str | None, by: str) -> tuple[Sequence[str], Sequence[Any]]:
    from graph.problems import UsageError
    from graph.store.halts import Release, open_halts
    from nodes.services import utc_now

    async with open_halts(settings) as halts:
        found = await halts.release(tenant, Release(by.strip(), utc_now()))
        if found is None:
            raise UsageError(say(NOT_HALTED))
        left = await halts.open()
        still = [say("still halted: {what}", what=each.told()) for each in left]
        return [say("released: {what}", what=found.said()), *still], left
