"""Answers of people over HTTP: taken once, whoever is killed; refused with what is allowed, and nothing is changed.

What was kept is read from `accord audit export` in another process.
"""

import json
import random
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.durability.processes import Desk
from tests.scripted_server import delayed, forever, says, serve, text
from tests.service.process import serving
from tests.service.stories import GOES, begun, events, lay, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

YES = {"decision": "go_with_caution", "because": "As agreed."}


def decide(client: httpx.Client, thread: str, **said: Any) -> httpx.Response:
    return client.post(f"/v1/runs/{thread}/decide", json=said)


def asked(client: httpx.Client, thread: str) -> dict[str, Any]:
    (waiting,) = client.get(f"/v1/runs/{thread}").json()["waiting"]
    return dict(waiting)


def answers(desk: Desk, thread: str) -> list[tuple[Any, ...]]:
    found = [event for event in events(desk, thread) if event["event"] == "answered"]
    return [(event["by"], event["outcome"], event["identity"]) for event in found]


def test_several_people_decide_and_each_answer_is_kept_once(client: httpx.Client, desk: Desk) -> None:
    thread = begun(client, "board")
    first = decide(client, thread, **YES, by="cfo", question=asked(client, thread)["id"])
    assert (first.status_code, first.json()) == (202, {"thread_id": thread})
    assert asked(client, thread)["answered"] == ["cfo"]

    again = decide(client, thread, **YES, by="cfo")
    assert (again.status_code, "cfo has answered already" in again.json()["detail"]) == (409, True)
    last = decide(client, thread, **YES, by="cto", wait=True)
    assert (last.status_code, last.json()["final_decision"]) == (200, "go_with_caution")

    late = decide(client, thread, **YES, by="cto")
    assert (late.status_code, "waits for nobody" in late.json()["detail"]) == (409, True)
    assert answers(desk, thread) == [("cfo", "go_with_caution", None), ("cto", "go_with_caution", None)]
    shown = desk.accord("show", thread, "--json").record
    assert [each["proof"] for each in shown["people"][0]["answers"]] == ["none", "none"]


WRONG: dict[str, tuple[dict[str, Any], int, str]] = {
    "beyond the cap": ({**YES, "decision": "go", "by": "cfo"}, 422, "allowed: go_with_caution, no_go, again, stop"),
    "no reason": ({"decision": "no_go", "by": "cfo"}, 422, "the reason is missing"),
    "a stranger": ({**YES, "by": "eve"}, 422, "eve is not asked; allowed: cfo, cto"),
    "nobody": (YES, 422, "`by` is ''; allowed: the name of whoever answers"),
    "no option": ({"answer": {"stance": "go"}, "because": "So.", "by": "cfo"}, 422, "allowed: go_with_caution"),
    "null": ({"answer": None, "because": "So.", "by": "cfo"}, 422, "allowed: go_with_caution"),
    "signed": ({**YES, "by": "cfo", "signature": "x"}, 422, "no key is declared for cfo"),
    "no question": ({**YES, "by": "cfo", "question": "nope"}, 422, "the question `nope` does not wait"),
    "a NUL": ({**YES, "by": "cfo", "because": "a\0b"}, 422, "`because` has a NUL character"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_says_what_is_allowed_and_changes_nothing(name: str, client: httpx.Client, desk: Desk) -> None:
    said, status, sentence = WRONG[name]
    thread = begun(client, "board")
    before = client.get(f"/v1/runs/{thread}/audit").content
    answer = decide(client, thread, **said)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert sentence in answer.json()["detail"]
    assert client.get(f"/v1/runs/{thread}/audit").content == before
    assert client.get(f"/v1/runs/{thread}").json()["status"] == "waiting"
    assert decide(client, thread, **YES, by="cfo").status_code == 202


@pytest.mark.parametrize("said", [{}, {**YES, "answer": "go"}, {"decision": "maybe"}, {**YES, "from": "cfo"}, []])
def test_a_body_of_another_form_is_refused_by_field(said: Any, client: httpx.Client) -> None:
    thread = begun(client, "board")
    answer = client.post(f"/v1/runs/{thread}/decide", json=said)
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_a_question_that_moved_is_stale(client: httpx.Client) -> None:
    thread = begun(client, "board")
    old = asked(client, thread)["id"]
    for name in ("cfo", "cto"):
        assert decide(client, thread, decision="again", because="Look again.", by=name).status_code == 202
    until(
        lambda: [each["id"] for each in client.get(f"/v1/runs/{thread}").json()["waiting"]] not in ([], [old]), "again"
    )
    stale = decide(client, thread, **YES, by="cfo", question=old)
    assert (stale.status_code, f"the question `{old}`" in stale.json()["detail"]) == (409, True)
    assert asked(client, thread)["answered"] == []


def test_a_role_and_a_fact_are_answered_as_the_command_line_does(client: httpx.Client, desk: Desk) -> None:
    seated, lacking = begun(client, "seated"), begun(client, "lacking")
    wrong = decide(client, seated, answer={"stance": "perhaps"}, by="cfo")
    assert (wrong.status_code, "not what the seat asks for" in wrong.json()["detail"]) == (422, True)
    right = {**GOES, "confidence": 0.5}
    assert decide(client, seated, answer=right, by="cfo", wait=True).json()["status"] == "ok"
    assert decide(client, lacking, answer=None, by="cfo").status_code == 422
    assert decide(client, lacking, answer=0.5, because="Measured.", by="cfo", wait=True).json()["status"] == "ok"
    assert answers(desk, seated) == [("cfo", right, None)]
    assert answers(desk, lacking) == [("cfo", 0.5, None)]


@pytest.mark.system
def test_an_answer_that_was_accepted_is_there_once_whenever_the_process_is_killed(tmp_path: Path) -> None:
    """After each 202 of cfo the process is killed, before or while the model works on what follows."""
    slow = forever(delayed(says("go"), 0.3))
    draw, home = random.Random(20), lay(tmp_path)
    with serve({"demand": slow, "risk": slow, "brief": forever(text("Launch."))}) as model:
        desk = Desk(tmp_path, model.base_url)
        names = ("OPENAI_API_KEY", "OPENAI_BASE_URL")
        environment = {name: desk.environment[name] for name in names}
        threads = []
        for _ in range(3):
            with serving(home, env=environment) as served, served.client() as client:
                thread = begun(client, "seated", wait=False)
                until(lambda: client.get(f"/v1/runs/{thread}").json()["waiting"], "it waits")  # noqa: B023
                given = decide(client, thread, answer={**GOES, "confidence": 0.5}, by="cfo")
                assert given.status_code == 202, given.text
                threading.Event().wait(draw.uniform(0, 0.5))
                served.kill()
            threads.append(thread)
        with serving(home, env=environment) as served, served.client() as client:
            for thread in threads:
                until(lambda: client.get(f"/v1/runs/{thread}").json()["status"] == "ok", "it is finished")  # noqa: B023
            kept = {thread: client.get(f"/v1/runs/{thread}/audit").text.splitlines() for thread in threads}
    for lines in kept.values():
        assert [event["by"] for event in map(json.loads, lines) if event["event"] == "answered"] == ["cfo"]
    checked = json.loads(desk.accord("audit", "verify", "--json").out)
    assert [(each["broken"], each["events"]) for each in checked] == [
        (None, len(kept[each["name"]])) for each in checked
    ]


def test_the_inbox_shows_what_waits_page_by_page_and_answers_to_those_who_answered(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with serving(lay(tmp_path)) as served, served.client() as client:
        threads = [begun(client, "board") for _ in range(5)]
        assert decide(client, threads[2], **YES, by="cfo").status_code == 202
        found, after = [], None
        while True:
            page = client.get("/v1/inbox", params={"limit": 2, **({"after": after} if after else {})}).json()
            found += page["items"]
            after = page["next"]
            if after is None:
                break
        mine = {name: client.get("/v1/inbox", params={"for": name}).json()["items"] for name in ("cfo", "cto", "eve")}
        printed = json.loads(desk.accord("inbox", "--json").out)
    assert found == printed
    assert [each["thread_id"] for each in found] == threads
    assert mine["eve"] == []
    assert ["answers" in each for each in mine["cfo"]] == [False, False, True, False, False]
    assert not any("answers" in each for each in mine["cto"])
