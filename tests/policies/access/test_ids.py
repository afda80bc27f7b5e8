"""Ids that callers choose for threads and assistants, against the standard library's UUIDs."""

import uuid

import pytest

from policies.access.ids import find_reserved, find_reserved_assistant

MADE = uuid.uuid5(uuid.NAMESPACE_URL, "order-1")
"""As an id is made of a key."""


@pytest.mark.parametrize("text", [str(MADE), str(MADE).upper(), MADE.hex, f"{{{MADE}}}", MADE.urn])
def test_an_id_that_is_made_of_a_key_is_reserved_however_it_is_written(text: str) -> None:
    assert "version 5" in (find_reserved(text) or "")


@pytest.mark.parametrize(
    "text",
    [
        "9b2d1f0e-3c4a-4f5b-8a6c-7d8e9f0a1b2c",
        "ea9150e6-ec71-11f1-ad20-02fc00000001",
        str(uuid.UUID(int=0)),
        "",
        "launch-5",
        "5" * 31,
    ],
)
def test_any_other_id_may_be_chosen(text: str) -> None:
    assert find_reserved(text) is None


def test_every_version_but_one_may_be_chosen() -> None:
    found = {each for each in range(16) if find_reserved(f"9b2d1f0e-3c4a-{each:x}f5b-8a6c-7d8e9f0a1b2c")}
    assert found == {5}


@pytest.mark.parametrize("text", [str(MADE), str(MADE).upper(), MADE.hex])
def test_the_id_of_an_assistant_is_reserved_where_that_of_a_thread_is(text: str) -> None:
    assert "a team's name" in (find_reserved_assistant(text) or "")
    assert find_reserved_assistant(str(uuid.uuid4())) is None
