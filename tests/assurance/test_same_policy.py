"""`accord whatif` under a run's own team file answers `same`, in whatever way the run went and ended."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from graph.record import Record
from nodes.halt import Halt
from nodes.voices.voice import Question, Voice
from policies.run.seats import Failure
from tests.harness import answer, proposal, resume, run, scripted, settings_at, team_of
from tests.hostile.command import Captured, accord

pytestmark = pytest.mark.slow

SEATS = ("risk", "legal", "sales", "press")
"""The sequence, and the one who may be convened."""

TEAM = """
name: own
title: Own
goal: Decide.
facts: {{rate: 1, region: US}}
sequence: [risk, legal, sales]
policy: {policy}
budget: {{max_rounds: 3, max_messages: {messages}, min_go_votes: 2}}
roles:
  risk: {{title: Risk, mandate: Judge., otherwise: {said}}}
  legal: {{title: Legal, mandate: Judge., weight: 2, veto: true, otherwise: {said}}}
  sales: {{title: Sales, mandate: Judge., otherwise: {said}}}
  press: {{title: Press, mandate: Judge., otherwise: {said}}}
{more}
"""
SAID = "{stance: go, summary: Fine., actions: [Go on.]}"
CALLS = (
    '{{name: calls, rules: [{{when: "block >= 2", then: no_go}}, '
    '{{when: "block == 1", then: next_round, convene: {who}}}], otherwise: go}}'
)
CALLS_PRESS, CALLS_NOBODY = CALLS.format(who="press"), CALLS.format(who="stranger")
FAULTS = '{name: faults, rules: [{when: "6 / block > 9", then: no_go}], otherwise: go}'
WEIGHED = (
    '{name: weighed, rules: [{when: "vetoes > 0", then: no_go}, {when: "weighted_caution >= 2", then: next_round}], '
    "otherwise: go, when_rounds_end: escalate}"
)
SURE = '{name: sure, trust_confidence: true, rules: [{when: "mean_confidence < 0.5", then: escalate}], otherwise: go}'
GUARDS = (
    "guards:\n"
    "  - {name: fraud, fact: rate, at_least: 1, cap: go_with_caution}\n"
    "  - {name: abroad, fact: region, equals: EU, cap: no_go}\n"
)
WORDS = {"g": "go", "c": "caution", "b": "block", "x": "maybe"}
FAILURES = {"t": "llm_timeout", "a": "llm_auth"}


@dataclass(frozen=True)
class Course:
    """How a run goes: its policy, a letter for each seat in each round, and with what it is gone on with.

    g go, c caution, b block, x no stance at all, t a timeout, a a refused key; h halts the run.
    """

    policy: str
    rounds: Sequence[str]
    ended: str
    more: str = ""
    messages: int = 20
    goes_on: Sequence[Mapping[str, Any]] = ()
    brief: Any = "All agreed."
    rounds_after: Sequence[str] = ()


AGAIN, ENDED, REFUSED, ALLOWED, CAREFULLY = (
    {"says": word} for word in ("again", "stop", "no_go", "go", "go_with_caution")
)
"""What a person says who is asked."""

NEW_FACTS = {"facts": {"rate": 2, "region": "DE"}}
COURSES: dict[str, Course] = {
    "decided in round 1": Course("launch", ["ggg"], "go"),
    "decided against in round 1": Course("launch", ["bbg"], "no_go"),
    "decided in round 2": Course("launch", ["ggb", "ggc"], "go_with_caution"),
    "decided in round 3": Course("classic", ["ggb", "gbg", "ggg"], "go"),
    "the rounds ended": Course("classic", ["ggb"] * 3, "max_rounds_reached"),
    "the rounds ended, one more was granted": Course(
        "classic", [*["ggb"] * 3, "ggg"], "go", goes_on=[{"budget": {"max_rounds": 4}}]
    ),
    "a person decided as a block stood": Course("launch", ["ggb"] * 2, "go_with_caution", goes_on=[CAREFULLY]),
    "a person decided at the end of the rounds": Course("launch", ["ccc"] * 3, "no_go", goes_on=[REFUSED]),
    "a person ended what a row left without an answer": Course(FAULTS, ["ggg"], "human_stopped", goes_on=[ENDED]),
    "a person asked for another round, which decided": Course("launch", ["ggb", "ggb", "ggg"], "go", goes_on=[AGAIN]),
    "a person asked for another round, then decided": Course("launch", ["ggb"] * 3, "go", goes_on=[AGAIN, ALLOWED]),
    "another round was granted, then asked for, and decided": Course(
        "launch", [*["ccc"] * 3, "ggg"], "go", goes_on=[{}, {"budget": {"max_rounds": 4}}, AGAIN]
    ),
    "a person asked for another round, which stopped": Course(
        "launch", ["ggb", "ggb", "gga"], "llm_auth", goes_on=[AGAIN]
    ),
    "a refused key": Course("launch", ["gga"], "llm_auth"),
    "a refused key in round 2": Course("launch", ["ggb", "gga"], "llm_auth"),
    "a refused key, resumed and decided": Course("launch", ["gga"], "go", goes_on=[{}], rounds_after=["ggg"]),
    "a timeout": Course("launch", ["ggt"], "llm_timeout"),
    "a timeout in round 2": Course("classic", ["ggb", "gtg"], "llm_timeout"),
    "too few messages": Course("launch", ["ggb", "ggg"], "max_messages", messages=4),
    "too few messages, more granted": Course(
        "launch", ["ggb", "ggg"], "go", messages=4, goes_on=[{"budget": {"max_messages": 20}}]
    ),
    "cancelled": Course("launch", ["ggh"], "cancelled"),
    "cancelled in round 2": Course("classic", ["ggb", "hgg"], "cancelled"),
    "a broken contract": Course("launch", ["ggx"], "invalid_contribution:stance"),
    "a broken contract in round 2": Course("launch", ["ggb", "xgg"], "invalid_contribution:stance"),
    "a broken contract, resumed and decided": Course("launch", ["ggx"], "go", goes_on=[{}], rounds_after=["ggg"]),
    "a broken contract, resumed in vain": Course("launch", ["ggx"], "invalid_contribution:stance", goes_on=[{}, {}]),
    "a broken contract beside a refused key, resumed": Course(
        "classic", ["gbg", "axg"], "go", goes_on=[{}, {}], rounds_after=["gbg", "ggg"]
    ),
    "a broken contract, resumed into a talk": Course(
        "classic", ["gxg"], "max_rounds_reached", goes_on=[{}], rounds_after=["gbg", "gbg", "gbg"]
    ),
    "an absence that a quorum bears": Course("quorum", ["ggt"], "go"),
    "an absence in each round": Course("quorum", ["gbt", "gtb", "tgb"], "no_go", goes_on=[REFUSED]),
    "too many absences": Course("quorum", ["gtt"] * 3, "human_stopped", goes_on=[ENDED]),
    "a refused key under a quorum": Course("quorum", ["gga"], "llm_auth"),
    "a convened role joined": Course(CALLS_PRESS, ["ggb", "gggg"], "go"),
    "a convened role joined and stayed": Course(CALLS_PRESS, ["ggb", "gggb", "gggc"], "go"),
    "a convened role joined and failed": Course(CALLS_PRESS, ["ggb", "ggga"], "llm_auth"),
    "a stranger was convened": Course(CALLS_NOBODY, ["ggb", "ggg"], "go"),
    "a stranger was convened, then it stopped": Course(CALLS_NOBODY, ["ggb", "gga"], "llm_auth"),
    "capped by a guard": Course("launch", ["ggg"], "go_with_caution", GUARDS),
    "capped by a guard after a talk": Course("classic", ["ggb", "ggg"], "go_with_caution", GUARDS),
    "capped below an escalation": Course("launch", ["ggb"] * 2, "no_go", GUARDS.replace("EU", "US")),
    "a veto": Course(WEIGHED, ["gbg"], "no_go"),
    "weights": Course(WEIGHED, ["gcg", "cgg"], "go"),
    "weights to the end": Course(WEIGHED, ["gcg"] * 3, "go", goes_on=[ALLOWED]),
    "confidences": Course(SURE, ["ggg"], "go"),
    "changes accepted after an escalation": Course(
        "launch", ["ggb", "ggb", "ggg"], "go", goes_on=[{**NEW_FACTS, "accept_changes": True}]
    ),
    "changes accepted after a stop": Course(
        "launch",
        ["gga"],
        "go_with_caution",
        GUARDS,
        goes_on=[{**NEW_FACTS, "accept_changes": True}],
        rounds_after=["ggg"],
    ),
    "changes accepted between rounds, then stopped": Course(
        "classic", ["ggb", "gga"], "llm_auth", goes_on=[{**NEW_FACTS, "accept_changes": True}]
    ),
    "changes accepted between rounds, then decided": Course(
        "launch", ["ggb", "gga"], "no_go", goes_on=[{**NEW_FACTS, "accept_changes": True}], rounds_after=["ggg", "gbb"]
    ),
    "the brief failed": Course("launch", ["ggg"], "go", brief=Failure("llm_timeout")),
    "the brief failed after a talk": Course("launch", ["ggb", "ggc"], "go_with_caution", brief=Failure("llm_auth")),
}


def voices(course: Course, rounds: Sequence[str], halt: Halt) -> dict[str, Voice]:
    """Return voices that say what stands in the course."""

    def speech(question: Question) -> Any:
        letter = rounds[question.round - 1][SEATS.index(question.name)]
        if letter == "h":
            halt.set()
            return Failure("cancelled")
        return Failure(FAILURES[letter]) if letter in FAILURES else proposal(question.name, WORDS[letter])

    return scripted(speech, brief=course.brief)


def follow(home: Path, course: Course) -> Record:
    """Run the team of `own.yaml` through the course."""
    text = TEAM.format(said=SAID, policy=course.policy, messages=course.messages, more=course.more)
    Path("own.yaml").write_text(text)
    settings, halt = settings_at(home), Halt()
    record = run(team_of(settings, "own.yaml"), settings, "t", voices(course, course.rounds, halt), halt=halt)
    for options in course.goes_on:
        rounds = course.rounds_after or course.rounds
        spoken = voices(course, rounds, Halt())
        if "says" in options:
            record = answer(settings, options["says"], "t", spoken)
        else:
            record = resume(settings, "t", spoken, **options)
    return record


@pytest.mark.parametrize("name", COURSES)
def test_under_its_own_team_file_a_run_stays_what_it_was(name: str, accord_home: Path, capsys: Captured) -> None:
    course = COURSES[name]
    record = follow(accord_home, course)
    decided = (entry["decision"] for entry in record["history"][-1:])
    assert course.ended in (record["stop_reason"], record.get("final_decision"), *decided)

    done = accord(capsys, "whatif", "--policy", "own.yaml", "--all", "--json")
    *verdicts, totals = map(json.loads, done.out.splitlines())

    assert (done.code, done.err, len(verdicts)) == (0, "", 1)
    assert verdicts[0]["was"] == course.ended
    assert (verdicts[0]["answer"], verdicts[0]["now"]) == ("same", verdicts[0]["was"]), verdicts[0]
    table = [{"from": course.ended, "to": course.ended, "runs": 1}]
    assert totals == {
        "runs": 1,
        "same": 1,
        "flipped": 0,
        "undetermined": 0,
        "refused": 0,
        "left_out": 0,
        "table": table,
    }


def test_a_broken_contract_that_was_resumed_verifies_and_replays(accord_home: Path, capsys: Captured) -> None:
    follow(accord_home, COURSES["a broken contract, resumed and decided"])

    verified, replayed = accord(capsys, "audit", "verify", "t"), accord(capsys, "replay", "t", "--json")

    assert (verified.code, replayed.code) == (0, 0), verified.out + replayed.out


@pytest.mark.parametrize("first", [("checkout_launch", 1), ("checkout_launch", 2), ("change_freeze", 3)])
def test_a_vote_that_took_over_a_stopped_thread_is_the_same_under_its_own_policy(
    first: tuple[str, int], capsys: Captured, accord_home: Path
) -> None:
    team, messages = first
    stopped = accord(capsys, "run", team, "--thread", "t", "--set", f"budget.max_messages={messages}")
    went_on = accord(capsys, "run", "change_freeze", "--thread", "t", "--goal", "Now?", "--accept-changes")
    assert (stopped.code, went_on.code) == (3, 0)

    for rules in ("quorum", "change_freeze"):
        verdict = json.loads(accord(capsys, "whatif", "--policy", rules, "--all", "--json").out.splitlines()[0])
        assert (verdict["answer"], verdict["was"], verdict["now"]) == ("same", "go", "go"), verdict


@pytest.mark.parametrize("messages", [1, 3])
def test_a_talk_that_took_over_a_stopped_vote_is_the_same_in_the_round_that_is_shown(
    messages: int, capsys: Captured, accord_home: Path
) -> None:
    stopped = accord(capsys, "run", "change_freeze", "--thread", "t", "--set", f"budget.max_messages={messages}")
    went_on = accord(capsys, "run", "checkout_launch", "--thread", "t", "--accept-changes", "--json")
    assert (stopped.code, went_on.code) == (3, 0)

    verdict = json.loads(accord(capsys, "whatif", "--policy", "checkout_launch", "--all", "--json").out.splitlines()[0])

    (round_shown,) = [entry["round"] for entry in json.loads(went_on.out)["history"]]
    assert (verdict["answer"], verdict["round"]) == ("same", round_shown), verdict


@pytest.mark.parametrize("policy", ["classic", "launch"])
def test_a_vote_that_took_over_a_talk_in_its_second_round_is_the_same_under_its_own_policy(
    policy: str, capsys: Captured, accord_home: Path
) -> None:
    follow(accord_home, Course(policy, ["ggb", "gga"], "llm_auth"))
    assert accord(capsys, "run", "change_freeze", "--thread", "t", "--goal", "Now?", "--accept-changes").code == 0

    for rules in ("quorum", "change_freeze"):
        verdict = json.loads(accord(capsys, "whatif", "--policy", rules, "--all", "--json").out.splitlines()[0])
        assert (verdict["answer"], verdict["was"], verdict["now"]) == ("same", "go", "go"), verdict


def test_a_talk_that_took_over_a_vote_and_asked_nobody_stopped_where_the_record_says(
    capsys: Captured, accord_home: Path
) -> None:
    few = ("--set", "budget.max_messages=1")
    for team, more in (("change_freeze", ()), ("checkout_launch", ("--accept-changes",))):
        assert accord(capsys, "run", team, "--thread", "t", *few, *more).code == 3
    phase = json.loads(accord(capsys, "show", "t", "--json").out)["phase"]

    verdict = json.loads(accord(capsys, "whatif", "--policy", "checkout_launch", "--all", "--json").out.splitlines()[0])

    assert (verdict["answer"], verdict["reason"]) == ("same", f"stopped at {phase}")


def test_runs_that_no_policy_decides_are_counted_and_left_out(capsys: Captured, accord_home: Path) -> None:
    for team in ("retrospective", "checkout_launch"):
        assert accord(capsys, "run", team).code == 0

    told = accord(capsys, "whatif", "--policy", "launch").out.splitlines()
    late = json.loads(accord(capsys, "whatif", "--policy", "launch", "--since", "9999-01-01", "--json").out)
    own = json.loads(accord(capsys, "whatif", "--policy", "launch", "--team", "checkout_launch", "--json").out)

    assert told[-2:] == [
        "1 run: 1 same, 0 flipped, 0 undetermined, 0 refused",
        "1 run left out: no policy decides their pattern",
    ]
    assert (late["runs"], late["left_out"], own["runs"], own["left_out"]) == (0, 0, 1, 0)


def test_a_round_beyond_the_limits_of_now_is_not_said_to_be_one_of_them(capsys: Captured, accord_home: Path) -> None:
    stopped = accord(capsys, "run", "change_freeze", "--thread", "t", "--set", "budget.max_messages=1")
    one = ("--set", "budget.max_rounds=1")
    went_on = accord(capsys, "run", "checkout_launch", "--thread", "t", "--accept-changes", *one)
    assert (stopped.code, went_on.code) == (3, 0)

    assert accord(capsys, "why", "t").out.startswith("classic, round 3: ")
