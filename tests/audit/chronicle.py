"""A real run that leaves a long record: rounds, broken contracts, repairs, flags, conflicts and unusual text."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graph.assurance.records import exported
from graph.record import Record
from graph.settings import Settings
from nodes.voices.voice import Question
from policies.assurance.audit import Event, Head, head_of
from policies.run.seats import Failure
from tests.harness import proposal, run, scripted, settings_at, team_of
from tests.runs.stage import DEMAND, FINANCE, RISK, state_of

ODD = 'a "quoted" \\ backslash, \u20ac, \U0001f600, \u202e, e\u0301, \x1b[31m, \u0130, {"stance": "go"}\n\t</script>'
BRIEF = f"Agreed at last. {ODD}\n1. Start.\n2. Watch."
SETS = ("budget.max_messages=20",)
STANCES = {1: ("go", "caution", "block"), 2: ("caution", "go", "block"), 3: ("go", "go", "caution")}
BROKEN: dict[tuple[str, int, int], Any] = {
    (DEMAND, 1, 1): "I would say go.",
    (RISK, 1, 1): {"agent": RISK, "stance": "perhaps", "more": [1, 0.5, None, {"deep": ODD}]},
    (FINANCE, 2, 1): proposal(FINANCE, "go", confidence=1.5),
    (RISK, 3, 1): proposal(DEMAND, "go"),
}
"""What breaks the contract at first, by (role, round, attempt); below, the rule it breaks."""
RULES = {
    (DEMAND, 1, 1): "missing_keys",
    (RISK, 1, 1): "missing_keys",
    (FINANCE, 2, 1): "confidence_range",
    (RISK, 3, 1): f"agent_mismatch:{RISK}",
}


def speech(question: Question) -> Any:
    """Return what a role says: three rounds, four broken contracts, evidence that is not there."""
    broken = BROKEN.get((question.name, question.round, question.attempt))
    if broken is not None:
        return broken
    stance = STANCES[question.round][(DEMAND, FINANCE, RISK).index(question.name)]
    evidence = ["risk_signals.failed_payment_rate", "risk_signals.no_such_fact"]
    return proposal(question.name, stance, summary=f"Reason: {ODD}", confidence=0.125, evidence=evidence)


def told(home: Path, thread: str = "t", database: str | None = None) -> tuple[Settings, Record]:
    """Run the three rounds on a thread."""
    settings = settings_at(home, accord_database_url=database)
    record = run(team_of(settings, "checkout_launch", *SETS), settings, thread, scripted(speech, brief=BRIEF))
    assert (record["stop_reason"], record.get("final_decision")) == ("success", "go_with_caution")
    return settings, record


def stopped(home: Path, thread: str = "t") -> tuple[Settings, Record]:
    """Run a thread that is limited by its provider in the second round."""

    def cut(question: Question) -> Any:
        return Failure("llm_rate_limited") if (question.name, question.round) == (RISK, 2) else speech(question)

    settings = settings_at(home)
    record = run(team_of(settings, "checkout_launch", *SETS), settings, thread, scripted(cut, brief=BRIEF))
    assert (record["stop_reason"], record["phase"]) == ("llm_rate_limited", f"round_2:{RISK}")
    return settings, record


def events_in(settings: Settings, thread: str = "t") -> list[Event]:
    """Return the events of a thread as its state holds them."""
    return list(state_of(settings, thread)["events"])


def lines_of(events: Sequence[Event]) -> list[bytes]:
    """Return a record's lines, each with its end."""
    return list(exported(events))


def head_in(events: Sequence[Event]) -> Head:
    """Return the head that a careful owner notes."""
    return head_of(events)
