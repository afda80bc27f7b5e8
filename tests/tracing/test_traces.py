"""What a trace shows: one run is one trace, named and labelled so that a reviewer finds it, and small."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from graph.store.traces import Traced
from graph.threads import open_threads
from tests.harness import resume, run, settings_at, team_of, without_times
from tests.scripted_server import says, serve, text
from tests.tracing.endpoint import LangSmithEndpoint, langsmith, metadata_of
from tests.tracing.stage import ROLES, script, trace, tracing_at

pytestmark = pytest.mark.slow


def noted(home: Path, endpoint: LangSmithEndpoint, thread: str = "t") -> Traced | None:
    """Where the store says the last trace of a thread is."""

    async def main() -> Traced | None:
        async with open_threads(tracing_at(home, endpoint)) as threads:
            return await threads.traced(thread)

    return asyncio.run(main())


def test_one_run_is_one_trace_of_the_teams_name_and_an_id_that_we_keep(tmp_path: Path) -> None:
    with langsmith() as endpoint:
        trace(tmp_path, endpoint)
        kept = noted(tmp_path, endpoint)

    root = endpoint.root
    assert root["name"] == "checkout_launch"
    assert kept == Traced(root["id"], root["session_name"])
    assert UUID(root["id"]) == UUID(root["trace_id"])
    assert {run["trace_id"] for run in endpoint.runs.values()} == {root["id"]}
    assert [run["name"] for run in endpoint.children(root)] == ["convene", *ROLES, "align", "finalize"]
    assert set(root["tags"]) == {"accord", "rounds", "checkout_launch"}


def test_the_root_says_what_it_came_to(tmp_path: Path) -> None:
    with langsmith() as endpoint:
        record = trace(tmp_path, endpoint)

    said = metadata_of(endpoint.root)
    policy = record["hashes"]["policy"]
    asked = {"team": "checkout_launch", "pattern": "rounds", "thread_id": "t", "policy": policy}
    came_to = {"round": 1, "outcome": "go", "row": 3, "stop_reason": "success", "final_decision": "go"}
    assert asked.items() | came_to.items() <= said.items()
    assert endpoint.root["outputs"]["answer"] == record["answer"]


@pytest.mark.parametrize("delay", [0.0, 0.3], ids=["in one batch", "in several"])
def test_a_reviewer_filters_roles_and_calls_by_round_attempt_policy_outcome_and_row(
    tmp_path: Path, delay: float
) -> None:
    answers = {
        ("risk_analyst", 1): [says("go", confidence=7), says("block")],
        ("risk_analyst", 2): [says("go")],
    }
    with langsmith() as endpoint, serve(script(answers, delay)) as model:
        record = trace(tmp_path, endpoint, url=model.base_url)

    asked = endpoint.named("risk_analyst")
    policy = record["hashes"]["policy"]
    common = {"thread": "t", "role": "risk_analyst", "policy": policy}
    expected = [
        {**common, "round": 1, "attempt": 1, "outcome": "next_round"},
        {**common, "round": 1, "attempt": 2, "outcome": "next_round"},
        {**common, "round": 2, "attempt": 1, "outcome": "go"},
    ]
    for role_run, labels in zip(asked, expected, strict=True):
        (call,) = endpoint.children(role_run)
        assert labels.items() <= metadata_of(role_run).items()
        assert labels.items() <= metadata_of(call).items()
        assert metadata_of(role_run)["row"] == metadata_of(call)["row"]
        assert call["run_type"] == "llm"
    assert [metadata_of(each)["reply"] for each in asked] == ["refusal", "accepted", "accepted"]
    assert [metadata_of(each).get("stance") for each in asked] == [None, "block", "go"]
    rows = [metadata_of(each)["row"] for each in endpoint.named("align") if "row" in metadata_of(each)]
    assert rows == [metadata_of(asked[0])["row"], record["outcome"]["row"]]
    (brief,) = endpoint.children(endpoint.named("finalize")[0])
    assert {"role": "brief", "round": 2, "outcome": "go"}.items() <= metadata_of(brief).items()


def test_a_failed_call_is_labelled_with_its_reason(tmp_path: Path) -> None:
    with langsmith() as endpoint, serve(script({"risk_analyst": [text("")] * 9})) as model:
        record = trace(tmp_path, endpoint, "max_repairs=0", url=model.base_url)

    assert record["status"] == "stopped"
    said = metadata_of(endpoint.named("risk_analyst")[0])
    assert (said["reply"], said["reason"]) == ("failure", record["stop_reason"])
    assert metadata_of(endpoint.root)["stop_reason"] == record["stop_reason"]


def test_the_teams_within_a_team_are_traced_in_the_same_way(tmp_path: Path) -> None:
    with langsmith() as endpoint:
        trace(tmp_path, endpoint, name="market_entry")

    (outer,) = endpoint.named("market_team")[:1]
    assert metadata_of(outer)["role"] == "market_team"
    (within,) = endpoint.children(outer)
    by_name = {each["name"]: each for each in endpoint.children(within)}
    asked = by_name["price_analyst"]
    assert {"role": "price_analyst", "thread": "t", "attempt": 1}.items() <= metadata_of(asked).items()
    assert metadata_of(asked)["outcome"] == metadata_of(by_name["align"])["outcome"] == metadata_of(within)["outcome"]
    last = [each for each in endpoint.children(endpoint.root) if each["name"] == "align"][-1]
    assert metadata_of(outer)["outcome"] == metadata_of(last)["outcome"]


def test_a_resumed_thread_is_a_trace_of_its_own_and_the_last_is_kept(tmp_path: Path) -> None:
    with langsmith() as endpoint:
        trace(tmp_path, endpoint, "budget.max_messages=2")
        resume(tracing_at(tmp_path, endpoint), budget={"max_messages": 12})
        kept = noted(tmp_path, endpoint)

    first, last = sorted(endpoint.roots, key=lambda root: root["dotted_order"])
    assert [root["outputs"]["stop_reason"] for root in (first, last)] == ["max_messages", "success"]
    assert kept == Traced(last["id"], "default")
    assert {metadata_of(root)["thread_id"] for root in (first, last)} == {"t"}


@pytest.mark.parametrize("delay", [0.0, 0.4], ids=["in one batch", "in several"])
def test_a_run_of_three_roles_posts_at_most_40_kilobytes(tmp_path: Path, delay: float) -> None:
    with langsmith() as endpoint, serve(script(delay=delay)) as model:
        trace(tmp_path, endpoint, url=model.base_url)
    assert len(endpoint.children(endpoint.root)) == 6
    assert 10_000 < endpoint.size <= 40_000


def test_each_further_round_posts_as_much_as_the_one_before(tmp_path: Path) -> None:
    sizes = {}
    for rounds in (4, 8, 16):
        sets = (f"budget.max_rounds={rounds}", "budget.max_messages=200", "budget.min_go_votes=4")
        with langsmith() as endpoint:
            record = trace(tmp_path / str(rounds), endpoint, *sets)
        assert len(record["history"]) == rounds
        sizes[rounds] = endpoint.size
    assert (sizes[16] - sizes[8]) < 2.2 * (sizes[8] - sizes[4])


def test_a_node_shows_what_it_reads_and_never_the_team_or_the_record(tmp_path: Path) -> None:
    with langsmith() as endpoint:
        trace(tmp_path, endpoint)
    (asked,) = endpoint.named("risk_analyst")
    assert asked["inputs"]["asks"] == [{"role": "risk_analyst", "attempt": 1}]
    assert asked["inputs"]["facts"]["region"] == "US"
    assert asked["outputs"]["replies"]["risk_analyst"]["answer"]["stance"] == "go"
    for run_ in endpoint.runs.values():
        assert not {"case", "events", "seats", "limits"} & {*run_["inputs"], *run_["outputs"]}
    assert b"prev_hash" not in endpoint.bytes
    assert b"mandate" not in endpoint.bytes


def test_the_record_is_the_same_traced_or_not(tmp_path: Path) -> None:
    with langsmith() as endpoint:
        traced = trace(tmp_path / "a", endpoint)
    settings = settings_at(tmp_path / "b")
    untraced = run(team_of(settings), settings)

    assert endpoint.runs
    assert without_times(traced) == without_times(untraced)


def test_the_run_posts_its_scores(tmp_path: Path) -> None:
    with langsmith() as endpoint:
        record = trace(tmp_path, endpoint, "budget.min_go_votes=4")

    assert record["status"] == "stopped"
    scores = {each["key"]: each["score"] for each in endpoint.feedback}
    assert scores == {"decided": 0, "rounds_used": 3, "conflicts": 0, "guard_tripped": 0}
    assert {each["run_id"] for each in endpoint.feedback} == {endpoint.root["id"]}
    assert {each["trace_id"] for each in endpoint.feedback} == {endpoint.root["id"]}


def test_a_tripped_guard_is_a_score(tmp_path: Path) -> None:
    answers = {("demand_analyst", 1): [says("block")]}
    with langsmith() as endpoint, serve(script(answers)) as model:
        guard = "guards=[{name: alerts, fact: risk_signals.chargeback_alerts, above: 3, cap: go_with_caution}]"
        record = trace(tmp_path, endpoint, guard, url=model.base_url)
    assert (record["status"], record["outcome"]["guards"]) == ("ok", ["alerts"])
    assert record["history"][0]["conflicts"]
    scores = {each["key"]: each["score"] for each in endpoint.feedback}
    assert scores == {
        "decided": 1,
        "rounds_used": 2,
        "conflicts": len(record["history"][0]["conflicts"]),
        "guard_tripped": 1,
    }


@pytest.mark.parametrize("answers", [{"by_path": {"/feedback": 500}}, {"status": 401}, {"status": 503}])
def test_an_endpoint_that_refuses_changes_nothing_of_the_run(
    tmp_path: Path, answers: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    with langsmith(**answers) as endpoint:
        record = trace(tmp_path, endpoint)
    assert record["status"] == "ok"
    assert [line for line in caplog.messages if "not all traces reached LangSmith" in line]
