"""`accord audit verify` finds an answer that is not signed as its author's key asks."""

from pathlib import Path
from typing import Any

import pytest

from graph.assurance.records import check_file, exported
from nodes.agreement import find_broken
from nodes.signed import declared_keys, find_unsigned, pinned_keys
from policies.assurance.audit import Break, Event
from tests.signing import openssh
from tests.signing.stories import (
    CFO,
    CTO,
    KEYS,
    STRANGER,
    admitted,
    answered,
    asked,
    chained,
    keys,
    line,
    resumed,
    ruled,
    unsigned,
)

pytestmark = pytest.mark.needs("ssh_keygen")

Body = dict[str, Any]


def message(*bodies: Body) -> str | None:
    """What is said of the last of some events; all before it are in order."""
    events = chained(*bodies)
    assert find_unsigned(events[:-1]) is None
    found = find_unsigned(events)
    assert found is None or found.place == len(events) - 1
    return found.message if found else None


def test_answers_that_are_signed_by_the_declared_keys_are_in_order() -> None:
    story = [admitted(), asked(), answered(), answered("cto", CTO), asked("q2"), answered(question="q2")]

    assert message(*story) is None
    assert message(*story, answered(question="q2", outcome="no_go")) is None


def test_whoever_has_no_key_need_not_sign() -> None:
    assert message(admitted(), asked(asked=["coo"]), unsigned("coo")) is None
    assert message({**admitted(), "keys": {}}, asked(), unsigned("cfo")) is None


def test_whoever_has_a_key_has_to_sign() -> None:
    assert message(admitted(), asked(), unsigned("cfo")) == "lacks the signature of cfo, whose key the team declares"


def test_a_signature_of_somebody_without_a_key_proves_nothing() -> None:
    said = message(admitted(), asked(asked=["coo"]), answered("coo", STRANGER))

    assert said == "has a signature of 'coo', for whom the team declares no key"


@pytest.mark.parametrize(("kind", "which"), [(CFO, 1), (CTO, 0), (STRANGER, 0)])
def test_another_key_than_the_declared_one_is_found(kind: str, which: int) -> None:
    said = str(message(admitted(), asked(), answered("cfo", kind, which)))

    assert said.startswith("has a signature of cfo that was made with a key other than the declared one, SHA256:")


@pytest.mark.parametrize("name", ["thread", "question", "policy", "facts", "outcome", "because"])
def test_a_signature_over_something_else_is_found(name: str) -> None:
    changes: Body = {name: "no_go"}
    event, other = answered(), answered(**changes)
    moved = {**event, "signed": other["signed"], "signature": other["signature"]}

    assert message(admitted(), asked(), moved) == f"has a signature over a `{name}` that differs from the answer's"
    swapped = {**event, "signature": other["signature"]}
    assert "that does not fit" in str(message(admitted(), asked(), swapped))


@pytest.mark.parametrize("name", ["outcome", "because", "question", "by"])
def test_an_answer_that_was_changed_is_found_though_its_chain_is_whole(name: str) -> None:
    changed = {**answered(), name: {"by": "cto", "question": "q2"}.get(name, "no_go")}

    assert message(admitted(), asked(), asked("q2"), changed) is not None


def test_an_answer_moved_to_another_thread_is_found() -> None:
    said = message({**admitted(), "thread": "other"}, asked(), answered())

    assert said == "has a signature over a `thread` that differs from the answer's"


def test_an_answer_to_a_question_that_was_asked_about_other_facts_is_found() -> None:
    bound = {**asked()["bound"], "facts": "c" * 64}

    said = message(admitted(), asked(bound=bound), answered())
    assert said == "has a signature over a `facts` that differs from the answer's"


def test_an_answer_to_nothing_is_found() -> None:
    assert message(admitted(), answered()) == "answers the question 'q1', which was not asked"


@pytest.mark.parametrize("changes", [{"more": 1}, {"because": None}])
def test_what_was_signed_has_the_fields_of_an_answer_and_no_others(changes: Body) -> None:
    event = answered()

    assert "has a signature over a `" in str(
        message(admitted(), asked(), {**event, "signed": event["signed"] | changes})
    )


def test_the_key_counts_that_was_declared_when_the_answer_was_given() -> None:
    later = resumed(keys={"cfo": line(CFO, 1)})
    old, new = answered(), answered("cfo", CFO, 1)

    assert message(admitted(), asked(), old, later, new) is None
    assert "key other than the declared one" in str(message(admitted(), asked(), old, later, old))
    assert "key other than the declared one" in str(message(admitted(), asked(), new))
    gone = {**later, "keys": {}}
    assert message(admitted(), asked(), old, gone, unsigned("cfo")) is None
    assert pinned_keys(chained(admitted(), later)) == {"cfo": line(CFO, 1)}


GIVEN = (admitted(), asked(), answered(), answered("cto", CTO))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"how": "expired", "outcome": "no_go", "casts": {}},
        {"casts": {"cfo": "go", "cto": "go", "coo": "absent"}},
        {"kind": "sign_off", "casts": {}},
    ],
)
def test_what_was_answered_is_counted(changes: Body) -> None:
    assert message(*GIVEN, ruled(**changes)) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"by": ["cfo", "cto", "coo"]}, "counts an answer of 'coo', who gave none"),
        ({"question": "q2"}, "counts an answer of 'cfo', who gave none"),
        ({"casts": {"cfo": "block", "cto": "go"}}, "counts 'block' for cfo, whose answer is 'go'"),
        ({"casts": {"cfo": "absent", "cto": "go"}}, "counts 'absent' for cfo, whose answer is 'go'"),
        ({"casts": {"cfo": "go", "coo": "go"}}, "counts 'go' for coo, whose answer is missing"),
        ({"kind": "sign_off", "casts": {}, "outcome": "again"}, "is 'again', which nobody answered"),
        ({"casts": {"cfo": "go"}}, "counts no answer of cto, who was asked"),
        ({"by": [], "casts": {}}, "counts no answer of cfo, who was asked"),
        ({"how": "expired", "outcome": "go", "casts": {}}, "is 'go', which silence never gives"),
        ({"how": "expired", "outcome": "go_with_caution"}, "is 'go_with_caution', which silence never gives"),
    ],
)
def test_an_answer_that_was_not_given_is_not_counted(changes: Body, said: str) -> None:
    assert message(*GIVEN, ruled(**changes)) == said


def test_nobody_decides_where_nobody_answered() -> None:
    free = (admitted(), asked(asked=[]))
    counted: Body = {"by": [], "casts": {}}

    assert message(*free, ruled(**counted)) == "counts no answer at all"
    assert message(*free, {**unsigned("Ada"), "seat_of": "anybody"}, ruled(by=["Ada"], casts={"anybody": "go"})) is None


def test_everybody_who_was_asked_signs_a_decision_and_one_may_send_it_back() -> None:
    one, signed = (admitted(), asked(), answered()), {"kind": "sign_off", "by": ["cfo"], "casts": {}}

    assert message(*one, ruled(**signed)) == "counts no answer of cto, who was asked"
    sent_back = (admitted(), asked(), answered(outcome="again"), ruled(**signed, outcome="again"))
    assert message(*sent_back) is None


@pytest.mark.parametrize("by", ["vice", "cfo's deputy"])
def test_who_has_no_key_fills_no_place_whose_owner_has_one(by: str) -> None:
    said = {**unsigned(by), "seat_of": "cfo"}

    assert message(admitted(), asked(), said) == (
        "fills the place of cfo, whose key the team declares, without a signature"
    )


def test_a_place_that_was_not_asked_is_not_filled() -> None:
    assert message(admitted(), asked(asked=["cto"]), answered()) == "fills the place of 'cfo', who was not asked"


def test_who_wants_another_round_counts_as_a_block_or_a_go() -> None:
    again = (admitted(), asked(), answered(outcome="again"), answered("cto", CTO, outcome="stop"))

    for cast in ("go", "block"):
        assert message(*again, ruled(outcome="again", casts={"cfo": cast, "cto": cast})) is None
    assert message(*again, ruled(casts={"cfo": "caution", "cto": "go"})) == (
        "counts 'caution' for cfo, whose answer is 'again'"
    )


@pytest.mark.parametrize("signature", ["", "x", 5, [], {"a": 1}, True])
def test_a_signature_that_is_none_is_found(signature: Any) -> None:
    said = str(message(admitted(), asked(), {**answered(), "signature": signature}))

    assert said.startswith("has a signature of cfo that ")


ODD: list[Body] = [
    {"event": "answered"},
    {**asked(), "bound": None},
    {"event": "asked", "question": []},
    {"event": "admitted"},
    {"event": "resumed", "keys": 5},
    {"seq": 1},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_events_that_nothing_of_ours_has_written_break_a_record(odd: Body) -> None:
    events = chained(admitted(), odd, asked(), answered())

    found = find_broken(events)
    assert found is not None
    assert 0 <= found.place < len(events)


def test_an_exported_file_is_checked_in_the_same_way(tmp_path: Path) -> None:
    def checked(events: list[Event]) -> Break | None:
        path = tmp_path / "t.jsonl"
        path.write_bytes(b"".join(exported(events)))
        return check_file(path)[1]

    assert checked(chained(admitted(), asked(), answered())) is None
    assert checked(chained(admitted(), asked(), unsigned("cfo"))) == Break(
        2, "lacks the signature of cfo, whose key the team declares"
    )


def test_the_keys_of_a_team_are_those_of_its_approvers_without_comments() -> None:
    public = {name: openssh.public(openssh.keys()[kind][0]) for name, kind in KEYS.items()}
    approvers = {name: {"title": name, "key": key, "deputy": None} for name, key in public.items()}
    team = {"approvers": {**approvers, "coo": {"title": "COO", "key": None}}}

    assert all("of a test" in key for key in public.values())
    assert declared_keys(team) == keys()
    assert declared_keys({}) == declared_keys({"approvers": None}) == {}
