"""A halt reaches the runs of `langgraph dev`: calls under way are cut, and a run of a halted database asks nobody."""

from pathlib import Path

import pytest

from tests.halts.flags import HALTED, at_once, cancels, halts, releases
from tests.harness import settings_at, show
from tests.runs.stage import BRIEF, RISK, script
from tests.scripted_server import forever, held, says, serve, text
from tests.server.development import serve_graph
from tests.service.test_halt import until

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.needs("langgraph_dev"), pytest.mark.timeout(300)]


def test_a_run_of_studio_is_halted_and_cancelled_like_any_other(tmp_path: Path) -> None:
    is_open = [False]
    lines = script(risk_analyst=forever(held(says("go"), lambda: is_open[0])), brief=forever(text(BRIEF)))
    with (
        serve(lines) as model,
        serve_graph(tmp_path, OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=model.base_url) as server,
    ):
        settings, thread = settings_at(tmp_path / "home"), server.new_thread()
        run = server.client.runs.create(thread, "rounds", input={})
        until(lambda: len(model.calls_of(RISK)) == 1, "the role is asked")
        at_once(settings, halts())
        server.client.runs.join(thread, run["run_id"])
        assert (show(settings, thread)["stop_reason"], show(settings, thread)["cause"]) == ("cancelled", HALTED)
        assert server.run({}, thread)["stop_reason"] == "cancelled"
        assert len(model.calls_of(RISK)) == 1
        at_once(settings, releases())
        run = server.client.runs.create(thread, "rounds", input={})
        until(lambda: len(model.calls_of(RISK)) == 2, "the role is asked again")
        at_once(settings, cancels(thread))
        server.client.runs.join(thread, run["run_id"])
        assert show(settings, thread)["cause"].startswith("ann cancelled the run")
        is_open[0] = True
        assert server.run({}, thread)["final_decision"] == "go"  # who runs it again takes the cancel back
