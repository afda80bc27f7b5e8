"""Purges in any order between runs, holds and releases, killed at any statement; tests/durability/purges.py judges.

It also fails where its seeds killed no purge or purged nothing. Each third seed, from 2, is on PostgreSQL.
"""

import pytest

from tests.durability.forks import run_alone

pytestmark = pytest.mark.slow


@pytest.mark.timeout(180)
def test_a_purge_that_is_killed_anywhere_loses_nothing_that_is_kept() -> None:
    run_alone("tests.durability.purges", "3", "2", timeout=170)


@pytest.mark.timeout(180)
@pytest.mark.needs("postgres")
def test_a_purge_that_is_killed_on_postgresql_loses_nothing_that_is_kept() -> None:
    run_alone("tests.durability.purges", "2", "1", timeout=170)


@pytest.mark.system
@pytest.mark.timeout(420)
@pytest.mark.needs("postgres")
def test_many_orders_of_purges_on_both_databases() -> None:
    """A share; `make soak` judges all."""
    run_alone("tests.durability.purges", "9", "18", timeout=400)
