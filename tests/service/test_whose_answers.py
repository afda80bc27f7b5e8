"""Whose answers they are: the person of the token, whatever is said; and nothing of one tenant is another's."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.durability.processes import Desk
from tests.service.entrances import KINDS, Entrance, entrance
from tests.service.process import PATIENCE_SECONDS
from tests.service.stories import begun, lay

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

YES = {"decision": "go_with_caution", "because": "As agreed."}
HOLDERS = {
    "cfo": ("acme", "cfo", ("read", "decide")),
    "cto": ("acme", "cto", ("read", "decide")),
    "runner": ("acme", "runner", ("read", "run")),
    "root": ("acme", "root", ("admin",)),
    "other": ("globex", "cfo", ("read", "run", "decide")),
}


@dataclass(frozen=True)
class House:
    """A service, and clients of it with the tokens of several people."""

    desk: Desk
    of: dict[str, httpx.Client]


@pytest.fixture(scope="module", params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    lay(folder)
    desk = Desk(folder)
    tokens = {name: token(desk, *holder) for name, holder in HOLDERS.items()}
    with entrance(request.param, folder) as service:
        clients = {name: client_of(service, each) for name, each in tokens.items()}
        yield House(desk, clients)
        for each in clients.values():
            each.close()


def client_of(service: Entrance, held: str) -> httpx.Client:
    return httpx.Client(base_url=service.url, headers={"authorization": f"Bearer {held}"}, timeout=PATIENCE_SECONDS)


def token(desk: Desk, tenant: str, person: str, scopes: tuple[str, ...]) -> str:
    options = [part for scope in scopes for part in ("--scope", scope)]
    done = desk.accord("token", "create", "--tenant", tenant, "--person", person, *options)
    assert done.code == 0, done.err
    return done.out.strip()


def decide(client: httpx.Client, thread: str, **said: object) -> httpx.Response:
    return client.post(f"/v1/runs/{thread}/decide", json={**YES, **said})


def test_an_answer_is_the_persons_whom_the_token_names(house: House) -> None:
    thread = begun(house.of["runner"], "board")
    forged = decide(house.of["cto"], thread, by="cfo")
    assert forged.status_code == 403
    assert forged.json()["errors"][0]["field"] == "by"
    assert decide(house.of["runner"], thread).status_code == 403  # it may run, and not decide
    assert decide(house.of["cfo"], thread).status_code == 202
    assert decide(house.of["cto"], thread, by="cto", wait=True).json()["final_decision"] == "go_with_caution"

    lines = map(json.loads, house.of["runner"].get(f"/v1/runs/{thread}/audit").text.splitlines())
    answered = [(each["by"], each["identity"]) for each in lines if each["event"] == "answered"]
    assert answered == [("cfo", "cfo"), ("cto", "cto")]
    shown = house.desk.accord("show", thread, "--json").record
    assert [each["proof"] for each in shown["people"][0]["answers"]] == ["identity", "identity"]


def test_what_one_person_answered_is_kept_from_those_who_have_not(house: House) -> None:
    thread = begun(house.of["runner"], "board")
    assert decide(house.of["cfo"], thread).status_code == 202
    texts = {}
    for name in ("cto", "runner"):
        client = house.of[name]
        assert client.get(f"/v1/runs/{thread}/audit").status_code == 403
        for path in ("", "/why", "/report.html", "/audit/verify"):
            texts[f"{name} {path}"] = client.get(f"/v1/runs/{thread}{path}").text
        texts[f"{name} inbox"] = client.get("/v1/inbox", params={"for": "cfo"}).text
        texts[f"{name} events"] = told_in(client, thread)
    assert not [place for place, text in texts.items() if YES["because"] in text]
    assert YES["because"] in house.of["root"].get(f"/v1/runs/{thread}/audit").text
    for name in ("root", "cfo"):
        for query in ({"for": "cfo"}, {}):
            assert YES["because"] in house.of[name].get("/v1/inbox", params=query).text
        assert YES["because"] in told_in(house.of[name], thread)
    assert YES["because"] in house.of["cfo"].get(f"/v1/runs/{thread}/audit").text  # it is their own


def told_in(client: httpx.Client, thread: str) -> str:
    """The stream of a thread that waits, from its answer on, which its other person has not given yet."""
    with client.stream("GET", f"/v1/runs/{thread}/events") as stream:
        lines = stream.iter_lines()
        for line in lines:
            if line == "event: answered":
                return line + next(lines) + next(lines)
    raise AssertionError(thread)


def test_nothing_shown_of_an_open_answer_follows_from_what_it_says(house: House) -> None:
    """Whoever knows the rest of an event could try what is answered, and see which answer has its hash."""
    thread = begun(house.of["runner"], "board")
    assert decide(house.of["cfo"], thread).status_code == 202
    assert house.desk.accord("hold", thread, "--by", "root", "--because", "Inquiry.").code == 0
    chain = [*map(json.loads, house.of["root"].get(f"/v1/runs/{thread}/audit").text.splitlines())]
    first = next(each["seq"] for each in chain if each["event"] == "answered")
    secret = {each["hash"] for each in chain[first:]} | {json.dumps(each["wrote"]) for each in chain if "wrote" in each}
    reader = house.of["cto"]
    shown = {each["seq"]: each for each in followed(reader, thread, chain[-1]["seq"])}
    assert chain[-1]["event"] == "held"
    for each in chain[:first]:
        assert shown[each["seq"]] == each
    for each in chain[first:]:
        assert {shown[each["seq"]][name] for name in ("hash", "prev_hash")} == {None}
        assert shown[each["seq"]].get("wrote") is None
    for path in ("", "/why", "/report.html", "/audit/verify"):
        text = reader.get(f"/v1/runs/{thread}{path}").text
        assert not [each for each in secret if each in text], path
    assert chain[-1]["hash"] in house.of["root"].get(f"/v1/runs/{thread}/audit/verify").text
    assert chain[-1]["hash"] in house.of["cfo"].get(f"/v1/runs/{thread}/report.html").text


def followed(client: httpx.Client, thread: str, last: int) -> Iterator[dict[str, Any]]:
    """Return the recorded events of a stream up to one."""
    with client.stream("GET", f"/v1/runs/{thread}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("data: {") and "seq" in (event := json.loads(line[6:])):
                yield event
                if event["seq"] == last:
                    return


@pytest.mark.parametrize(
    "path", ["", "/events", "/why", "/audit", "/audit/verify", "/report.html", "/decide", "/resume"]
)
def test_another_tenants_thread_is_as_one_that_is_not_there(path: str, house: House) -> None:
    thread, other = begun(house.of["runner"], "board"), house.of["other"]
    answers = {}
    for name in (thread, "6b1f8b0e-5f2c-4f1f-9a53-2f2f0f3c8a11"):
        place = f"/v1/runs/{name}{path}"
        body = YES if path == "/decide" else {}
        answer = other.post(place, json=body) if path in ("/decide", "/resume") else other.get(place)
        assert answer.status_code == 404
        answers[name] = answer.text.replace(name, "?")
    assert len({*answers.values()}) == 1


def test_lists_hold_a_tenants_own_alone(house: House) -> None:
    mine, theirs = begun(house.of["runner"], "board"), begun(house.of["other"], "board")
    for path in ("/v1/runs", "/v1/inbox"):
        found = {
            name: {each["thread_id"] for each in house.of[name].get(path, params={"limit": 200}).json()["items"]}
            for name in ("cfo", "other")
        }
        assert (mine in found["cfo"], theirs in found["cfo"]) == (True, False)
        assert found["other"] & found["cfo"] == set()
        assert theirs in found["other"]
