"""A provider that misbehaves at one seat: when the run ends and why, how often it was asked, and what is kept.

Each case is a row. After every stop, a provider that behaves is asked for the missing seats alone, and the record is
then that of a run nothing happened to, but for two things: `usage.calls` counts the lost calls too (they report no
tokens), and the trace names the late seats after those that were filled at once.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.harness import without_times
from tests.runs.expected import CLOSED, CUT, SAID, UNFINISHED, accepted, no_completion, round_of, stopped, usage
from tests.runs.stage import BACKWARDS, BRIEF, DEMAND, FINANCE, RISK, Lines, Played, go_on, play, script
from tests.scripted_server import (
    Answer,
    ScriptedServer,
    closes,
    delayed,
    drips,
    forever,
    hangs,
    says,
    status,
    text,
    truncated,
    wrong_content_type,
)

SEQUENCE = (RISK, FINANCE, DEMAND)
"""As BACKWARDS has it."""

SEAT = FINANCE
"""One is asked before it and one after, in sequence order as by name."""

EACH_ONCE = dict.fromkeys(SEQUENCE, 1)
ALL_GO = [round_of(1, dict.fromkeys(SEQUENCE, "go"), [], "go")]
GO, WRITTEN = says("go"), text(BRIEF)
LONG_DEADLINE: Mapping[str, Any] = {"max_seconds": 60}

DEADLINE = 1.5
TIMEOUT = 0.5
FIRST_WAIT, SECOND_WAIT = 0.5, 1.0
WAITS = FIRST_WAIT + SECOND_WAIT
TOLERANCE = 1.1
AT_WORK_SECONDS = 0.3
"""What requests, checkpoints and closing take beside other work; under 0.1 without. One wait too many is longer, or is
found by its request. A run that is cut at its deadline gets none of it."""
TRIES = 3

SILENT = hangs(60)
DRIPPING = drips(GO, 1.0)
TRICKLING = drips(GO, 0.1)
"""Each read is in time, so that nothing but a limit on the whole attempt ends it."""
DRIPPING_ERROR = drips(status(500), 1.0)
PAGE = wrong_content_type(GO)
PAGE_TEXT = "Gateway Please sign in."
CUT_TEXT = '{"id": "x", "choices": [{"index": 0, "message": {"role": "assist'
CUT_JSON = status(200, CUT_TEXT)


def told_to_wait(code: int, seconds: str) -> Answer:
    return status(code, headers={"retry-after": seconds})


def a_page(code: int) -> Answer:
    """What a gateway before the provider says."""
    return wrong_content_type(status(code))


@dataclass(frozen=True)
class Misbehaviour:
    """What is said at the seat, for ever unless it is a list; the stop, its requests, and when it comes."""

    said: Answer | list[Answer]
    reason: str
    requests: int
    seconds: float
    deadline: float = 40.0
    timeout: float = 60.0
    told: str | None = None
    """Its cause behind the endpoint's address."""

    @property
    def answers(self) -> Answer | list[Answer]:
        return self.said if isinstance(self.said, list) else forever(self.said)

    def cause(self, server: ScriptedServer) -> str | None:
        """What the stop says of it; the deadline is the run's own, and no word of the provider's."""
        return f"{server.base_url}: {self.told}" if self.told else None

    @property
    def limit(self) -> str:
        return f"budget.max_seconds={self.deadline}"

    @property
    def marks(self) -> tuple[pytest.MarkDecorator, ...]:
        return (pytest.mark.slow,) if self.seconds >= 0.5 else ()


def at_deadline(said: Answer | list[Answer], requests: int = 1, **more: Any) -> Misbehaviour:
    """Cut at the deadline."""
    return Misbehaviour(said, "max_seconds", requests, DEADLINE, deadline=DEADLINE, **more)


def not_tried_again(
    said: Answer, reason: str, deadline: float, requests: int, seconds: float, **more: Any
) -> Misbehaviour:
    """Ended before the deadline, because the next attempt would start after it."""
    return Misbehaviour(said, reason, requests, seconds, deadline=deadline, **{"told": told_of(reason)} | more)


def three_attempts(said: Answer | list[Answer], reason: str, seconds: float, told: str | None = None) -> Misbehaviour:
    """Ended when no retry is left; each attempt has its timeout."""
    return Misbehaviour(said, reason, 3, seconds, timeout=TIMEOUT, told=told or told_of(reason))


def one_attempt(said: Answer, reason: str, told: str) -> Misbehaviour:
    return Misbehaviour(said, reason, 1, 0.0, timeout=TIMEOUT, told=no_completion(told))


def told_of(reason: str) -> str:
    """What the scripted server says with a status; nothing of it where it is silent."""
    codes = {"llm_rate_limited": 429, "llm_error:500": 500, "llm_error:503": 503}
    return SAID[codes[reason]] if reason in codes else UNFINISHED


MISBEHAVIOURS: dict[str, Misbehaviour] = {
    # Nothing but the run's deadline ends these.
    "hangs": at_deadline(SILENT),
    "drips": at_deadline(DRIPPING),
    "drips an error": at_deadline(DRIPPING_ERROR),
    "503, then hangs": at_deadline([status(503), SILENT], requests=2),
    "429 with Retry-After, then drips": at_deadline([told_to_wait(429, "0.9"), DRIPPING], requests=2),
    "503 after 0.7 s": at_deadline(delayed(status(503), 0.7), requests=2),
    "hangs beyond timeout and deadline": at_deadline(SILENT, requests=2, timeout=0.7),
    # A retry would come after the deadline, so the provider's own reason stands, and nothing is waited for.
    "429, no time for the second wait": not_tried_again(status(429), "llm_rate_limited", 1.2, 2, FIRST_WAIT),
    "500, no time for the second wait": not_tried_again(status(500), "llm_error:500", 1.2, 2, FIRST_WAIT),
    "503, no time for the second wait": not_tried_again(status(503), "llm_error:503", 1.2, 2, FIRST_WAIT),
    "closes, no time for the second wait": not_tried_again(closes(), "llm_timeout", 1.2, 2, FIRST_WAIT, told=CLOSED),
    "429 with Retry-After, once": not_tried_again(told_to_wait(429, "0.7"), "llm_rate_limited", 1.2, 2, 0.7),
    "503 with Retry-After, once": not_tried_again(told_to_wait(503, "0.7"), "llm_error:503", 1.2, 2, 0.7),
    "500 with Retry-After past the deadline": not_tried_again(told_to_wait(500, "1.3"), "llm_error:500", 1.2, 1, 0.0),
    "hangs, no time for a wait": not_tried_again(SILENT, "llm_timeout", 1.2, 1, 0.8, timeout=0.8),
    # Attempts and waits, and no retry is left.
    "hangs each time": three_attempts(SILENT, "llm_timeout", 3 * TIMEOUT + WAITS),
    "drips each time": three_attempts(TRICKLING, "llm_timeout", 3 * TIMEOUT + WAITS),
    "429 each time": three_attempts(status(429), "llm_rate_limited", WAITS),
    "429 with Retry-After each time": three_attempts(told_to_wait(429, "0.3"), "llm_rate_limited", 2 * 0.3),
    "500 with Retry-After each time": three_attempts(told_to_wait(500, "0.3"), "llm_error:500", 2 * 0.3),
    "503 with Retry-After after 0.2 s each time": three_attempts(
        delayed(told_to_wait(503, "0.3"), 0.2), "llm_error:503", 3 * 0.2 + 2 * 0.3
    ),
    "closes half way each time": three_attempts(closes(GO), "llm_timeout", WAITS, told=CUT),
    "ends half way each time": three_attempts(truncated(GO), "llm_timeout", WAITS, told=CUT),
    "a gateway's 503 page each time": three_attempts(
        a_page(503), "llm_error:503", WAITS, told=f"503 InternalServerError: {PAGE_TEXT}"
    ),
    "hangs, 429 with Retry-After, closes": three_attempts(
        [SILENT, told_to_wait(429, "0.3"), closes()], "llm_timeout", TIMEOUT + FIRST_WAIT + 0.3, told=CLOSED
    ),
    # A status of success, and no completion: asking again would not help.
    "a page": one_attempt(PAGE, "llm_error:200", PAGE_TEXT),
    "JSON that is cut": one_attempt(CUT_JSON, "llm_error:200", CUT_TEXT),
}
AT_BRIEF = (
    "hangs",
    "drips",
    "429, no time for the second wait",
    "503 with Retry-After, once",
    "hangs, no time for a wait",
    "429 with Retry-After each time",
    "hangs, 429 with Retry-After, closes",
    "a page",
    "JSON that is cut",
)


def timed(act: Callable[..., Played], *args: Any, **options: Any) -> tuple[Played, float]:
    """Return what was played, and the seconds on the wall from the first question until everything was closed.

    Opening the database and compiling the graph are no work on the question, and take long once in a process.
    """
    asked: list[float] = []

    def note(event: dict[str, Any]) -> None:
        if event["event"] == "asked":
            asked.append(time.monotonic())

    played = act(*args, **options, on_event=note)
    return played, time.monotonic() - asked[0]


def played_in_time(folder: Path, seconds: float, lines: Lines, *sets: str, **options: Any) -> tuple[Path, Played]:
    """Return a run, and its home, that stopped after these seconds, by its own account and by the clock on the wall.

    Too soon is wrong in any run. Too late is wrong in three of three, since a busy machine adds time, but not for ever.
    """
    took: list[tuple[str, float, float]] = []
    for number in range(TRIES):
        home = folder / str(number)
        played, wall = timed(play, home, lines, BACKWARDS, *sets, **options)
        reason, at_work = played.record["stop_reason"], played.record["elapsed_seconds"]
        assert at_work >= seconds, f"{reason} too soon"
        took.append((reason, at_work, wall))
        if max(at_work, wall) <= seconds * TOLERANCE + (0.0 if reason == "max_seconds" else AT_WORK_SECONDS):
            return home, played
    pytest.fail(f"not within {TOLERANCE} times {seconds} s: {took}")


def lines_of(said: Mapping[str, Misbehaviour]) -> Lines:
    return script() | {seat: each.answers for seat, each in said.items()}


def once(*seats: str) -> Lines:
    """A provider that behaves, at these seats, once."""
    return {seat: WRITTEN if seat == "brief" else GO for seat in seats}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A run nothing happens to. The first run of a process is slow; this one is not timed."""
    return play(tmp_path_factory.mktemp("undisturbed"), script(), BACKWARDS)


def late(undisturbed: Played, seats: Iterable[str], lost_calls: int) -> dict[str, Any]:
    """The undisturbed record, had so many calls been lost, and these seats been filled after the others."""
    record = without_times(undisturbed.record)
    trace = sorted(record["trace"], key=lambda line: line["agent"] in seats if "agent" in line else 2)
    return record | {"trace": trace, "usage": usage(4 + lost_calls, 4)}


ROWS = [(name, SEAT) for name in MISBEHAVIOURS] + [(name, "brief") for name in AT_BRIEF]


@pytest.mark.parametrize(
    ("name", "seat"), [pytest.param(*row, marks=MISBEHAVIOURS[row[0]].marks, id=" at ".join(row)) for row in ROWS]
)
def test_a_run_ends_in_time_with_its_reason_and_is_finished_by_asking_the_missing_seat_alone(
    tmp_path: Path, undisturbed: Played, name: str, seat: str
) -> None:
    case, is_brief = MISBEHAVIOURS[name], seat == "brief"
    lines = lines_of({seat: case})
    home, first = played_in_time(tmp_path, case.seconds, lines, case.limit, timeout_seconds=case.timeout)
    assert first.team is not None
    assert without_times(first.record) == stopped(
        first.team,
        case.reason,
        usage((3 if is_brief else 2) + case.requests, 3 if is_brief else 2),
        resumable=True,
        phase="finalize" if is_brief else f"round_1:{SEAT}",
        trace=None if is_brief else accepted(RISK, DEMAND),
        history=ALL_GO if is_brief else [],
        cause=case.cause(first.server),
    )
    assert first.asked == EACH_ONCE | {seat: case.requests}

    resumed = go_on(home, once(seat, "brief"), budget=LONG_DEADLINE)
    assert resumed.asked == dict.fromkeys((seat, "brief"), 1)
    assert without_times(resumed.record) == late(undisturbed, [seat], case.requests)


def test_a_completion_that_is_said_to_be_a_page_is_taken_as_the_completion_it_is(
    tmp_path: Path, undisturbed: Played
) -> None:
    played = play(tmp_path, script(finance_analyst=replace(GO, content_type="text/html")), BACKWARDS)
    assert without_times(played.record) == without_times(undisturbed.record)
    assert played.asked == EACH_ONCE | {"brief": 1}


SHORT: Mapping[str, Any] = {"deadline": 1.2}
BRIEFLY: Mapping[str, Any] = {"timeout": TIMEOUT}
PAIRS: dict[str, tuple[Misbehaviour, Misbehaviour]] = {
    "one cut at the deadline, one failed at once": (
        Misbehaviour(DRIPPING, "max_seconds", 1, 1.2, **SHORT),
        Misbehaviour(PAGE, "llm_error:200", 1, 0.0, **SHORT, told=no_completion(PAGE_TEXT)),
    ),
    "no time for another retry of either": (
        Misbehaviour(status(429), "llm_rate_limited", 2, FIRST_WAIT, **SHORT, told=SAID[429]),
        Misbehaviour(told_to_wait(503, "0.8"), "llm_error:503", 2, 0.8, **SHORT, told=SAID[503]),
    ),
    "no retry left of either": (
        Misbehaviour([SILENT, closes(), closes(GO)], "llm_timeout", 3, TIMEOUT + WAITS, **BRIEFLY, told=CUT),
        Misbehaviour(told_to_wait(500, "0.2"), "llm_error:500", 3, 2 * 0.2, **BRIEFLY, told=SAID[500]),
    ),
}
"""Of each, one takes longer: whichever stands first in the sequence names the stop."""


@pytest.mark.slow
@pytest.mark.parametrize("is_turned", [False, True], ids=["", "the other way round"])
@pytest.mark.parametrize("name", PAIRS)
def test_of_two_that_misbehave_the_first_in_sequence_names_the_stop_and_the_third_is_kept(
    tmp_path: Path, undisturbed: Played, name: str, is_turned: bool
) -> None:
    one, other = reversed(PAIRS[name]) if is_turned else PAIRS[name]
    lines = lines_of({RISK: one, FINANCE: other})
    seconds = max(one.seconds, other.seconds)
    home, first = played_in_time(tmp_path, seconds, lines, one.limit, timeout_seconds=one.timeout)
    lost = one.requests + other.requests
    assert first.team is not None
    assert without_times(first.record) == stopped(
        first.team,
        one.reason,
        usage(1 + lost, 1),
        resumable=True,
        phase="round_1:risk_analyst",
        trace=accepted(DEMAND),
        cause=one.cause(first.server),
    )
    assert first.asked == {RISK: one.requests, FINANCE: other.requests, DEMAND: 1}

    resumed = go_on(home, once(RISK, FINANCE, "brief"), budget=LONG_DEADLINE)
    assert resumed.asked == {RISK: 1, FINANCE: 1, "brief": 1}
    assert without_times(resumed.record) == late(undisturbed, (RISK, FINANCE), lost)


@dataclass(frozen=True)
class Later:
    """A misbehaviour after 0.8 s of work, with a deadline of 1.8 s: who was asked how often, and seconds in all."""

    lines: Lines
    reason: str
    phase: str
    asked: Mapping[str, int]
    seconds: float


SLOW_ANSWER = delayed(GO, 0.8)
LATER: dict[str, Later] = {
    "a brief that hangs": Later(
        script(demand_analyst=SLOW_ANSWER, brief=SILENT), "max_seconds", "finalize", EACH_ONCE | {"brief": 1}, 1.8
    ),
    "a brief whose second retry would be late": Later(
        script(demand_analyst=SLOW_ANSWER, brief=forever(told_to_wait(503, "0.6"))),
        "llm_error:503",
        "finalize",
        EACH_ONCE | {"brief": 2},
        0.8 + 0.6,
    ),
    "a repair that drips": Later(
        script(finance_analyst=[delayed(text("{}"), 0.8), DRIPPING]),
        "max_seconds",
        "round_1:finance_analyst",
        EACH_ONCE | {FINANCE: 2},
        1.8,
    ),
    "a second round whose second retry would be late": Later(
        script("caution") | {(DEMAND, 1): delayed(says("caution"), 0.8), (FINANCE, 2): forever(status(429))},
        "llm_rate_limited",
        "round_2:finance_analyst",
        {RISK: 2, FINANCE: 1 + 2, DEMAND: 2},
        0.8 + FIRST_WAIT,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LATER)
def test_a_later_call_has_only_what_earlier_ones_left_of_the_deadline(tmp_path: Path, name: str) -> None:
    case = LATER[name]
    _, played = played_in_time(tmp_path, case.seconds, case.lines, "budget.max_seconds=1.8")
    assert (played.record["stop_reason"], played.record["phase"]) == (case.reason, case.phase)
    assert played.asked == case.asked


@pytest.mark.slow
def test_a_thread_that_goes_on_has_only_what_is_left_of_its_deadline_until_it_is_raised(
    tmp_path: Path, undisturbed: Played
) -> None:
    walls: list[float] = []

    def stops(reason: str, requests: int, deadline: float, act: Callable[..., Played], *args: Any, **more: Any) -> None:
        played, wall = timed(act, tmp_path, *args, **more)
        walls.append(wall)
        assert (played.record["stop_reason"], played.asked[SEAT]) == (reason, requests)
        assert played.record["elapsed_seconds"] <= deadline * TOLERANCE
        assert sum(walls) <= deadline * TOLERANCE + AT_WORK_SECONDS
        if reason == "max_seconds":
            assert played.record["elapsed_seconds"] >= deadline
            assert played.asked == {SEAT: 1}

    limited = script(finance_analyst=forever(told_to_wait(503, "0.8")))
    stops("llm_error:503", 2, 1.5, play, limited, BACKWARDS, "budget.max_seconds=1.5")
    stops("max_seconds", 1, 1.5, go_on, {SEAT: SILENT})
    stops("max_seconds", 1, 2.3, go_on, {SEAT: DRIPPING}, budget={"max_seconds": 2.3})
    resumed = go_on(tmp_path, once(SEAT, "brief"), budget=LONG_DEADLINE)
    assert resumed.asked == {SEAT: 1, "brief": 1}
    assert without_times(resumed.record) == late(undisturbed, [SEAT], 2 + 1 + 1)
