"""Who answers first never changes a result: shuffled delays give the same record, byte for byte."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph.record import Record
from tests.harness import run, scripted, settings_at, team_of, without_times
from tests.runs.stage import AT_ONCE, BACKWARDS, BRIEF, DEMAND, FINANCE, RISK, Lines, play, rounds, script
from tests.scripted_server import Answer, delayed, says, status, text

SEEDS = range(8)
LONGEST_DELAY = 0.06
ONE_LEGGED = (BACKWARDS, "max_repairs=0")


def a_long_talk() -> Lines:
    """Repairs, a retry, all conflicts, and a decision in the third round."""
    lines = rounds(("go", "caution", "block"), ("block", "caution", "go"), ("caution", "go", "go"))
    lines[(RISK, 1)] = [text("{}"), says("block", "It leaks.", 0.123456)]
    lines[(FINANCE, 2)] = [says("maybe"), says("caution", "Dear.", 0.5)]
    lines[(DEMAND, 2)] = [says("go", actions=[]), says("block", "Slow.", 0.25)]
    lines[(DEMAND, 3)] = [status(503, headers=AT_ONCE), says("caution")]
    return lines


def two_break_the_contract() -> Lines:
    return script(demand_analyst=says("maybe"), finance_analyst=text("[]"))


def one_breaks_the_contract_before_another_is_denied_by_the_provider() -> Lines:
    return script(finance_analyst=says("maybe"), demand_analyst=status(401))


def one_is_denied_by_the_provider_before_another_breaks_the_contract() -> Lines:
    return script(finance_analyst=status(401), demand_analyst=says("maybe"))


def all_fail_in_their_own_way() -> Lines:
    return script(risk_analyst=status(400), finance_analyst=text(""), demand_analyst=status(403))


CASES: dict[Callable[[], Lines], tuple[tuple[str, ...], str]] = {
    a_long_talk: ((BACKWARDS, "max_repairs=1"), "success"),
    two_break_the_contract: (ONE_LEGGED, "invalid_contribution:not_object"),
    one_breaks_the_contract_before_another_is_denied_by_the_provider: (ONE_LEGGED, "invalid_contribution:stance"),
    one_is_denied_by_the_provider_before_another_breaks_the_contract: (ONE_LEGGED, "llm_auth"),
    all_fail_in_their_own_way: (ONE_LEGGED, "llm_error:400"),
}


def shuffled(lines: Lines, seed: int) -> Lines:
    """The same answers, each after a delay of its own."""
    chance = random.Random(seed)

    def late(answer: Answer) -> Answer:
        return delayed(answer, chance.uniform(0, LONGEST_DELAY))

    return {key: [late(each) for each in said] if isinstance(said, list) else late(said) for key, said in lines.items()}


def as_bytes(record: Record, address: str = "-") -> bytes:
    """The record but for its times and the address of the scripted server, of which each run has its own."""
    return json.dumps(without_times(record)).replace(address, "").encode()


@pytest.mark.slow
@pytest.mark.parametrize("lines", CASES, ids=lambda case: case.__name__)
def test_delays_never_change_a_byte_of_the_record(tmp_path: Path, lines: Callable[[], Lines]) -> None:
    sets, reason = CASES[lines]
    calm = play(tmp_path / "calm", lines(), *sets)
    assert calm.record["stop_reason"] == reason
    orders = set()
    for seed in SEEDS if lines is a_long_talk else SEEDS[:6]:
        late = play(tmp_path / str(seed), shuffled(lines(), seed), *sets)
        assert as_bytes(late.record, late.server.base_url) == as_bytes(calm.record, calm.server.base_url)
        assert late.asked == calm.asked
        orders.add(_order_of_answers(late.record, seed, lines()))
    assert len(orders) >= 3, "the delays did not change the order of the answers"


def _order_of_answers(record: Record, seed: int, lines: Lines) -> tuple[str, ...]:
    """The roles by the delay of their first answer."""
    late = shuffled(lines, seed)
    first = {role: next(said for key, said in late.items() if role in key) for role in (DEMAND, FINANCE, RISK)}
    delays = {role: (said[0] if isinstance(said, list) else said).delay for role, said in first.items()}
    return tuple(sorted(delays, key=lambda role: delays[role]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "sets"),
    [("checkout_launch", ()), ("cold_storage", ("policy=classic", "budget.min_go_votes=9"))],
    ids=["go", "never decided"],
)
def test_rules_give_the_same_bytes_every_time(tmp_path: Path, name: str, sets: tuple[str, ...]) -> None:
    records = []
    for number in SEEDS:
        settings = settings_at(tmp_path / str(number))
        records.append(as_bytes(run(team_of(settings, name, *sets), settings)))
    assert len(set(records)) == 1
    assert json.loads(records[0])["status"] == ("stopped" if sets else "ok")


@pytest.mark.slow
def test_any_voice_gives_the_same_bytes_whoever_answers_first(tmp_path: Path) -> None:
    said = {DEMAND: {"agent": DEMAND, "stance": "go"}, FINANCE: "no JSON", RISK: [1]}
    records = set()
    for seed in SEEDS:
        chance = random.Random(seed)
        delays = {role: chance.uniform(0, LONGEST_DELAY) for role in said}
        voices = scripted(lambda question: said[question.name], delays=delays)
        settings = settings_at(tmp_path / str(seed))
        records.add(as_bytes(run(team_of(settings, "checkout_launch", BACKWARDS), settings, voices=voices)))
    (record,) = map(json.loads, records)
    assert record["phase"] == "round_1:risk_analyst"
    assert record["raw_contribution"] == [1]


@pytest.mark.parametrize("order", [BACKWARDS, "sequence=[finance_analyst, demand_analyst, risk_analyst]"])
def test_trace_history_and_summary_are_in_sequence_order(tmp_path: Path, order: str) -> None:
    roles = order.partition("[")[2].rstrip("]").split(", ")
    lines: dict[Any, Any] = shuffled(rounds(("go", "go", "go")) | {"brief": text(BRIEF)}, seed=1)
    record = play(tmp_path, lines, order).record
    assert [line["agent"] for line in record["trace"] if "agent" in line] == roles
    assert [said["agent"] for said in record["history"][0]["contributions"]] == roles
    assert [each["agent"] for each in record["team_summary"]["stances"]] == roles
