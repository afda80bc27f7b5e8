"""A team that is limited to others is refused over HTTP, by name, and nothing of the run is kept."""

import json
from pathlib import Path

import pytest

from tests.hostile.command import process
from tests.runs.people import team
from tests.service.process import serving

pytestmark = pytest.mark.slow


def test_a_service_runs_no_team_that_is_limited_to_others(tmp_path: Path) -> None:
    home, roles = tmp_path / "home", team()["roles"]
    home.mkdir()
    limited = team(roles={**roles, "risk": {**roles["risk"], "tenants": ["acme"]}})
    (home / "theirs.yaml").write_text(json.dumps(limited), encoding="utf-8")
    (home / "accord.toml").write_text('[teams]\ntheirs = "theirs.yaml"\n', encoding="utf-8")

    with serving(home) as served, served.client() as client:
        refused = client.post("/v1/execute", json={"team": "theirs", "wait": True})
        allowed = client.post("/v1/execute", json={"team": "checkout_launch", "wait": True})

    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert refused.json()["detail"] == (
        "the role `risk` of the team `people` is limited to tenants other than `local`; run another team"
    )
    (listed,) = json.loads(process(tmp_path, "list", "--json").out)
    assert listed["thread_id"] == allowed.json()["thread_id"]
    assert process(tmp_path, "audit", "verify").code == 0
