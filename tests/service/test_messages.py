"""Messages over HTTP: said to a thread from outside, and read back, page by page."""

import random
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.service.callers import GO, Meeting, accord, meeting, problem_of
from tests.service.process import serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meeting]:
    with meeting(tmp_path_factory.mktemp("messages")) as met:
        for name in ("reader", "writer"):
            agent = {"name": name, "title": name.title(), "mandate": "m", "otherwise": GO}
            assert met.acme.post("/v1/agents", json=agent).status_code == 201
        boss = {"name": "boss", "title": "Boss", "mandate": "m", "voice": "human"}
        assert met.acme.post("/v1/agents", json=boss).status_code == 201
        yield met


def asked_of_boss(met: Meeting) -> str:
    asked = {"goal": "G?", "pattern": "pipeline", "agents": ["boss", "reader", "writer"], "wait": True}
    record = met.acme.post("/v1/execute", json=asked).json()
    assert record["status"] == "waiting"
    return str(record["thread_id"])


@pytest.fixture(scope="module")
def waiting(met: Meeting) -> str:
    """A thread that waits for a person, so that messages are taken."""
    return asked_of_boss(met)


@pytest.fixture(scope="module")
def spoken() -> list[dict[str, Any]]:
    """What three people say, in no order."""
    draw = random.Random(5)
    people, roles, kinds = ("dana", "eli", "fay"), ("reader", "writer", "boss"), ("note", "question", "feedback")
    return [
        {
            "from": draw.choice(people),
            "to": [draw.choice(roles)],
            "kind": draw.choice(kinds),
            "content": f"Text {number}.",
        }
        for number in range(23)
    ]


@pytest.fixture(scope="module")
def talk(met: Meeting, spoken: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A thread that heard what was said to it, and ended."""
    thread = asked_of_boss(met)
    for each in spoken:
        assert say(met.acme, thread, **each).status_code == 201
    answer = tmp_path_factory.mktemp("answer") / "answer.json"
    answer.write_text('{"text": "Go on."}')
    ended = accord(met.home, "answer", thread, "--file", str(answer), "--by", "dana", "--json")
    assert ended.returncode == 0, ended.stderr
    return thread


def say(client: httpx.Client, thread: str, **said: Any) -> httpx.Response:
    return client.post(
        "/v1/messages", json={"thread": thread, "from": "dana", "to": "all", "content": "Hello.", **said}
    )


def history(client: httpx.Client, thread: str, **wanted: Any) -> Any:
    answer = client.get("/v1/messages/history", params={"thread": thread, **wanted})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_is_said_waits_and_says_who_sent_it(met: Meeting, waiting: str) -> None:
    answer = say(met.acme, waiting, to=["reader"], kind="question", priority="urgent", topic="terms", id="mine-1")
    message = answer.json()["message"]
    assert (answer.status_code, message["from"], message["to"]) == (201, "dana", ["reader"])
    assert message["metadata"] == {"proved_person": "ada"}
    assert say(
        met.acme, waiting, to=["reader"], kind="question", priority="urgent", topic="terms", id="mine-1"
    ).json() == (answer.json())
    assert "used for another message" in problem_of(say(met.acme, waiting, id="mine-1"))["detail"]
    left = history(met.acme, waiting)["undelivered"]
    assert [each["because"] for each in left if each["id"] == "mine-1"] == ["waits until the next round or stage opens"]
    assert history(met.acme, waiting, agent="writer", kind="question")["undelivered"] == []


def test_a_conversation_is_opened_from_outside_and_joined(met: Meeting, waiting: str) -> None:
    assert "no conversation `deal`" in problem_of(say(met.acme, waiting, conversation="deal"))["detail"]
    assert say(met.acme, waiting, conversation="deal", opens=True).status_code == 201
    assert "already" in problem_of(say(met.acme, waiting, conversation="deal", opens=True))["detail"]
    joined = say(met.acme, waiting, conversation_id="deal", content="And then?")
    assert joined.json()["message"]["conversation"] == "deal"
    assert "takes part" in problem_of(say(met.acme, waiting, conversation="deal", **{"from": "stranger"}))["detail"]
    assert len(history(met.acme, waiting, conversation="deal")["undelivered"]) == 2


def test_nobody_writes_who_a_token_proves(met: Meeting, waiting: str) -> None:
    for person in ("ada", "root", None):
        told = problem_of(say(met.acme, waiting, metadata={"proved_person": person}))["detail"]
        assert "proved_person" in told
    kept = say(met.acme, waiting, metadata={"ticket": 7}).json()["message"]["metadata"]
    assert kept == {"ticket": 7, "proved_person": "ada"}


def test_pages_of_a_history_are_the_whole_history(met: Meeting, talk: str, spoken: list[dict[str, Any]]) -> None:
    whole = history(met.acme, talk, limit=200)
    assert [{key: each[key] for key in spoken[0]} for each in whole["items"]] == spoken
    assert (whole["total"], whole["next"], whole["undelivered"]) == (len(spoken), None, [])
    for limit in (1, 4, len(spoken)):
        found, page = [], history(met.acme, talk, limit=limit)
        found += page["items"]
        while page["next"] is not None:
            page = history(met.acme, talk, limit=limit, after=page["next"])
            found += page["items"]
        assert found == whole["items"]


def test_a_filtered_history_has_what_matches_and_nothing_else(met: Meeting, talk: str) -> None:
    whole = history(met.acme, talk, limit=200)["items"]
    for agent in ("dana", "eli", "fay", "reader", "writer", "boss", "nobody"):
        for kind in ("note", "question", "feedback", "vote"):
            wanted = [each for each in whole if agent in (each["from"], *each["to"]) and each["kind"] == kind]
            found = history(met.acme, talk, agent=agent, kind=kind, limit=200)
            assert (found["items"], found["total"]) == (wanted, len(wanted))


def test_another_tenants_thread_is_as_one_that_is_not_there(met: Meeting, waiting: str, talk: str) -> None:
    unknown = str(uuid.uuid4())
    for thread in (waiting, talk):
        for theirs, none in (
            (say(met.globex, thread), say(met.globex, unknown)),
            *([met.globex.get("/v1/messages/history", params={"thread": each}) for each in (thread, unknown)],),
        ):
            assert problem_of(theirs) == {**problem_of(none), "detail": none.json()["detail"].replace(unknown, thread)}
            assert theirs.status_code == 404


@pytest.mark.parametrize("name", ["last", "agents-1", "", "%", "../x", "x" * 200])
def test_a_thread_is_named_by_its_id_alone(met: Meeting, talk: str, name: str) -> None:
    for thread in (name, talk[:8]):
        assert problem_of(say(met.acme, thread))["status"] in (404, 422)
        assert met.acme.get("/v1/messages/history", params={"thread": thread}).status_code in (404, 422)


REFUSED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("a role of the team", {"from": "reader"}),
    ("the sender is 'all'", {"from": "all"}),
    ("the sender is", {"from": "Dana Smith"}),
    ("`to` is", {"to": "stranger"}),
    ("`to` is", {"to": []}),
    ("`kind`", {"kind": "shout"}),
    ("`priority`", {"priority": "now"}),
    ("`content`", {"content": ""}),
    ("`content`", {"content": "x" * 1_001}),
    ("`content`", {"content": "x" * 4_001}),
    ("`content`", {"content": 7}),
    ("`topic`", {"topic": "Not a name"}),
    ("`in_reply_to`", {"in_reply_to": "m99"}),
    ("`metadata`", {"metadata": {"conversation_start": True}}),
    ("`metadata`", {"metadata": {"a": ["b"] * 50}}),
    ("`metadata`", {"metadata": [1]}),
    ("the id is", {"id": "m1"}),
    ("the id is", {"id": "Not one"}),
    ("`opens`", {"opens": "yes"}),
    ("unknown key", {"colour": "red"}),
)


@pytest.mark.parametrize(("told", "said"), REFUSED, ids=lambda part: str(part)[:60])
def test_what_is_no_message_is_refused_in_a_sentence(
    met: Meeting, waiting: str, told: str, said: dict[str, Any]
) -> None:
    before = history(met.acme, waiting)
    assert told in problem_of(say(met.acme, waiting, **said))["detail"]
    assert history(met.acme, waiting) == before


def test_a_finished_thread_and_a_team_without_messages_take_none(met: Meeting, talk: str) -> None:
    assert "has finished" in problem_of(say(met.acme, talk))["detail"]
    asked = {"team": "checkout_launch_escalates", "wait": True}
    record = met.acme.post("/v1/execute", json=asked).json()
    if record["status"] == "waiting":
        assert "exchanges no messages" in problem_of(say(met.acme, record["thread_id"]))["detail"]


def test_without_tokens_nobody_is_proved(tmp_path: Any) -> None:
    with serving(tmp_path) as served, served.client() as client:
        boss = {"name": "boss", "title": "Boss", "mandate": "m", "voice": "human"}
        assert client.post("/v1/agents", json=boss).status_code == 201
        asked = {"goal": "G?", "pattern": "pipeline", "voice": "rules", "wait": True}
        thread = client.post("/v1/execute", json=asked).json()["thread_id"]
        assert say(client, thread).json()["message"]["metadata"] == {}
        assert "proved_person" in problem_of(say(client, thread, metadata={"proved_person": "ada"}))["detail"]
