"""Answers that are typed into the board's forms: every kind, taken once; refused beside the field, and nothing is kept.

No token proves who answers here. What was kept is read from `accord audit export` in another process.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.board.asking import Case, answers, asked, lay
from tests.board.drawn import drawn
from tests.board.filled import Page, Reader, reader_at
from tests.durability.processes import Desk
from tests.service.process import Served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.needs("ssh_keygen")]

WHY = "As agreed."
SAID = {
    "field.stance": "caution",
    "field.summary": "Mind the terms.",
    "field.confidence": "0.5",
    "field.actions": "Ask the bank.\nWait for it.",
    "field.evidence": "rate",
}
TAKEN = {
    "stance": "caution",
    "summary": "Mind the terms.",
    "confidence": 0.5,
    "actions": ["Ask the bank.", "Wait for it."],
    "evidence": ["rate"],
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("board")
    lay(folder)
    return Desk(folder)


@pytest.fixture
def reader(served: Served) -> Iterator[Reader]:
    with reader_at(served.url) as one:
        yield one


def is_led_to(answer: httpx.Response, case: Case) -> bool:
    assert answer.status_code == 303, Page(answer.text).said
    return answer.headers["location"] == case.run


def test_a_decision_is_chosen_within_the_limit_and_counts_once_enough_say_it(
    reader: Reader, client: httpx.Client
) -> None:
    case = asked(client, "board")
    page = reader.open(case.path)
    assert page.form.offered("decision") == ["go_with_caution", "no_go", "again", "stop"]
    assert page.form.offered("by") == ["", "cfo", "cto", "coo", "vice"]
    for told in ("a block lasted two rounds", "Launch?", "Not yet.", "fraud", "rate: 0.02", "0 of 3 have answered"):
        assert told in page.said
    assert len(page.times) == 2
    first = reader.press(page, by="vice", decision="no_go", because=WHY)
    assert is_led_to(first, case)
    page = reader.open(case.path)
    assert page.form.offered("by") == ["", "cto", "coo"]
    assert "Deputy (vice) has answered" in page.said
    assert WHY not in page.source
    assert is_led_to(reader.press(page, by="coo", decision="no_go", because="Two\nlines."), case)
    assert answers(client, case.thread) == [("vice", "no_go", WHY), ("coo", "no_go", "Two\nlines.")]
    assert client.get(f"/v1/runs/{case.thread}").json()["people"][0]["outcome"] == "no_go"


def test_anybody_answers_with_a_name_where_nobody_is_named(reader: Reader, client: httpx.Client) -> None:
    case = asked(client, "anybody")
    page = reader.open(case.path)
    assert is_led_to(reader.press(page, by="Ada Byron", decision="go", because=WHY), case)
    assert answers(client, case.thread) == [("Ada Byron", "go", WHY)]


def test_a_role_is_answered_field_by_field(reader: Reader, client: httpx.Client) -> None:
    case = asked(client, "seated")
    page = reader.open(case.path)
    assert page.form.offered("field.stance") == ["go", "caution", "block"]
    assert is_led_to(reader.press(page, by="cfo", because="", **SAID), case)
    assert answers(client, case.thread) == [("cfo", TAKEN, "")]


FAULTY: dict[str, tuple[str, str]] = {
    "field.stance": ("", "the stance is not go, caution or block"),
    "field.summary": (" ", "there is no usable summary"),
    "field.confidence": ("much", "confidence"),
    "field.actions": ("", "there is no usable list of actions"),
}


@pytest.mark.parametrize("name", FAULTY)
def test_what_a_role_may_not_say_is_said_beside_its_field(name: str, reader: Reader, client: httpx.Client) -> None:
    case, (typed, told) = asked(client, "seated"), FAULTY[name]
    before = client.get(f"/v1/runs/{case.thread}/audit").content
    said = {**SAID, name: typed}
    said = {key: value for key, value in said.items() if value or key != "field.stance"}
    answer = reader.press(reader.open(case.path), by="cfo", **said)
    page = Page(answer.text)
    assert (answer.status_code, len(page.alerts)) == (422, 1)
    assert told in page.alerts[0]
    (field, *_) = page.form.named(name)
    assert name == "field.stance" or field.attributes.get("aria-describedby") == f"fault-{name}"
    assert page.form.typed("field.actions") == said["field.actions"]
    assert page.form.named("by")[0].value == "cfo"
    assert client.get(f"/v1/runs/{case.thread}/audit").content == before


READ: dict[str, tuple[str, Any, str]] = {
    "0.5": ("", 0.5, "Read as the number 0.5"),
    " 7\n": ("", 7, "Read as the number 7"),
    "true": ("", True, "Read as yes or no: true"),
    '{"low": [1, 2]}': ("", {"low": [1, 2]}, "Read as an object"),
    "half": ("", "half", "Read as the text “half”"),
    "0.50": ("text", "0.50", "Read as the text “0.50”"),
    "1\n2": ("", "1\n2", "Read as the text"),
}


@pytest.mark.parametrize("typed", READ)
def test_a_fact_is_read_back_before_it_counts(typed: str, reader: Reader, client: httpx.Client) -> None:
    case, (how, value, told) = asked(client, "lacking"), READ[typed]
    looked = reader.press(reader.open(case.path), by="cfo", value=typed, because=WHY, **{"as": how})
    page = Page(looked.text)
    assert (looked.status_code, told in page.said) == (200, True)
    assert answers(client, case.thread) == []
    assert is_led_to(reader.press(page, "give"), case)
    assert answers(client, case.thread) == [("cfo", value, WHY)]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "there is no value"),
        ("null", "is null"),
        ('{"a": 1', "cannot be read as JSON"),
        ("1e999", "finite"),
        ("[NaN]", "not JSON"),
        (str(2**60), "beyond"),
    ],
)
def test_what_cannot_be_a_fact_is_refused_with_what_was_typed(
    typed: str, told: str, reader: Reader, client: httpx.Client
) -> None:
    case = asked(client, "lacking")
    answer = reader.press(reader.open(case.path), by="cfo", value=typed)
    page = Page(answer.text)
    assert (answer.status_code, told in page.alerts[0]) == (422, True), page.alerts
    assert page.form.typed("value") == typed
    assert answers(client, case.thread) == []


def test_what_was_typed_can_be_changed_before_it_counts(reader: Reader, client: httpx.Client) -> None:
    case = asked(client, "lacking")
    page = Page(reader.press(reader.open(case.path), by="cfo", value="0,5", because="A\n\nB").text)
    page = Page(reader.press(page, "edit").text)
    assert (page.form.typed("value"), page.form.typed("because")) == ("0,5", "A\n\nB")
    assert page.form.named("by")[0].value == "cfo"
    assert is_led_to(reader.press(Page(reader.press(page, value="0.5").text), "give"), case)
    assert answers(client, case.thread) == [("cfo", 0.5, "A\n\nB")]


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "nothing chosen": ({"by": "cfo", "because": WHY}, "nothing is chosen"),
    "no reason": ({"by": "cfo", "decision": "no_go", "because": " \n"}, "the reason is missing"),
    "nobody": ({"decision": "no_go", "because": WHY}, "say who you are"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_and_what_was_typed_stays(name: str, reader: Reader, client: httpx.Client) -> None:
    case, (typed, told) = asked(client, "board"), WRONG[name]
    answer = reader.press(reader.open(case.path), **typed)
    page = Page(answer.text)
    assert (answer.status_code, len(page.alerts), told in page.alerts[0]) == (422, 1, True), page.alerts
    assert page.form.named("by")[0].value == typed.get("by", "")
    assert page.form.chosen("decision") == [each for each in [typed.get("decision")] if each]
    assert page.form.typed("because") == typed["because"]
    assert answers(client, case.thread) == []


def test_all_that_is_missing_is_said_at_once_and_the_first_of_it_has_the_focus(
    reader: Reader, client: httpx.Client
) -> None:
    case = asked(client, "board")
    answer = reader.press(reader.open(case.path), by="", because="")
    page = drawn(answer.text)
    alerts = {each.attributes["id"]: each.text for each in page.all("p", role="alert")}
    assert [*alerts] == ["fault-by", "fault-answer", "fault-because"]
    assert ("say who you are" in alerts["fault-by"], "the reason is missing" in alerts["fault-because"]) == (True, True)
    assert [each.attributes["id"] for each in page.all() if "autofocus" in each.attributes] == ["by"]
    assert page.one("title").text.startswith("Error: ")
    page = drawn(reader.press(Page(answer.text), by="cfo", because="").text)
    assert [each.attributes.get("name") for each in page.all() if "autofocus" in each.attributes] == ["decision"]
    assert "autofocus" not in reader.open(case.path).source
    assert answers(client, case.thread) == []


def test_all_fields_of_a_role_that_are_empty_are_said_at_once(reader: Reader, client: httpx.Client) -> None:
    case = asked(client, "seated")
    page = drawn(
        reader.press(reader.open(case.path), by="cfo", **{**SAID, "field.summary": "", "field.actions": ""}).text
    )
    alerts = [each.attributes["id"] for each in page.all("p", role="alert")]
    assert alerts == ["fault-field.summary", "fault-field.actions"]


def test_the_form_is_about_what_the_run_is_about(reader: Reader, client: httpx.Client) -> None:
    case = asked(client, "board")
    page = drawn(reader.open(case.path).source)
    (goal,) = [
        each["goal"] for each in client.get("/v1/runs?limit=200").json()["items"] if each["thread_id"] == case.thread
    ]
    assert page.one("h1").text == goal
    assert goal in page.one("title").text


FORGED: dict[str, tuple[str, str]] = {
    "by=eve&decision=no_go&because=So.": ("eve is not asked", "by"),
    "by=cfo&decision=go&because=So.": ("allowed: go_with_caution, no_go, again, stop", "answer"),
    "by=cfo&decision=%3Cb%3E&because=So.": ("allowed: go_with_caution", "answer"),
    "by=cfo&decision=no_go&because=a%00b": ("NUL", "because"),
    f"by=cfo&decision=no_go&because={'x' * 20_001}": ("20001 characters", "because"),
}


@pytest.mark.parametrize("body", FORGED)
def test_what_no_form_offers_is_refused_too(body: str, reader: Reader, client: httpx.Client) -> None:
    case = asked(client, "board")
    own = reader.open(case.path).form.typed("form")
    answer = reader.post(case.path, f"form={own}&step=give&{body}")
    assert (answer.status_code, FORGED[body][0] in Page(answer.text).said) == (422, True), Page(answer.text).said
    assert answers(client, case.thread) == []


@pytest.mark.parametrize("name", ["board", "lacking", "seated"])
@pytest.mark.parametrize("tail", ["x" * 20_001, "%00"])
def test_a_text_that_cannot_be_kept_is_shown_again_with_all_else(
    name: str, tail: str, reader: Reader, client: httpx.Client
) -> None:
    case = asked(client, name)
    page = reader.open(case.path)
    long, short = {"board": ("because", "decision=no_go"), "lacking": ("value", "because=Short.")}.get(
        name, ("field.summary", "because=Short.")
    )
    body = f"form={page.form.typed('form')}&step=check&by=cfo&{short}&{long}=Typed.{tail}"
    answer = reader.post(case.path, body)
    shown = Page(answer.text)
    told = "NUL" if tail == "%00" else "has 20007 characters; allowed: at most 20000"
    assert (answer.status_code, [told in each for each in shown.alerts]) == (422, [True]), shown.said
    assert shown.form.typed(long).startswith("Typed.")
    assert shown.form.named("by")[0].value == "cfo"
    kept, _, value = short.partition("=")
    assert (shown.form.chosen(kept) or [shown.form.typed(kept)]) == [value]
    assert 'aria-describedby="fault-' in answer.text
    assert answers(client, case.thread) == []


def test_the_form_of_another_browser_is_refused(reader: Reader, served: Served, client: httpx.Client) -> None:
    case = asked(client, "anybody")
    body = reader.open(case.path).form.sent(None, by="Ada", decision="go", because=WHY)
    with reader_at(served.url) as other:
        other.open(case.path)
        assert other.post(case.path, body).status_code == 403
    evil = client.post(case.path, content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert evil.status_code == 403
    assert reader.open(case.path).form.offered("decision")


def test_two_questions_wait_side_by_side_each_with_its_own_form(reader: Reader, client: httpx.Client) -> None:
    case = asked(client, "both")
    waiting = client.get(f"/v1/runs/{case.thread}").json()["waiting"]
    cases = [Case(case.thread, each["id"]) for each in waiting]
    assert len(cases) == 2
    for each, by in zip(cases, ("cfo", "coo"), strict=True):
        assert is_led_to(reader.press(reader.open(each.path), by=by, **SAID), each)
    assert [by for by, _, _ in answers(client, case.thread)] == ["cfo", "coo"]


def test_a_french_team_asks_in_french(reader: Reader, client: httpx.Client) -> None:
    page = reader.open(asked(client, "french").path)
    assert page.language == "fr"
    assert "Votre réponse" in page.said
    assert "Your" not in page.said


@pytest.mark.parametrize("question", ["nope", "x" * 200])
def test_a_question_that_was_never_asked_is_not_there(question: str, reader: Reader, client: httpx.Client) -> None:
    case = asked(client, "anybody")
    reader.open(f"/board/runs/{case.thread}/answer/{question}", 404)
    own = reader.open(case.path).form.typed("form")
    assert reader.post(f"/board/runs/{case.thread}/answer/{question}", f"form={own}").status_code == 404


def test_the_home_has_no_answer_but_those_in_the_records(desk: Desk) -> None:
    """Every record verifies, whatever was posted."""
    done = desk.accord("audit", "verify", "--json")
    assert done.code == 0, done.out
    assert Path(desk.folder / "home").is_dir()
