"""A decision is taken again once, in a thread of its own, and the old record stays as it was, byte for byte."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from graph.driver import kept_team
from graph.facts.settings import FactSettings
from graph.facts.source import Reading
from graph.fresh import asked_sources
from graph.opening import open_runner
from graph.past import Past
from graph.reopening import Reopening
from graph.runner import Runner
from graph.settings import Settings
from graph.store.watches import Watches
from graph.threads import Threads
from graph.watching import open_watching
from policies.team.team import Team
from tests.harness import run, show, team_of
from tests.hostile.command import Captured, accord
from tests.watch.stage import decide, kept, watch, watch_all, with_rate, write_facts

pytestmark = pytest.mark.slow


def threads(capture: Captured) -> dict[str, Any]:
    listed = json.loads(accord(capture, "list", "--json").out)
    return {each["thread_id"]: each for each in listed}


def test_a_decision_is_taken_again_on_the_facts_of_now(settings: Settings, capsys: Captured) -> None:
    decide(settings, "t")
    before = kept(capsys)
    write_facts(with_rate(0.04))
    code, found = watch(capsys, "t", "--reopen")
    new = show(settings, "t.r1")

    assert (code, found["verdict"], found["reopened_as"], found["cause"]) == (1, "reopen", "t.r1", None)
    assert (new["final_decision"], new["reopens"], new["status"]) == ("no_go", "t", "ok")
    assert [(each["source"], each["kind"]) for each in new["sources"]] == [("facts.json", "file")]
    assert kept(capsys) == before
    events = [json.loads(line) for line in accord(capsys, "audit", "export", "t.r1").out.splitlines()]
    assert events[0]["reopens"]["thread"] == "t"
    assert events[0]["reopens"]["head"]["hash"] == json.loads(before[0].out.splitlines()[-1])["hash"]
    assert accord(capsys, "audit", "verify").code == 0
    assert accord(capsys, "replay", "t.r1").out == "the same record: no_go; no model was asked\n"


def test_it_is_taken_again_once_and_the_new_decision_is_watched_in_its_place(
    settings: Settings, capsys: Captured
) -> None:
    decide(settings, "t", "u")
    write_facts(with_rate(0.04))
    first, second = watch_all(capsys, "--reopen"), watch_all(capsys, "--reopen")

    assert (first.code, first.verdicts) == (1, {"t": "reopen", "u": "reopen"})
    assert (second.code, second.verdicts) == (0, {"t": "reopen", "t.r1": "holds", "u": "reopen", "u.r1": "holds"})
    counted = {"decisions": 4, "holds": 2, "weakened": 0, "reopen": 0, "unknown": 0, "reopened": 2}
    assert second.totals == {**counted, "sourceless": 0, "cut_off": False}
    assert {*threads(capsys)} == {"t", "t.r1", "u", "u.r1"}
    assert threads(capsys)["t"]["reopened_as"] == "t.r1"
    assert "go, reopened as t.r1" in accord(capsys, "list").out
    assert "It is taken again as t.r1: accord show t.r1" in accord(capsys, "watch", "t").out


def test_a_decision_that_was_taken_again_is_taken_again_as_any_other(settings: Settings, capsys: Captured) -> None:
    decide(settings, "t")
    write_facts(with_rate(0.04))
    watch_all(capsys, "--reopen")
    write_facts(with_rate(0.01))

    assert watch_all(capsys, "--reopen").findings["t.r1"]["reopened_as"] == "t.r1.r1"
    assert show(settings, "t.r1.r1")["final_decision"] == "go"
    assert watch_all(capsys, "--reopen").code == 0


def test_an_id_that_somebody_else_has_is_left_to_them(settings: Settings, capsys: Captured) -> None:
    decide(settings, "t", "t.r1", "t.r2")
    write_facts(with_rate(0.04))
    before = kept(capsys, "t.r1")

    assert watch(capsys, "t", "--reopen")[1]["reopened_as"] == "t.r3"
    assert kept(capsys, "t.r1") == before


def test_a_long_id_makes_room_for_its_number(settings: Settings, capsys: Captured) -> None:
    name = "x" * 128
    decide(settings, name)
    write_facts(with_rate(0.04))

    assert watch(capsys, name, "--reopen")[1]["reopened_as"] == "x" * 125 + ".r1"


def test_facts_of_a_file_go_into_the_new_thread(settings: Settings, capsys: Captured) -> None:
    run(team_of(settings, "cold_storage"), settings, "t")
    facts = dict(team_of(settings, "cold_storage").own_facts or {})
    facts["stability"] = {**facts["stability"], "potency_pct": 94.2}
    write_facts(facts, "today.json")

    assert watch(capsys, "t", "--facts", "today.json", "--reopen")[1]["reopened_as"] == "t.r1"
    new = show(settings, "t.r1")
    assert (new["final_decision"], [each["kind"] for each in new["sources"]]) == ("no_go", ["given"])


def test_what_holds_or_is_unknown_is_not_taken_again(settings: Settings, capsys: Captured) -> None:
    decide(settings, "t")
    watch_all(capsys, "--reopen")
    write_facts(with_rate(0.02))
    watch_all(capsys, "--reopen")
    Path("facts.json").unlink()
    watch_all(capsys, "--reopen")

    assert {*threads(capsys)} == {"t"}


def test_a_team_that_cannot_speak_is_named_and_holds_up_no_other(
    settings: Settings, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(settings, "a", "b")
    write_facts(with_rate(0.04))
    monkeypatch.setattr("graph.reopening.kept_team", by_a_model)
    found = watch_all(capsys, "--reopen")

    assert found.code == 1
    assert sorted(str(each["reopened_as"]) for each in found.findings.values()) == ["None", "b.r1"]
    assert found.findings["a"]["cause"].startswith("It was not taken again: ")
    assert "OPENAI_API_KEY" in found.findings["a"]["cause"]
    assert {*threads(capsys)} == {"a", "b", "b.r1"}


def by_a_model(past: Past) -> Team:
    """Return the team of a thread; one of them needs a key that there is not."""
    team = kept_team(past)
    if past.events[0]["thread"] != "a":
        return team
    risk = team.roles["risk"].model_copy(update={"voice": "model"})
    return team.model_copy(update={"roles": {**team.roles, "risk": risk}})


def test_a_new_thread_that_waits_for_people_is_begun_once(settings: Settings, capsys: Captured) -> None:
    asks = {"name": "ask", "rules": [], "otherwise": "escalate"}
    decide(settings, "t", policy=asks)
    accord(capsys, "decide", "t", "go", "--by", "ada", "--because", "Now.")
    write_facts(with_rate(0.01, alerts=9))
    first, second = watch_all(capsys, "--reopen"), watch_all(capsys, "--reopen")

    assert (first.code, first.findings["t"]["reopened_as"], second.code) == (1, "t.r1", 0)
    assert threads(capsys)["t.r1"]["status"] == "waiting"
    assert {*threads(capsys)} == {"t", "t.r1"}


class LostError(Exception):
    """Stands for the death of a process."""


@pytest.mark.parametrize("where", ["admit", "drive", "note"])
def test_what_was_begun_before_a_death_is_continued(
    where: str, settings: Settings, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(settings, "t")
    write_facts(with_rate(0.04))
    holder = {"admit": "graph.store.index.Index.admit", "drive": "graph.driver.Driver.drive"}
    with monkeypatch.context() as patched:
        patched.setattr(holder.get(where, "graph.store.watches.Watches.note"), dying(where))
        accord(capsys, "watch", "--all", "--reopen")
    before = {*threads(capsys)}
    write_facts(with_rate(0.05))
    found = watch_all(capsys, "--reopen")

    assert before == ({"t"} if where == "admit" else {"t", "t.r1"})
    assert found.findings["t"]["reopened_as"] == "t.r1"
    assert {*threads(capsys)} == {"t", "t.r1"}
    assert show(settings, "t.r1")["status"] == "ok"
    for guard in (found.findings["t"]["tripwires"][0], watch(capsys)[1]["tripwires"][0]):
        assert guard["now"]["value"] == (0.05 if where == "admit" else 0.04)  # what the new thread decides on
    assert watch_all(capsys, "--reopen").code == 0
    assert accord(capsys, "audit", "verify").code == 0


def dying(where: str) -> Any:
    noted = Watches.note

    async def die(self: Any, *given: Any, **more: Any) -> None:
        if where != "note" or given[0]["reopened_as"] is not None:
            raise LostError
        await noted(self, *given, **more)

    return die


def test_two_commands_at_once_begin_one_thread(settings: Settings, capsys: Captured) -> None:
    decide(settings, "t")
    write_facts(with_rate(0.04))

    async def watching() -> list[str | None]:
        async with open_watching(settings, asked_sources(Reading(FactSettings())), reopens=True) as one:
            return [told.finding["reopened_as"] async for told in one.all()]

    async def main() -> list[list[str | None]]:
        return [*await asyncio.gather(watching(), watching())]

    found = asyncio.run(main())
    assert [each[0] for each in found] == ["t.r1", "t.r1"]
    assert {*threads(capsys)} == {"t", "t.r1"}


def test_a_thread_that_begins_while_it_is_looked_for_is_found(
    settings: Settings, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another command begins it after its state was looked for, and before it is looked for among the admitted."""
    decide(settings, "t")
    write_facts(with_rate(0.04))
    watch(capsys, "t", "--reopen")
    state, early = Threads.state, ["t.r1"]

    async def too_early(self: Threads, thread: str) -> Any:
        return early.clear() if thread in early else await state(self, thread)

    monkeypatch.setattr(Threads, "state", too_early)

    async def main() -> tuple[str, bool]:
        async with open_runner(settings) as runner:
            return await Reopening(runner)._name_for("t")

    assert asyncio.run(main()) == ("t.r1", True)


def test_the_facts_and_where_they_come_from_are_those_that_were_found(
    settings: Settings, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file changes after it was read, and the new thread has what made the decision fall."""
    decide(settings, "t")
    write_facts(with_rate(0.04))
    runs = Runner.run

    async def later(self: Runner, *given: Any, **more: Any) -> Any:
        write_facts(with_rate(0.01))
        return await runs(self, *given, **more)

    monkeypatch.setattr(Runner, "run", later)
    watch(capsys, "t", "--reopen")

    async def facts() -> Any:
        async with open_runner(settings) as runner:
            return (await runner.threads.begun("t.r1"))["case"]["facts"]

    assert asyncio.run(facts()) == with_rate(0.04)


def test_a_decision_whose_new_thread_stopped_is_still_to_be_taken_again(settings: Settings, capsys: Captured) -> None:
    decide(settings, "t", requires=["region"])
    write_facts({key: value for key, value in with_rate(0.05).items() if key != "region"})
    first = watch_all(capsys, "--reopen")
    second = watch_all(capsys, "--reopen")
    write_facts(with_rate(0.05))
    assert accord(capsys, "resume", "t.r1").code == 0
    third = watch_all(capsys, "--reopen")

    cause = "It was taken again as t.r1, which stopped with needs_input:region; see `accord show t.r1`."
    assert (first.code, first.findings["t"]["reopened_as"]) == (1, "t.r1")
    assert (second.code, second.verdicts["t"], second.findings["t"]["cause"]) == (1, "reopen", cause)
    assert (third.code, third.totals["reopened"], sorted(third.findings)) == (0, 1, ["t", "t.r1"])
