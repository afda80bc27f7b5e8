"""Another tenant's threads and teams are unknown ones, byte for byte but for the name that was asked for."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service.callers import Meeting, meeting
from tests.service.stories import GOING, TEAM, begun

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

UNKNOWN = "00000000-0000-4000-8000-000000000000"
PAGES = ("why", "report", "audit")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meeting]:
    home = tmp_path_factory.mktemp("two")
    roles = {**GOING, "risk": {**GOING["risk"], "tenants": ["acme"]}}
    (home / "theirs.json").write_text(json.dumps({"name": "theirs", **TEAM, "roles": roles}))
    (home / "accord.toml").write_text('[teams]\ntheirs = "theirs.json"\n')
    with meeting(home) as found:
        yield found


def alike(own: httpx.Response, name: str, other: httpx.Response, unknown: str) -> bool:
    return (own.status_code, own.text.replace(name, "")) == (other.status_code, other.text.replace(unknown, ""))


def test_a_thread_of_another_tenant_is_an_unknown_one(two: Meeting) -> None:
    thread = begun(two.acme, "theirs")
    for page in PAGES:
        assert two.acme.get(f"/board/runs/{thread}/{page}").status_code == 200
        theirs, nobodys = (two.globex.get(f"/board/runs/{each}/{page}") for each in (thread, UNKNOWN))
        assert theirs.status_code == 404
        assert alike(theirs, thread, nobodys, UNKNOWN)


def test_a_team_of_another_tenant_is_an_unknown_one(two: Meeting) -> None:
    assert two.acme.get("/board/teams/theirs").status_code == 200
    theirs, nobodys = (two.globex.get(f"/board/teams/{each}") for each in ("theirs", "nobody"))
    assert theirs.status_code == 404
    assert alike(theirs, "theirs", nobodys, "nobody")
    assert "/board/teams/theirs" in two.acme.get("/board/teams").text
    assert "theirs" not in two.globex.get("/board/teams").text


def test_nobody_without_a_token_reads_a_page(two: Meeting, tmp_path: Path) -> None:
    with two.served.client() as nobody:
        for path in ("/board/teams", "/board/teams/theirs", f"/board/runs/{UNKNOWN}/why"):
            answer = nobody.get(path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/board/login")
