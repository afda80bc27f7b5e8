"""What a dossier says of a thread, in every state a thread can be in."""

import math
import re
from pathlib import Path
from typing import Any

import pytest

from graph.problems import neutral
from graph.record import record_of
from graph.report.dossier.dossier import dossier_of
from graph.report.dossier.gauges import gauge_of
from graph.report.words import said_number
from nodes.voices.voice import Question
from policies.assurance.limits import distance_of
from policies.decision.guards import Guard, examine
from policies.run.stop_table import STOP_KINDS, STOP_TABLE
from tests.harness import proposal, settings_at
from tests.report.conftest import Telling
from tests.report.stage import STORIES, Told, tell, told
from tests.report.works import EVERY
from tests.runs.stage import state_of

pytestmark = pytest.mark.slow

LABELS = {
    "go": "Go",
    "go_with_caution": "Go with caution",
    "capped": "No go",
    "unread": "No go",
    "no_go": "No go",
    "escalated": "Waiting",
    "max_messages": "Stopped",
    "many_rounds": "Stopped",
    "refused": "Stopped",
    "timeout": "Stopped",
    "brief_failed": "Stopped",
    "needs_input": "Stopped",
    "crowd": "Go with caution",
    "hostile": "Go with caution",
    "hostile_raw": "Stopped",
}


def texts(value: Any) -> list[str]:
    """Every text in a value, keys too."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


def lines_of(dossier: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for group in dossier["timeline"] for line in group["lines"]]


@pytest.mark.parametrize("name", STORIES)
def test_the_decision_or_what_stands_in_its_place_is_on_top(name: str, story: Telling) -> None:
    assert story(name).dossier["verdict"]["label"] == LABELS[name]


@pytest.mark.parametrize("name", EVERY)
def test_no_text_holds_what_a_reader_would_obey(name: str, story: Telling) -> None:
    for text in texts(story(name).dossier):
        assert [neutral(line) for line in text.split("\n")] == text.split("\n")


@pytest.mark.parametrize("name", EVERY)
def test_the_timeline_leaves_out_no_event_but_what_a_step_noted(name: str, story: Telling) -> None:
    numbers: list[int] = []
    for line in lines_of(story(name).dossier):
        first, _, last = line["numbers"].partition("–")
        numbers += range(int(first), int(last or first) + 1)
    events = story(name).state["events"]
    assert numbers == [place for place, event in enumerate(events, 1) if event["event"] != "noted"]


@pytest.mark.parametrize("name", EVERY)
def test_the_record_is_checked_and_its_head_noted(name: str, story: Telling) -> None:
    record, events = story(name).dossier["record"], story(name).state["events"]
    assert record["fault"] is None
    assert record["head"] == f"{len(events)}:{events[-1]['hash']}"
    assert {"team", "policy", "goal"} <= record["hashes"].keys()
    assert "accord" in record["versions"]


def test_a_record_that_was_changed_is_said_to_be_broken(story: Telling) -> None:
    state = story("go").state
    events = [dict(event) for event in state["events"]]
    events[3]["role"] = "somebody"
    changed = told("t", story("go").record, {**state, "events": events})
    assert changed.dossier["record"]["fault"] == "event 4 is not what was hashed"
    assert "The record is broken" in changed.page
    assert "The record is broken" in changed.markdown


def test_why_names_the_row_its_condition_and_every_value_it_saw(story: Telling) -> None:
    why = story("go_with_caution").dossier["why"]
    assert (why["row"], why["because"], why["when"]) == (
        "Row 5",
        "enough go votes despite a caution",
        "go >= min_go_votes",
    )
    assert {each["name"]: each["value"] for each in why["readings"]}["caution"] == "1"


def test_a_capped_decision_names_the_guard_and_what_the_vote_alone_gave(story: Telling) -> None:
    capped = story("capped").dossier
    assert capped["why"]["capped_by"] == ["payment failures"]
    assert (capped["why"]["vote"], capped["why"]["final"]) == ("Go", "No go")
    assert capped["verdict"]["sentences"][1] == (
        "The vote alone gave go; the guard payment failures allowed no more than no go."
    )


def test_everybody_who_wanted_something_else_dissents_from_a_capped_decision(story: Telling) -> None:
    speeches = story("capped").dossier["speeches"]
    assert [said["stance"] for said in speeches["dissent"]] == ["go", "go", "go"]
    assert speeches["others"] == []


def test_the_dissent_of_a_no_go_is_who_did_not_block(story: Telling) -> None:
    speeches = story("no_go").dossier["speeches"]
    assert [said["role"] for said in speeches["dissent"]] == ["finance_analyst"]
    assert speeches["dissent"][0]["summary"] == "finance_analyst says so."


def test_without_a_decision_nobody_dissents_and_the_last_words_stand(story: Telling) -> None:
    speeches = story("max_messages").dossier["speeches"]
    assert (speeches["has_decision"], speeches["dissent"]) == (False, [])
    assert {said["role"]: said["round"] for said in speeches["others"]}["demand_analyst"] == 2


def test_the_matrix_shows_the_absent_the_outcome_and_who_was_flagged(story: Telling) -> None:
    (block,) = story("crowd").dossier["matrix"]
    row = next(row for row in block["rows"] if row["role"] == "role_5")
    assert [(cell["word"], cell["note"]) for cell in row["cells"]] == [
        ("absent", "llm_timeout"),
        ("absent", "llm_timeout"),
        ("go", "0.90"),
    ]
    assert [each["word"] for each in block["outcomes"]] == ["Next round", "Next round", "Go with caution"]
    (flagged,) = [row["role"] for row in story("capped").dossier["matrix"][0]["rows"] if row["cells"][0]["is_flagged"]]
    assert flagged == "risk_analyst"


def test_the_open_round_stands_beside_those_that_were_finished(story: Telling) -> None:
    (block,) = story("max_messages").dossier["matrix"]
    assert [(each["head"], each["is_open"]) for each in block["rounds"]] == [("Round 1", False), ("Round 2", True)]
    assert [row["cells"][1]["word"] for row in block["rows"]] == ["go", "go", "no answer"]
    (refused,) = story("refused").dossier["matrix"]
    assert refused["rows"][2]["cells"][0]["word"] == "refused"


def test_many_rounds_go_on_below(story: Telling) -> None:
    assert [len(block["rounds"]) for block in story("many_rounds").dossier["matrix"]] == [6, 2]


def test_a_refusal_names_its_rule_its_role_and_its_attempt(story: Telling) -> None:
    refusals = [line for line in lines_of(story("refused").dossier) if line["what"] == "Refused"]
    assert [(line["role"], line["attempt"]) for line in refusals] == [("Risk analyst", 1), ("Risk analyst", 2)]
    assert refusals[0]["rule"] == "the stance is not go, caution or block [invalid_contribution:stance]"
    assert '"stance": "perhaps"' in refusals[0]["quote"]


def test_a_decision_that_was_not_announced_is_said_to_be_none(story: Telling) -> None:
    sentences = story("brief_failed").dossier["verdict"]["sentences"]
    assert sentences[-1] == "The policy had reached go in round 1; it was not announced."


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("go", None),
        ("refused", "accord resume t"),
        ("timeout", "accord resume t"),
        ("max_messages", "accord resume t --budget max_messages=N"),
        ("many_rounds", "accord resume t --budget max_rounds=N"),
        ("needs_input", "accord resume t --facts FILE"),
    ],
)
def test_a_thread_that_can_go_on_says_how(name: str, command: str | None, story: Telling) -> None:
    assert story(name).dossier["verdict"]["resume"] == command


def unbegun() -> Told:
    state: dict[str, Any] = {"case": {"team": {"name": "checkout_launch"}}}
    return told("t", record_of("t", state), {})


def test_a_thread_that_was_only_admitted_says_that_nothing_happened() -> None:
    dossier = unbegun().dossier
    assert (dossier["verdict"]["label"], dossier["is_begun"], dossier["timeline"]) == ("Not begun", False, [])
    assert "Not begun" in unbegun().page
    assert "Not begun" in unbegun().markdown


class DeathError(Exception):
    """The process of a run dies."""


def cut_off(home: Path) -> dict[str, Any]:
    """Return the state of a run that died at its second round."""

    def dying(question: Question) -> Any:
        if question.round == 2:
            raise DeathError
        return proposal(question.name, "block" if question.name == "risk_analyst" else "go")

    with pytest.raises(DeathError):
        tell(home, dying)
    return state_of(settings_at(home))


@pytest.mark.parametrize(("is_running", "label"), [(True, "In progress"), (False, "Interrupted")])
def test_a_thread_without_an_end_says_whether_somebody_works_on_it(
    is_running: bool, label: str, tmp_path: Path
) -> None:
    cut = cut_off(tmp_path)
    dossier = dossier_of("t", record_of("t", cut, is_running), cut)
    assert (dossier["verdict"]["label"], dossier["dates"]["ended"]) == (label, None)


def test_every_stop_reason_has_its_words() -> None:
    assert STOP_TABLE.keys() == {*STOP_KINDS}
    assert all(re.fullmatch(r"[A-Z][^.]+\.", rule.sentence) for rule in STOP_TABLE.values())


def reading(comparison: str, value: Any, limit: Any) -> dict[str, Any]:
    guard = Guard.model_validate({"name": "g", "fact": "a.b", comparison: limit, "cap": "no_go"})
    (found,) = examine([guard], {"a": {"b": value}})
    said = {"name": "g", "fact": "a.b", "comparison": comparison, "limit_path": None, "value": value, "limit": limit}
    return gauge_of({**said, "tripped": found.tripped, "fault": None, "cap": "no_go", "distance": distance_of(found)})


@pytest.mark.parametrize(
    ("comparison", "value", "limit", "room"),
    [
        ("at_least", 0.028, 0.03, "room left: 0.002 (6.7% of the limit)"),
        ("at_least", 0.03, 0.03, "exactly at the limit"),
        ("above", 5, 5, "no room left: exactly at the limit"),
        ("above", 7, 5, "exceeded by 2 (40.0% of the limit)"),
        ("below", 19.2, 15, "room left: 4.2 (28.0% of the limit)"),
        ("at_most", 0, 0, "exactly at the limit"),
        ("below", -3, 0, "below the limit by 3"),
        ("above", -1.7e308, 1.7e308, "not measured"),
        ("at_least", 0.1 + 0.2, 0.3, "exceeded by 4e-17 (less than 0.1% of the limit)"),
    ],
)
def test_the_room_to_a_limit_is_said(comparison: str, value: float, limit: float, room: str) -> None:
    assert reading(comparison, value, limit)["room"] == room


@pytest.mark.parametrize(
    ("value", "limit"), [(0, 0), (1, 10**15), (-8e307, 8e307), (5e-324, 0.0), (37.0, 37.000001), (-5, -4), (1e9, 5)]
)
@pytest.mark.parametrize("comparison", ["at_least", "above", "below", "at_most"])
def test_every_reading_can_be_drawn(comparison: str, value: float, limit: float) -> None:
    drawn = reading(comparison, value, limit)["drawing"]
    places = [drawn["fact"], drawn["limit"], *drawn["room"].values(), *drawn["zone"].values()]
    assert all(math.isfinite(place) and 0 <= place <= 100 for place in places)
    assert (drawn["fact"] > drawn["limit"]) == (value > limit) or drawn["fact"] == drawn["limit"]


def test_a_guard_that_cannot_be_read_says_so_and_is_not_drawn(story: Telling) -> None:
    (guard,) = story("unread").dossier["guards"]
    assert (guard["status"], guard["drawing"]) == ("Could not be read", None)
    unread = "Could not be read: risk_signals.fraud_score (it is not in the facts)"
    assert guard["fault"] == f"{unread}, so the guard is tripped: nothing unread is assumed safe"


NUMBERS = [
    *((15200, "15,200"), (684000.0, "684,000"), (0.002, "0.002"), (0.1 + 0.2, "0.30000000000000004"), (0, "0")),
    *((-1234.5, "-1,234.5"), (1e22, "1e+22"), (5e-324, "5e-324"), (-0.0, "0"), (1e-6, "0.000001"), (9e-7, "9e-07")),
    *(
        (2**53 - 1, "9,007,199,254,740,991"),
        (999999999999999.9, "999,999,999,999,999.9"),
        (1e15, "1,000,000,000,000,000"),
    ),
    *((math.nextafter(0.03, 0), "0.029999999999999995"), (0.12345678901234, "0.12345678901234")),
]


@pytest.mark.parametrize(("number", "said"), NUMBERS)
def test_a_number_is_said_with_every_digit_that_it_has(number: float, said: str) -> None:
    assert said_number(number) == said
    assert float(said.replace(",", "")) == number
