"""People on every surface: who was asked, who answered when and why, what proves it, and what is kept back."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from graph.past import Past
from graph.report.dossier.changed import Changed
from graph.report.dossier.explanation import explanation_of
from graph.report.dossier.people import ON_TIMEOUT
from graph.report.resuming import resume_of
from graph.report.terminal.report import print_report
from graph.report.terminal.visible import console_on
from graph.report.terminal.why import print_why
from graph.scores import scores_of
from nodes.fingerprint import fingerprint
from nodes.signatures import decision_bytes
from nodes.state import State
from nodes.taking import signed_part
from policies.assurance.audit import link
from tests.report.conftest import Telling
from tests.report.people import ONE, PEOPLE, Counter, at, shown, shown_state
from tests.report.stage import Told
from tests.runs.people import PANEL
from tests.signing import openssh

SECRET = "The secret reason of the deputy."
WAITING = ("people_waiting", "people_again", "people_to_sign", "hostile_people_waiting")


def report_of(told: Told, capsys: Any) -> str:
    print_report(told.record, told.state)
    return str(capsys.readouterr().out)


def why_of(told: Told, capsys: Any) -> str:
    found = explanation_of("t", told.state)
    assert isinstance(found, dict)
    print_why(found, console_on(sys.stdout, columns=120))
    return str(capsys.readouterr().out)


def texts_of(told: Told, capsys: Any) -> dict[str, str]:
    """Return every surface as text."""
    page = re.sub(r"<[^>]+>", "", told.page)
    return {"page": page, "markdown": told.markdown, "terminal": report_of(told, capsys), "why": why_of(told, capsys)}


def flat(text: str) -> str:
    return " ".join(text.split())


def test_what_somebody_answered_is_kept_back_while_their_question_is_open(story: Telling, capsys: Any) -> None:
    told = story("people_waiting")
    assert SECRET in str(told.state)
    for name, text in (*texts_of(told, capsys).items(), ("record", str(told.record)), ("dossier", str(told.dossier))):
        assert SECRET not in text, name
        assert "people" not in told.record
    (question,) = told.dossier["people"]
    assert [(each["who"], each["said"], each["because"]) for each in question["answers"]] == [
        ("Deputy of the CFO (vice) for CFO (cfo)", None, None)
    ]
    assert question["ended"].startswith("Answered so far: vice; what they said is shown once it is settled.")
    lines = [line for group in told.dossier["timeline"] for line in group["lines"] if line["what"] == "Answered"]
    assert [(line["detail"], line["quote"]) for line in lines] == [
        ("Deputy of the CFO (vice) for CFO (cfo); says to be vice", None)
    ]


def test_once_it_is_settled_everybody_reads_who_answered_what_and_why(story: Telling, capsys: Any) -> None:
    told = story("people_decided")
    for name, text in texts_of(told, capsys).items():
        assert "majority" in text, name
        if name != "why":
            assert "The refund buffer covers it." in text, name
            assert "Not in my shops." in text, name
            assert "says to be coo" in text, name
    (asked,) = told.record["people"]
    assert (asked["outcome"], asked["policy"], asked["casts"]) == (
        *("go_with_caution", "majority"),
        {"cfo": "caution", "cto": "go", "coo": "block"},
    )
    assert [(each["by"], each["seat_of"], each["answer"], each["proof"]) for each in asked["answers"]] == [
        ("vice", "cfo", "go_with_caution", "none"),
        ("coo", "coo", "no_go", "none"),
        ("cto", "cto", "go", "none"),
    ]


def test_the_headline_names_who_decided_and_what_the_vote_alone_gave(story: Telling, capsys: Any) -> None:
    lines = report_of(story("people_decided"), capsys).splitlines()
    assert " ".join(lines[:2]) == (
        "Decision: Go with caution, "
        "decided by Deputy of the CFO (vice) for CFO (cfo), COO (coo) and CTO (cto) (majority)"
    )
    assert "The vote alone gave: a human decides." in lines
    assert (
        story("people_decided")
        .record["answer"]
        .startswith("Decision: go_with_caution (decided by vice, coo and cto; the vote alone gave escalate)\n\n")
    )
    assert report_of(story("people_signed"), capsys).splitlines()[0] == "Decision: Go, signed off by CFO (cfo)"
    first = report_of(story("people_expired"), capsys).splitlines()[0]
    assert first == "Decision: No go, people were asked, and nobody answered in time"


@pytest.mark.parametrize("name", WAITING)
def test_a_waiting_thread_says_of_whom_and_how_to_answer_it_and_not_how_to_resume_it(
    name: str, story: Telling, capsys: Any
) -> None:
    told = story(name)
    verdict = told.dossier["verdict"]
    assert (verdict["label"], verdict["tone"], verdict["resume"], resume_of(told.record)) == (
        *("Waiting", "human"),
        *(None, None),
    )
    (question,) = told.record["waiting"]
    (command,) = verdict["answer"]
    free = next(each for each in question["asked"] if each not in question["answered"])
    options = ", ".join(question["options"])
    typed = f"accord decide t --id {question['id']} ANSWER --by {free} --because TEXT"
    assert command == f"{typed}  # ANSWER: {options}"
    for text in texts_of(told, capsys).values():
        assert flat(command) in flat(text.replace("&#34;", '"'))
        assert "accord resume" not in text
    assert scores_of(told.record) == {}


@pytest.mark.parametrize(
    ("max_rounds", "on_timeout", "follows"),
    [(2, "again", "then: no go."), (3, "again", "then: another round."), (2, "stop", "then: the run stops.")],
)
def test_what_silence_gives_is_what_is_said_of_it(
    max_rounds: int, on_timeout: str, follows: str, tmp_path: Path
) -> None:
    silent = {**ONE, "on_timeout": on_timeout}
    desk = at(tmp_path, escalate=silent, budget={"max_rounds": max_rounds, "max_messages": 12, "min_go_votes": 2})
    (question,) = shown(desk).dossier["people"]
    assert question["ended"].endswith(follows)
    desk.later(hours=49)
    desk.resume()
    (ruled,) = desk.events("ruled")
    assert ON_TIMEOUT[ruled["outcome"]] == follows.removeprefix("then: ").removesuffix(".")


def test_a_limit_that_is_raised_is_seen_in_what_may_be_answered(tmp_path: Path) -> None:
    desk = at(tmp_path, escalate=ONE, budget={"max_rounds": 2, "max_messages": 12, "min_go_votes": 2})
    assert "Another round" not in shown(desk).dossier["people"][0]["options"]
    desk.resume(budget={"max_rounds": 3})
    assert "Another round" in shown(desk).dossier["people"][0]["options"]


def test_a_brief_that_waits_to_be_signed_is_shown(story: Telling, capsys: Any) -> None:
    told = story("people_to_sign")
    assert "answer" not in told.record
    assert told.dossier["brief"].startswith("All agreed.")
    assert "All agreed." in report_of(told, capsys)
    assert "All agreed." in told.page
    assert "All agreed." in told.markdown
    assert told.dossier["verdict"]["ownership"] == "the team; not yet signed off"
    assert told.dossier["verdict"]["sentences"][0] == "The team decided go; it counts once it is signed off."


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("people_signed", "the team, signed off by CFO (cfo); not signed: says to be cfo"),
        ("people_expired", "what the team file says where too few answer in time"),
        (
            "people_decided",
            "Deputy of the CFO (vice) for CFO (cfo), COO (coo) and CTO (cto) (majority); "
            "not signed: says to be vice, says to be coo and says to be cto",
        ),
    ],
)
def test_the_page_says_who_owns_the_decision(name: str, owner: str, story: Telling) -> None:
    assert story(name).dossier["verdict"]["ownership"] == owner
    assert owner.partition(";")[0] in story(name).page


def test_a_refused_answer_is_shown_with_the_reason_and_without_what_was_offered(story: Telling, capsys: Any) -> None:
    for name, text in texts_of(story("people_waiting"), capsys).items():
        if name != "why":
            assert "intern is not asked" in flat(text), name
    (line,) = [
        line
        for group in story("people_waiting").dossier["timeline"]
        for line in group["lines"]
        if line["what"] == "Answer not taken"
    ]
    assert (line["detail"], line["tone"]) == ("intern", "refused")


def test_why_somebody_wanted_another_round_is_a_note_that_the_report_shows(story: Telling, capsys: Any) -> None:
    told = story("people_again")
    first, second = told.dossier["people"]
    assert first["ended"] == "Decided by CFO (cfo): Another round. Each reason was a note to round 3."
    assert second["status"] == "open"
    assert "What does the fraud team say?" in flat(report_of(told, capsys))


def test_silence_is_said_to_be_silence(story: Telling) -> None:
    told = story("people_expired")
    (question,) = told.dossier["people"]
    assert question["ended"] == "Nobody answered in time, by 2026-03-04 10:00:00 UTC: no go."
    assert question["answers"] == []
    whats = [(line["what"], line["detail"]) for group in told.dossier["timeline"] for line in group["lines"]]
    assert ("Expired", "nobody answered in time: no go") in whats


@pytest.mark.parametrize(
    ("name", "said", "line"),
    [
        ("people_expired", "nobody answered in time", "the vote alone gave escalate"),
        ("people_half_expired", "not everybody answered in time", "the vote alone gave escalate"),
        ("people_unsigned", "nobody answered in time", "the vote alone gave go"),
    ],
)
def test_a_decision_that_silence_gave_is_no_persons_and_is_signed_by_nobody(
    name: str, said: str, line: str, story: Telling, capsys: Any
) -> None:
    told = story(name)
    assert (told.record["status"], told.record["final_decision"]) == ("ok", "no_go")
    assert told.record["answer"].startswith(f"Decision: no_go ({said}; {line})\n\n")
    assert told.dossier["verdict"]["ownership"] == "what the team file says where too few answer in time"
    assert report_of(told, capsys).startswith(f"Decision: No go, people were asked, and {said}\n")
    assert f"People were asked, and {said}, which gave: No go" in why_of(told, capsys)
    assert len(told.dossier["people"]) == 1


def test_a_seat_that_a_person_fills_and_a_fact_that_one_supplies_are_shown(story: Telling) -> None:
    seat, supplied = story("people_seat").dossier, story("people_supplied").dossier
    assert [(each["heading"], each["answers"][0]["said"]) for each in seat["people"][:1]] == [
        ("The answer of a role: legal", "caution: Ask Bremen.")
    ]
    assert [each["voice"] for each in seat["record"]["roles"] if each["role"] == "legal"] == ["human"]
    assert [(each["heading"], each["answers"][0]["said"], each["ended"]) for each in supplied["people"]] == [
        ("A fact that the team lacks: risk.alerts", "3", "Supplied.")
    ]
    assert ("risk.alerts", "3") in [(row["path"], row["value"]) for row in supplied["facts"]["rows"]]


def test_a_stop_by_a_person_is_theirs(story: Telling, capsys: Any) -> None:
    text = flat(report_of(story("people_stopped"), capsys))
    assert "Stopped: human_stopped" in text
    assert "Ada: Stop – We have no right to do this. (says to be Ada," in text


def test_a_signature_is_checked_where_it_is_shown(signed: Counter, capsys: Any) -> None:
    found = shown(signed)
    (each,) = found.record["people"][0]["answers"]
    assert (each["proof"], each["fault"]) == ("signature", None)
    assert found.dossier["verdict"]["ownership"] == "CFO (cfo); signed by cfo's key"
    for name, text in texts_of(found, capsys).items():
        if name != "why":
            assert "signed by cfo's key" in flat(text.replace("&#39;", "'")), name


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"outcome": "no_go"}, "has a signature over a `outcome` that differs from the answer's"),
        ({"because": "Another reason."}, "has a signature over a `because` that differs from the answer's"),
        ({"question": "other"}, None),
        ({"signature": "x"}, "has a signature of cfo that is not a signature of OpenSSH, or was damaged"),
        ({"signature": None}, "lacks the signature of cfo, whose key the team declares"),
        ({"by": "cto"}, "fills the place of cfo, whose key the team declares, without a signature"),
    ],
)
def test_a_signature_that_does_not_hold_proves_nothing(
    change: dict[str, Any], fault: str | None, signed: Counter
) -> None:
    state = signed.state()
    events = [{**each, **(change if each["event"] == "answered" else {})} for each in state["events"]]
    told = shown_state({**state, "events": events})
    answers = told.dossier["people"][0]["answers"]
    if fault is None:
        assert answers == []
        return
    name = change.get("by", "cfo")
    assert [(each["proof"], each["is_forged"]) for each in answers] == [
        (f"says to be {name}; the answer {fault}", True)
    ]


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Counter:
    """Returns a desk at which somebody has signed with a key of their own."""
    key = openssh.keys()["ed25519"][0]
    approvers = {"cfo": {"title": "CFO", "key": openssh.public(key).strip()}, "cto": {"title": "CTO"}}
    desk = at(tmp_path_factory.mktemp("signed"), approvers=approvers, escalate={"decide": {"by": ["cfo"]}})
    state = desk.state()
    part = signed_part(cast("State", state), Past.of(state).waiting[0], "go", "Mine.")
    desk.answer("cfo", "go", "Mine.", signature=openssh.sign(decision_bytes(**part), key))
    return desk


def test_why_gives_the_row_of_the_people_and_what_other_answers_would_have_given(story: Telling, capsys: Any) -> None:
    found = explanation_of("t", story("people_decided").state)
    assert isinstance(found, dict)
    people = found["people"]
    assert (people["outcome"], people["policy"], people["row"]) == ("go_with_caution", "majority", 2)
    assert people["said"] == {"cfo": "go_with_caution", "coo": "no_go", "cto": "go"}
    assert {"answers": {"coo": "go"}, "outcome": "go"} in people["flips"]["flips"]
    assert found["vote"] == "escalate"
    text = why_of(story("people_decided"), capsys)
    assert "It was the people's decision, taken by vice, coo and cto: Go with caution" in text
    assert "It would have been go with\n" in text


def test_why_of_what_waits_says_what_each_answer_gives_and_not_what_was_answered(story: Telling) -> None:
    found = explanation_of("t", story("people_waiting").state)
    assert isinstance(found, dict)
    (question,) = found["waiting"]
    assert (question["answered"], found["people"]) == (["cfo"], None)
    unsaid = explanation_of("t", _without_answers(story("people_waiting").state))
    assert isinstance(unsaid, dict)
    assert unsaid["waiting"][0]["gives"] == question["gives"]
    assert {"answers": {"cfo": "go", "cto": "go"}, "outcome": "go"} in question["gives"]["flips"]


def _without_answers(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state at the moment at which people were asked."""
    events = [event for event in state["events"] if event["event"] not in ("answered", "declined")]
    return {**state, "events": events[:], "questions": [{**each, "answers": []} for each in state["questions"]]}


@pytest.mark.parametrize("change", [{"outcome": "go"}, {"row": 0}, {"casts": {"cfo": "go", "cto": "go", "coo": "go"}}])
def test_a_ruling_that_the_answers_do_not_give_is_named_and_not_explained(
    change: dict[str, Any], tmp_path: Path
) -> None:
    desk = at(tmp_path, escalate=PANEL)
    for by, word in (("cfo", "no_go"), ("cto", "go_with_caution"), ("coo", "no_go")):
        desk.state()["stop_reason"] is None and desk.answer(by, word)
    state = desk.state()
    assert isinstance(explanation_of("t", state), dict)
    changed = explanation_of("t", {**state, "events": [*_rechained(state["events"], change)]})
    assert isinstance(changed, Changed)
    assert "what people decided" in changed.what


def _rechained(events: list[dict[str, Any]], change: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield events of which the ruling is changed, each hashed anew."""
    before = None
    for event in events:
        body = {key: value for key, value in event.items() if key not in ("seq", "prev_hash", "hash")}
        before = link(before, {**body, **(change if event["event"] == "ruled" else {})}, fingerprint)
        yield before


@pytest.mark.parametrize("name", PEOPLE)
def test_every_question_is_in_the_timeline(name: str, story: Telling) -> None:
    lines = [line["what"] for group in story(name).dossier["timeline"] for line in group["lines"]]
    assert lines.count("Asked people") == len(story(name).dossier["people"])
