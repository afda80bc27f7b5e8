"""Stop reasons: the closed table, compared with the table of the specification."""

import pytest

from policies.run.stop import Stop, stop_reason
from policies.run.stop_table import STOP_KINDS, STOP_TABLE, StopKind

# The table of the specification: (reason as written there, whether the thread can go on).
TABLE: list[tuple[str, bool]] = [
    ("success", False),
    ("invalid_contribution:*", True),
    ("agent_denied:<role>", False),
    ("max_rounds_reached", True),
    ("max_messages", True),
    ("max_seconds", True),
    ("max_tokens", True),
    ("max_cost", True),
    ("llm_timeout", True),
    ("llm_rate_limited", True),
    ("llm_error:<status>", True),
    ("llm_auth", True),
    ("llm_truncated", True),
    ("llm_refused", True),
    ("llm_empty", True),
    ("facts_unavailable:<source>", True),
    ("needs_input:<fact>", True),
    ("condition_failed:<role>", True),
    ("cancelled", True),
    ("escalated", True),
    ("unstable_decision", True),
    ("human_stopped", False),
    ("stale_thread:<field>", False),
    ("busy", False),
    ("recovery_exhausted", True),
    ("invalid_plan:*", True),
    ("step_failed:<n>", True),
    ("invalid_output:<role>", True),
    ("invalid_verdict:*", True),
    ("invalid_assignment:*", True),
    ("max_turns_reached", False),
    ("no_quorum", False),
]
KINDS = [reason.partition(":")[0] for reason, _ in TABLE]


def test_the_kinds_are_those_of_the_table_and_no_other() -> None:
    assert sorted(STOP_KINDS) == sorted(KINDS)
    assert len(set(STOP_KINDS)) == len(STOP_KINDS)


@pytest.mark.parametrize(("reason", "resumable"), TABLE)
def test_each_reason_is_resumable_as_the_table_says(reason: str, resumable: bool) -> None:
    assert Stop.parse(reason).rule.is_resumable is resumable
    assert STOP_TABLE[Stop.parse(reason).kind].is_resumable is resumable


@pytest.mark.parametrize("reason", [reason for reason, _ in TABLE])
def test_each_reason_carries_a_detail_if_the_table_shows_one(reason: str) -> None:
    kind = Stop.parse(reason).kind
    _, colon, detail = reason.partition(":")

    assert STOP_TABLE[kind].is_detailed is bool(colon)
    assert stop_reason(kind, detail if colon else None) == reason


@pytest.mark.parametrize("kind", STOP_KINDS)
def test_a_reason_with_a_detail_too_many_or_too_few_is_refused(kind: StopKind) -> None:
    with pytest.raises(ValueError, match="needs a detail" if STOP_TABLE[kind].is_detailed else "takes no detail"):
        stop_reason(kind, None if STOP_TABLE[kind].is_detailed else "detail")


@pytest.mark.parametrize("word", ["", "agent_denie", "SUCCESS", "done", " cancelled", "llm_timeout_", "\ud800"])
def test_a_word_outside_the_table_is_no_reason(word: str) -> None:
    with pytest.raises(ValueError, match="is not a stop reason; allowed: success, invalid_contribution"):
        Stop.parse(word)
    with pytest.raises(ValueError, match="is not a stop reason"):
        Stop.parse(f"{word}:x")
    with pytest.raises(ValueError, match="is not a stop reason"):
        stop_reason(word)  # type: ignore[arg-type]


def test_the_kind_is_the_word_before_the_first_colon() -> None:
    assert Stop.parse("invalid_contribution:agent_mismatch:risk_analyst").kind == "invalid_contribution"
    assert Stop.parse("facts_unavailable:https://example.invalid").kind == "facts_unavailable"


def test_a_stop_without_a_phase_has_none() -> None:
    assert Stop("cancelled").phase is None


def test_a_reason_of_another_version_is_not_found() -> None:
    assert Stop.find("wrapped_up") is None
    assert Stop.find(None) is None
    assert Stop.find("llm_error:503") == Stop("llm_error:503")


@pytest.mark.parametrize("kind", [kind for kind in STOP_KINDS if not STOP_TABLE[kind].is_detailed])
@pytest.mark.parametrize("detail", ["", "503"])
def test_a_detail_that_a_kind_does_not_carry_makes_it_no_reason(kind: StopKind, detail: str) -> None:
    assert Stop.find(f"{kind}:{detail}") is None
    with pytest.raises(ValueError, match="is not a stop reason"):
        Stop.parse(f"{kind}:{detail}")


def test_a_stop_that_follows_from_neither_a_vote_nor_rules_comes_from_outside() -> None:
    follows = {kind: STOP_TABLE[kind].follows_from for kind in STOP_KINDS if STOP_TABLE[kind].follows_from}
    assert follows == {
        "agent_denied": "rules",
        "max_rounds_reached": "vote",
        "max_messages": "rules",
        "escalated": "vote",
        "unstable_decision": "vote",
        "no_quorum": "vote",
    }


def test_only_an_answer_that_was_given_costs_what_it_costs() -> None:
    given = {kind for kind in STOP_KINDS if STOP_TABLE[kind].is_given}
    assert given == {"llm_truncated", "llm_refused", "llm_empty"}


OWN_SENTENCES = ["invalid_plan", "step_failed", "invalid_output", "invalid_verdict", "invalid_assignment"]


@pytest.mark.parametrize("kind", STOP_KINDS)
def test_a_detail_follows_the_sentence_in_brackets_unless_the_kind_has_words_for_it(kind: StopKind) -> None:
    rule = STOP_TABLE[kind]
    assert rule.told("") == rule.sentence
    if kind not in OWN_SENTENCES:
        assert rule.told("x*1") == f"{rule.sentence.removesuffix('.')} (x*1)."
    else:
        assert rule.told("x*1").count("x*1") == 1


def test_only_a_thread_that_can_be_resumed_has_a_command_in_its_remedy() -> None:
    remedies = {kind: Stop(f"{kind}:goal").remedy("accord resume t") for kind in STOP_KINDS if STOP_TABLE[kind].remedy}
    held = {"stale_thread", "busy"}
    assert remedies.keys() == {"llm_auth", "condition_failed", "escalated", "unstable_decision", *held}
    resumed = {kind for kind, remedy in remedies.items() if "accord resume t" in remedy}
    assert resumed == {"llm_auth", "condition_failed", "escalated", "unstable_decision"}
    assert remedies["stale_thread"].startswith("The thread was started with another goal. ")
