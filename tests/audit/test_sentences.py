"""On a database that was tampered with, every command shows what there is or says what is wrong."""

import pytest

from tests.audit.sentences import check_seed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SEEDS = 8
BATCH = 4


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_no_command_ends_as_after_a_bug_of_ours(first: int) -> None:
    for seed in range(first, first + BATCH):
        check_seed(seed)
