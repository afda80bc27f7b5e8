"""Unwrapping: what models put around an answer is taken off, and an answer without it is left as it is."""

import pytest

from policies.contracts.unwrapping import unwrapped, without_thinking


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<think>Hm.</think>Ship it.", "Ship it."),
        (" \n<THINK>\nHm.\nHm.\n</THINK>\n\nShip it.", "Ship it."),
        ("<thinking>Hm.</thinking> Ship it. ", "Ship it. "),
        ("\ufeff<think>Hm.</think> Ship it.", "Ship it."),
        ("\ufeffShip it.", "Ship it."),
        ("<think></think>", ""),
        ("<think>Hm.</think>\n<think>Again.</think> Ship it.", "<think>Again.</think> Ship it."),
    ],
)
def test_a_byte_order_mark_and_one_leading_think_block_are_taken_off(text: str, left: str) -> None:
    assert without_thinking(text) == left


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", " Ship it.\n", "Ship it. <think>Hm.</think>", "<think>Hm. Ship it.", "Hm.</think> Ship it."),
        *("<think>Hm.</thinking> Ship it.", "<thought>Hm.</thought> Ship it.", "```\nShip it.\n```"),
    ],
)
def test_a_text_without_a_whole_leading_think_block_stays_as_it_is(text: str) -> None:
    assert without_thinking(text) == text


def test_a_fence_within_a_value_ends_nothing() -> None:
    assert unwrapped('```json\n{"summary": "Run ```make```"}\n```') == '{"summary": "Run ```make```"}'


@pytest.mark.parametrize(
    "text",
    ["```json\n" * 200_000, "```" + " " * 2_000_000, "`" * 2_000_000, "```\n" + "``\n" * 300_000, "\n" * 2_000_000],
    ids=["fences", "blanks", "one fence", "almost fences", "lines"],
)
def test_a_monstrous_text_is_read_in_a_moment(text: str) -> None:
    assert unwrapped(text) == text


@pytest.mark.parametrize("opening", ["```", "```json", "``` json", "```JSON  ", "````", "~~~", "\n ```json"])
@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_one_fence_around_everything_is_taken_off(opening: str, line: str) -> None:
    closing = opening.strip().rstrip("jsonJSON ")

    assert unwrapped(f"{opening}{line}{{}}{line}{closing}{line}") == "{}"
    assert unwrapped(f"<think>Hm.</think>{opening}{line}{{}}{line}{closing}") == "{}"


@pytest.mark.parametrize(
    "text",
    [
        *("{}", " {} ", "See:\n```\n{}\n```", "```\n{}\n```\nDone.", "```\n{}", "{}\n```", "```\n{}\n~~~"),
        *("```\n{}\n```\n```\n{}\n```", "```{}```", "```\n```\n{}\n```"),
    ],
)
def test_a_text_that_is_not_one_whole_fence_stays_as_it_is(text: str) -> None:
    assert unwrapped(text) == text


def test_a_longer_fence_may_hold_a_shorter_one() -> None:
    assert unwrapped("````\n```\n{}\n```\n````") == "```\n{}\n```"
