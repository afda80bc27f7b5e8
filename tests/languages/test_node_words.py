"""What the nodes of a French team say while it runs goes through `say`: answers, causes, questions, refusals."""

import re
from pathlib import Path
from typing import Any

import pytest

from graph.languages import catalogue
from graph.problems import UsageError
from nodes.rulings import decision_line
from nodes.services import StaleThreadError
from nodes.signatures import find_forgery
from nodes.taking import offered_from
from nodes.voices.wire.complaints import complaint_of
from nodes.voices.wire.endpoint import Endpoint
from policies.language import speaking
from policies.run.stop_table import MOVED
from tests.harness import run, settings_at, team_of
from tests.languages.pseudo import PSEUDO, unsaid
from tests.runs.desk import Desk
from tests.runs.people import PANEL, STAND, team

RULED = {"outcome": "go", "how": "answered"}
FRENCH = catalogue.language_of("fr")
RISK = "risk_signals.failed_payment_rate"


@pytest.fixture(autouse=True)
def _marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_language", lambda asked: PSEUDO)


def _run(folder: Path, *changes: str) -> dict[str, Any]:
    settings = settings_at(folder)
    return dict(run(team_of(settings, "checkout_launch_fr", *changes, voice="rules"), settings, "t"))


def _said(record: dict[str, Any]) -> list[str]:
    return [
        each["summary"] + " ".join(each["actions"]) for entry in record["history"] for each in entry["contributions"]
    ]


@pytest.mark.parametrize(
    "changes",
    [
        (),
        ("policy=majority",),
        (f"guards=[{{name: rate, fact: {RISK}, above: 0.01, cap: no_go}}]",),
    ],
)
def test_the_decision_and_the_brief_of_the_voice_rules_are_told(changes: tuple[str, ...], tmp_path: Path) -> None:
    record = _run(tmp_path, *changes)
    titles = [role.title for role in team_of(settings_at(tmp_path), "checkout_launch_fr").roles.values()]
    data = ("go go_with_caution no_go caution block", titles, _said(record), changes)
    assert record["answer"]
    assert unsaid(record["answer"], *data) == []


def test_what_a_role_lacks_is_told(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    facts = {"risk_signals": {"failed_payment_rate": "high"}}
    record = run(team_of(settings, "checkout_launch_fr", voice="rules", facts=facts), settings, "t")
    words = "traffic_risk demand_analyst"
    assert record["status"] == "stopped"
    assert unsaid(re.sub(r"`[^`]*`", " ", record["cause"]), words) == []


def test_the_questions_to_people_and_what_they_decide_are_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path, team(escalate=PANEL, language="fr"), STAND)
    asked = desk.run()
    questions = [each["text"] for each in desk.events("asked") if each.get("question")]
    assert questions
    assert unsaid(" ".join(questions), "Launch") == []
    data = "stranger everything cfo cto coo vice go go_with_caution no_go again stop"
    for name, word in (("stranger", "go"), ("cfo", "everything")):
        with speaking(PSEUDO), pytest.raises(UsageError) as refused:
            desk.answer(name, word)
        assert unsaid(str(refused.value), data) == []
    for name in ("cfo", "cto"):
        done = desk.answer(name, "no_go", "No.")
    assert unsaid(done["answer"].partition("\n")[0], "cfo cto no_go escalate") == []
    assert asked["status"] == "waiting"


def test_silence_and_what_ends_a_run_are_told(tmp_path: Path) -> None:
    waits = {**PANEL, "expires_after": "1h", "on_timeout": "stop"}
    desk = Desk(tmp_path, team(escalate=waits, language="fr"), STAND)
    desk.run()
    desk.later(hours=2)
    record = desk.resume()
    assert record["stop_reason"] == "human_stopped"
    assert unsaid(record["cause"]) == []


@pytest.mark.parametrize("said", ["go", {"by": "x", "mood": 1}, {"by": 5, "answer": "go"}, {"by": "x"}])
def test_an_answer_of_another_form_is_told(said: Any) -> None:
    with speaking(PSEUDO):
        told = offered_from(said)
    assert isinstance(told, str)
    assert unsaid(told, said, "question by answer because signature go mood") == []


@pytest.mark.parametrize("field", MOVED)
def test_a_stale_thread_is_told(field: str) -> None:
    with speaking(PSEUDO):
        assert unsaid(str(StaleThreadError(field)), field, "stale_thread") == []


def test_faults_of_signatures_and_endpoints_are_told() -> None:
    with speaking(PSEUDO):
        forged = find_forgery("x", b"", f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43}")
        lacks = Endpoint("", None, "m").lacks
        late = complaint_of(TimeoutError(), "http://host")
    assert late
    assert unsaid(f"{forged} {lacks} {late.cause}", "OPENAI_API_KEY default http host") == []


def _state(people: bool, guard: dict[str, Any] | None = None) -> dict[str, Any]:
    found = [] if guard is None else [{"tripped": True, "cap": "no_go", **guard}]
    events: list[dict[str, Any]] = [
        {"seq": 1, "event": "outcome", "round": 1, "vote": "go", "final": "no_go", "findings": found}
    ]
    if people:
        events += [
            {"seq": 2, "event": "answered", "question": "q", "by": by, "outcome": "go", "because": "Oui."}
            for by in ("cfo", "cto")
        ]
        events += [
            {
                "seq": 4,
                "event": "ruled",
                "question": "q",
                "kind": "decide",
                "round": 1,
                "outcome": "go",
                "how": "answered",
            }
        ]
    return {"events": events}


def test_the_line_of_a_decision_in_french() -> None:
    guard = {"name": "rappels", "unread": "safety.open", "fault": "could not be read: safety.open (it is null)"}
    with speaking(FRENCH):
        capped = decision_line(_state(people=False, guard=guard), "no_go")
        by_people = decision_line(_state(people=True), "go")
    assert capped == (
        "Décision\N{NO-BREAK SPACE}: no_go (plafonnée par rappels (lecture impossible\N{NO-BREAK SPACE}: safety.open)"
        "\N{NO-BREAK SPACE}; le vote seul donnait go)\n\n"
    )
    assert by_people == (
        "Décision\N{NO-BREAK SPACE}: go (décidé par cfo et cto\N{NO-BREAK SPACE}; le vote seul donnait go)\n\n"
    )
