"""The sources of many decisions: each distinct one is asked once a command, and many of them at the same time."""

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graph.facts.settings import FactSettings
from graph.facts.sharing import SharedReading
from graph.facts.source import Raw, Reading, SourceError
from graph.facts.table import KINDS
from graph.settings import Settings
from policies.team.sources import FileSource, InlineSource, Source
from tests.hostile.command import Captured
from tests.watch.stage import decide, watch_all, with_rate, write_facts


class Spy:
    """Counts what is asked, and how much of it at once."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.now = self.most = 0
        self.seconds, self.rate = 0.01, 0.01

    async def read(self, source: FileSource, _: Reading) -> Raw:
        self.asked[Path(source.file).name] += 1
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.seconds)
        self.now -= 1
        if source.file.endswith("none.json"):
            raise SourceError("nothing there")
        return Raw(with_rate(self.rate))


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    spy = Spy()
    changed: dict[Any, Any] = {**KINDS, FileSource: replace(KINDS[FileSource], read=spy.read)}
    monkeypatch.setattr("graph.facts.table.KINDS", changed)
    return spy


@pytest.mark.slow
def test_each_source_is_asked_once_and_those_of_all_decisions_at_once(
    settings: Settings, capsys: Captured, spy: Spy
) -> None:
    for number in range(4):
        write_facts(path=f"facts-{number}.json")
        sources = [{"file": f"facts-{number}.json", "name": name} for name in ("one", "another")]
        decide(settings, *(f"t-{number}-{each}" for each in range(3)), facts=sources)
    spy.asked.clear()
    spy.rate, spy.seconds = 0.02, 1.0  # longer than it takes to read what is kept
    found = watch_all(capsys)

    assert spy.asked == {f"facts-{number}.json": 1 for number in range(4)}
    assert spy.most == 4
    assert {*found.verdicts.values()} == {"weakened"}
    assert len(found.verdicts) == 12


def shared(spy: Spy, *sources: Source, most: int = 32) -> list[object]:
    async def main() -> list[object]:
        reading = SharedReading(most)
        return [
            *await asyncio.gather(
                *(reading.read(each, Reading(FactSettings())) for each in sources), return_exceptions=True
            )
        ]

    return asyncio.run(main())


def test_what_becomes_of_the_data_makes_no_other_source(spy: Spy) -> None:
    same = (FileSource(file="a.json"), FileSource(file="a.json", name="b", into="x", select="y", max_age="1d"))
    found = shared(
        spy, *same, FileSource(file="a.json", rows="all"), FileSource(file="none.json"), InlineSource(inline={})
    )

    assert spy.asked == {"a.json": 2, "none.json": 1}
    assert found[0] is found[1]
    assert isinstance(found[3], SourceError)
    assert found[4] == Raw({})


def test_only_so_many_are_asked_at_the_same_time(spy: Spy) -> None:
    shared(spy, *(FileSource(file=f"{number}.json") for number in range(12)), most=5)

    assert (spy.most, spy.asked.total()) == (5, 12)


def test_one_who_waits_no_longer_takes_nothing_from_the_others(spy: Spy) -> None:
    async def main() -> object:
        reading, source = SharedReading(), FileSource(file="a.json")
        first = asyncio.ensure_future(reading.read(source, Reading(FactSettings())))
        second = asyncio.ensure_future(reading.read(source, Reading(FactSettings())))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert isinstance(asyncio.run(main()), Raw)
