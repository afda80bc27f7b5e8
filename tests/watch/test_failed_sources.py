"""A source that failed is not made up for by another one, and whoever is stopped midway says so."""

from pathlib import Path
from typing import Any

import pytest

from graph.settings import Settings
from graph.watching import Watching
from tests.hostile.command import Captured, accord
from tests.watch.stage import decide, watch, watch_all, with_rate, write_facts

pytestmark = pytest.mark.slow

TWO: list[dict[str, Any]] = [
    {"file": "facts.json"},
    {"file": "newer.json", "expect": {"risk.rate": "number"}},
]


def test_what_another_source_gives_at_the_same_path_makes_up_for_nothing(settings: Settings, capsys: Captured) -> None:
    write_facts(with_rate(0.02))
    write_facts({"risk": {"rate": 0.01}}, "newer.json")
    decide(settings, "t", facts=TWO)
    assert watch(capsys)[1]["verdict"] == "holds"
    Path("newer.json").unlink()
    code, found = watch(capsys)

    assert (code, found["verdict"]) == (3, "unknown")
    assert found["cause"].startswith("The source `newer.json` gave no facts that can be used: ")


def test_who_is_stopped_midway_says_that_there_are_more(
    settings: Settings, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(settings, *(f"t-{number}" for number in range(5)))
    write_facts(with_rate(0.04))
    told = Watching._told

    async def then_stop(self: Watching, looked: Any) -> Any:
        self._halt.set()
        return await told(self, looked)

    monkeypatch.setattr("graph.watching.TOGETHER", 2)
    with monkeypatch.context() as stopping:
        stopping.setattr(Watching, "_told", then_stop)
        found, shown = watch_all(capsys), accord(capsys, "watch", "--all")

    assert (found.code, len(found.findings), found.totals["decisions"], found.totals["cut_off"]) == (3, 1, 1, True)
    assert (shown.code, shown.out.splitlines()[-1]) == (
        3,
        "1 decision: 0 hold, 0 weakened, 1 to reopen, 0 unknown; stopped before it had looked at all",
    )
    whole = watch_all(capsys)
    assert (whole.code, len(whole.findings), whole.totals["cut_off"]) == (1, 5, False)


def test_who_is_stopped_at_the_last_one_has_seen_all(
    settings: Settings, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(settings, "t")
    told = Watching._told

    async def then_stop(self: Watching, looked: Any) -> Any:
        self._halt.set()
        return await told(self, looked)

    monkeypatch.setattr(Watching, "_told", then_stop)
    assert watch_all(capsys).code == 0
