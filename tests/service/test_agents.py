"""Agents over HTTP: defined, judged as a role of a team file is, each tenant's own."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.callers import GO, Meeting, accord, meeting, problem_of, token
from tests.service.process import serving

pytestmark = pytest.mark.slow

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meeting]:
    with meeting(tmp_path_factory.mktemp("agents")) as met:
        yield met


def define(client: httpx.Client, **agent: Any) -> httpx.Response:
    return client.post("/v1/agents", json=agent)


def test_an_agent_is_defined_once_read_and_forgotten(met: Meeting) -> None:
    asked = {"name": "once", "title": "Once", "mandate": "Judge.", "temperature": 0.3, "otherwise": GO}
    made = define(met.acme, **asked)
    assert (made.status_code, made.headers["location"]) == (201, "/v1/agents/once")
    kept = made.json()
    assert {key: kept[key] for key in asked} == asked
    again = define(met.acme, **dict(reversed(asked.items())))
    assert (again.status_code, again.json()) == (200, kept)
    assert problem_of(define(met.acme, **{**asked, "title": "Twice"}))["status"] == 409
    assert met.acme.get("/v1/agents/once").json() == kept
    assert met.acme.delete("/v1/agents/once").status_code == 204
    assert met.acme.delete("/v1/agents/once").status_code == 404
    assert define(met.acme, **{**asked, "title": "Twice"}).status_code == 201


def test_the_list_in_pages_is_the_whole_list(met: Meeting) -> None:
    names = [f"page_{number:02}" for number in range(23)]
    for name in random.Random(7).sample(names, len(names)):
        assert define(met.acme, name=name, preset="analyst").status_code == 201
    for limit in (1, 7, 23, 200):
        found: list[dict[str, Any]] = []
        after, pages = None, 0
        while pages == 0 or after is not None:
            asked = {"limit": limit, **({} if after is None else {"after": after})}
            page = met.acme.get("/v1/agents", params=asked).json()
            assert len(page["items"]) <= limit
            found, after, pages = [*found, *page["items"]], page["next"], pages + 1
        assert [each["name"] for each in found if each["name"] in names] == names


NAMES = (
    *(
        "",
        " ",
        "A",
        "Big",
        "1st",
        "_x",
        "a-b",
        "a.b",
        "a b",
        "x" * 41,
        "a\n",
        "ä",
        "user",
        "brief",
        "convene",
        "people",
    ),
    *("../etc", "/", "%2e", "a\u202e", "all", "goal"),
)


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_a_name_that_no_role_may_have_is_refused(met: Meeting, name: str) -> None:
    faults = problem_of(define(met.acme, name=name, preset="analyst"))["errors"]
    assert {each["field"] for each in faults} == {"name"}


@pytest.mark.parametrize("name", ["nobody", "Bad%20Name", "a%00b", "x" * 200, "%F0%9F%98%80", "a%0Ab"])
def test_what_is_not_there_is_not_found_under_any_name(met: Meeting, name: str) -> None:
    for asked in ("GET /v1/agents/{}", "GET /v1/agents/{}/state", "DELETE /v1/agents/{}"):
        method, path = asked.format(name).split()
        assert met.acme.request(method, path).status_code == (404 if re.fullmatch(r"\w+", name) else 400)


FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("title", {"title": 7, "mandate": "m"}),
    ("mandate", {"title": "T"}),
    ("mandate", {"title": "T", "mandate": "m" * 4_001}),
    ("preset", {"preset": "analist"}),
    ("preset", {"preset": None}),
    ("preset", {"preset": {"a": 1}}),
    ("temperature", {"preset": "coder", "temperature": 2.5}),
    ("temperature", {"preset": "coder", "temperature": "0.2"}),
    ("voice", {"preset": "coder", "voice": "loud"}),
    ("checks.0.when", {"preset": "coder", "checks": [{"when": "facts.x >", **GO}], "otherwise": GO}),
    ("checks.0.summary", {"preset": "coder", "checks": [{**GO, "when": "true", "summary": ""}], "otherwise": GO}),
    ("otherwise.stance", {"preset": "coder", "otherwise": {**GO, "stance": "maybe"}}),
    ("", {"preset": "coder", "checks": [{"when": "true", **GO}]}),
    ("weight", {"preset": "coder", "weight": 0}),
    ("team", {"preset": "coder", "team": "checkout_launch"}),
    ("people", {"preset": "coder", "people": ["anna"]}),
)


@pytest.mark.parametrize(("field", "agent"), FAULTS, ids=lambda part: str(part)[:60])
def test_what_no_role_may_be_is_refused_by_its_field(met: Meeting, field: str, agent: dict[str, Any]) -> None:
    faults = problem_of(define(met.acme, name="faulty", **agent))["errors"]
    assert field in {each["field"] for each in faults}
    assert met.acme.get("/v1/agents/faulty").status_code == 404


@pytest.mark.parametrize(
    ("key", "value"),
    [("temperature", 2.5), ("weight", 0), ("title", ""), ("otherwise", {**GO, "stance": "maybe"}), ("preset", "coda")],
)
def test_a_fault_is_told_as_of_a_team_file(met: Meeting, tmp_path: Path, key: str, value: Any) -> None:
    role = {"preset": "coder", key: value}
    team = {"name": "t", "title": "T", "goal": "G?", "pattern": "pipeline", "sequence": ["faulty"]}
    (tmp_path / "t.json").write_text(json.dumps({**team, "policy": "classic", "roles": {"faulty": role}}))
    told = accord(tmp_path, "estimate", str(tmp_path / "t.json")).stderr
    ((field, detail),) = (each.values() for each in problem_of(define(met.acme, name="faulty", **role))["errors"])
    assert f"`roles.faulty.{field}` {detail.removeprefix(f'`{field}` ')}" in told


BODIES = (
    *(b'{"name": "x\\u0000", "preset": "coder"}', b'{"name": "x", "title": "a\\u0000b", "mandate": "m"}'),
    *(b"", b"{", b"[]", b"null", b"7", b'"x"', b"\xff\xfe", b'{"name": "x", "name": "y"}', b'{"name": NaN}'),
    *(b'{"name": "\\ud800", "preset": "coder"}', b'{"name": "x", "title": "\\ud800", "mandate": "m"}'),
    *(b'{"name": "x", "preset": "coder", "temperature": 1e999}', b"[" * 50_000),
    *(b'{"name": "x", "preset": "coder", "weight": ' + b"9" * 5_000 + b"}",),
    *(b'{"name": "x", "preset": "coder", "otherwise": ' + b'{"a":' * 500 + b"1" + b"}" * 501,),
    *(b'{"name": "x", "role": "coder", "preset": "coder"}',),
)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:40]))
def test_a_body_that_is_no_agent_is_refused_and_never_breaks_anything(met: Meeting, body: bytes) -> None:
    problem_of(met.acme.post("/v1/agents", content=body, headers=JSON))
    assert met.acme.get("/v1/agents/x").status_code == 404


def test_tenants_neither_see_nor_touch_each_others_agents(met: Meeting) -> None:
    assert define(met.acme, name="secret_one", preset="coder").status_code == 201
    assert [each["name"] for each in met.globex.get("/v1/agents").json()["items"]] == []
    for asked in ("GET /v1/agents/{}", "GET /v1/agents/{}/state", "DELETE /v1/agents/{}"):
        theirs, none = (met.globex.request(*asked.format(name).split()) for name in ("secret_one", "secret_two"))
        assert (theirs.status_code, none.status_code) == (404, 404)
        assert theirs.json() == {**none.json(), "detail": none.json()["detail"].replace("two", "one")}
    assert define(met.globex, name="secret_one", preset="writer").status_code == 201
    run = {"goal": "G?", "pattern": "pipeline", "agents": ["page_01"], "voice": "rules"}
    refused = problem_of(met.globex.post("/v1/execute", json=run))
    assert "allowed: secret_one" in refused["detail"]
    assert met.globex.delete("/v1/agents/secret_one").status_code == 204
    assert met.acme.get("/v1/agents/secret_one").json()["preset"] == "coder"


def test_a_tenant_whose_name_begins_like_anothers_has_agents_of_its_own(tmp_path: Path) -> None:

    tokens = [token(tmp_path, tenant, "x") for tenant in ("a", "ab", "a.b", "a.b.c")]
    with serving(tmp_path) as served:
        clients = [served.client(each) for each in tokens]
        for number, client in enumerate(clients):
            assert define(client, name=f"of_{number}", preset="coder").status_code == 201
        found = [[each["name"] for each in client.get("/v1/agents").json()["items"]] for client in clients]
        for client in clients:
            client.close()
    assert found == [["of_0"], ["of_1"], ["of_2"], ["of_3"]]


def test_health_has_the_number_of_agents(tmp_path: Path) -> None:
    with serving(tmp_path) as served, served.client() as client:
        for number in range(3):
            assert client.get("/health").json()["agents"] == number
            assert define(client, name=f"agent_{number}", preset="coder").status_code == 201
        assert client.delete("/v1/agents/agent_0").status_code == 204
        assert client.get("/health").json()["agents"] == 2
