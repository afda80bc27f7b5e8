"""On the LangGraph server the board watches decisions, and takes one again, as the service alone does."""

from pathlib import Path

import httpx
import pytest

from tests.board.watching import Reader, lay, open_source, team
from tests.service.entrances import entrance
from tests.service.process import PATIENCE_SECONDS

pytestmark = [pytest.mark.system, pytest.mark.needs("langgraph_dev"), pytest.mark.timeout(300)]


def test_a_decision_is_looked_at_and_taken_again_on_the_langgraph_server(tmp_path: Path) -> None:
    with open_source() as source:
        lay(tmp_path / "home", source, {"small": team("small", source.facts)})
        with (
            entrance("mounted", tmp_path) as served,
            httpx.Client(base_url=served.url, timeout=PATIENCE_SECONDS) as client,
        ):
            reader = Reader(client)
            thread = reader.run("small")
            assert reader.look().status_code == 303
            assert reader.see().of(thread).sign == "go"
            source.risk = {"rate": 0.05, "alerts": 2}
            assert {reader.reopen(thread).headers["location"] for _ in range(2)} == {f"/board/runs/{thread}.r1"}
            assert reader.rested(f"{thread}.r1")["final_decision"] == "no_go"
            assert [each.sign for each in reader.see().items] == ["plain", "done"]
