"""Batch: many cases at once in one event loop, results in the order of the lines, a bad line failing alone."""

import asyncio
import json
import os
import resource
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from graph.admitting import check_owned
from graph.documents import json_fault
from graph.facts.brought import Brought
from graph.problems import UsageError, reason_of
from graph.record import Record
from graph.runner import Runner
from graph.store.names import check_new_thread
from graph.teams.loader import Changes
from policies.language import phrase, say
from policies.nearest import allowed_names
from policies.plain import find_unplain
from policies.run.stop import Stop
from policies.team.team import Team
from policies.wording import refusal

MAX_LINE_BYTES = 1024 * 1024
FILES_KEPT_FREE = 16
"""Files left for what is opened now and then: teams, prompts, connections to the database, the pages of a sort."""

CALLS_AT_ONCE = 8
AHEAD = 4
"""Cases begun ahead of the oldest one unfinished, as a multiple of the concurrency."""


FAILED = ("stopped", "interrupted")
"""The status of a case that `--retry-failed` resumes, where it can be resumed."""


FORM = "{id, team?, goal?, facts?, overrides?}"


class BatchLine(BaseModel):
    """One line of a batch: {id, team?, goal?, facts?, overrides?}; the id is the thread's."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1)]
    team: str | None = None
    goal: str | None = None
    facts: dict[str, Any] | None = None
    overrides: dict[str, Any] = {}

    @property
    def changes(self) -> Changes:
        """What the case sets over its team file."""
        return Changes(self.goal, self.facts, overrides=self.overrides)


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The result of a line: a record, or the sentence that says why there is none."""

    id: str | None
    record: Record | None
    error: str | None = None
    is_unexpected: bool = False
    is_left: bool = False
    """Whether it was not begun, since the batch was ended before."""

    @property
    def line(self) -> dict[str, Any]:
        """The line for stdout."""
        return {"id": self.id, "result": self.record} | ({"error": self.error} if self.error else {})


@dataclass(frozen=True, slots=True)
class Batch:
    """How lines are run: `load` returns the team of a case, voiced; `is_halted` says that no new case may start.

    With `retries` only cases that stopped, or were cut off, are resumed; of others the record is given. With
    `fails_fast` the first line is run alone, and once a case fails, no further one is begun.
    """

    runner: Runner
    load: Callable[[BatchLine], Team]
    is_halted: Callable[[], bool]
    concurrency: int
    retries: bool = False
    fails_fast: bool = False
    tenant: str | None = None
    """Whose the threads are; without one, new ones are of the command line's own."""


def room_for(concurrency: int, calls_models: bool) -> int:
    """Return how many cases may run at once, given the files that this process may still open; at least one.

    A case holds a lock open; one that asks models also a connection for each role that is asked at the same time.
    """
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return concurrency
    free = allowed - len(os.listdir("/dev/fd")) - FILES_KEPT_FREE
    return max(1, min(concurrency, free // (1 + (CALLS_AT_ONCE if calls_models else 0))))


@dataclass(slots=True)
class _Work:
    """What the cases of a batch share: their turn, the line of each id, and whether one of them failed."""

    turn: asyncio.Semaphore
    seen: dict[str, int] = field(default_factory=dict)
    has_failed: bool = False


async def run_lines(lines: Iterable[bytes], batch: Batch) -> AsyncGenerator[BatchResult]:
    """Yield the result of each line that is not blank, in order, at most `concurrency` cases at work."""
    work = _Work(asyncio.Semaphore(batch.concurrency))
    begun: deque[asyncio.Task[BatchResult]] = deque()
    is_first = True
    try:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            begun.append(asyncio.create_task(_run_line(number, line, batch, work)))
            await asyncio.sleep(0)
            ahead = 1 if batch.fails_fast and is_first else batch.concurrency * AHEAD
            while begun and (begun[0].done() or len(begun) >= ahead):
                yield await begun.popleft()
                is_first = False
        while begun:
            yield await begun.popleft()
    finally:
        await _end(begun)


async def _end(begun: Iterable[asyncio.Task[BatchResult]]) -> None:
    """End the cases nobody waits for any more, before the database closes under them."""
    for task in begun:
        task.cancel()
    await asyncio.gather(*begun, return_exceptions=True)


async def _run_line(number: int, line: bytes, batch: Batch, work: _Work) -> BatchResult:
    result = await _result_of(number, line, batch, work)
    work.has_failed |= result.record is None or result.record["status"] not in ("ok", "waiting")
    return result


async def _result_of(number: int, line: bytes, batch: Batch, work: _Work) -> BatchResult:
    case_id: str | None = None
    try:
        case = read_case(line)
        case_id = check_new_thread(case.id)
        if work.seen.setdefault(case.id, number) != number:
            told = phrase("`id` is {id}, as on line {line}; give each case its own id")
            raise UsageError(say(told, id=repr(case.id), line=work.seen[case.id]))
        async with work.turn:
            if batch.is_halted() or (batch.fails_fast and work.has_failed):
                told = _on(number, say("not begun, since the batch was ended"))
                return BatchResult(case_id, None, told, is_left=True)
            await check_owned(batch.runner.threads, case.id, batch.tenant)
            kept = await _kept(case.id, batch)
            if kept is not None:
                return BatchResult(case_id, kept)
            brought = Brought(case.facts is not None)
            team = batch.load(case)
            record = await batch.runner.run(team, case.id, brought=brought, tenant=batch.tenant)
            return BatchResult(case_id, record)
    except UsageError as error:
        return BatchResult(case_id, None, say("; ").join(_on(number, problem) for problem in error.problems))
    except OSError as error:
        told = f"{error.filename or say('this machine')}: {reason_of(error)}"
        return BatchResult(case_id, None, _on(number, told))
    except Exception as error:  # whatever one case meets, the others continue
        told = say("unexpected: {error}", error=f"{type(error).__name__}: {error}")
        return BatchResult(case_id, None, _on(number, told), is_unexpected=True)


def _on(number: int, problem: str) -> str:
    """Return what is wrong with a line, after its number."""
    return say("line {number}: {problem}", number=number, problem=problem)


async def _kept(thread: str, batch: Batch) -> Record | None:
    """Return the record of a case that is not resumed; None where it is, or begins.

    Raises:
        UsageError: it has not begun, and only what failed is to be resumed.
    """
    if batch.retries:
        record = await batch.runner.threads.show(thread)
        return None if record["resumable"] and record["status"] in FAILED else record
    with suppress(UsageError):  # there is none yet
        record = await batch.runner.threads.show(thread)
        if _is_broken(record["stop_reason"]):
            return record
    return None


def _is_broken(reason: str | None) -> bool:
    """Return whether a role broke its contract after all its repairs: asking it again is for whoever retries to say."""
    return reason is not None and Stop.parse(reason).rule.is_contract


def read_case(line: bytes) -> BatchLine:
    """Return the case of one line.

    Raises:
        UsageError: it is too long, no JSON object, or a field is missing, unknown or not allowed.
    """
    if len(line.rstrip(b"\n")) > MAX_LINE_BYTES:
        raise UsageError(say("has more than {most} bytes; allowed: at most {most}", most=MAX_LINE_BYTES))
    try:
        value = json.loads(line.decode("utf-8-sig"), object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise UsageError(say("is not UTF-8 at byte {number}", number=error.start)) from None
    except json.JSONDecodeError as error:
        raise UsageError(say("is not JSON: {why}", why=json_fault(error))) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(say("is not JSON: {why}", why=error)) from None
    if not isinstance(value, dict):
        raise UsageError(say("is not an object; allowed: {form}", form=FORM))
    fault = find_unplain(value)
    if fault:
        raise UsageError(fault)
    try:
        return BatchLine.model_validate(value)
    except ValidationError as error:
        raise UsageError(*map(_problem, error.errors())) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    counts = Counter(key for key, _ in pairs)
    twice = next((key for key, count in counts.items() if count > 1), None)
    if twice is not None:
        raise ValueError(say("the key `{key}` is there twice; keep one", key=twice))
    return dict(pairs)


def _problem(detail: ErrorDetails) -> str:
    where = f"`{'.'.join(map(str, detail['loc']))}`"
    if detail["type"] == "missing":
        return say("{where} is missing; allowed: {form}", where=where, form=FORM)
    if detail["type"] == "extra_forbidden":
        allowed = allowed_names(str(detail["loc"][-1]), BatchLine.model_fields)
        return say("{where} is an unknown key{allowed}", where=where, allowed=allowed)
    return f"{where} {refusal(detail)}"
