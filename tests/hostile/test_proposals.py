"""Whatever a model says ends in the contract's reason or a valid contribution, and in a checkpoint that can be read."""

import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.harness import settings_at
from tests.hostile.oddities import FAMILIES, Family, all_cases
from tests.hostile.proposals import ROLE, Case
from tests.hostile.stage import assert_ends_as, assert_storable, played, read_again, said_by_goal, small_team, verdict
from tests.scripted_server import serve, text

NOWHERE = "http://127.0.0.1:1/v1"
WHOLE = 40
"""How many cases of a family are always played; of a larger one every fourth is, and all of them by `make soak`."""
SEEDS = 24
MONSTERS = ("10MB", "deep-list-200000", "many-keys", "digits-100000")


MOST_BYTES = 6 * 1024 * 1024
"""More of an answer, with what is around it and how it is escaped, is not read to its end."""
MOST_VALUES = 190_000
"""Nor are more values than these and what is around them."""


def in_text(case: Case) -> bool:
    """Whether an endpoint can say it: it is text of no monstrous size, and not blank, which would be no answer."""
    if not isinstance(case.said, str) or not case.said.strip():
        return False
    return len(json.dumps(case.said)) < MOST_BYTES and case.said.count(",") < MOST_VALUES


def spread(cases: list[Case], count: int) -> list[Case]:
    """Return about `count` cases from all over the list, and all the monstrous ones."""
    monsters = [case for case in cases if case.name.startswith(MONSTERS)]
    return list({case.name: case for case in [*cases[:: len(cases) // count], *monsters]}.values())


def share(family: Family) -> list[Case]:
    """Return the cases of a family that are played in any case: by lot, for what is made in turns has a beat."""
    cases = list(family())
    drawn = Random(0).sample(cases, min(len(cases), max(WHOLE, len(cases) // 8)))
    return [*drawn, *(case for case in cases if case.name.startswith(MONSTERS) and case not in drawn)]


def check(cases: list[Case], folder: Path) -> None:
    """Play the cases, and hold each record against its verdict."""
    settings = settings_at(folder / "home", NOWHERE)

    records = played(small_team(settings, folder), settings, cases, said_by_goal(cases))

    for case, record in zip(cases, records, strict=True):
        assert_ends_as(record, verdict(case), case.said)
        assert_storable(record)
    assert read_again(settings, cases) == records


def check_seed(seed: int, folder: Path) -> str:
    """Play one of `SEEDS` parts of all cases."""
    cases = all_cases()[seed::SEEDS]
    check(cases, folder)
    return f"{len(cases)} cases"


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_a_malformed_proposal_ends_in_the_contracts_reason_and_can_be_read_again(
    family: Family, accord_home: Path, tmp_path: Path
) -> None:
    check(share(family), tmp_path)


@pytest.mark.slow
def test_there_are_two_thousand_malformed_proposals_and_each_check_fails_often() -> None:
    cases = all_cases()
    reasons = [outcome for outcome in map(verdict, cases) if isinstance(outcome, str)]
    checks = Counter(reason.split(":")[1] for reason in reasons)
    played = {case.name for family in FAMILIES for case in share(family)}
    shared = [verdict(case) for case in cases if case.name in played]

    assert len({case.name for case in cases}) == len(cases)
    assert len(reasons) >= 2_000
    assert len(checks) == 11
    assert min(checks.values()) >= 25
    assert sum(case.expected is None for case in cases) < len(cases) / 4
    assert {reason.split(":")[1] for reason in shared if isinstance(reason, str)} == checks.keys()
    assert any(not isinstance(outcome, str) for outcome in shared)


@pytest.mark.slow
def test_an_endpoint_that_says_it_over_http_fares_the_same(accord_home: Path, tmp_path: Path) -> None:
    cases = spread([case for case in all_cases() if in_text(case)], 60)

    with serve({ROLE: [text(case.said) for case in cases]}) as server:
        settings = settings_at(accord_home, server.base_url)
        records = played(small_team(settings, tmp_path), settings, cases, None)

    assert len(server.calls) == len(cases) >= 60
    for case, record in zip(cases, records, strict=True):
        assert_ends_as(record, verdict(case), case.said)
        assert_storable(record)
    assert read_again(settings, cases) == records


@pytest.mark.slow
def test_an_endpoint_that_says_nothing_is_no_broken_contract(accord_home: Path, tmp_path: Path) -> None:
    cases = [
        Case(f"blank-{number}", said, "llm_empty") for number, said in enumerate([None, "", " ", "\n\t", "\u2003"])
    ]

    with serve({ROLE: [text(case.said) for case in cases]}) as server:
        settings = settings_at(accord_home, server.base_url)
        records = played(small_team(settings, tmp_path), settings, cases, None)

    assert [(record["stop_reason"], record["resumable"]) for record in records] == [("llm_empty", True)] * len(cases)
    assert read_again(settings, cases) == records


@pytest.mark.system
@pytest.mark.needs("postgres")
def test_postgresql_keeps_what_it_cannot_hold_itself(accord_home: Path, tmp_path: Path, postgres_database: str) -> None:
    """PostgreSQL takes no NUL and no lone surrogate in text or JSON."""
    hostile = [
        case for case in all_cases() if isinstance(case.said, str) and any(each in case.said for each in "\0\ud800")
    ]
    escaped = [case for case in all_cases() if isinstance(case.said, str) and "\\u0000" in case.said]
    cases = list({case.name: case for case in [*spread(all_cases(), 40), *hostile[:25], *escaped[:25]]}.values())
    settings = settings_at(accord_home, NOWHERE, accord_database_url=postgres_database)

    records = played(small_team(settings, tmp_path), settings, cases, said_by_goal(cases))

    assert len(hostile) >= 25
    assert len(escaped) >= 25
    for case, record in zip(cases, records, strict=True):
        assert_ends_as(record, verdict(case), case.said)
        assert_storable(record)
    assert read_again(settings, cases) == records
