"""Answering: whose place an answer fills, and the sentence with which it is not taken."""

from dataclasses import replace

import pytest

from policies.people.answering import Offered, find_fault, find_moved_since, named, seat_for, taken
from policies.people.expiry import rule_expired
from policies.people.question import Question, Taken, Word, is_expired, open_of, options_within
from policies.people.sign_off import rule_sign_off
from policies.team.people import Approver, OnTimeout, seconds_of

NOW, LATER = "2026-03-02T10:00:00.000+00:00", "2026-03-04T10:00:00.000+00:00"
APPROVERS = {
    "cfo": Approver(title="CFO", deputy="vice"),
    "cto": Approver(title="CTO", deputy="vice", key=f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{'A' * 43}"),
    "vice": Approver(title="Deputy of both"),
    "coo": Approver(title="COO"),
}
WORDS: tuple[Word, ...] = ("go_with_caution", "no_go", "stop")
GUARDS = ({"name": "fraud", "tripped": True}, {"name": "rate", "tripped": False})
ASKED = Question("q1", "decide", ("cfo", "cto"), "Launch?", WORDS, NOW, LATER, guards=GUARDS)
UNREADABLE = ("\u202e", "a\u202eb", "\u200b", "\ufeffa", "\x1b[1ma", "a\nb", " \u3164 ", "\u2028a", "\u200d")
SIGNED = "-----BEGIN SSH SIGNATURE-----"


def fault(offered: Offered, question: Question = ASKED, now: str = NOW) -> str | None:
    found = find_fault(question, offered, APPROVERS, now, lambda *given: None if given[1] == SIGNED else "is forged")
    return None if found is None else found.told


def given(by: str, answer: str = "no_go") -> Taken:
    return Taken(by, by, answer, "Why.", NOW)


@pytest.mark.parametrize(
    ("offered", "sentence"),
    [
        (Offered("cfo", "no_go", "Why."), None),
        (Offered("vice", "no_go", "Why."), None),
        (Offered("", "no_go", "Why."), "`by` is ''"),
        (Offered("a\0b", "no_go", "Why."), "`by` is"),
        *((Offered(each, "no_go", "Why."), "`by` is") for each in UNREADABLE),
        (Offered("x" * 201, "no_go", "Why."), "`by` is"),
        (Offered("cfo", "no_go", "W\0"), "the reason is not whole text: it holds a NUL"),
        (Offered("cfo", "no_go", "W" * 20_001), "the reason is too long; allowed: up to 20000 characters"),
        (Offered("vise", "no_go", "Why."), "vise is not asked; did you mean `vice`? Allowed: cfo, cto, vice"),
        (Offered("coo", "no_go", "Why."), "coo is not asked"),
        (Offered("cfo", "go", "Why."), "allowed: go_with_caution, no_go, stop, within the limit that fraud sets"),
        (Offered("cfo", ["no_go"], "Why."), "allowed: go_with_caution"),
        (Offered("cfo", "no_go", "  "), "the reason is missing"),
        (Offered("cfo", "no_go", "Why.", signature=SIGNED), "no key is declared for cfo"),
        (Offered("cto", "no_go", "Why."), "cto has a key, so the answer must be signed by it"),
        (Offered("cto", "no_go", "Why.", signature="x"), "the signature is forged"),
        (Offered("cto", "no_go", "Why.", signature=SIGNED), None),
    ],
)
def test_an_answer_is_taken_or_the_sentence_says_why_not(offered: Offered, sentence: str | None) -> None:
    found = fault(offered)

    assert found is None if sentence is None else found is not None and sentence in found


@pytest.mark.parametrize(
    ("offered", "part"),
    [
        (Offered("", "no_go", "Why."), "by"),
        (Offered("eve", "go", ""), "by"),
        (Offered("cfo", "no_go", "W\0"), "because"),
        (Offered("cfo", "no_go", " "), "because"),
        (Offered("cfo", "go", ""), "answer"),
        (Offered("cto", "no_go", "Why.", signature="x"), "signature"),
        (Offered("cfo", "no_go", "Why.", signature=SIGNED), "signature"),
    ],
)
def test_a_fault_names_the_part_to_change(offered: Offered, part: str) -> None:
    found = find_fault(ASKED, offered, APPROVERS, NOW, lambda *given: "is forged")

    assert found is not None
    assert found.part == part


def test_a_fault_of_the_question_comes_before_all_others() -> None:
    found = find_fault(ASKED, Offered("", "go", ""), APPROVERS, LATER, lambda *given: None)

    assert found is not None
    assert found.part == "question"


def test_a_name_to_a_decision_is_under_no_limit_of_its_own() -> None:
    signing = replace(ASKED, kind="sign_off", options=("go_with_caution", "stop"))
    assert fault(Offered("cfo", "no_go", "Why."), signing) == "the answer is 'no_go'; allowed: go_with_caution, stop"


def test_a_word_fills_no_seat_but_may_be_a_fact() -> None:
    seat = replace(ASKED, kind="contribute", options=())
    assert "a role's answer is asked for, not 'go'" in str(fault(Offered("cfo", "go"), seat))
    assert fault(Offered("cfo", {"stance": "go"}), seat) is None
    assert fault(Offered("cfo", "go"), replace(seat, kind="supply")) is None


def test_each_place_takes_one_answer_and_each_person_gives_one() -> None:
    once = replace(ASKED, answers=(replace(given("cfo"), by="vice"),))

    assert fault(Offered("cfo", "no_go", "Why."), once) == "vice has answered for cfo already; the two count once"
    assert fault(Offered("vice", "no_go", "Why."), once) == "vice has answered already; each person answers once"
    both = replace(ASKED, answers=(given("cfo"), given("cto")))
    assert fault(Offered("vice", "no_go", "Why."), both) == "cfo has answered for cfo already; the two count once"


def test_a_deputy_fills_the_first_place_that_is_free() -> None:
    half = replace(ASKED, answers=(given("cfo"),))

    assert (seat_for(ASKED, "vice", APPROVERS), seat_for(half, "vice", APPROVERS)) == ("cfo", "cto")
    assert taken(half, Offered("vice", "no_go", "Why."), APPROVERS, NOW).seat == "cto"
    assert seat_for(replace(ASKED, asked=("vice", "cfo")), "vice", APPROVERS) == "vice"
    assert seat_for(replace(ASKED, asked=()), "somebody", {}) == "anybody"


def test_a_closed_or_expired_question_takes_none() -> None:
    closed, last = replace(ASKED, is_closed=True), "2026-03-04T09:59:59.999+00:00"

    assert fault(Offered("cfo", "no_go", "Why."), closed) is not None
    assert fault(Offered("cfo", "no_go", "Why."), now=LATER) == f"the question expired at {LATER}"
    assert fault(Offered("cfo", "no_go", "Why."), now=last) is None
    assert not is_expired(replace(ASKED, expires_at=None), LATER)
    assert open_of([closed, ASKED]) == [ASKED]


def test_what_has_no_options_is_looked_at_elsewhere() -> None:
    seat = replace(ASKED, kind="contribute", options=(), guards=())

    assert fault(Offered("cfo", {"stance": "go"}), seat) is None


def test_the_question_is_the_one_named_or_the_only_one_that_its_author_is_asked() -> None:
    other = replace(ASKED, id="q2", asked=("coo",), question="And this?")

    assert named([ASKED, other], None, "coo", APPROVERS) == other
    assert named([ASKED, other], "q1", "coo", APPROVERS) == ASKED
    assert named([ASKED], None, "nobody", APPROVERS) == ASKED
    assert "`q3` does not wait for an answer; allowed: q1, q2" in str(named([ASKED, other], "q3", "cfo", APPROVERS))
    twice = named([ASKED, replace(ASKED, id="q2")], None, "cfo", APPROVERS)
    assert twice == "2 questions wait; name the one that is answered: q1 (Launch?); q2 (Launch?)"
    assert "2 questions wait" in str(named([ASKED, other], None, "nobody", APPROVERS))


@pytest.mark.parametrize(
    ("question", "on_timeout", "word"),
    [
        (ASKED, "no_go", "no_go"),
        (ASKED, "stop", "stop"),
        (ASKED, None, "stop"),
        (ASKED, "again", "no_go"),
        (replace(ASKED, options=("no_go", "again", "stop")), "again", "again"),
        (replace(ASKED, kind="contribute", options=()), "again", "again"),
        (replace(ASKED, kind="contribute", options=()), "no_go", "no_go"),
        (replace(ASKED, kind="supply", options=()), "no_go", "stop"),
    ],
)
def test_silence_gives_what_the_team_file_says(question: Question, on_timeout: OnTimeout | None, word: Word) -> None:
    assert rule_expired(question, on_timeout) == word


@pytest.mark.parametrize(("on_timeout", "word"), [("no_go", "stop"), ("again", "again"), ("stop", "stop")])
def test_silence_in_a_seat_of_a_stage_gives_no_decision(on_timeout: OnTimeout, word: Word) -> None:
    assert rule_expired(replace(ASKED, kind="contribute", options=()), on_timeout, is_rounds=False) == word


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({}, None),
        ({"cfo": "go"}, None),
        ({"cfo": "go", "cto": "go"}, "go"),
        ({"cfo": "go", "cto": "again"}, "again"),
        ({"cto": "stop"}, "stop"),
        ({"cfo": "again", "cto": "stop"}, "stop"),
    ],
)
def test_a_decision_is_signed_once_everybody_has(said: dict[str, Word], word: Word | None) -> None:
    assert rule_sign_off(("cfo", "cto"), said) == word


def test_options_end_with_a_stop_and_begin_within_the_cap() -> None:
    assert options_within(None, may_go_on=True) == ("go", "go_with_caution", "no_go", "again", "stop")
    assert options_within("no_go", may_go_on=False) == ("no_go", "stop")


def test_what_moved_since_is_named() -> None:
    assert find_moved_since({"facts": "a", "round": 1}, {"facts": "a", "round": 2}) == "round"
    assert find_moved_since({"facts": "a"}, {"facts": "a"}) is None
    assert [seconds_of(each) for each in ("1m", "2h", "3d")] == [60, 7_200, 259_200]
