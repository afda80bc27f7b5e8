"""What the rows of a thread and its served state say of it, read by rules of its own: nothing here is Accord's code."""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any

import psycopg

ROLES = ("demand_analyst", "finance_analyst", "risk_analyst")
GENESIS = "0" * 64
BY_COMMAND = "a command"
"""Who wrote a checkpoint that names no run of a server."""


@dataclass(frozen=True)
class Checkpoint:
    """One row: where it is, the one before it, and who wrote it."""

    namespace: str
    own: str
    parent: str | None
    writer: str


@dataclass(frozen=True)
class Kept:
    """What a database keeps of a thread: its checkpoints, by age, and its answered calls as round/role/attempt."""

    checkpoints: Sequence[Checkpoint]
    answered: Sequence[str]

    @property
    def writers(self) -> list[str]:
        """Who wrote, each as often as it began to."""
        return [writer for writer, _ in groupby(each.writer for each in self.checkpoints)]


def calls_of(rounds: int) -> list[str]:
    """Return the calls of a run of so many rounds, each once."""
    return [f"{number}/{role}/1" for number in range(1, rounds + 1) for role in ROLES] + [f"{rounds}/brief/1"]


def kept(location: str, thread: str) -> Kept:
    """Read a thread's rows."""
    is_postgres = "://" in location
    opened: Any = psycopg.connect(location) if is_postgres else sqlite3.connect(location, timeout=30)
    sign = "%s" if is_postgres else "?"
    with closing(opened) as connection:
        points = connection.execute(
            "SELECT checkpoint_ns, checkpoint_id, parent_checkpoint_id, metadata FROM checkpoints "
            f"WHERE thread_id = {sign} ORDER BY checkpoint_id",
            (thread,),
        ).fetchall()
        calls = connection.execute(f"SELECT key, value FROM store WHERE prefix = {sign}", (f"calls.{thread}",))
        answers = [key.partition("/")[2] for key, value in calls if _json(value)["kind"] != "under_way"]
    checkpoints = [Checkpoint(space, own, parent, _writer(said)) for space, own, parent, said in points]
    return Kept(checkpoints, sorted(answers))


def _writer(metadata: Any) -> str:
    return str(_json(metadata).get("run_id") or BY_COMMAND)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, (str, bytes)) else value


def faults(found: Kept, events: Sequence[dict[str, Any]], rounds: int) -> list[str]:
    """Return what is wrong with a thread that has ended after so many rounds; nothing where one wrote at a time."""
    return [*_faults_of_line(found), *_faults_of_events(events, rounds), *_faults_of_calls(found, rounds)]


def _faults_of_line(found: Kept) -> Iterator[str]:
    points = found.checkpoints
    if {each.namespace for each in points} != {""}:
        yield f"checkpoints are kept under {sorted({each.namespace for each in points})}"
    if not points or points[0].parent is not None:
        yield "there is no first checkpoint"
    if broken := [after.own for before, after in pairwise(points) if after.parent != before.own]:
        yield f"checkpoints that do not follow the one before them: {broken}"


def _faults_of_events(events: Sequence[dict[str, Any]], rounds: int) -> Iterator[str]:
    kinds = Counter(event["event"] for event in events)
    if [event["seq"] for event in events] != [*range(len(events))]:
        yield "the numbers of the events have gaps or are doubled"
    if events[0]["event"] != "admitted" or kinds["admitted"] != 1:
        yield f"it was admitted {kinds['admitted']} times, or not first"
    if events[-1]["event"] != "finished" or kinds["finished"] != 1:
        yield f"it finished {kinds['finished']} times, or not last"
    if [event["round"] for event in events if event["event"] == "outcome"] != [*range(1, rounds + 1)]:
        yield "there is not one outcome for each round, in order"
    for kind in ("asked", "proposed", "accepted"):
        if _calls(events, kind) != calls_of(rounds)[:-1]:
            yield f"not each call was {kind} once, in order: {_calls(events, kind)}"
    if broken := [
        after["seq"] for before, after in pairwise([{"hash": GENESIS}, *events]) if not _links(before, after)
    ]:
        yield f"the chain is broken at {broken}"


def _calls(events: Sequence[dict[str, Any]], kind: str) -> list[str]:
    """Return the calls of roles of which there is such an event, in order; of the brief no proposal is kept."""
    found = [event for event in events if event["event"] == kind and event["role"] != "brief"]
    return [f"{event['round']}/{event['role']}/{event['attempt']}" for event in found]


def _links(before: dict[str, Any], event: dict[str, Any]) -> bool:
    hashed = {key: value for key, value in event.items() if key != "hash"}
    found = hashlib.sha256(canonical(hashed).encode()).hexdigest()
    return bool(event["prev_hash"] == before["hash"] and event["hash"] == found)


def canonical(value: Any) -> str:
    """Return a value as RFC 8785 writes it; its numbers are neither huge nor below a ten-millionth."""
    if isinstance(value, dict):
        return f"{{{','.join(f'{canonical(key)}:{canonical(value[key])}' for key in sorted(value))}}}"
    if isinstance(value, list):
        return f"[{','.join(map(canonical, value))}]"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return json.dumps(value, ensure_ascii=False)


def _faults_of_calls(found: Kept, rounds: int) -> Iterator[str]:
    if Counter(found.answered) != Counter(calls_of(rounds)):
        yield f"the journal holds {found.answered}"


def repeated(heard: Sequence[str], before: Sequence[str], rounds: int, cuts: int = 0) -> list[str]:
    """Return what is wrong with the calls that a model heard, of which `before` were answered and kept before a cut."""
    counts, wanted = Counter(heard), calls_of(rounds)
    most = {call: 1 if call in before else 1 + cuts for call in wanted}
    wrong = [call for call in {*wanted, *counts} if not 1 <= counts[call] <= most.get(call, 0)]
    return [f"{call} was asked {counts[call]} times" for call in sorted(wrong)]
