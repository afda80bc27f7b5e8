"""Who is stopped by what: judged by the rule as the documents state it, on random halts and cancels."""

import random

import pytest

from policies.run.stoppage import Stoppage, find_stoppage

TENANTS = ("local", "acme", "beta")
THREADS = ("t", "u", "v")


def drawn(rng: random.Random) -> list[Stoppage]:
    """At most one halt of all, one a tenant and one cancel a thread, in any order; some begin at once."""
    found = []
    if rng.random() < 0.3:
        found.append(Stoppage("all", str(rng.randrange(3)), "R"))
    for tenant in TENANTS:
        if rng.random() < 0.3:
            found.append(Stoppage(tenant, str(rng.randrange(3)), "R", tenant=tenant))
    for thread in THREADS:
        if rng.random() < 0.3:
            found.append(Stoppage(thread, str(rng.randrange(3)), thread=thread))
    rng.shuffle(found)
    return found


@pytest.mark.parametrize("seed", range(200))
def test_a_run_is_stopped_by_a_halt_of_all_by_its_tenants_and_by_its_own_cancel_and_by_nothing_else(seed: int) -> None:
    rng = random.Random(seed)
    found = drawn(rng)
    names = {each.by for each in found}
    for tenant in TENANTS:
        for thread in (*THREADS, None):
            stopping = names & {"all", tenant, thread}
            result = find_stoppage(found, thread, tenant)
            assert (result is None) == (not stopping)
            if result is not None:
                first = stopping & {thread} or stopping
                assert result.at == min(each.at for each in found if each.by in first)
                assert result.by in first


AT = "2026-11-30T02:10:59.999+00:00"


@pytest.mark.parametrize(
    ("stoppage", "told"),
    [
        (
            Stoppage("ops", AT, " The prices are wrong. "),
            "ops halted all runs on 2026-11-30 02:10 UTC: The prices are wrong; "
            "to release them: `accord halt --release --by NAME`",
        ),
        (
            Stoppage("ops", AT, "Prices", tenant="acme"),
            "ops halted the runs of the tenant `acme` on 2026-11-30 02:10 UTC: Prices; "
            "to release them: `accord halt --release --tenant acme --by NAME`",
        ),
        (Stoppage("ann", AT, "Not needed.", thread="t"), "ann cancelled the run on 2026-11-30 02:10 UTC: Not needed"),
        (Stoppage("ann", AT, " .", thread="t"), "ann cancelled the run on 2026-11-30 02:10 UTC"),
    ],
)
def test_a_stoppage_says_who_when_why_and_what_lifts_it(stoppage: Stoppage, told: str) -> None:
    assert stoppage.told() == told


def test_the_cancel_of_the_thread_is_named_and_of_two_halts_that_began_at_once_the_wider_one() -> None:
    wide, narrow, own = Stoppage("a", AT), Stoppage("b", AT, tenant="acme"), Stoppage("c", AT, thread="t")
    assert find_stoppage([wide, narrow, own], "t", "acme") == own
    assert find_stoppage([narrow, wide], "t", "acme") == wide
    assert find_stoppage([narrow], "t", "acme") == narrow
