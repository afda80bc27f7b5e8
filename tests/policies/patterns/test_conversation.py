"""Conversation: whose turn it is, what is shown, and what ends it."""

from typing import Any

import pytest

from policies.contracts.answers import Task
from policies.patterns.conversation import says, without
from policies.patterns.course import advance
from policies.patterns.stages import Finish, Stage
from policies.run.stop import Stop
from policies.team.team import Team
from tests.policies.patterns.courses import ANN, BOB, CID, FACTS, SEQUENCE, Said, extended, finished, opened, team_of

END = "TASK_COMPLETE"


def conversation(sequence: tuple[str, ...] = SEQUENCE, **options: Any) -> Team:
    return team_of("conversation", sequence, options=options)


def turn(text: str = "I see.", named: str | None = None) -> list[Said]:
    return [{"text": text, "next": named}]


def speaker(team: Team, *turns: list[Said]) -> str:
    return opened(team, extended(team, *turns)).tasks[0].role


@pytest.mark.parametrize(
    "text",
    [
        END,
        f"  {END}\t",
        f"All is said.\n{END}",
        f"{END}\nI am done.",
        f"All is said.\r\n{END}\r\n",
        f'He said "so be it".\n{END}',
        f"“One\ntwo.”\n{END}",
        f"> Is it {END}?\n{END}",
        f"> {END}\n\n{END}",
        f"```\n{END}\n```\n{END}",
        f'A 5" pipe.\n\n{END}',
        f"{END}\n{END}",
    ],
)
def test_the_phrase_on_a_line_of_its_own_ends_it(text: str) -> None:
    assert says(END, text)
    team = conversation()
    assert finished(team, extended(team, turn(), turn(text))).details["ended_by"] == BOB


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"We are {END} now.",
        f"Not {END}",
        f"{END} I think",
        f"{END}.",
        f"**{END}**",
        f"- {END}",
        f"`{END}`",
        f'"{END}"',
        f"“{END}”",
        END.lower(),
        END.capitalize(),
        END.replace("_", " "),
        END.replace("_", "_\n"),
        f"{END}{END}",
        f"> {END}",
        f">{END}",
        f"  > {END}",
        f"> > {END}",
        f"```\n{END}\n```",
        f"~~~text\n{END}\n~~~",
        f"```\nnever closed\n\n{END}",
        f"````\n```\n{END}\n````",
        f'They wrote: "One.\n{END}\nTwo."',
        f'They wrote: "One.\n\n{END}\n\nTwo."',
        f"They wrote: “One.\n{END}\nTwo.”",
        f"They wrote: “One.\n\n{END}\n\nTwo.”",
        f'Never closed: "One.\n{END}',
        f"They wrote: «\n{END}\n»",
    ],
)
def test_the_phrase_in_a_sentence_or_a_quotation_does_not_end_it(text: str) -> None:
    assert not says(END, text)
    team = conversation()
    assert speaker(team, turn(), turn(text or "Well.")) == CID


def test_a_phrase_in_the_facts_or_in_a_name_does_not_end_it() -> None:
    team = conversation(phrase=ANN)
    log = extended(team, turn("I see.", ANN))
    assert isinstance(advance(team, log, {"note": ANN, ANN: f"\n{ANN}\n"}), Stage)


def test_a_phrase_said_in_an_earlier_turn_that_did_not_end_it_still_does_not() -> None:
    quoted = extended(conversation(), turn(f"> {END}"), turn(), turn())
    assert opened(conversation(), quoted).label == "turn_4"


def test_a_team_may_have_a_phrase_of_its_own() -> None:
    team = conversation(phrase="Nothing to add")
    assert opened(team, extended(team, turn(END))).tasks[0].asks["ends_with"] == "Nothing to add"
    assert isinstance(advance(team, extended(team, turn("Nothing to add")), FACTS), Finish)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (END, ""),
        (f"All is said.\n{END}", "All is said."),
        (f"{END}\rAll is said.", "All is said."),
        (f"One.\n {END} \nTwo.", "One.\nTwo."),
        (f"> {END}\n{END}", f"> {END}"),
        (f"```\n{END}\n```\n{END}", f"```\n{END}\n```"),
        (f"Not {END}.", f"Not {END}."),
    ],
)
def test_what_is_said_beside_the_phrase_stays(text: str, rest: str) -> None:
    assert without(END, text) == rest


def test_turns_go_round_in_the_order_of_the_sequence() -> None:
    team = conversation(max_turns=10)
    assert [speaker(team, *[turn()] * count) for count in range(7)] == [ANN, BOB, CID, ANN, BOB, CID, ANN]


def test_in_a_round_robin_a_named_speaker_changes_nothing() -> None:
    team = conversation()
    assert opened(team, []).tasks[0].choices == ()
    assert speaker(team, turn("I see.", CID)) == BOB


def test_named_speakers_have_the_next_turn_and_naming_nobody_follows_the_order() -> None:
    team = conversation(speakers="named")
    assert opened(team, []).tasks[0].choices == (BOB, CID)
    assert speaker(team, turn("I see.", CID)) == CID
    assert opened(team, extended(team, turn("I see.", CID))).tasks[0].choices == (ANN, BOB)
    assert speaker(team, turn("I see.", CID), turn("I see.", ANN)) == ANN
    assert speaker(team, turn("I see.", CID), turn("I see.")) == ANN
    assert speaker(team, turn("I see.")) == BOB


def test_a_turn_reads_the_last_three_turns_and_how_often_its_speaker_spoke() -> None:
    team = conversation()
    assert opened(team, []) == Stage(
        "turn_1", (Task(ANN, ANN, "turn", {"turn": 1, "last_turns": [], "ends_with": END, "turns_you_had": 0}),)
    )
    (task,) = opened(team, extended(team, turn("1"), turn("2"), turn("3"), turn("4"))).tasks
    last = [{"agent": BOB, "text": "2"}, {"agent": CID, "text": "3"}, {"agent": ANN, "text": "4"}]
    assert task.asks == {"turn": 5, "last_turns": last, "ends_with": END, "turns_you_had": 1}


@pytest.mark.parametrize("max_turns", [1, 2, 5])
def test_it_stops_after_max_turns_unless_the_last_one_ends_it(max_turns: int) -> None:
    team = conversation(max_turns=max_turns)
    before = [turn()] * (max_turns - 1)
    assert opened(team, extended(team, *before)).label == f"turn_{max_turns}"
    assert advance(team, extended(team, *before, turn()), FACTS) == Stop("max_turns_reached", f"turn_{max_turns}")
    assert isinstance(advance(team, extended(team, *before, turn(f"Fine.\n{END}")), FACTS), Finish)


@pytest.mark.parametrize(
    ("turns", "results", "answer"),
    [
        (["One.", f"Two.\n{END}"], [(ANN, "One."), (BOB, "Two.")], "bob: Two."),
        (["One.", END], [(ANN, "One.")], "ann: One."),
        (["One.", f"> {END}\n{END}"], [(ANN, "One."), (BOB, f"> {END}")], f"bob: > {END}"),
    ],
)
def test_the_end_has_what_was_said_without_the_phrase(
    turns: list[str], results: list[tuple[str, str]], answer: str
) -> None:
    for synthesis, expected in ((True, None), (False, answer)):
        team = conversation(synthesis=synthesis)
        end = finished(team, extended(team, *map(turn, turns)))
        assert [(each["agent"], each["text"]) for each in end.results] == results
        assert (end.answer, end.details) == (expected, {"turns": len(turns), "ended_by": BOB})


@pytest.mark.parametrize("synthesis", [True, False])
def test_where_nothing_but_the_phrase_was_said_no_synthesis_is_asked_for(synthesis: bool) -> None:
    team = conversation(synthesis=synthesis)
    assert finished(team, extended(team, turn(END))) == Finish(
        answer="Nothing was said.", details={"turns": 1, "ended_by": ANN}
    )
