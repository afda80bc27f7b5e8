"""The record says who did what, when, at which attempt; what a run is pinned to; and it stays one chain."""

import asyncio
import hashlib
import importlib.metadata
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import rfc8785

import nodes.prompting
from graph.assurance.records import check_events
from graph.opening import open_runner
from graph.record import Record
from graph.settings import Settings
from nodes.voices.voice import Question
from policies.assurance.audit import Event
from policies.run.seats import Failure
from tests.audit.chronicle import RULES, events_in, lines_of, speech, stopped, told
from tests.harness import CHECKOUT_ROLES, proposal, resume, run, scripted, settings_at, team_of
from tests.runs.stage import BRIEF, DEMAND, MODEL, RISK, go_on, play, rounds, script
from tests.scripted_server import forever, says, status, text

pytestmark = pytest.mark.slow

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")
PLACED = ("asked", "proposed", "accepted", "refused", "failed")
"""Events of one attempt of one role, or of the brief."""
DECISIVE = ("outcome", "conflict", "absent", "superseded")
"""Events of a whole round, or of a seat in it."""


def of_kind(events: list[Event], kind: str) -> list[Event]:
    return [event for event in events if event["event"] == kind]


def assert_attributed(events: list[Event], roles: tuple[str, ...] = CHECKOUT_ROLES) -> None:
    """Each event has its time in UTC, in order; what a role did names the role, the round and the attempt."""
    times = [datetime.fromisoformat(event["at"]) for event in events]
    assert all(TIME.fullmatch(event["at"]) for event in events)
    assert times == sorted(times)
    assert timedelta(0) <= datetime.now(UTC) - times[0] < timedelta(hours=1)
    for event in events:
        if event["event"] in PLACED:
            assert event["role"] in (*roles, "brief"), event
            assert isinstance(event["attempt"], int), event
            assert event["attempt"] >= 1, event
        if event["event"] in (*PLACED, *DECISIVE):
            assert isinstance(event["round"], int), event
            assert event["round"] >= 1, event


def assert_one_chain(events: list[Event]) -> None:
    assert check_events(events) is None
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert [event["event"] for event in events].count("admitted") == 1


WORDS = {
    (DEMAND, 1, 1): " (no single JSON object was found)",
    (RISK, 1, 1): " (missing: summary, confidence, actions)",
}
"""What a repair says beside the rule."""


def test_every_refusal_names_role_round_attempt_rule_and_what_was_offered(tmp_path: Path) -> None:
    settings, _ = told(tmp_path)
    events = events_in(settings)

    refused = {(each["role"], each["round"], each["attempt"]): each["rule"] for each in of_kind(events, "refused")}
    repairs = {(each["role"], each["round"]): each["repair"] for each in of_kind(events, "asked") if each["repair"]}

    assert_attributed(events)
    assert refused == {place: f"invalid_contribution:{rule}" for place, rule in RULES.items()}
    assert repairs == {place[:2]: f"invalid_contribution:{rule}{WORDS.get(place, '')}" for place, rule in RULES.items()}
    assert of_kind(events, "refused")[0]["raw"] == "I would say go."


def test_every_outcome_names_round_row_reason_stances_and_flags(tmp_path: Path) -> None:
    settings, record = told(tmp_path)
    outcomes = of_kind(events_in(settings), "outcome")

    assert [(each["round"], each["row"], each["final"]) for each in outcomes] == [
        (1, 1, "next_round"),
        (2, 1, "next_round"),
        (3, 3, "go_with_caution"),
    ]
    assert [each["because"] for each in outcomes] == [
        *["one role blocks"] * 2,
        "enough go votes despite a caution",
    ]
    before: dict[str, str] = {}
    for outcome, entry in zip(outcomes, record["history"], strict=True):
        assert outcome["casts"] == {said["agent"]: said["stance"] for said in entry["contributions"]}
        flags = [
            f"{name}:{role}"
            for role in CHECKOUT_ROLES
            for name, holds in (
                ("unsupported", True),
                ("moved_without_reason", before.get(role, outcome["casts"][role]) != outcome["casts"][role]),
            )
            if holds
        ]
        assert outcome["flags"] == flags
        before = outcome["casts"]
        assert (outcome["max_rounds"], outcome["min_go_votes"]) == (3, 2)


def test_each_answer_is_recorded_as_proposed_before_it_is_judged(tmp_path: Path) -> None:
    settings, _ = told(tmp_path)
    events = events_in(settings)
    place = ("round", "role", "attempt")

    for before, judged in pairwise(events):
        if judged["event"] in ("accepted", "refused"):
            assert before["event"] == "proposed"
            assert [before[key] for key in place] == [judged[key] for key in place]
    asked = [tuple(each[key] for key in place) for each in of_kind(events, "asked")]
    proposed = [tuple(each[key] for key in place) for each in of_kind(events, "proposed")]
    assert sorted(asked) == sorted(proposed)


def test_a_failure_and_an_absence_name_role_round_attempt_and_reason(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)

    def said(question: Question) -> Any:
        if question.name == RISK:
            return Failure("llm_timeout") if question.round == 1 else "no contribution"
        return proposal(question.name, "block" if question.round == 1 and question.name == DEMAND else "go")

    record = run(team_of(settings, "checkout_launch", "policy=quorum"), settings, voices=scripted(said))
    events = events_in(settings)

    assert (
        record["absent"]
        == [
            {"round": 1, "role": RISK, "reason": "llm_timeout"},
            {"round": 2, "role": RISK, "reason": "invalid_contribution:missing_keys"},
        ][: record["rounds_used"]]
    )
    assert_attributed(events)
    (failed,) = of_kind(events, "failed")
    assert [failed[key] for key in ("round", "role", "attempt", "reason")] == [1, RISK, 1, "llm_timeout"]
    assert [each["role"] for each in of_kind(events, "absent")] == [RISK] * record["rounds_used"]


@pytest.mark.parametrize("reason", ["llm_auth", "llm_error:503", "max_messages", "agent_denied"])
def test_a_stop_names_its_reason_and_the_round_and_role_it_stopped_at(tmp_path: Path, reason: str) -> None:
    settings = settings_at(tmp_path)
    sets = {"max_messages": ["budget.max_messages=2"], "agent_denied": ["sequence+=legal_analyst"]}.get(reason, [])
    fails = Failure(reason) if reason.startswith("llm") else None
    voices = scripted(lambda question: fails if fails and question.name == RISK else proposal(question.name))

    record = run(team_of(settings, "checkout_launch", *sets), settings, voices=voices)
    events = events_in(settings)

    where = "legal_analyst" if reason == "agent_denied" else RISK
    full = f"{reason}:{where}" if reason == "agent_denied" else reason
    assert (record["stop_reason"], record["phase"]) == (full, f"round_1:{where}")
    assert_attributed(events)
    finished = events[-1]
    assert {key: finished[key] for key in ("event", "stop_reason", "phase", "final_decision")} == {
        "event": "finished",
        "stop_reason": full,
        "phase": f"round_1:{where}",
        "final_decision": None,
    }


def test_admitted_pins_hashes_models_prompts_and_versions(tmp_path: Path) -> None:
    played = play(tmp_path, script(), "roles.risk_analyst.model=another-model")
    assert played.team is not None
    (admitted,) = of_kind(events_in(settings_at(tmp_path)), "admitted")

    assert admitted["seq"] == 0
    assert (admitted["thread"], admitted["team"], admitted["policy"]) == ("t", "checkout_launch", "classic")
    assert admitted["hashes"] == played.record["hashes"]
    assert admitted["hashes"]["facts"] == hashlib.sha256(rfc8785.dumps(played.team.own_facts)).hexdigest()
    assert admitted["hashes"]["goal"] == hashlib.sha256(rfc8785.dumps(played.team.goal)).hexdigest()
    assert admitted["limits"] == played.team.budget.model_dump(mode="json")
    assert admitted["models"] | {"legal_analyst": MODEL} == {
        "brief": MODEL,
        **dict.fromkeys((*CHECKOUT_ROLES, "legal_analyst"), MODEL),
        RISK: "another-model",
    }
    assert {name: len(digest) for name, digest in admitted["prompts"].items()} == {"role": 64, "brief": 64}
    assert {"accord", "langgraph", "langchain-openai", "openai", "cel-expr-python"} <= admitted["versions"].keys()
    assert admitted["versions"] == {name: importlib.metadata.version(name) for name in admitted["versions"]}


def test_the_pinned_prompt_hashes_are_those_of_the_instruction_files(tmp_path: Path) -> None:
    settings, _ = told(tmp_path)
    (admitted,) = of_kind(events_in(settings), "admitted")
    folder = Path(nodes.prompting.__file__).parent / "prompts"

    for name, digest in admitted["prompts"].items():
        words = re.sub(r"<!--.*?-->\n", "", (folder / f"{name}.md").read_text(), flags=re.DOTALL)
        assert digest == hashlib.sha256(rfc8785.dumps(words)).hexdigest()


def test_each_question_names_the_model_and_the_hash_of_what_was_sent(tmp_path: Path) -> None:
    played = play(tmp_path, script())
    events = events_in(settings_at(tmp_path))

    for event in of_kind(events, "proposed"):
        (call,) = played.server.calls_of(event["role"])
        sent = "".join(message["content"] for message in call.body["messages"])
        assert (event["voice"], event["model"]) == ("model", MODEL)
        assert event["prompt"] in {
            hashlib.sha256(rfc8785.dumps(text)).hexdigest() for text in (sent, _joined(call.body["messages"]))
        }
        assert event["usage"]["calls"] == 1


def _joined(messages: list[dict[str, str]]) -> str:
    return "\n".join(message["content"] for message in messages)


def test_a_stop_and_a_resume_stay_one_chain_that_keeps_every_byte_of_before(tmp_path: Path) -> None:
    settings, before = stopped(tmp_path)
    kept = lines_of(events_in(settings))

    record = resume(settings, voices=scripted(speech, brief=BRIEF))
    events = events_in(settings)

    assert record["final_decision"] == "go_with_caution"
    assert lines_of(events)[: len(kept)] == kept
    assert_one_chain(events)
    assert_attributed(events)
    (resumed,) = of_kind(events, "resumed")
    assert resumed["seq"] == len(kept)
    assert [resumed[key] for key in ("after", "phase", "moved")] == ["llm_rate_limited", before["phase"], None]
    assert [event["stop_reason"] for event in of_kind(events, "finished")] == ["llm_rate_limited", "success"]


def test_accepted_changes_leave_what_moved_and_the_round_that_was_discarded(tmp_path: Path) -> None:
    lines = rounds(("go", "caution", "caution"))
    lines |= {(DEMAND, 2): says("block"), ("finance_analyst", 2): says("block"), (RISK, 2): status(401)}
    play(tmp_path, lines)
    settings = settings_at(tmp_path)
    kept = lines_of(events_in(settings))
    changed = {**dict.fromkeys(CHECKOUT_ROLES, forever(says("go"))), "brief": text(BRIEF)}

    played = play(tmp_path, changed, "facts.risk_signals.chargeback_alerts=5", accept_changes=True)
    events = events_in(settings)

    assert played.record["final_decision"] == "go"
    assert lines_of(events)[: len(kept)] == kept
    assert_one_chain(events)
    assert_attributed(events)
    resumed, superseded = events[len(kept) : len(kept) + 2]
    assert (resumed["event"], resumed["moved"], resumed["revision"]) == ("resumed", "facts", 1)
    assert resumed["hashes"] == played.record["hashes"]
    assert (superseded["event"], superseded["round"]) == ("superseded", 2)


def test_a_raised_budget_is_on_the_record_of_the_resume(tmp_path: Path) -> None:
    play(tmp_path, rounds(("go", "go", "block")), "budget.max_rounds=1")

    go_on(tmp_path, rounds(("go", "go", "block"), ("go", "go", "go")), budget={"max_rounds": 5})
    events = events_in(settings_at(tmp_path))

    assert_one_chain(events)
    (resumed,) = of_kind(events, "resumed")
    assert (resumed["after"], resumed["limits"]["max_rounds"]) == ("max_rounds_reached", 5)
    assert [each["max_rounds"] for each in of_kind(events, "outcome")] == [1, 5]


def test_reading_a_thread_and_asking_a_finished_one_again_write_no_event(tmp_path: Path) -> None:
    settings, record = told(tmp_path)
    kept = lines_of(events_in(settings))

    assert resume(settings) == record
    assert read_in_every_way(settings) == record
    assert lines_of(events_in(settings)) == kept


def read_in_every_way(settings: Settings) -> Record:
    async def main() -> Record:
        async with open_runner(settings) as runner:
            await runner.threads.newest(9)
            await runner.threads.catch_up()
            return await runner.threads.show("t")

    return asyncio.run(main())
