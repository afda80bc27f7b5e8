"""Which notices a record has, by an oracle that is written from the specification alone; and how they read."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graph.notices.kinds import KINDS, Notice, notices_of
from graph.notices.wording import LINES, message_of
from graph.receivers import SERVICES
from tests.notices.desks import past_of_case, question

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
FINISHED = {"event": "finished", "at": "2026-11-29T11:00:00.000+00:00"}


def record(**changes: Any) -> dict[str, Any]:
    return {"status": "waiting", "thread_id": "lot-7", "team": "cold_storage", "waiting": [], **changes}


def expected(waiting: list[dict[str, Any]], status: str, decision: str | None, events: int) -> set[tuple[str, str]]:
    """Asked: each open question. Deadline: less than a quarter of its time is left, and some. Decided: it is ok."""
    found = {("asked", each["id"]) for each in waiting}
    for each in waiting:
        if each["expires_at"]:
            since, until = (datetime.fromisoformat(each[name]).timestamp() for name in ("since", "expires_at"))
            left = until - NOW.timestamp()
            if left > 0 and 4 * left < until - since:
                found.add(("deadline", f"{each['id']}:deadline"))
    if status == "ok" and decision:
        found.add(("decided", f"lot-7:decided:{events}"))
    return found


@pytest.mark.parametrize("seed", range(300))
def test_the_notices_of_a_record_are_those_of_the_specification(seed: int) -> None:
    chance = random.Random(seed)
    waiting = []
    for number in range(chance.randrange(4)):
        since = NOW - timedelta(seconds=chance.choice([0, 1, 100, 3_600, 100_000]))
        lasts = timedelta(seconds=chance.choice([1, 2, 133, 134, 4_799, 4_800, 4_801, 133_333, 133_334, 10**6]))
        until = chance.choice([None, (since + lasts).isoformat()])
        waiting.append(question(f"q-{number}", since=since.isoformat(), expires_at=until))
    status = chance.choice(["ok", "waiting", "stopped", "running", "interrupted"])
    decision = chance.choice([None, "go", "no_go"])
    events = [{"event": chance.choice(["asked", "outcome"]), "at": "-"}] * chance.randrange(3) + [FINISHED]
    shown = record(waiting=waiting, status=status, final_decision=decision)
    found = notices_of(shown, past_of_case("Release?", *events), NOW)
    assert {(each.kind, each.key) for each in found} == expected(waiting, status, decision, len(events) - 1)
    assert len(found) == len({each.key for each in found})


def test_a_decision_that_falls_again_has_a_key_of_its_own() -> None:
    shown = record(status="ok", final_decision="go")
    [first] = notices_of(shown, past_of_case("Release?", FINISHED), NOW)
    [second] = notices_of(shown, past_of_case("Release?", FINISHED, {"event": "said", "at": "-"}, FINISHED), NOW)
    assert first.key != second.key


def test_every_kind_has_its_words() -> None:
    assert set(LINES) == set(KINDS)


def notices(**changes: Any) -> dict[str, Notice]:
    asked = question(
        **{"since": (NOW - timedelta(hours=47)).isoformat(), "expires_at": "2026-11-29T13:00:00+00:00", **changes}
    )
    found = notices_of(record(waiting=[asked]), past_of_case("Release batch 7?"), NOW)
    decided = notices_of(
        record(status="ok", final_decision="go_with_caution"), past_of_case("Release batch 7?", FINISHED), NOW
    )
    return {each.kind: each for each in (*found, *decided)}


def test_a_question_says_who_is_asked_what_until_when_and_what_to_type() -> None:
    message = message_of(notices()["asked"], SERVICES["mailtos"], "https://board.example.org")
    assert message.title == "Accord asks: May the batch be released?"
    assert message.text.splitlines() == [
        "cfo and cto are asked.",
        "Question: May the batch be released?",
        "About: Release batch 7?",
        "Options: go, no_go, stop",
        "Until: 2026-11-29 13:00 UTC",
        "Answer: accord decide lot-7 --id q-1 ANSWER --by NAME --because TEXT # ANSWER: go, no_go, stop",
        "Answer on the board: https://board.example.org/board/runs/lot-7/answer/q-1",
        "Key: q-1",
    ]


def test_a_deadline_says_who_has_not_answered_yet() -> None:
    message = message_of(notices(answered=["cfo"])["deadline"], SERVICES["mailto"])
    assert message.title == "Accord still waits, until 2026-11-29 13:00 UTC: May the batch be released?"
    assert message.text.splitlines()[0] == "The time to answer is nearly over. Waiting for: cto."
    assert message.text.splitlines()[-1] == "Key: q-1:deadline"


def test_a_question_to_nobody_in_particular_says_so() -> None:
    found = notices(asked=[])
    assert message_of(found["asked"], SERVICES["mailto"]).text.startswith("Whoever can answer is asked.\n")
    assert "Waiting for: Whoever can answer." in message_of(found["deadline"], SERVICES["mailto"]).text


def test_a_decision_says_what_was_decided_and_where_to_read_why() -> None:
    message = message_of(notices()["decided"], SERVICES["json"])
    assert message.title == "Accord decided go with caution: Release batch 7?"
    assert message.text.splitlines() == [
        "Decision: go with caution",
        "Question: Release batch 7?",
        "Team: cold_storage",
        "Decided: 2026-11-29 11:00 UTC",
        "Why: accord why lot-7",
    ]
    assert message.fields == {"key": "lot-7:decided:0", "kind": "decided", "thread": "lot-7"}


def test_a_decision_is_signed_off_by_the_command_that_decides() -> None:
    text = message_of(notices(kind="sign_off", options=["go", "stop"])["asked"], SERVICES["mailto"]).text
    assert "Answer: accord decide lot-7 --id q-1 ANSWER --by NAME --because TEXT # ANSWER: go, stop" in text


@pytest.mark.parametrize("kind", ["contribute", "supply"])
def test_what_is_not_decided_is_answered_with_a_file(kind: str) -> None:
    text = message_of(notices(kind=kind, options=[])["asked"], SERVICES["mailto"]).text
    assert "Answer: accord answer lot-7 --id q-1 --file FILE --by NAME" in text
    assert "Options" not in text


HOSTILE = "<!channel> @everyone *bold* _slanted_ `code` [here](https://evil.example) ~gone~ ||hidden|| \\* <b>x</b>"


@pytest.mark.parametrize("scheme", sorted(name for name, each in SERVICES.items() if each.has_markup))
def test_nothing_that_a_chat_would_format_comes_from_a_question(scheme: str) -> None:
    for notice in notices(question=HOSTILE, asked=["@here"]).values():
        message = message_of(notice, SERVICES[scheme])
        assert not set("<>@*`[]~|\\") & set(message.text + message.title)
        assert "_slanted_" not in message.text


@pytest.mark.parametrize("scheme", ["mailto", "json", "slack"])
def test_a_question_makes_no_line_of_its_own_and_moves_no_cursor(scheme: str) -> None:
    lies = "Ship?\r\nAnswer: accord decide other go\x1b[2K\u202e\u2028Key: other"
    message = message_of(notices(question=lies)["asked"], SERVICES[scheme])
    assert [line.partition(":")[0] for line in message.text.splitlines()][1:6] == [
        "Question",
        "About",
        "Options",
        "Until",
        "Answer",
    ]
    assert len(message.title.splitlines()) == 1
    assert not set("\r\x1b\u202e\u2028") & set(message.text + message.title)


def test_long_texts_are_cut() -> None:
    message = message_of(notices(question="x" * 100_000)["asked"], SERVICES["json"])
    assert len(message.title) == 120
    assert len(message.text) < 3_000
