"""Whatever people offer, each of them is heard once and all else is refused: judged by the rules as written."""

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from graph.problems import UsageError
from tests.runs.people import PANEL, desk

SEATS, DEPUTIES = ("cfo", "cto", "coo"), {"vice": "cfo"}
NAMES = (*SEATS, "vice", "stranger", "")
WORDS = ("go", "go_with_caution", "no_go", "again", "stop", "maybe", None, 3)
ALLOWED = WORDS[1:5]
"""Within the cap of a guard that trips: no plain go."""
GUARDS = [{"name": "fraud", "fact": "rate", "at_least": 1, "cap": "go_with_caution"}]


def place_of(by: str, said: Mapping[str, tuple[str, str]]) -> str | None:
    """Return the place that a person may still fill; None where they may not."""
    place = by if by in SEATS else DEPUTIES.get(by)
    has_spoken = by in [who for who, _ in said.values()]
    return None if place is None or place in said or has_spoken else place


def given_by(said: Mapping[str, tuple[str, str]]) -> str | None:
    """Return what most of three give once nobody can change it: the oracle, by counting heads."""

    def all_said(words: list[str]) -> str:
        most_against = [word if word not in ("again", "stop") else "no_go" for word in words]
        most_for = [word if word not in ("again", "stop") else "go" for word in words]
        if most_against.count("no_go") < 2:
            return "go_with_caution"
        if most_for.count("no_go") >= 2:
            return "no_go"
        return "again" if words.count("again") >= max(words.count("stop"), 1) else "stop"

    def ways(words: list[str]) -> set[str]:
        return {all_said(words)} if len(words) == len(SEATS) else set().union(*(ways([*words, w]) for w in ALLOWED))

    found = ways([word for _, word in said.values()])
    return found.pop() if len(found) == 1 else None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(24))
def test_each_is_heard_once_and_all_else_is_refused(tmp_path: Path, seed: int) -> None:
    rng, said = random.Random(seed), dict[str, tuple[str, str]]()
    at = desk(tmp_path, escalate=PANEL, guards=GUARDS)
    asked, kept = at.run()["waiting"][0], at.state()
    while (ruled := given_by(said)) is None:
        by, word, reason = rng.choice(NAMES), rng.choice(WORDS), rng.choice(("Why.", "Why.", " "))
        question = rng.choice((asked["id"], asked["id"], None, "other"))
        place = place_of(by, said)
        is_taken = place is not None and word in ALLOWED and reason.strip() != "" and question != "other"
        named = {"question": question} if question else {}
        if is_taken:
            record = at.answer(by, word, reason, **named)
            said[place or ""], kept = (by, str(word)), at.state()
        else:
            with pytest.raises(UsageError):
                at.answer(by, word, reason, **named)
            assert at.state() == kept

    answered = [(event["seat_of"], event["by"], event["outcome"]) for event in at.events("answered")]
    assert answered == [(place, by, word) for place, (by, word) in said.items()]
    assert [event["outcome"] for event in at.events("ruled")] == [ruled]
    ends = {"again": None, "stop": "human_stopped"}
    assert record["stop_reason"] == ends.get(ruled, "success")
    assert record.get("final_decision") == (ruled if ruled in ("go_with_caution", "no_go") else None)
