"""Whose run is begun next: judged by what is promised of the order, on random crowds."""

import random
from collections import Counter

import pytest

from graph.service.turns import Turns
from graph.store.queue import Promise

TENANTS = ("a", "b", "c", "d")


def _promise(dice: random.Random, number: int) -> Promise:
    at = f"2026-01-01T00:00:{dice.randrange(60):02d}.000+00:00"
    return Promise(f"t{number}", at, dice.choice(TENANTS), is_answered=dice.random() < 0.2)


def test_the_order_is_fair_between_tenants_that_are_not_halted_and_oldest_first_within_one() -> None:
    for seed in range(200):
        dice = random.Random(seed)
        turns, waiting = Turns(), list[Promise]()
        for number in range(dice.randrange(1, 60)):
            promise = _promise(dice, number)
            turns.add(promise)
            waiting.append(promise)
        while waiting:
            halted = {tenant for tenant in TENANTS if dice.random() < 0.3}
            ready = [each for each in waiting if each.tenant not in halted]
            at_work = {tenant: dice.randrange(3) for tenant in TENANTS}
            taken = turns.take(at_work, halted)
            if not ready:
                assert taken is None
                continue
            assert taken is not None
            first = [each for each in ready if each.is_answered] or ready
            assert taken in first
            assert at_work[taken.tenant] == min(at_work[each.tenant] for each in first)
            mine = [each for each in first if each.tenant == taken.tenant]
            assert (taken.at, taken.thread) == min((each.at, each.thread) for each in mine)
            waiting.remove(taken)
        assert turns.take({}) is None


@pytest.mark.parametrize("few", ["a", "z"])
def test_a_tenant_with_a_thousand_runs_delays_anothers_by_one(few: str) -> None:
    turns = Turns()
    for number in range(1_000):
        turns.add(Promise(f"many{number}", "2026-01-01T00:00:00.000+00:00", "many"))
    begun = Counter[str]()
    for number in range(20):
        if number in (5, 10, 15):
            turns.add(Promise(f"few{number}", "2026-01-02T00:00:00.000+00:00", few))
            turns.add(Promise(f"more{number}", "2026-01-02T00:00:00.000+00:00", few))
        taken = turns.take({})
        assert taken is not None
        begun[taken.tenant] += 1
        assert number not in (6, 11, 16) or begun[few] in (2 * (number // 5) - 1, 2 * (number // 5))
        assert number not in (9, 14, 19) or begun == {few: 2 * (number // 5), "many": number + 1 - 2 * (number // 5)}
