"""What a look must find, worked out from `docs/facts.md` and the table of verdicts in `docs/deciding.md` alone.

The oracle shares no code with what it judges: it merges two files as that page says, refuses what that page refuses,
and compares the answers of a guard and of a role's check then and now.
"""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.board.watching import LIMIT, Reader, Source, lay, team
from tests.service.process import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CASES = 24
MISSING = object()
RATES = (0.01, 0.02, 0.03, 0.031, 0.5, 0, "0.02", True, 1.5, -0.1, None, MISSING)
ALERTS = (2, 3, 5, 6, 9, 2.0, "3", False, None, MISSING)
LATER = (0.01, 0.02, 0.04, "0.01", True, None, MISSING)
Plain = dict[str, Any]


def is_number(value: Any) -> bool:
    """A whole number or one with decimals; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


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


@pytest.mark.parametrize("seed", range(2))
def test_a_look_finds_what_the_pages_say(seed: int, tmp_path: Path) -> None:
    draw, home = random.Random(seed), tmp_path / "home"
    names = [f"case{number}" for number in range(CASES)]
    seconds = {name: draw.random() < 0.5 for name in names}
    lay(home, Source("http://127.0.0.1:9"), {name: team(name, sources(name, seconds[name])) for name in names})
    then: dict[str, tuple[Plain, Plain | None]] = {}
    now: dict[str, tuple[Plain, Plain | None]] = {}
    for name in names:
        day = {"rate": draw.choice((0.01, 0.02)), "alerts": draw.choice((1, 2, 3))}
        then[name] = day, {"rate": draw.choice((0.01, 0.02))} if seconds[name] else None
        first = {"rate": draw.choice(RATES), "alerts": draw.choice(ALERTS)} if draw.random() < 0.7 else day
        second = {"rate": draw.choice(LATER)} if draw.random() < 0.7 else {"rate": 0.01}
        now[name] = without_missing(first), without_missing(second) if seconds[name] else None
        put(home, name, *then[name])

    with serving(home) as served, served.client() as client:
        reader = Reader(client)
        threads = {name: reader.run(name) for name in names}
        for name in names:
            put(home, name, *now[name])
        reader.look()
        found = {each.thread: each for each in reader.see().items}
        seen = set[str]()
        for name, thread in threads.items():
            before, after = facts_of(*then[name]), facts_of(*now[name])
            assert before is not None
            says, case = found[thread], (then[name], now[name])
            if after is None:
                verdict = "unknown"
            else:
                verdict = "reopen" if answers_on(before) != answers_on(after) else "right"
            seen.add(verdict)
            signs = {"unknown": {"open"}, "reopen": {"block"}, "right": {"go", "caution"}}[verdict]
            assert says.sign in signs, (case, says.text)
            moved = [] if after is None else [key for key in before if before[key] != after.get(key)]
            assert [key for key in before if f"risk.{key} {before[key]} →" in says.text.partition("Facts that")[2]] == (
                moved
            ), (case, says.text)
            assert reader.reopen(thread).status_code == (303 if verdict == "reopen" else 409), case
        assert seen == {"unknown", "reopen", "right"}
        again = {thread for thread in threads.values() if found[thread].sign == "block"}
        assert reader.threads() == {*threads.values(), *(f"{thread}.r1" for thread in again)}
