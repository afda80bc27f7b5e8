"""What an agent is doing: derived from the runs in which it takes part."""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

from graph.past import Past
from graph.problems import UsageError
from graph.record import all_events, inner_of
from graph.service.reading import is_at_work
from graph.service.service import Service
from graph.states import UNREADABLE
from graph.store.index import OPEN, RUNNING

MAX_RUNS = 50
"""The newest runs of an agent that are looked at."""
MAX_KEPT = 10_000
SHOWN = ("thread_id", "status", "stop_reason", "final_decision", "started_at", "updated_at")

Status = Literal["idle", "working", "waiting", "completed"]
Plain = dict[str, Any]

_counted: OrderedDict[str, Mapping[str, int]] = OrderedDict()
"""The answers of each role of threads that have ended, so that these are read once by a process."""


async def doing(service: Service, tenant: str, name: str) -> Plain:
    """Return {status, task, results, last_run} of an agent, by its newest runs.

    It is `working` while one of them is at work, `waiting` while one is queued or waits for people, `idle` before its
    first, else `completed`. `task` is the goal of the run that it works on or waits for; `results` counts its answers
    that were accepted.
    """
    parts = await service.agents.parts(tenant, name, MAX_RUNS)
    found = [line for part in parts if (line := await service.runner.threads.index.entry(part.thread)) is not None]
    open_ = [line for line in found if line["status"] in OPEN]
    working = [line for line in open_ if line["status"] == RUNNING and await is_at_work(service, line["thread_id"])]
    now = next(iter(working or open_), None)
    return {
        "status": "working" if working else "waiting" if open_ else "completed" if found else "idle",
        "task": now["goal"] if now else None,
        "results": sum([await _results(service, line, name) for line in found]),
        "last_run": {key: found[0].get(key) for key in SHOWN} if found else None,
    }


def _is_own_answer(event: Mapping[str, Any]) -> bool:
    return event["event"] == "accepted" and not inner_of(event)


async def _results(service: Service, line: Mapping[str, Any], name: str) -> int:
    """Return how many answers of a role were accepted in a run; none of one that cannot be read."""
    thread, has_ended = line["thread_id"], line["status"] not in OPEN
    if has_ended and thread in _counted:
        return _counted[thread].get(name, 0)
    answers = Counter[str]()
    with suppress(UsageError, *UNREADABLE):
        events = Past.of(await service.runner.threads.state(thread) or {}).events
        answers.update(event["role"] for event in all_events(events) if _is_own_answer(event))
    if has_ended:
        _counted[thread] = answers
        if len(_counted) > MAX_KEPT:
            _counted.popitem(last=False)
    return answers[name]
