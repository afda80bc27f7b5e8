"""Conversation, by whole runs: who speaks when and hears what, which words end it, how it stops and goes on."""

from pathlib import Path
from typing import Any

import pytest

from policies.team.team import Team
from tests.harness import without_times
from tests.patterns.stage import Plain, answer, go_on, play, refused, team_of, turn, usage
from tests.patterns.talk import (
    DEARLY,
    FAILURES,
    LIMITS,
    cut_and_gone_on,
    dear,
    finished,
    flying,
    halted,
    repairs,
    said,
    same_end,
    slow,
    stop_of,
)
from tests.scripted_server import Answer, hangs, text

pytestmark = pytest.mark.slow

PHRASE = "TASK_COMPLETE"
SUMMARY = "They agreed."


def conversation(*speakers: str, turns: int = 10, budget: Plain | None = None, **changes: Any) -> Team:
    options = {"max_turns": turns, **changes.pop("options", {})}
    limits = {"max_messages": 50, **(budget or {})}
    return team_of("conversation", *(speakers or ("ann", "bob")), options=options, budget=limits, **changes)


def script(*turns: tuple[str, str], **others: Any) -> dict[str, list[Answer]]:
    """What is said, turn by turn, each as (speaker, words), and the synthesis."""
    lines: dict[str, list[Answer]] = {"brief": [text(SUMMARY)]}
    for speaker, words in turns:
        lines.setdefault(speaker, []).append(turn(words))
    return {**lines, **others}


def outputs_of(*turns: tuple[str, str], named: str | None = None) -> list[Plain]:
    return [
        entry
        for number, (speaker, words) in enumerate(turns, 1)
        for entry in said(number, f"turn_{number}", "turn", {speaker: {"text": words, "next": named}})
    ]


TALK = (("ann", "One."), ("bob", "Two."), ("ann", "Three."), ("bob", "Four."), ("ann", f"Five.\n{PHRASE}"))


def heard(*turns: tuple[str, str]) -> list[Plain]:
    return [{"agent": speaker, "text": words} for speaker, words in turns]


def test_a_conversation_leaves_this_very_record(tmp_path: Path) -> None:
    played = play(tmp_path, conversation(), script(*TALK))
    expected = finished(played, outputs_of(*TALK), SUMMARY, {"turns": 5, "ended_by": "ann"}, usage(6))

    assert without_times(played.record) == expected
    assert played.order == ["ann", "bob", "ann", "bob", "ann", "brief"]
    results = heard(*TALK[:4], ("ann", "Five."))
    assert [call.user for call in played.calls("brief")] == [{"goal": "Ship it?", "results": results}]


def test_each_speaker_hears_the_last_three_turns_and_no_more(tmp_path: Path) -> None:
    played = play(tmp_path, conversation(), script(*TALK))

    shown = [arrival.call.user.get("task") for arrival in played.floor.arrivals[:-1]]
    assert shown == [
        {
            "turn": number + 1,
            "last_turns": heard(*TALK[max(number - 3, 0) : number]),
            "ends_with": PHRASE,
            "turns_you_had": number // 2,
        }
        for number in range(5)
    ]
    assert "One." not in str(played.floor.arrivals[4].call.body)


@pytest.mark.parametrize(
    ("last", "answered", "calls"),
    [(f"Five.\n{PHRASE}", "ann: Five.", 3), (PHRASE, "bob: Two.", 3), (f"{PHRASE}\nFive.", "ann: Five.", 3)],
)
def test_without_a_synthesis_the_last_words_are_the_answer(
    last: str, answered: str, calls: int, tmp_path: Path
) -> None:
    turns = (*TALK[:2], ("ann", last))
    played = play(tmp_path, conversation(options={"synthesis": False}), {**script(*turns), "brief": []})
    expected = finished(played, outputs_of(*turns), answered, {"turns": 3, "ended_by": "ann"}, usage(calls))

    assert without_times(played.record) == expected


def test_a_conversation_in_which_only_the_phrase_was_said_ends_without_a_synthesis(tmp_path: Path) -> None:
    played = play(tmp_path, conversation(), script(("ann", PHRASE)))

    assert (played.order, played.record["answer"]) == (["ann"], "Nothing was said.")


ENDING = [
    f"All done.\n{PHRASE}",
    f"All done.\r\n{PHRASE}\r\n",
    f"  {PHRASE}  ",
    f"{PHRASE}\nThank you all.",
    f"> Are we done?\n\n{PHRASE}",
    f'He said "fine".\n{PHRASE}',
    f"```\nship()\n```\n{PHRASE}",
]
"""What ends a conversation."""

NO_ENDING = [
    f"I say {PHRASE} when we are done.",
    f"{PHRASE}.",
    f"**{PHRASE}**",
    PHRASE.lower(),
    f"Not yet {PHRASE}",
    f"> {PHRASE}",
    f"He wrote:\n> I am done.\n> {PHRASE}",
    f'The note reads "I am done.\n{PHRASE}\nRegards."',
    f"The note reads “I am done.\n{PHRASE}\nRegards.”",
    f"```\n{PHRASE}\n```",
    f"~~~\n{PHRASE}\n~~~\nThat is what it prints.",
    "TASK\n_COMPLETE",
]
"""What does not, whoever wanted it to."""


@pytest.mark.parametrize("words", ENDING)
def test_the_phrase_on_a_line_of_its_own_ends_it(words: str, tmp_path: Path) -> None:
    played = play(tmp_path, conversation(), script(("ann", "One."), ("bob", words)))

    assert played.order == ["ann", "bob", "brief"]
    assert PHRASE not in str(played.calls("brief")[0].user)


@pytest.mark.parametrize("words", NO_ENDING)
def test_the_phrase_in_a_sentence_or_in_somebody_elses_words_does_not_end_it(words: str, tmp_path: Path) -> None:
    played = play(tmp_path, conversation(), script(("ann", words), ("bob", PHRASE)))

    assert played.order == ["ann", "bob", "brief"]
    assert played.record["details"] == {"turns": 2, "ended_by": "bob"}


def test_the_phrase_in_the_goal_a_fact_or_the_turns_that_are_shown_ends_nothing(tmp_path: Path) -> None:
    team = conversation(goal=f"Say\n{PHRASE}", facts={"note": PHRASE, "lines": [f"Fine.\n{PHRASE}"]})
    turns = (("ann", f"I read:\n> {PHRASE}"), ("bob", "And?"), ("ann", "Nothing."), ("bob", PHRASE))
    played = play(tmp_path, team, script(*turns))

    assert played.order == ["ann", "bob", "ann", "bob", "brief"]
    assert played.record["outputs"] == outputs_of(*turns)


def test_a_phrase_of_the_teams_own_ends_it_and_the_usual_one_does_not(tmp_path: Path) -> None:
    team = conversation(options={"phrase": "Over and out"})
    played = play(tmp_path, team, script(("ann", PHRASE), ("bob", "Over and out")))

    assert played.tasks("ann")[0]["ends_with"] == "Over and out"
    assert played.record["details"] == {"turns": 2, "ended_by": "bob"}


def test_after_its_last_turn_it_stops_and_cannot_go_on(tmp_path: Path) -> None:
    played = play(tmp_path, conversation(turns=3), script(*TALK[:3]))

    assert without_times(played.record) == halted(
        played, outputs_of(*TALK[:3]), "max_turns_reached", "turn_3", usage(3), resumable=False
    )
    again = go_on(tmp_path, budget={"max_messages": 99})
    assert (again.record, again.order) == (played.record, [])


def test_the_phrase_in_the_last_turn_there_is_still_ends_it(tmp_path: Path) -> None:
    played = play(tmp_path, conversation(turns=2), script(("ann", "One."), ("bob", PHRASE)))

    assert (played.record["status"], played.record["rounds_used"]) == ("ok", 2)


def test_the_order_of_the_sequence_goes_round(tmp_path: Path) -> None:
    lines = {name: [turn(f"{name}."), turn(f"{name}.")] for name in ("cid", "ann", "bob")}
    played = play(tmp_path, conversation("cid", "ann", "bob", turns=5), lines | {"ann": [turn("1"), turn("2")]})

    assert played.order == ["cid", "ann", "bob", "cid", "ann"]


def test_a_name_given_to_the_next_speaker_counts_where_the_team_says_so(tmp_path: Path) -> None:
    team = conversation("ann", "bob", "cid", options={"speakers": "named"})
    lines = {
        "ann": [turn("One.", "cid"), turn("Three.")],
        "cid": [turn("Two.", "ann")],
        "bob": [turn(PHRASE)],
        "brief": text(SUMMARY),
    }
    played = play(tmp_path, team, lines)

    assert played.order == ["ann", "cid", "ann", "bob", "brief"]
    assert [call.user["task"]["choices"] for call in played.calls("ann")] == [["bob", "cid"]] * 2


def test_in_a_round_robin_nobody_is_offered_the_choice_of_the_next_speaker(tmp_path: Path) -> None:
    played = play(tmp_path, conversation("ann", "bob", "cid"), script(("ann", "One."), ("bob", PHRASE)))

    assert "choices" not in played.tasks("ann")[0]
    properties = played.calls("ann")[0].body["response_format"]["json_schema"]["schema"]["properties"]
    assert [*properties] == ["text"]


WRONG_TURNS = [
    (answer(text=" "), "text"),
    (text("I agree."), "text"),
    (text("[]"), "not_object"),
    (turn(7), "text"),
    (turn("Two.", "bob"), "next"),
    (turn("Two.", "dan"), "next"),
    (turn("Two.", ["ann"]), "next"),
]


@pytest.mark.parametrize(("wrong", "check"), WRONG_TURNS)
def test_a_turn_that_breaks_its_contract_twice_stops_the_run_with_the_speaker_named(
    wrong: Answer, check: str, tmp_path: Path
) -> None:
    team = conversation("ann", "bob", "cid", options={"speakers": "named"})
    played = play(tmp_path, team, {"ann": turn("One."), "bob": [wrong, wrong]})

    assert stop_of(played) == ("invalid_output:bob", "turn_2:bob", True)
    assert repairs(played, "bob") == [None, f"invalid_output:bob:{check}"]


def test_a_turn_that_is_mended_is_one_turn(tmp_path: Path) -> None:
    lines = script(*TALK)
    played = play(tmp_path, conversation(turns=5), {**lines, "bob": [turn(""), *lines["bob"]]})
    expected = finished(played, outputs_of(*TALK), SUMMARY, {"turns": 5, "ended_by": "ann"}, usage(7))

    assert without_times(played.record) == expected


@pytest.mark.parametrize(("budget", "raised", "reason"), LIMITS)
def test_a_budget_stops_it_before_the_next_call_and_raised_it_goes_on_as_if_nothing_had_happened(
    budget: Plain, raised: Plain, reason: str, tmp_path: Path
) -> None:
    lines = script(*TALK)
    lines = {role: [dear(answers[0]), *answers[1:]] for role, answers in lines.items()}
    team = conversation(**DEARLY)
    whole = play(tmp_path / "whole", team, lines)
    before, after = cut_and_gone_on(tmp_path / "cut", team, lines, budget, raised)

    assert stop_of(before) == (reason, "turn_3:ann", True)
    assert before.order == ["ann", "bob"]
    assert after.order == ["ann", "bob", "ann", "brief"]
    assert same_end(after.record, whole.record)
    assert after.record["usage"] == whole.record["usage"]


def test_the_turn_that_the_deadline_cuts_is_asked_again_and_no_other(tmp_path: Path) -> None:
    before = play(tmp_path, conversation(budget={"max_seconds": 2}), {"ann": turn("One."), "bob": hangs(20)})
    after = go_on(tmp_path, {"bob": turn(PHRASE), "brief": text(SUMMARY)}, budget={"max_seconds": 60})

    assert stop_of(before) == ("max_seconds", "turn_2:bob", True)
    assert after.order == ["bob", "brief"]
    assert after.record["outputs"] == outputs_of(("ann", "One."), ("bob", PHRASE))


@pytest.mark.parametrize(("failure", "reason", "calls"), FAILURES)
@pytest.mark.parametrize(("place", "phase"), [("bob", "turn_4:bob"), ("brief", "finalize")])
def test_a_provider_that_fails_stops_it_there_and_only_what_is_missing_is_asked_again(
    place: str, phase: str, failure: Answer, reason: str, calls: int, tmp_path: Path
) -> None:
    lines = script(*TALK)
    before = play(tmp_path, conversation(), {**lines, place: [*lines[place][:-1], failure]})
    rest = {place: lines[place][-1:], "ann": lines["ann"][-1:], "brief": lines["brief"]}
    after = go_on(tmp_path, rest)

    assert stop_of(before) == (reason, phase, True)
    assert after.order == (["brief"] if place == "brief" else ["bob", "ann", "brief"])
    assert after.record["outputs"] == outputs_of(*TALK)
    assert after.record["usage"]["calls"] == 6 + calls


def test_no_absence_is_counted_in_a_conversation_whatever_the_policy(tmp_path: Path) -> None:
    team = conversation(policy="quorum")
    played = play(tmp_path, team, {"ann": turn("One."), "bob": refused(503)})

    assert stop_of(played) == ("llm_error:503", "turn_2:bob", True)


def test_turns_that_come_late_are_never_asked_beside_each_other(tmp_path: Path) -> None:
    played = play(tmp_path, conversation(turns=3), {"ann": slow(turn("One."), turn("Three.")), "bob": slow(turn("2"))})

    assert flying(played) == [1, 1, 1]
