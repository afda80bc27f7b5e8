"""The archive follows from the state of the threads that ended, on SQLite and on PostgreSQL."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from graph.opening import open_runner
from graph.settings import Settings
from graph.store.archive import entry_of, past_run
from policies.assurance.audit import head_of
from policies.assurance.past import Rules
from policies.assurance.whatif import decide_again
from policies.decision.table import Policy
from tests.assurance.stage import BLOCK, CAUTION, GO, play
from tests.audit.chronicle import told
from tests.harness import proposal, resume, run, scripted, settings_at, team_of
from tests.runs.stage import RISK, state_of

pytestmark = pytest.mark.slow

Entry = dict[str, Any]


@pytest.fixture
def settings(tmp_path: Path, database: str) -> Settings:
    """Settings on the database of this kind."""
    return settings_at(tmp_path, accord_database_url=database)


def entries_in(settings: Settings) -> dict[str, Entry]:
    """Return every entry of the archive by thread, read one by one and all together."""

    async def main() -> tuple[list[Entry], list[Entry | None]]:
        async with open_runner(settings) as runner:
            archive = runner.threads.archive
            found = [entry async for entry in archive.entries()]
            return found, [await archive.entry(entry["thread_id"]) for entry in found]

    found, one_by_one = asyncio.run(main())
    assert found == one_by_one
    assert len({entry["thread_id"] for entry in found}) == len(found)
    return {entry["thread_id"]: entry for entry in found}


def rounds_of(entry: Entry) -> list[dict[str, Any]]:
    """Return the finished rounds on an entry's tape."""
    return [step for step in entry["tape"]["steps"] if "casts" in step]


def test_an_entry_follows_from_the_state_of_its_thread(settings: Settings) -> None:
    team = team_of(settings, "checkout_launch", "max_repairs=1")
    record = run(
        team,
        settings,
        "t",
        scripted(lambda question: proposal(question.name, CAUTION if question.name == RISK else GO)),
    )
    state = state_of(settings)

    entry = entries_in(settings)["t"]

    assert entry == entry_of("t", state)
    assert (entry["ended"], entry["policy"]) == (record["final_decision"], "classic")
    assert entry["facts"] == team.own_facts
    assert entry["hashes"] == record["hashes"]
    assert entry["head"] == {"events": len(state["events"]), "hash": state["events"][-1]["hash"]}
    assert entry["ended_at"] == state["events"][-1]["at"]
    assert [each["casts"][RISK] for each in rounds_of(entry)] == [CAUTION]


def test_weights_vetoes_guards_and_who_may_join_are_kept_for_the_next_decision(settings: Settings) -> None:
    guard = "guards=[{name: alerts, fact: risk_signals.chargeback_alerts, above: 9, cap: no_go}]"
    sets = ("policy=weighted", guard, "roles.risk_analyst.weight=5", "roles.demand_analyst.veto=true")
    play(settings, "t", [(BLOCK, BLOCK, GO)], *sets)

    entry = entries_in(settings)["t"]
    run_again = past_run(entry)

    assert (entry["ended"], entry["vetoers"], entry["weights"][RISK]) == ("go", ["demand_analyst"], 5)
    assert "legal_analyst" not in entry["enabled"]
    assert [each.name for each in run_again.guards] == ["alerts"]
    veto = Policy.model_validate({"name": "x", "rules": [{"when": "vetoes >= 1", "then": "no_go"}], "otherwise": "go"})
    assert decide_again(run_again, Rules(veto)).now == "no_go"


def test_an_entry_is_replaced_when_its_thread_went_on(settings: Settings) -> None:
    play(settings, "t", [(GO, GO, BLOCK), "llm_auth"])
    before = entries_in(settings)["t"]

    resume(settings, voices=scripted(lambda question: proposal(question.name)))

    after = entries_in(settings)
    assert after.keys() == {"t"}
    assert (before["ended"], after["t"]["ended"]) == ("llm_auth", "go")
    assert (len(rounds_of(before)), len(rounds_of(after["t"]))) == (1, 2)
    assert after["t"]["head"]["events"] > before["head"]["events"]
    assert after["t"] == entry_of("t", state_of(settings))


def test_a_decision_whose_brief_failed_is_archived_as_the_decision_it_is(settings: Settings) -> None:
    voices = scripted(lambda question: proposal(question.name), brief="")
    record = run(team_of(settings), settings, voices=voices)
    assert (record["status"], record["phase"]) == ("stopped", "finalize")

    entry = entries_in(settings)["t"]

    assert (entry["ended"], [each["final"] for each in rounds_of(entry)]) == ("go", ["go"])


def test_a_thread_that_is_turned_away_leaves_its_entry_as_it_was(settings: Settings) -> None:
    play(settings, "t", [(GO, GO, GO)])
    before = entries_in(settings)

    stale = play(settings, "t", [(BLOCK, BLOCK, BLOCK)], "facts.region=EU")

    assert stale["stop_reason"] == "stale_thread:facts"
    assert entries_in(settings) == before


@pytest.mark.slow
def test_threads_of_any_allowed_name_are_kept_apart(settings: Settings) -> None:
    names = ["a", "A", "a.b", "a:b", "a@b-c_d", "0", "x" * 128, "archive.3e", "accord"]
    for name in names:
        play(settings, name, [(GO, GO, GO)])

    assert entries_in(settings).keys() == set(names)


def test_an_entry_holds_the_facts_as_they_were_withheld(settings: Settings) -> None:
    play(settings, "t", [(GO, GO, GO)], "private=[campaign.name]")

    assert entries_in(settings)["t"]["facts"]["campaign"]["name"] == "(withheld)"


def test_an_entry_of_a_long_run_keeps_every_round_and_its_head(settings: Settings, tmp_path: Path) -> None:
    settings_again, record = told(tmp_path, database=settings.database)
    entry = entries_in(settings_again)["t"]
    events = state_of(settings_again)["events"]

    assert [each["round"] for each in rounds_of(entry)] == [1, 2, 3]
    assert entry["head"] == {"events": head_of(events).events, "hash": head_of(events).hash}
    assert entry["ended"] == record["final_decision"]
