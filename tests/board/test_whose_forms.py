"""Who may answer at the board, and what they see of others: the person of the token, those who are asked, one tenant.

The record is read from its export, as an admin sees it.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest

from tests.board.asking import Case, answers, asked, exported, lay
from tests.board.filled import Page, Reader, reader_at
from tests.durability.processes import Desk
from tests.service.callers import token
from tests.service.process import serving
from tests.service.stories import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.needs("ssh_keygen")]

WHY = "Between us."
HOLDERS = {
    "cfo": ("acme", "cfo", "read", "decide"),
    "vice": ("acme", "vice", "read", "decide"),
    "coo": ("acme", "coo", "read", "decide"),
    "eve": ("acme", "eve", "read", "decide"),
    "mute": ("acme", "coo", "read"),
    "root": ("acme", "root", "admin"),
    "other": ("globex", "cfo", "admin"),
}
OLD = """
import functools, graph.opening
graph.opening.Services = functools.partial(graph.opening.Services, now=lambda: "2020-03-02T10:00:00.000+00:00")
from graph.cli.main import main
main()
"""
"""The command line on a day long ago."""


@dataclass(frozen=True)
class House:
    """A service, and a browser of each person, with their session."""

    desk: Desk
    at: dict[str, Reader]
    root: httpx.Client


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    lay(folder)
    desk, home = Desk(folder), folder / "home"
    run_long_ago(desk)
    tokens = {name: token(home, *holder) for name, holder in HOLDERS.items()}
    with ExitStack() as stack:
        served = stack.enter_context(serving(home))
        root = stack.enter_context(served.client(tokens["root"]))
        yield House(
            desk, {name: stack.enter_context(reader_at(served.url, each)) for name, each in tokens.items()}, root
        )


def run_long_ago(desk: Desk) -> None:
    command = [sys.executable, "-c", OLD, "run", str(desk.folder / "home" / "board.json"), "--thread", "old"]
    done = subprocess.run(command, env={**os.environ, **desk.environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stderr


def answer(reader: Reader, case: Case, **typed: str) -> httpx.Response:
    page = reader.open(case.path)
    return reader.press(page, **{"decision": "no_go", "because": WHY, **typed})


def test_the_answer_is_the_persons_whose_session_it_is(house: House) -> None:
    case = asked(house.root, "board")
    page = house.at["cfo"].open(case.path)
    assert "You answer as cfo." in page.said
    assert page.form.named("by") == []
    assert answer(house.at["cfo"], case).headers["location"] == case.run
    given = [each for each in exported(house.root, case.thread) if each["event"] == "answered"]
    assert [(each["by"], each["identity"], each["outcome"]) for each in given] == [("cfo", "cfo", "no_go")]
    assert "Your answer is in the record." in house.at["cfo"].open(case.run).said
    assert "The record has the answer of cfo." in house.at["coo"].open(case.run).said
    assert "record has" not in house.at["cfo"].open(f"/board/runs/{case.thread}?answered=nope").said


def test_nobody_answers_for_somebody_else(house: House) -> None:
    case = asked(house.root, "board")
    own = house.at["cfo"].open(case.path).form.typed("form")
    forged = house.at["cfo"].post(case.path, f"form={own}&by=coo&decision=no_go&because=So.")
    assert (forged.status_code, "the token is of cfo" in Page(forged.text).said) == (403, True)
    assert answers(house.root, case.thread) == []


@pytest.mark.parametrize(("name", "told"), [("eve", "You are not asked"), ("mute", "may read and not answer")])
def test_who_may_not_answer_is_shown_the_question_without_a_form(name: str, told: str, house: House) -> None:
    case = asked(house.root, "board")
    page = house.at[name].open(case.path)
    assert (told in page.said, page.form.named("decision")) == (True, [])
    own = next(each.typed("form") for each in page.forms if each.named("form"))
    refused = house.at[name].post(case.path, f"form={own}&decision=no_go&because=So.")
    assert refused.status_code == 403
    assert answers(house.root, case.thread) == []


def test_a_deputy_answers_in_the_place_of_one_and_the_two_count_once(house: House) -> None:
    case = asked(house.root, "board")
    page = house.at["cfo"].open(case.path)
    assert answer(house.at["vice"], case).status_code == 303
    late = house.at["cfo"].press(page, decision="no_go", because=WHY)
    assert (late.status_code, "vice has answered for cfo" in Page(late.text).said) == (409, True)
    assert [each[0] for each in answers(house.root, case.thread)] == ["vice"]


def test_what_was_answered_is_shown_to_those_alone_who_have_answered(house: House) -> None:
    case = asked(house.root, "board")
    assert answer(house.at["cfo"], case).status_code == 303
    for path in (case.path, f"{case.path}?for=cfo", "/board/inbox", "/board/inbox?for=cfo", case.run):
        for name, sees in (("coo", False), ("eve", False), ("cfo", case.run != path), ("root", case.run != path)):
            assert (WHY in house.at[name].open(path).source) == sees, (path, name)
    own = house.at["coo"].open(case.path).form.typed("form")
    refused = house.at["coo"].post(case.path, f"form={own}&decision=&because=x")
    assert (refused.status_code, WHY in refused.text) == (422, False)
    late = house.at["cfo"].post(
        case.path, f"form={house.at['cfo'].open(case.path).forms[0].typed('form')}&decision=stop&because=x"
    )
    assert (late.status_code, "cfo has answered already" in Page(late.text).said) == (409, True)


def test_a_form_that_is_sent_twice_answers_once(house: House) -> None:
    case = asked(house.root, "board")
    reader = house.at["cfo"]
    page = reader.open(case.path)
    body = page.form.sent(None, decision="no_go", because=WHY)
    with ThreadPoolExecutor(4) as pool:
        found = [*pool.map(lambda _: reader.post(case.path, body), range(4))]
    assert {each.headers.get("location") for each in found} == {case.run}, [each.status_code for each in found]
    again = reader.press(page, decision="no_go", because=WHY)
    assert again.headers["location"] == case.run
    other = reader.press(page, decision="stop", because="Or not.")
    assert other.status_code == 409
    assert answers(house.root, case.thread) == [("cfo", "no_go", WHY)]


def test_who_comes_late_is_told_what_it_is_now(house: House) -> None:
    case = asked(house.root, "board")
    pages = {name: house.at[name].open(case.path) for name in ("cfo", "coo", "vice")}
    for name in ("cfo", "coo"):
        assert house.at[name].press(pages[name], decision="no_go", because=WHY).status_code == 303
    late = house.at["vice"].press(pages["vice"], decision="go_with_caution", because="But.")
    assert (
        late.status_code,
        "Decided by Chief financial officer (cfo) and Chief operating officer (coo)" in Page(late.text).said,
    ) == (409, True), Page(late.text).said
    assert house.at["cfo"].press(pages["cfo"], decision="no_go", because=WHY).headers["location"] == case.run
    assert (
        "Decided by Chief financial officer (cfo) and Chief operating officer (coo)"
        in house.at["eve"].open(case.path).said
    )
    assert len(answers(house.root, case.thread)) == 2


def test_a_question_that_moved_is_said_to_have_moved(house: House) -> None:
    case = asked(house.root, "board")
    page = house.at["cfo"].open(case.path)
    for name in ("cfo", "coo"):
        assert answer(house.at[name], case, decision="again").status_code == 303
    until(lambda: house.root.get(f"/v1/runs/{case.thread}").json().get("waiting"), "it asks again")
    late = house.at["cfo"].press(page, decision="no_go", because="Late.")
    assert late.status_code == 409
    assert "Late." not in str(exported(house.root, case.thread))


@pytest.mark.parametrize("name", ["cfo", "root"])
def test_another_tenants_question_is_as_one_that_is_not_there(name: str, house: House) -> None:
    case = asked(house.root, "board")
    other, nowhere = house.at["other"], Case("6b1f8b0e-5f2c-4f1f-9a53-2f2f0f3c8a11", case.question)
    own = other.open("/board/inbox").forms[0].typed("form")
    texts: dict[str, set[str]] = {"get": set(), "post": set()}
    for each in (case, nowhere):
        got, posted = other.client.get(each.path), other.post(each.path, f"form={own}&decision=no_go&because=x")
        assert (got.status_code, posted.status_code) == (404, 404)
        texts["get"].add(got.text.replace(each.thread, "?"))
        texts["post"].add(posted.text.replace(each.thread, "?"))
    assert [len(each) for each in texts.values()] == [1, 1]
    assert case.thread not in other.open("/board/inbox").source
    assert case.thread in house.at[name].open("/board/inbox").source


def test_the_inbox_has_what_waits_for_the_reader_first(house: House) -> None:
    mine, theirs = asked(house.root, "seated"), asked(house.root, "french")
    page = house.at["coo"].open("/board/inbox")
    assert page.source.index(theirs.path) > page.source.index("For others")
    both = asked(house.root, "both")
    case = asked(house.root, "board")
    page = house.at["coo"].open("/board/inbox")
    at = [page.source.index(each) for each in ("For you", case.path, "For others", mine.path, both.path)]
    assert at == sorted(at)
    assert case.path in house.at["coo"].open("/board/inbox?for=coo&kind=decide").source
    assert mine.path not in house.at["coo"].open("/board/inbox?kind=decide").source
    assert house.at["coo"].client.get("/board/inbox?kind=x").status_code == 422
    assert house.at["coo"].client.get("/board/inbox?after=x").status_code == 422


def test_what_expired_is_settled_and_takes_no_answer(house: House) -> None:
    """Of the tenant of the command line; who reads there has a token of it."""
    home = house.desk.folder / "home"
    mine = token(home, "local", "cfo", "read", "decide")
    chain = house.desk.accord("audit", "export", "old").lines
    question = next(each for each in chain if each["event"] == "asked" and each.get("question"))["question"]
    with reader_at(house.at["cfo"].origin, mine) as reader:
        own = reader.open("/board").forms[0].typed("form")
        case = Case("old", question)
        late = reader.post(case.path, f"form={own}&decision=no_go&because=Late.")
        assert late.status_code == 409, Page(late.text).said
        assert "Its time was over on" in Page(late.text).said
        assert "It waits until" not in Page(late.text).said
        page = reader.open(case.path)
        until(lambda: "Nobody answered in time" in reader.open(case.path).said, "it is settled")
        assert "no_go" not in [value for each in page.forms for value in each.offered("decision")]
    lines = house.desk.accord("audit", "export", "old").lines
    assert [each["event"] for each in lines if each["event"] == "answered"] == []
    assert [(each["how"], each["outcome"]) for each in lines if each["event"] == "ruled"] == [("expired", "stop")]
