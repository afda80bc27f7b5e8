"""The failure modes of MAST (arXiv 2503.13657v3), with their shares, and what answers each of them here.

The page docs/reliability.md says the same in words; its test compares the two.
"""

from dataclasses import dataclass
from typing import Literal

Status = Literal["contained", "detected", "not detected"]
"""Contained: it cannot change the outcome, or it is stopped. Detected: it is flagged or refused on the record."""

DESIGN, ALIGNMENT, VERIFICATION = "test_design.py", "test_alignment.py", "test_verification.py"


@dataclass(frozen=True)
class Mode:
    """One mode: its number and name, its share in percent, its status, and the tests that show it."""

    number: str
    name: str
    share: float
    status: Status
    file: str
    shown: tuple[str, ...]
    """What the mechanism does; of a mode that is not detected, that it is not."""
    left_open: tuple[str, ...] = ()
    """What it does not notice: each of these fails once that is noticed, too."""
    setting: str = ""
    """What a team must have for the status to hold, where that is not so in every team."""

    @property
    def claim(self) -> str:
        """What the table of the page says of it."""
        return f"{self.status} with {self.setting}" if self.setting else self.status


MODES = (
    Mode(
        "1.1",
        "Disobey task specification",
        11.8,
        "contained",
        DESIGN,
        (
            "test_an_answer_that_breaks_the_contract_is_refused_by_name_and_changes_no_outcome",
            "test_an_answer_that_is_never_repaired_stops_the_run_and_is_in_no_vote",
            "test_no_vote_beats_a_limit_that_the_task_sets_on_the_facts",
        ),
        ("test_left_open_an_instruction_in_prose_that_is_not_kept",),
    ),
    Mode(
        "1.2",
        "Disobey role specification",
        1.5,
        "contained",
        DESIGN,
        (
            "test_an_agent_that_speaks_for_another_role_is_refused",
            "test_an_agent_decides_nothing_whatever_it_claims_to_be",
            "test_a_role_that_may_not_speak_is_never_asked",
        ),
        ("test_left_open_an_agent_that_argues_about_the_subject_of_another_role",),
    ),
    Mode(
        "1.3",
        "Step repetition",
        15.7,
        "contained",
        DESIGN,
        (
            "test_agents_that_repeat_themselves_are_stopped_by_the_limits",
            "test_a_debate_and_a_workspace_end_when_nothing_new_is_said",
        ),
        ("test_left_open_the_same_words_in_every_round",),
    ),
    Mode(
        "1.4",
        "Loss of conversation history",
        2.8,
        "contained",
        DESIGN,
        (
            "test_every_later_prompt_holds_all_that_was_said",
            "test_nothing_that_was_said_is_lost_when_a_run_is_cut_off_and_resumed",
        ),
        ("test_left_open_reasons_that_a_team_chose_not_to_show",),
        "`rounds: {show: arguments}` or `both`",
    ),
    Mode(
        "1.5",
        "Unaware of termination conditions",
        12.4,
        "contained",
        DESIGN,
        (
            "test_no_agent_ends_a_run_or_keeps_it_going",
            "test_a_conversation_that_nobody_ends_is_ended_by_its_turns",
        ),
        ("test_left_open_a_conversation_that_its_speaker_ends_too_early",),
    ),
    Mode(
        "2.1",
        "Conversation reset",
        2.2,
        "contained",
        ALIGNMENT,
        ("test_nothing_that_was_accepted_is_ever_taken_back_or_asked_again",),
    ),
    Mode(
        "2.2",
        "Fail to ask for clarification",
        6.8,
        "contained",
        ALIGNMENT,
        (
            "test_a_fact_that_the_team_needs_is_asked_for_before_anybody_speaks",
            "test_a_limit_whose_fact_is_missing_lets_nothing_pass",
        ),
        (
            "test_left_open_a_model_that_lacks_a_fact_which_its_checks_read",
            "test_left_open_a_question_that_nobody_thought_of_asking",
        ),
        "`requires`",
    ),
    Mode(
        "2.3",
        "Task derailment",
        7.4,
        "not detected",
        ALIGNMENT,
        (
            "test_not_detected_an_agent_that_talks_about_something_else_and_names_a_fact",
            "test_what_wanders_off_without_a_fact_of_the_case_is_flagged",
            "test_no_agent_changes_the_question_or_the_facts",
        ),
    ),
    Mode(
        "2.4",
        "Information withholding",
        0.85,
        "not detected",
        ALIGNMENT,
        (
            "test_not_detected_what_an_agent_never_writes_down",
            "test_a_decisive_reason_of_one_role_is_in_every_later_prompt",
            "test_every_role_reads_every_fact",
        ),
    ),
    Mode(
        "2.5",
        "Ignored other agent's input",
        1.9,
        "contained",
        ALIGNMENT,
        (
            "test_a_block_that_the_others_ignore_is_never_passed_over",
            "test_a_question_that_nobody_answers_holds_up_a_table_that_reads_it",
        ),
        ("test_left_open_a_reason_that_another_read_and_passed_over",),
        "`classic`, `launch`, `unanimous` or a veto",
    ),
    Mode(
        "2.6",
        "Reasoning-action mismatch",
        13.2,
        "detected",
        ALIGNMENT,
        (
            "test_a_stance_more_permissive_than_the_role_s_own_checks_allow_is_flagged",
            "test_a_late_flip_without_a_reason_is_flagged_and_one_with_a_new_fact_is_not",
            "test_a_table_that_reads_it_decides_nothing_on_a_late_flip",
        ),
        ("test_left_open_a_summary_that_argues_against_its_own_stance",),
    ),
    Mode(
        "3.1",
        "Premature termination",
        6.2,
        "detected",
        VERIFICATION,
        (
            "test_agreement_without_evidence_is_flagged_where_the_team_requires_some",
            "test_agents_that_agree_at_once_do_not_end_a_run_before_its_table_allows",
            "test_too_few_votes_never_end_a_run_with_a_go",
            "test_roles_that_gave_no_answer_are_not_counted_as_having_agreed",
        ),
        ("test_left_open_agreement_without_evidence_that_the_table_takes_as_a_decision",),
        "`require_evidence`",
    ),
    Mode(
        "3.2",
        "No or incomplete verification",
        8.2,
        "contained",
        VERIFICATION,
        ("test_every_limit_is_checked_in_every_round_whatever_the_agents_check",),
        ("test_left_open_a_fact_that_no_limit_and_no_check_reads",),
        "`guards`",
    ),
    Mode(
        "3.3",
        "Incorrect verification",
        9.1,
        "detected",
        VERIFICATION,
        (
            "test_evidence_that_does_not_exist_is_flagged_always_and_other_evidence_never",
            "test_a_number_that_rests_on_nothing_is_flagged_where_the_team_grounds_its_numbers",
            "test_a_verifier_that_is_wrong_beats_no_limit",
        ),
        ("test_left_open_evidence_that_exists_and_says_the_opposite",),
    ),
)
