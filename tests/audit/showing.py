"""All that any command shows of a database, as text: what a tampering may not change unseen."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Any

from graph.assurance.records import exported
from graph.assurance.replay import rules_named, verdicts
from graph.cli.list_command import _print_table
from graph.problems import UsageError
from graph.report.dossier.changed import Changed
from graph.report.dossier.dossier import dossier_of
from graph.report.dossier.explanation import explanation_of
from graph.report.html.page import page_of
from graph.report.markdown.report import markdown_of
from graph.report.terminal.report import print_report
from graph.report.terminal.visible import console_on
from graph.report.terminal.why import print_why
from graph.settings import Settings
from graph.threads import Threads, open_threads

Shown = dict[str, str]
POLICIES = ("launch", "unanimous")


def settings_on(path: Path) -> Settings:
    """Return settings on a database file."""
    return Settings(accord_home=path.parent, accord_database_url=str(path))


def shown(path: Path, names: Iterable[str]) -> Shown:
    """Return what is shown of all threads together, and of each of these."""
    return asyncio.run(_shown(path, [*names]))


async def _shown(path: Path, names: list[str]) -> Shown:
    found: Shown = {}
    try:
        async with open_threads(settings_on(path)) as threads:
            for name, work in {"list": _listed, **{f"whatif {each}": _whatif(each) for each in POLICIES}}.items():
                found[name] = await _said(work(threads))
            for name in names:
                found |= {f"{name} {what}": text for what, text in (await _thread(threads, name)).items()}
    except UsageError as error:
        return {"the database": str(error)}
    return found


async def _said(work: Awaitable[str]) -> str:
    try:
        return await work
    except UsageError as error:
        return f"refused: {error}"


async def _listed(threads: Threads) -> str:
    entries = await threads.newest(10_000)
    return json.dumps([entries, await threads.newest(5)], ensure_ascii=False) + _printed(lambda: _print_table(entries))


def _whatif(policy: str) -> Callable[[Threads], Awaitable[str]]:
    async def decided(threads: Threads) -> str:
        found = [each async for each in verdicts(threads, rules_named(policy))]
        lines = [json.dumps(each and asdict(each)) for each in found]
        return "\n".join(sorted(lines))

    return decided


async def _thread(threads: Threads, name: str) -> Mapping[str, str]:
    try:
        record, state = await threads.show(name), {}
        if record["hashes"]:
            state = dict(await threads.begun(name))
    except UsageError as error:
        refused = {"show": f"refused: {error}"}
        return refused | {"audit export": b"".join(exported(await _tombstone(threads, name))).decode()}
    dossier, found = dossier_of(name, record, state), explanation_of(name, state) if state else None
    if isinstance(found, Changed):
        return {"show --json": json.dumps(record, ensure_ascii=False, indent=2), "why": found.sentence}
    why = found
    return {
        "show --json": json.dumps(record, ensure_ascii=False, indent=2),
        "show": _printed(lambda: print_report(record, state)),
        "show --html": page_of(dossier),
        "show --markdown": markdown_of(dossier),
        "why --json": json.dumps(why, ensure_ascii=False, indent=2),
        "why": _printed(lambda: print_why(why, console_on(sys.stdout, columns=120))) if why else "",
        "messages --json": json.dumps(state.get("messages", []), ensure_ascii=False),
        "audit export": b"".join(exported(state.get("events", []))).decode(),
    }


async def _tombstone(threads: Threads, name: str) -> Sequence[Any]:
    with suppress(UsageError):
        return await threads.tombstones.events(name) or []
    return []


def _printed(work: Callable[[], Any]) -> str:
    with redirect_stdout(StringIO()) as out:
        work()
    return out.getvalue()
