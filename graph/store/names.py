"""Names of threads: their ids, and what people may type in place of one."""

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graph.problems import NotFoundError, UsageError
from policies.access.tokens import holds_token
from policies.language import phrase, say, say_count
from policies.nearest import did_you_mean

LAST = "last"
"""The thread that was touched last."""
SHOWN = 5
"""How many threads are named that a name can mean."""
ADMITTED = "admitted_at"
"""The key of when a thread was first noted; it never changes, while `started_at` does when a queued run begins."""
PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,127}")
"""What an id may be."""


def new_thread() -> str:
    """Return an id for a new thread."""
    return str(uuid.uuid4())


def check_thread(thread: str) -> str:
    """Return the thread's id.

    Raises:
        UsageError: it is empty, too long, or has a character that is not allowed.
    """
    if PATTERN.fullmatch(thread):
        return thread
    told = phrase("the thread id {id} is not allowed; allowed: 1 to 128 of A-Z a-z 0-9 _ . : @ -")
    raise UsageError(say(told, id=repr(thread[:140])))


def check_new_thread(thread: str) -> str:
    """Return the id that a thread is begun, or run again, under.

    Raises:
        UsageError: as `check_thread`, or it means a thread by itself, or has a token in it.
    """
    if holds_token(thread):  # no request that names it would be answered
        raise UsageError(
            say("the thread id has an access token in it, and ids are shown and logged; choose another id")
        )
    if thread == LAST:
        told = phrase("the thread id `{id}` is not allowed: it means the thread touched last; choose another id")
        raise UsageError(say(told, id=LAST))
    return check_thread(thread)


def aliases_of(entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the short name of each thread by its id: its team, and which thread of that team it is, oldest first.

    >>> started = [("b", "launch", "2026-02"), ("a", "launch", "2026-01")]
    >>> entries = [{"thread_id": thread, "team": team, "started_at": at} for thread, team, at in started]
    >>> aliases_of(entries)
    {'a': 'launch-1', 'b': 'launch-2'}
    """
    counted: dict[str, int] = defaultdict(int)
    found = {}
    for entry in sorted((each for each in entries if each["team"]), key=admission_order):
        counted[entry["team"]] += 1
        found[entry["thread_id"]] = f"{entry['team']}-{counted[entry['team']]}"
    return found


def admission_order(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return where a thread comes among all, the oldest first; that does not change whatever the thread does.

    >>> admission_order({"thread_id": "a", "started_at": "2026-03", "admitted_at": "2026-02"})
    ('2026-02', 'a')
    """
    return str(entry.get(ADMITTED) or entry["started_at"] or ""), entry["thread_id"]


def thread_named(name: str, entries: Sequence[Mapping[str, Any]]) -> str:
    """Return the id that a name means among these threads, newest first; the name itself where it means none.

    >>> entries = [{"thread_id": thread, "team": "launch", "started_at": thread} for thread in ("b-7", "a-9", "a-8")]
    >>> [thread_named(name, entries) for name in ("last", "b", "launch-1", "c")]
    ['b-7', 'b-7', 'a-8', 'c']

    Raises:
        UsageError: it can mean several, or it is `last` and there is none.
    """
    if name == LAST:
        if not entries:
            raise UsageError(say("there are no threads yet; `accord run` starts one"))
        return str(entries[0]["thread_id"])
    named = [thread for thread, alias in aliases_of(entries).items() if alias == name]
    found = named or [str(each["thread_id"]) for each in entries if each["thread_id"].startswith(name)]
    if len(found) > 1:
        some, more = ", ".join(f"`{thread}`" for thread in found[:SHOWN]), len(found) - SHOWN
        if more > 0:
            some = say_count("{some} and {number} more", "{some} and {number} more", more, some=some)
        raise UsageError(say("`{name}` can mean several threads: {some}; type more of the id", name=name, some=some))
    return found[0] if found else name


def unknown_thread(name: str) -> NotFoundError:
    """Return what to raise where a tenant has no thread of a name, whether or not another tenant has."""
    return NotFoundError(say("there is no thread `{name}`", name=name))


def no_thread(name: str, place: str, entries: Sequence[Mapping[str, Any]] = ()) -> UsageError:
    """Return what to raise where there is no thread of a name in a database; it names the nearest of these threads."""
    known = [*(str(each["thread_id"]) for each in entries), *aliases_of(entries).values()]
    meant = did_you_mean(name, known)
    if meant:
        told = phrase("there is no thread `{name}` in {place}{meant} `accord list` shows those there are")
        return UsageError(say(told, name=name, place=place, meant=meant))
    told = phrase("there is no thread `{name}` in {place}; `accord list` shows those there are")
    return UsageError(say(told, name=name, place=place))
