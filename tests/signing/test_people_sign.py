"""In a run, whoever has a key has to sign with it, and what they signed is found good, or changed, later."""

from pathlib import Path
from typing import Any

import pytest

from graph.answers import signed
from graph.assurance.signatures import signed_files
from graph.problems import UsageError
from nodes.agreement import find_broken, find_disagreement
from nodes.fingerprint import fingerprint
from policies.assurance.audit import LINKS, Event, link
from tests.harness import proposal
from tests.runs.desk import Desk
from tests.runs.people import STAND, human, team
from tests.signing import openssh
from tests.signing.stories import CFO, CTO, key_file, line

pytestmark = [pytest.mark.slow, pytest.mark.needs("ssh_keygen")]

APPROVERS = {
    "cfo": {"title": "CFO", "key": openssh.public(key_file(CFO)), "deputy": "cto"},
    "cto": {"title": "CTO", "key": line(CTO)},
    "coo": {"title": "COO"},
}
"""The first key comes with a comment."""

SEATED = human("legal", "cfo", sequence=["legal", "demand", "risk"])
SUPPLIED = team(facts={"x": 1}, requires=["rate"], escalate={"supply": {"rate": ["cfo"]}})
KINDS: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "decide": (team(escalate={"decide": {"by": ["cfo"]}}), STAND, "go"),
    "sign_off": (team(sign_off=["cfo"]), {}, "go"),
    "contribute": (SEATED, {}, {key: value for key, value in proposal("legal", "caution").items() if key != "agent"}),
    "supply": (SUPPLIED, {}, 0.25),
}
"""A team that asks the CFO, what the others say, and an answer, by the kind of question."""


def waiting(folder: Path, kind: str) -> tuple[Desk, Any]:
    plain, stances, answer = KINDS[kind]
    at = Desk(folder, {**plain, "approvers": APPROVERS}, stances)
    (asked,) = at.run()["waiting"]
    assert (asked["kind"], asked["asked"]) == (kind, ["cfo"])
    return at, answer


def signature(at: Desk, answer: Any, which: int = 0) -> str:
    said = {"question": None, "by": "cfo", "answer": answer, "because": "Why."}
    return str(signed(at.state(), said, key_file(CFO, which))["signature"])


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_is_signed_by_the_declared_key_is_taken_and_found_good(kind: str, tmp_path: Path) -> None:
    at, answer = waiting(tmp_path, kind)
    record = at.answer("cfo", answer, signature=signature(at, answer))
    state = at.state()

    assert record["status"] == "ok", record
    assert find_disagreement("t", state) is None
    files = signed_files(state["events"])
    (name,) = [each for each in files.files if each.endswith(".json")]
    written = files.files[name.replace("json", "sig")].decode()
    assert openssh.accepts(written, files.files[name], line(CFO), tmp_path)


def test_a_decision_cannot_be_written_without_its_answers(tmp_path: Path) -> None:
    at, answer = waiting(tmp_path, "decide")
    at.answer("cfo", answer, signature=signature(at, answer))
    events = [event for event in at.state()["events"] if event["event"] != "answered"]
    found = find_broken(rechained(events))

    assert found is not None
    assert found.message == "counts an answer of 'cfo', who gave none"


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_is_not_signed_or_by_another_key_is_refused_and_the_thread_waits(
    kind: str, tmp_path: Path
) -> None:
    at, answer = waiting(tmp_path, kind)

    with pytest.raises(UsageError, match="cfo has a key, so the answer must be signed by it"):
        at.answer("cfo", answer)
    with pytest.raises(UsageError, match="the signature was made with a key other than the declared one, SHA256:"):
        at.answer("cfo", answer, signature=signature(at, answer, 1))
    with pytest.raises(UsageError, match="the signature does not fit"):
        at.answer("cfo", answer, because="Another reason.", signature=signature(at, answer))
    with pytest.raises(UsageError, match="the signature is not a signature of OpenSSH"):
        at.answer("cfo", answer, signature="x")
    assert at.answer("cfo", answer, signature=signature(at, answer))["status"] == "ok"


def test_nothing_is_signed_where_nothing_is_asked(tmp_path: Path) -> None:
    at, answer = waiting(tmp_path, "sign_off")
    (asked,) = at.events("asked")[-1:]
    at.answer("cfo", answer, signature=signature(at, answer))
    said = {"question": asked["question"], "by": "cfo", "answer": answer, "because": "Why."}

    with pytest.raises(UsageError, match=f"`{asked['question']}` was answered by cfo; nothing is changed"):
        signed(at.state(), said, key_file(CFO))
    with pytest.raises(UsageError, match="the thread `t` waits for nobody: it has ended"):
        signed(at.state(), said | {"question": None}, key_file(CFO))


def test_a_signature_over_the_same_answer_in_another_thread_is_refused(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    (other, answer), (at, _) = waiting(first, "decide"), waiting(second, "sign_off")

    with pytest.raises(UsageError, match="the signature does not fit"):
        at.answer("cfo", answer, signature=signature(other, answer))


def test_a_signature_is_of_the_question_and_not_of_the_next_one(tmp_path: Path) -> None:
    at, answer = waiting(tmp_path, "decide")
    old = signature(at, answer)
    assert at.answer("cfo", "again", signature=signature(at, "again"))["status"] == "waiting"

    with pytest.raises(UsageError, match="the signature does not fit"):
        at.answer("cfo", answer, signature=old)
    at.answer("cfo", answer, signature=signature(at, answer))
    assert find_disagreement("t", at.state()) is None


def rechained(events: list[Event], **changes: Any) -> list[Event]:
    """Write a whole new chain in which the answer is changed, as whoever can write the database may."""
    made: list[Event] = []
    for event in events:
        body = {key: value for key, value in event.items() if key not in LINKS}
        body |= changes if event["event"] == "answered" else {}
        made.append(link(made[-1] if made else None, body, fingerprint))
    return made


def test_whoever_writes_a_new_chain_cannot_write_the_signature(tmp_path: Path) -> None:
    at, answer = waiting(tmp_path, "decide")
    at.answer("cfo", answer, signature=signature(at, answer))
    events = list(at.state()["events"])
    (place,) = [event["seq"] for event in events if event["event"] == "answered"]

    assert find_broken(rechained(events)) is None
    for changes in ({"outcome": "no_go"}, {"because": "Other."}, {"signature": None}, {"by": "cto"}):
        found = find_broken(rechained(events, **changes))
        assert found is not None
        assert found.place == place


def test_the_state_cannot_declare_another_key_than_the_record_pins(tmp_path: Path) -> None:
    at, _ = waiting(tmp_path, "decide")
    state = at.state()
    approvers = state["case"]["team"]["approvers"]

    assert approvers["cfo"]["key"] == line(CFO)
    assert find_disagreement("t", state) is None
    state["case"]["team"]["approvers"] = {**approvers, "cfo": {**approvers["cfo"], "key": line(CFO, 1)}}
    assert find_disagreement("t", state) is not None


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("ssh-dss AAAA", "is of the type ssh-dss; allowed: "),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nsecret", "is a private key, which belongs in no team file"),
    ],
)
def test_a_key_that_is_not_allowed_is_refused_in_the_team_file(key: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        Desk(tmp_path, team(approvers={"cfo": {"title": "CFO", "key": key}})).run()

    assert said in str(error.value)
    assert "secret" not in str(error.value)
