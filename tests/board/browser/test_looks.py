"""Every page in every state: usable on a small phone and a wide screen, by day and by night, for everybody."""

from collections.abc import Iterator

import pytest

from tests.board.browser.conftest import Stage
from tests.board.browser.looks import faults
from tests.board.browser.stage import write_facts
from tests.chromium import Tab

pytestmark = [pytest.mark.system, pytest.mark.needs("chromium", "ssh_keygen"), pytest.mark.timeout(300)]

PAGES = {
    **dict.fromkeys(("runs", "runs-none", "inbox", "inbox-none", "teams", "team", "team-plan", "watch"), 200),
    **dict.fromkeys(("run-live", "run-waits", "run-decided", "run-stopped", "run-lacks", "run-seat"), 200),
    **dict.fromkeys(("answer", "answer-fact", "answer-seat", "why", "report"), 200),
    **dict.fromkeys(("run-unknown", "answer-unknown", "team-unknown", "strange"), 404),
    "why-none": 409,
}
"""The status of each page."""


@pytest.fixture(scope="module")
def paths(stage: Stage) -> Iterator[dict[str, str]]:
    """The path of each page, with threads that run, wait, decided and stopped."""
    begun = stage.board.begun
    threads = {name: begun(name) for name in ("launch", "payments", "short", "numbers", "counsel")}
    write_facts(stage.board.home, rate=0.09)
    stage.model.may |= {("demand", 1), ("finance", 1)}
    live = begun("launch", voice="model", wait=False)
    runs = {name: f"/board/runs/{thread}" for name, thread in {**threads, "live": live}.items()}
    asked = {
        name: f"{runs[name]}/answer/{stage.board.question(threads[name])}" for name in ("launch", "numbers", "counsel")
    }
    yield {
        **{"runs": "/board", "runs-none": "/board?team=nobody", "inbox": "/board/inbox", "watch": "/board/watch"},
        **{"inbox-none": "/board/inbox?for=nobody", "teams": "/board/teams", "team": "/board/teams/launch"},
        **{"team-plan": "/board/teams/incident_report", "run-live": runs["live"], "run-waits": runs["launch"]},
        **{"run-decided": runs["payments"], "run-stopped": runs["short"], "run-lacks": runs["numbers"]},
        **{"run-seat": runs["counsel"], "run-unknown": "/board/runs/0000", "answer": asked["launch"]},
        **{
            "answer-fact": asked["numbers"],
            "answer-seat": asked["counsel"],
            "answer-unknown": f"{runs['payments']}/answer/q1",
        },
        **{"why": f"{runs['payments']}/why", "why-none": f"{runs['live']}/why", "report": f"{runs['payments']}/report"},
        **{"team-unknown": "/board/teams/nobody", "strange": "/board/nowhere"},
    }
    stage.model.is_free = True


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_used_by_everybody(name: str, paths: dict[str, str], stage: Stage, tab: Tab) -> None:
    assert faults(tab, stage.board.at(paths[name]), name, PAGES[name]) == {}
