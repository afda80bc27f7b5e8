"""The service as a process: it starts, runs a team, and ends."""

from pathlib import Path

import pytest

from tests.service.process import serving

pytestmark = pytest.mark.slow


def test_a_service_runs_a_team_to_its_record(tmp_path: Path) -> None:
    with serving(tmp_path) as served, served.client() as client:
        assert client.get("/ready").json() == {"status": "ready"}
        answer = client.post("/v1/execute", json={"team": "checkout_launch", "wait": True})
        assert (answer.status_code, answer.json()["final_decision"]) == (200, "go")
        assert served.stop() == 0
