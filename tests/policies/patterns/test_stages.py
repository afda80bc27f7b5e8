"""Stages: which entries count, and what is forgotten of a run that goes on."""

import pytest

from policies.contracts.answers import ContractName
from policies.patterns.stages import Closed, Entry, entries_of, retried

TEXT = {"text": "Done."}


def entry(number: int, absent: str | None = None, contract: ContractName = "output") -> Entry:
    return Entry(f"step_{number}", "ann", contract, None if absent else TEXT, absent)


PLAN = Closed("plan", (entry(0, contract="plan"),))
FIRST = Closed("steps", (entry(1), entry(2, "llm_timeout")))
SECOND = Closed("steps", (entry(3, "llm_empty"), entry(4)))


def test_the_answered_entries_of_a_contract_come_in_order() -> None:
    log = [PLAN, FIRST, SECOND]
    assert [each.seat for each in entries_of(log, "output")] == ["step_1", "step_4"]
    assert [each.seat for each in entries_of(log, "plan")] == ["step_0"]
    assert [*entries_of(log, "note")] == [*entries_of([], "output")] == []


@pytest.mark.parametrize(
    ("stages", "left"),
    [
        (0, [[0], [1, 2], [3, 4]]),
        (1, [[0], [1, 2], [3, 4]]),
        (2, [[0], [1], [3, 4]]),
        (3, [[0], [1], [4]]),
        (9, [[0], [1], [4]]),
    ],
)
def test_only_the_absences_of_the_first_stages_are_forgotten(stages: int, left: list[list[int]]) -> None:
    log = [PLAN, FIRST, SECOND]
    again = retried(log, stages)
    assert [[int(each.seat[5:]) for each in stage.entries] for stage in again] == left
    assert [stage.label for stage in again] == ["plan", "steps", "steps"]
    assert log == [PLAN, FIRST, SECOND]


def test_the_absences_of_a_plan_that_was_replaced_are_kept() -> None:
    assert retried([PLAN, FIRST, PLAN, SECOND], 4) == [PLAN, FIRST, PLAN, Closed("steps", (entry(4),))]
    assert retried([PLAN, FIRST, PLAN, SECOND], 2) == [PLAN, Closed("steps", (entry(1),)), PLAN, SECOND]
    assert retried([FIRST], 1) == [Closed("steps", (entry(1),))]
    assert retried([], 3) == []
