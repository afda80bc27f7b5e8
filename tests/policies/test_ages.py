"""How old facts may be, and what is said where they are older, from the future, or of no known time."""

from datetime import UTC, datetime, timedelta

import pytest

from policies.paths import MISSING
from policies.team.ages import find_age_fault, read_time

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def fault(max_age: str | None, **age: float) -> str | None:
    return find_age_fault(max_age, NOW - timedelta(**age), NOW)


@pytest.mark.parametrize("max_age", ["10m", "1h", "7d", None])
def test_facts_of_exactly_the_age_that_is_allowed_may_be_used(max_age: str | None) -> None:
    assert fault(max_age) is None
    assert fault("10m", minutes=10) is None
    assert fault("1h", minutes=60) is None
    assert fault("7d", days=7) is None
    assert fault(None, days=9_000) is None
    assert fault(None, days=-9_000) is None


@pytest.mark.parametrize(
    ("max_age", "age", "told"),
    [
        ("10m", timedelta(minutes=12), "12 minutes"),
        ("10m", timedelta(minutes=12, seconds=30), "12 minutes"),
        ("10m", timedelta(minutes=10, microseconds=1), "10 minutes 1 second"),
        ("10m", timedelta(minutes=10, seconds=30), "10 minutes 30 seconds"),
        ("36h", timedelta(hours=36, minutes=1), "1 day 12 hours 1 minute"),
        ("36h", timedelta(days=3, hours=2), "3 days"),
        ("1d", timedelta(days=1, minutes=1), "1 day 1 minute"),
        ("1m", timedelta(days=4_000), "4,000 days"),
    ],
)
def test_facts_that_are_too_old_say_how_old_they_are(max_age: str, age: timedelta, told: str) -> None:
    assert find_age_fault(max_age, NOW - age, NOW) == (
        f"is {told} old; allowed: at most {max_age}; bring the source up to date, or raise `max_age`"
    )


def test_facts_may_be_a_minute_ahead_and_no_more() -> None:
    assert fault("10m", minutes=-1) is None
    assert fault("10m", minutes=-1, seconds=-1) == (
        "is dated 1 minute 1 second ahead of now (2026-01-31T12:01:01+00:00); allowed: at most 1 minute; correct its "
        "clock or its time"
    )


def test_facts_whose_age_nobody_knows_may_be_used_only_where_it_does_not_matter() -> None:
    assert find_age_fault(None, None, NOW) is None
    assert find_age_fault("10m", None, NOW) == (
        "does not say how old it is; name the path of its time with `as_of`, or leave out `max_age`"
    )


@pytest.mark.parametrize(
    "written",
    ["2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00", "20260131T120000Z", "2026-01-31 12:00:00.000+00:00"],
)
def test_a_time_is_read_as_iso_8601_has_it(written: str) -> None:
    assert read_time(written) == NOW


@pytest.mark.parametrize("value", [1_700_000_000, True, "", "yesterday", "2026-13-01T00:00Z", ["2026"], {}])
def test_what_is_no_time_is_named(value: object) -> None:
    assert read_time(value) == (
        f"is {value!r}, which is not an ISO 8601 time; allowed: a time such as 2026-01-31T09:30:00Z"
    )


@pytest.mark.parametrize("value", [None, MISSING])
def test_a_time_that_is_not_there_is_missing(value: object) -> None:
    assert read_time(value) == "is missing; allowed: a time such as 2026-01-31T09:30:00Z"


@pytest.mark.parametrize("written", ["2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00"])
def test_a_time_without_its_zone_is_not_guessed(written: str) -> None:
    assert read_time(written) == (
        f"is '{written}', which has no time zone; allowed: a time such as 2026-01-31T09:30:00Z"
    )


def test_a_time_that_is_none_in_utc_is_no_time() -> None:
    assert "not an ISO 8601 time" in str(read_time("0001-01-01T00:00:00+23:59"))
