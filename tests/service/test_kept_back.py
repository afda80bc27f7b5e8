"""What is kept from a caller: teams that are limited to others, private facts however spelled, and open answers."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.runs.stage import BRIEF, script
from tests.scripted_server import forever, held, says, serve, text
from tests.service.entrances import KINDS, Entrance, accord, entrance, ids, new_token
from tests.service.process import serving
from tests.service.stories import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

GO: dict[str, Any] = {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}
ROLE: dict[str, Any] = {"title": "Sales", "mandate": "You look at sales.", "otherwise": GO}
HIDDEN = "SECRETROLE"
THEIRS = {**ROLE, "title": HIDDEN, "tenants": ["acme"]}
CANARY = "CNRY4711"
BROKEN = {**THEIRS, "checks": [{"when": f"facts.{HIDDEN} > 3.0", **GO}], "otherwise": {**GO, "stance": "goo"}}
TEAMS: dict[str, dict[str, Any]] = {
    "secret": {"roles": {"risk": THEIRS, HIDDEN.lower(): ROLE}, "sequence": ["risk", HIDDEN.lower()]},
    "broken": {"roles": {"risk": BROKEN, "sales": ROLE}},
    "sourced": {"facts": [{"name": "crm", "file": "src.json", "tenants": ["acme"]}]},
    "loan": {"facts": {"customer": {"name": "-"}, "region": "EU"}, "private": ["customer.name"]},
}
PLAIN = {"title": "T", "goal": "Shall we?", "facts": {"region": "EU"}, "sequence": ["risk", "sales"]}
CHANGES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "a pattern": {"pattern": "hierarchy"},
    "a limit": {"budget": {"min_go_votes": 9}},
    "an unknown limit": {"budget": {"lost": 9}},
    "a voice": {"voice": "model"},
    "facts": {"facts": {"x": 1}},
}
UNUSABLE = "the team `broken` cannot be used; whoever runs the service finds why in its log, or with `accord doctor`"


@dataclass(frozen=True)
class Place:
    """A service, and the token of a tenant that may not use all of its teams."""

    service: Entrance
    token: str

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self.service.ask(method, path, self.token, json=body)

    def execute(self, **asked: Any) -> httpx.Response:
        return self.ask("POST", "/v1/execute", {"wait": True, **asked})

    def run(self, context: dict[str, Any], given: dict[str, Any], graph: str = "rounds") -> httpx.Response:
        """Run a graph of the LangGraph server on a new thread."""
        thread = self.ask("POST", "/threads", {}).json()["thread_id"]
        body = {"assistant_id": graph, "context": context, "input": given}
        return self.ask("POST", f"/threads/{thread}/runs/wait", body)


@pytest.fixture(scope="module", params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("place")
    home = folder / "home"
    home.mkdir()
    for name, team in TEAMS.items():
        roles = {"risk": ROLE, "sales": {**ROLE, "title": "Others"}}
        (home / f"{name}.json").write_text(json.dumps({"name": name, **PLAIN, "roles": roles, **team}))
    (home / "src.json").write_text('{"region": "SOURCE"}')
    lines = "".join(f'{name} = "{name}.json"\n' for name in TEAMS)
    (home / "accord.toml").write_text(f"[teams]\n{lines}")
    held = new_token(home, "admin", tenant="globex", person="gus")
    with entrance(request.param, folder) as service:
        yield Place(service, held)


def refused(answer: httpx.Response, home: Path) -> str:
    """Return why something was refused, in which nothing of the team or of its file is."""
    assert answer.status_code == 422, answer.text
    assert HIDDEN.casefold() not in answer.text.casefold()
    assert str(home) not in answer.text
    assert ".json" not in answer.text
    return str(answer.json()["detail"])


@pytest.mark.parametrize("changed", CHANGES)
def test_a_limit_is_asked_first_whatever_a_request_changes(place: Place, changed: str) -> None:
    told = refused(place.execute(team="secret", **CHANGES[changed]), place.service.home)
    assert told == "the role `risk` of the team `secret` is limited to tenants other than `globex`; run another team"
    assert refused(place.execute(team="broken", **CHANGES[changed]), place.service.home) == UNUSABLE
    told = refused(place.execute(team="sourced", **CHANGES[changed]), place.service.home)
    assert told.startswith("the source of facts `crm` of the team `sourced` is limited to tenants other than `globex`")


def test_what_is_wrong_with_a_file_is_in_the_log_alone(place: Place) -> None:
    answer = place.ask("GET", "/v1/policies/broken/proof")
    assert refused(answer, place.service.home) == UNUSABLE
    assert place.ask("GET", "/v1/policies/secret/proof").status_code == 404
    folder = place.service.home.parent
    log = (place.service.home / "serve.log") if place.service.kind == "alone" else folder / "log"
    assert "broken.json:1" in log.read_text()


def test_what_a_request_changes_is_told_without_the_path_of_the_file(place: Place) -> None:
    answer = place.execute(team="loan", pattern="hierarchy")
    told = refused(answer, place.service.home)
    assert told.startswith("the team `loan`: ") or told.startswith("`body`: ")


@pytest.mark.parametrize("place", KINDS[1:], indirect=True)
@pytest.mark.parametrize("graph", ["rounds", "hierarchy"])
def test_the_routes_of_the_langgraph_server_ask_the_limit_first(place: Place, graph: str) -> None:
    for given in ({}, {"facts": {"region": "X"}}, {"budget": {"min_go_votes": 9}}):
        for name, begins in (("secret", "the role `risk`"), ("sourced", "the source of facts `crm`")):
            answer = place.run({"team": name}, given, graph)
            assert refused(answer, place.service.home).startswith(begins)
        assert refused(place.run({"team": "broken"}, given, graph), place.service.home) == UNUSABLE


@pytest.mark.parametrize(
    "facts",
    [
        {"customer.name": CANARY},
        {"facts.customer.name": CANARY},
        {"customer.name.first": CANARY},
        {"customer": {"name": {"first": CANARY}}},
        {"customer": {"name.first": CANARY}},
    ],
)
def test_a_private_fact_is_nowhere_in_the_database_however_it_is_spelled(place: Place, facts: dict[str, Any]) -> None:
    mark = f"{CANARY}{abs(hash(json.dumps(facts)))}"
    given = json.loads(json.dumps(facts).replace(CANARY, mark)) | {"region": f"R{mark[4:]}"}
    answers = [place.execute(team="loan", facts=given)]
    if place.service.kind != "alone":
        answers.append(place.run({"team": "loan"}, {"facts": given}))
    assert [each.status_code for each in answers] == [200] * len(answers), answers[-1].text
    kept = b"".join(each.read_bytes() for each in place.service.home.glob("accord.sqlite*") if each.is_file())
    assert f"R{mark[4:]}".encode() in kept  # what is not private is there
    assert mark.encode() not in kept
    assert not [each for each in answers if mark in each.text]


def test_the_record_is_not_given_to_whose_token_was_revoked_while_they_waited(tmp_path: Path) -> None:
    may_go, answers = [False], dict[str, httpx.Response]()
    lines = script(risk_analyst=forever(held(says("go"), lambda: may_go[0])), brief=forever(text(BRIEF)))
    with serve(lines) as model:
        env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.base_url}
        with serving(tmp_path, env=env) as served:
            tokens = {person: new_token(tmp_path, "run", tenant="acme", person=person) for person in ("ada", "eve")}

            def wait(person: str) -> None:
                with served.client(tokens[person]) as client:
                    answers[person] = client.post("/v1/execute", json={"team": "checkout_launch", "wait": True})

            waiting = [threading.Thread(target=wait, args=(person,)) for person in tokens]
            for each in waiting:
                each.start()
            until(lambda: len(model.calls_of("risk_analyst")) == 2, "both runs are at work")
            time.sleep(2.5)  # what is answered sooner is as if the token had still been good
            assert accord(tmp_path, "token", "revoke", ids(tmp_path)["eve"]).returncode == 0
            may_go[0] = True
            for each in waiting:
                each.join(60)
    assert answers["ada"].status_code == 200
    assert answers["ada"].json()["thread_id"]
    assert (answers["eve"].status_code, answers["eve"].headers["www-authenticate"]) == (401, "Bearer")
    assert "thread_id" not in answers["eve"].text
    assert answers["eve"].headers["content-type"] == "application/problem+json"
