"""The umpire finds nothing wrong with a run that nobody disturbed, and notices each way in which two writers show."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from graph.build import build_reader
from graph.store.database import open_database
from nodes.voices.voice import Question
from tests.harness import proposal, run, scripted, settings_at, team_of
from tests.system.umpire import BY_COMMAND, ROLES, Kept, calls_of, canonical, faults, kept, repeated

ROUNDS = 2
Events = list[dict[str, Any]]


def speech(question: Question) -> dict[str, Any]:
    is_first = json.loads(question.prompt.user)["round"] < ROUNDS
    return proposal(question.name, "block" if is_first and question.name == ROLES[-1] else "go")


async def events_at(location: str, thread: str) -> Events:
    async with open_database(location) as database:
        reader = build_reader().compile(checkpointer=database.saver)
        state = await reader.aget_state({"configurable": {"thread_id": thread}})
    events: Events = json.loads(json.dumps(state.values["events"]))
    return events


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Kept, Events]:
    """A run of two rounds: what its rows keep, and its events."""
    settings = settings_at(tmp_path_factory.mktemp("ended"))
    run(team_of(settings), settings, "t", scripted(speech))
    return kept(settings.database, "t"), asyncio.run(events_at(settings.database, "t"))


def test_a_run_that_nobody_disturbed_has_no_fault(ended: tuple[Kept, Events]) -> None:
    assert faults(*ended, ROUNDS) == []
    assert ended[0].writers == [BY_COMMAND]


def changed(events: Events, kind: str, **changes: Any) -> Events:
    return [{**event, **changes} if event["event"] == kind else event for event in events]


def forked(found: Kept) -> Kept:
    *others, last = found.checkpoints
    return replace(found, checkpoints=[*others, replace(last, parent=others[-2].own)])


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda found, events: (forked(found), events), "do not follow"),
        (lambda found, events: (replace(found, checkpoints=found.checkpoints[1:]), events), "no first checkpoint"),
        (lambda found, events: (replace(found, answered=found.answered[1:]), events), "the journal holds"),
        (lambda found, events: (replace(found, answered=found.answered * 2), events), "the journal holds"),
        (lambda found, events: (found, events[:4] + events[3:]), "gaps or are doubled"),
        (lambda found, events: (found, events[:1] + events), "admitted 2 times"),
        (lambda found, events: (found, events + events[-1:]), "finished 2 times"),
        (lambda found, events: (found, events[:-1]), "finished 0 times"),
        (lambda found, events: (found, changed(events, "outcome", round=1)), "one outcome for each round"),
        (lambda found, events: (found, changed(events, "proposed", attempt=2)), "not each call was proposed once"),
        (lambda found, events: (found, changed(events, "outcome", final="go")), "the chain is broken"),
        (lambda found, events: (found, changed(events, "outcome", hash="0" * 64)), "the chain is broken"),
    ],
)
def test_what_two_writers_leave_is_noticed(
    ended: tuple[Kept, Events], change: Callable[[Kept, Events], tuple[Kept, Events]], fault: str
) -> None:
    assert any(fault in each for each in faults(*change(*ended), ROUNDS))


@pytest.mark.parametrize(
    ("heard", "before", "cuts", "wrong"),
    [
        (calls_of(1), (), 0, 0),
        ([*calls_of(1), *calls_of(1)], (), 1, 0),
        ([*calls_of(1), *calls_of(1)], (), 0, 4),
        ([*calls_of(1), *calls_of(1)[:1]], calls_of(1)[:1], 1, 1),
        (calls_of(1)[1:], (), 0, 1),
        ([*calls_of(1), "2/risk_analyst/1"], (), 0, 1),
    ],
    ids=["each once", "cut", "twice uncut", "a kept one again", "one unheard", "one too many"],
)
def test_a_call_is_repeated_only_where_its_answer_was_not_kept_before_a_cut(
    heard: Sequence[str], before: Sequence[str], cuts: int, wrong: int
) -> None:
    assert len(repeated(heard, before, 1, cuts)) == wrong


def test_json_is_written_as_the_standard_says() -> None:
    assert canonical({"b": [1.0, 0.5, None], "a": "é"}) == '{"a":"é","b":[1,0.5,null]}'
