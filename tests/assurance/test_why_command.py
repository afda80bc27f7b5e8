"""`accord why`: every claim about a real run is worked out a second time here."""

import json
from collections.abc import Sequence
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest

from policies.team.fields import STANCES
from tests.assurance.stage import BLOCK, CAUTION, GO, casts, classic, play
from tests.harness import CHECKOUT_ROLES, settings_at
from tests.hostile.command import Captured, accord, refused

pytestmark = pytest.mark.slow


def told(capture: Captured, thread: str = "t") -> dict[str, Any]:
    done = accord(capture, "why", thread, "--json")
    assert (done.code, done.err) == (0, "")
    found: dict[str, Any] = json.loads(done.out)
    return found


def smallest_flips(stances: Sequence[str]) -> dict[str, set[frozenset[tuple[str, str]]]]:
    """Return, for each other outcome of `classic`, the smallest sets of stances that give it, by trying all."""
    now = classic(stances)
    found: dict[str, set[frozenset[tuple[str, str]]]] = {}
    for size in range(1, len(stances) + 1):
        sized: dict[str, set[frozenset[tuple[str, str]]]] = {}
        for seats in combinations(range(len(stances)), size):
            for others in product(STANCES, repeat=size):
                changed = list(stances)
                for seat, stance in zip(seats, others, strict=True):
                    changed[seat] = stance
                if all(changed[seat] != stances[seat] for seat in seats) and classic(changed) != now:
                    said = frozenset((CHECKOUT_ROLES[seat], changed[seat]) for seat in seats)
                    sized.setdefault(classic(changed), set()).add(said)
        found = {**sized, **found}
    return found


def power_of(seat: int) -> float:
    """Return in what share of the others' votes a role's own stance decides, by trying all."""
    decided = 0
    for others in product(STANCES, repeat=2):
        votes = [[*others[:seat], own, *others[seat:]] for own in STANCES]
        decided += len({classic(vote) for vote in votes}) > 1
    return decided / 9


@pytest.mark.parametrize(
    "stances", [(GO, GO, GO), (GO, GO, CAUTION), (BLOCK, BLOCK, GO), (BLOCK, BLOCK, BLOCK), (GO, CAUTION, CAUTION)]
)
def test_the_row_the_values_the_flips_and_the_powers_are_those_of_the_rule(
    stances: Sequence[str], accord_home: Path, capsys: Captured
) -> None:
    play(settings_at(accord_home), "t", [stances] * 3)
    found = told(capsys)
    rows = {"no_go": 1, "go": 3, "go_with_caution": 4, "next_round": "otherwise"}

    assert (found["casts"], found["policy"]) == (casts(stances), "classic")
    assert found["vote"] == found["final"] == classic(stances)
    assert found["row"] == rows[classic(stances)]
    assert {key: found["values"][key] for key in (GO, BLOCK) if key in found["values"]}.items() <= {
        (stance, stances.count(stance)) for stance in STANCES
    }
    flips: dict[str, set[frozenset[tuple[str, str]]]] = {}
    for flip in found["stance_flips"]["flips"]:
        flips.setdefault(flip["outcome"], set()).add(frozenset(flip["stances"].items()))
    assert flips == smallest_flips(stances)
    shares = {power["role"]: power["share"] for power in found["powers"]}
    assert shares == {role: pytest.approx(power_of(n), abs=1e-4) for n, role in enumerate(CHECKOUT_ROLES)}


def test_it_explains_the_last_finished_round(accord_home: Path, capsys: Captured) -> None:
    play(settings_at(accord_home), "t", [(GO, GO, BLOCK), (GO, CAUTION, GO), (GO, GO, GO)])
    play(settings_at(accord_home), "u", [(GO, GO, BLOCK), "llm_auth"])

    decided, stopped = told(capsys), told(capsys, "u")

    assert (decided["round"], decided["final"], decided["row"]) == (2, "go_with_caution", 4)
    assert (stopped["round"], stopped["final"], stopped["row"]) == (1, "next_round", 2)


def test_the_end_of_the_rounds_is_told(accord_home: Path, capsys: Captured) -> None:
    play(settings_at(accord_home), "t", [(GO, CAUTION, CAUTION)] * 3, "policy=launch")

    found, shown = told(capsys), accord(capsys, "why", "t").out

    assert (found["rounds_ended"], found["vote"], found["row"]) == (True, "escalate", "otherwise")
    assert "No row holds; the policy's `otherwise` decides" in shown
    assert "It was the last round, so a human decides" in shown


FREEABLE = (
    "{name: chargebacks, fact: risk_signals.chargeback_alerts, above: 3, cap: no_go},"
    " {name: payments, fact: risk_signals.failed_payment_rate,"
    " at_least: policy_limits.payment_failure_block_threshold, cap: go_with_caution}"
)


def test_guards_are_told_with_their_distance_and_the_facts_that_would_free_the_decision(
    accord_home: Path, capsys: Captured
) -> None:
    recall = "{name: recall, fact: risk_signals.critical_incidents, equals: 0, cap: go_with_caution}"
    play(settings_at(accord_home), "t", [(GO, GO, GO)], f"guards=[{FREEABLE}, {recall}]")
    found, shown = told(capsys), accord(capsys, "why", "t").out
    guards = {guard["name"]: guard for guard in found["guards"]}

    assert (found["vote"], found["final"], found["row"]) == ("go", "no_go", 3)
    assert {name: guard["tripped"] for name, guard in guards.items()} == {
        "chargebacks": True,
        "payments": False,
        "recall": True,
    }
    assert guards["payments"]["distance"] == 0.002
    assert (guards["chargebacks"]["value"], guards["chargebacks"]["limit"]) == (4, 3)
    assert (guards["recall"]["fault"], guards["recall"]["unread"], guards["recall"]["distance"]) == (None, None, None)
    assert "The vote alone gave go; capped to no go by chargebacks" in shown
    assert found["limit_flips"][0] == {
        "facts": {"risk_signals.chargeback_alerts": {"at_most": 3}},
        "limits": {},
        "outcome": "go_with_caution",
        "stays_at": [],
    }
    assert {flip["outcome"] for flip in found["limit_flips"]} == {"go_with_caution", "go"}


def test_a_claimed_fact_really_flips_the_decision_when_the_team_is_run_on_it(
    accord_home: Path, capsys: Captured
) -> None:
    settings = settings_at(accord_home)
    guards = f"guards=[{FREEABLE}]"
    play(settings, "t", [(GO, GO, GO)], guards)

    flips = [flip for flip in told(capsys)["limit_flips"] if flip["facts"] and not flip["limits"]]

    assert flips
    for number, flip in enumerate(flips):
        sets = [f"facts.{path}={json.dumps(one_of(values))}" for path, values in flip["facts"].items()]
        again = play(settings, f"again-{number}", [(GO, GO, GO)], guards, *sets)
        assert again["final_decision"] == flip["outcome"]


def one_of(values: dict[str, float]) -> float:
    """A number among those that a flip names."""
    (name, border), *more = values.items()
    assert not more
    return {"at_least": border, "at_most": border, "above": border * 1.001, "below": border * 0.999}[name]


def test_people_read_where_the_border_is_and_a_distance_without_noise(accord_home: Path, capsys: Captured) -> None:
    rate = "facts.risk_signals.failed_payment_rate=0.034"
    play(settings_at(accord_home), "t", [(GO, GO, GO)], f"guards=[{FREEABLE.partition('}, ')[2]}]", rate)

    shown = " ".join(accord(capsys, "why", "t").out.split())

    assert "payments tripped risk_signals.failed_payment_rate = 0.034 at least 0.03 -0.004 go with caution" in shown
    flip = "It would have been go with risk_signals.failed_payment_rate below 0.03; at 0.03 the limit still caps"
    assert flip in shown
    assert told(capsys)["guards"][0]["distance"] == -0.004


def test_people_read_the_row_its_reason_and_the_smallest_changes(accord_home: Path, capsys: Captured) -> None:
    play(settings_at(accord_home), "t", [(GO, GO, CAUTION)])

    lines = [" ".join(line.split()) for line in accord(capsys, "why", "t").out.splitlines()]

    assert lines[0] == "classic, round 1 of 3: Go with caution"
    assert "Row 4 decides: enough go votes despite a caution" in lines
    assert "when go >= min_go_votes" in lines
    assert "It would have been go with" in lines
    assert "Risk analyst: go" in lines


def test_a_thread_without_a_finished_round_has_nothing_to_explain(accord_home: Path, capsys: Captured) -> None:
    play(settings_at(accord_home), "t", ["llm_auth"])

    (sentence,) = refused(capsys, "why", "t")

    assert sentence.startswith("the thread `t` has finished no round")


@pytest.mark.usefixtures("accord_home")
@pytest.mark.parametrize("command", ["why", "replay"])
def test_a_thread_that_is_not_there_is_refused(command: str, capsys: Captured) -> None:
    (unknown,) = refused(capsys, command, "nobody")
    (malformed,) = refused(capsys, command, "a b\x1b[2J")

    assert unknown.startswith("there is no thread `nobody` in ")
    assert unknown.endswith("; `accord list` shows those there are")
    assert "is not allowed; allowed: 1 to 128 of" in malformed
