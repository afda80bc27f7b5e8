"""What a look must find, worked out from `docs/facts.md` and the table of verdicts in `docs/deciding.md` alone.

The oracle shares no code with what it judges: it merges two files as that page says, refuses what that page refuses,
and compares the answers of a guard and of a role's check then and now.
"""

import json
import random
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from tests.board.watching import LIMIT, Item, Reader, Source, lay, team
from tests.service.process import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CASES = 24
MISSING = object()
RATES = (0.01, 0.02, 0.03, 0.031, 0.5, 0, "0.02", True, 1.5, -0.1, None, MISSING)
ALERTS = (2, 3, 5, 6, 9, 2.0, "3", False, None, MISSING)
LATER = (0.01, 0.02, 0.04, "0.01", True, None, MISSING)
Plain = dict[str, Any]


def is_number(value: Any) -> TypeGuard[float]:
    """A whole number or one with decimals; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def verdict_on(before: Plain, after: Plain | None) -> str:
    """What became of a decision: `right` also where a limit is closer."""
    if after is None:
        return "unknown"
    return "right" if answers_on(before) == answers_on(after) else "reopen"


def facts_of(first: Plain, second: Plain | None) -> Plain | None:
    """The risk that two files give; None where one of them is not as expected, so that nobody knows it."""
    rate, alerts = first.get("rate"), first.get("alerts")
    if not (is_number(rate) and 0 <= rate <= 1):  # also one that is missing or null: it is not optional
        return None
    if not isinstance(alerts, int) or isinstance(alerts, bool):  # written without decimals
        return None
    merged = dict(first)
    if second is not None:
        if second.get("rate") is not None and not is_number(second["rate"]):
            return None
        merged |= second  # key by key, and the later source counts
    return merged


def answers_on(risk: Plain) -> tuple[object, bool]:
    """Whether the guard trips, and whether the role blocks; a rate that cannot be read is an answer of its own."""
    rate = risk.get("rate")
    return ("unread" if rate is None else rate >= LIMIT), risk["alerts"] > 5


def without_missing(values: Plain) -> Plain:
    return {name: value for name, value in values.items() if value is not MISSING}


def put(home: Path, name: str, first: Plain, second: Plain | None) -> None:
    """Write the files that a team's sources are."""
    (home / f"{name}-first.json").write_text(json.dumps({"data": {"current": first}}), encoding="utf-8")
    if second is not None:
        (home / f"{name}-second.json").write_text(json.dumps(second), encoding="utf-8")


def sources(name: str, has_second: bool) -> list[Plain]:
    expected = {"rate": {"kind": "number", "at_least": 0, "at_most": 1}, "alerts": "integer"}
    first = {"file": f"{name}-first.json", "select": "data.current", "into": "risk", "expect": expected}
    optional = {"rate": {"kind": "number", "optional": True}}
    second = {"file": f"{name}-second.json", "into": "risk", "expect": optional}
    return [{"inline": {"limits": {"rate": LIMIT}}}, first, *([second] if has_second else [])]


Case = tuple[tuple[Plain, Plain | None], tuple[Plain, Plain | None]]


def drawn(draw: random.Random, has_second: bool) -> Case:
    """The two files on the day of the decision, and now."""
    day = {"rate": draw.choice((0.01, 0.02)), "alerts": draw.choice((1, 2, 3))}
    then = day, {"rate": draw.choice((0.01, 0.02))} if has_second else None
    first = {"rate": draw.choice(RATES), "alerts": draw.choice(ALERTS)} if draw.random() < 0.7 else day
    second = {"rate": draw.choice(LATER)} if draw.random() < 0.7 else {"rate": 0.01}
    return then, (without_missing(first), without_missing(second) if has_second else None)


@pytest.mark.parametrize("seed", range(2))
def test_a_look_finds_what_the_pages_say(seed: int, tmp_path: Path) -> None:
    draw, home = random.Random(seed), tmp_path / "home"
    seconds = {f"case{number}": draw.random() < 0.5 for number in range(CASES)}
    cases = {name: drawn(draw, has_second) for name, has_second in seconds.items()}
    teams = {name: team(name, sources(name, has_second)) for name, has_second in seconds.items()}
    lay(home, Source("http://127.0.0.1:9"), teams)
    for name, (then, _) in cases.items():
        put(home, name, *then)

    with serving(home) as served, served.client() as client:
        reader = Reader(client)
        threads = {name: reader.run(name) for name in cases}
        for name, (_, now) in cases.items():
            put(home, name, *now)
        reader.look()
        found = {each.thread: each for each in reader.see().items}
        verdicts = {name: judged(found[thread], cases[name]) for name, thread in threads.items()}
        assert {*verdicts.values()} == {"unknown", "reopen", "right"}
        statuses = {name: reader.reopen(thread).status_code for name, thread in threads.items()}
        assert statuses == {name: 303 if verdict == "reopen" else 409 for name, verdict in verdicts.items()}
        again = {f"{threads[name]}.r1" for name, verdict in verdicts.items() if verdict == "reopen"}
        assert reader.threads() == {*threads.values(), *again}


def judged(shown: Item, case: Case) -> str:
    """The verdict on a case; the page must say the same, and which facts moved."""
    before, after = (facts_of(*files) for files in case)
    assert before is not None
    verdict = verdict_on(before, after)
    signs = {"unknown": {"open"}, "reopen": {"block"}, "right": {"go", "caution"}}[verdict]
    assert shown.sign in signs, (case, shown.text)
    told = shown.text.partition("Facts that moved")[2]
    moved = [] if after is None else [key for key in before if before[key] != after.get(key)]
    assert [key for key in before if f"risk.{key} {before[key]} →" in told] == moved, (case, shown.text)
    return verdict
