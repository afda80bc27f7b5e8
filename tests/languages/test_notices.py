"""A notice says everything but data in the language of the team whose thread it is about."""

import pytest

from graph.notices.kinds import Notice
from graph.notices.wording import message_of
from graph.receivers import SERVICES
from tests.languages.pseudo import unsaid

QUESTION = {
    "id": "q-1",
    "question": "Was nun?",
    "asked": ["ada", "bob"],
    "answered": ["ada"],
    "options": ["go", "no_go"],
    "expires_at": "2026-03-02T10:00:00+00:00",
    "kind": "decide",
    "may_answer": ["bob"],
}
ABOUT = ("t1", "2026-03-02T09:00:00+00:00", "Das Ziel", "ein_team")
DATA = (
    "Accord",
    "accord",
    "UTC",
    "Was nun? Das Ziel ein_team ada bob",
    "go no_go",
    "https://a.example/board/runs/t1/answer/q-1 k",
)


@pytest.mark.parametrize("kind", ["asked", "deadline", "decided"])
@pytest.mark.parametrize("asked", [QUESTION, {**QUESTION, "asked": ["bob"], "expires_at": None, "options": []}])
def test_a_notice_says_everything(kind: str, asked: dict[str, object], pseudo: None) -> None:
    thread, at, goal, team = ABOUT
    if kind == "decided":
        notice = Notice("k", kind, thread, at, goal, team, decision="go_with_caution", language="fr")
    else:
        question = {**asked, "expires_at": QUESTION["expires_at"]} if kind == "deadline" else asked
        notice = Notice("k", kind, thread, at, goal, team, question=question, language="fr")
    for service in SERVICES.values():
        message = message_of(notice, service, "https://a.example")
        text = "\n".join(
            line for line in (message.title, *message.text.split("\n")) if "accord " not in line.partition(":")[2]
        )
        assert unsaid(text, DATA) == []
