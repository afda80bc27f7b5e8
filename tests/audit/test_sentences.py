"""On a database that was tampered with, every command shows what there is or says what is wrong."""

import pytest

from tests.audit.sentences import check_seed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SEEDS = 3
"""A share; `make soak` judges hundreds."""


def test_no_command_ends_as_after_a_bug_of_ours() -> None:
    for seed in range(SEEDS):
        check_seed(seed)
