"""A report says everything but data in the language of its reader: pages of every kind of run, in wide letters."""

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from graph.languages.catalogue import language_of
from graph.past import Past
from graph.problems import UsageError
from graph.record import record_of
from graph.report.dossier.changed import find_change
from graph.report.dossier.dossier import dossier_of
from graph.report.dossier.explanation import unexplained
from graph.report.dossier.timeline import timeline_of
from graph.report.html.page import page_of
from graph.report.texts import contradiction
from graph.report.writing import write_new_folder
from policies.language import speaking
from policies.messages.message import KINDS
from policies.run.staleness import FIELDS
from tests.languages.pseudo import PSEUDO, marked, unsaid
from tests.report.test_dossier import cut_off, unbegun
from tests.report.works import EVERY

pytestmark = pytest.mark.slow

STORIES = (
    *("go_with_caution", "capped", "unread", "no_go", "escalated", "max_messages", "refused", "timeout", "needs_input"),
    *("crowd", "plan", "plan_failed", "plan_refused", "pipeline", "parallel", "parallel_stopped", "debate"),
    *(
        "hierarchy",
        "nested",
        "manager",
        "workspace",
        "conversation",
        "conversation_endless",
        "vote",
        "no_quorum",
        "messages",
    ),
    *("people_waiting", "people_decided", "people_again", "people_stopped", "people_expired", "people_half_expired"),
    *("people_unsigned", "people_to_sign", "people_signed", "people_seat", "people_supplied"),
    *("sources", "source_failed", "given_facts", "steady", "unsteady", "unsampled", "drifted", "drift_reopened"),
    *("drift_unknown", "drift_holds", "unstable", "reopens", "reopens_purged", "reopens_unasked"),
)

TEXTS = (
    *("goal", "team", "titles", "title", "mandate", "facts", "fact", "path", "when", "name", "seat"),  # of the team
    *("summary", "actions", "text", "answer", "position", "argument", "reasons", "content", "adds", "artifacts"),
    *("proposal", "reason", "decision", "subtask", "task", "raw", "raw_contribution", "from", "to", "phrase"),
    *("question", "because", "note", "by", "asked", "identity"),  # of people
    *("cause", "fault", "detail", "pattern"),
    *("source", "kind", "places", "owner", "thread", "lost"),  # of the world
)
"""The keys under which a record, a state or a dossier has what people or models wrote, or what was said in a run."""

MACHINE = (
    *("go", "caution", "block", "absent", "approve", "reject", "abstain"),  # stances and votes
    *("rules", "model", "gpt", "mini"),  # voices
    *("SHA", "UTC"),
)

BULLET = re.compile(r"^\s*(?:[-*]|\d+[.)])\s+")


class _Read(HTMLParser):
    """What a reader of a page sees or hears, without what is code."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.code += tag in ("style", "code", "pre")
        self.words += [f" {value} " for name, value in attrs if name in ("aria-label", "title")]
        self.words += [] if tag == "wbr" else [" "]

    def handle_endtag(self, tag: str) -> None:
        self.code -= tag in ("style", "code", "pre")

    def handle_data(self, data: str) -> None:
        self.words += [] if self.code else [data]


def _read(page: str) -> str:
    reader = _Read()
    reader.feed(page)
    return flat("".join(reader.words))


def flat(text: str) -> str:
    return " ".join(text.split())


def _texts(value: Any, *, is_text: bool = False) -> Iterator[str]:
    """Yield what people, models or a run wrote."""
    if isinstance(value, str):
        yield from (flat(BULLET.sub("", line)) for line in (value, *value.split("\n")) if is_text)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts(part, is_text=is_text or key in TEXTS)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part, is_text=is_text)


def texts_of(told: Any) -> list[str]:
    """Return the texts of a thread and the reasons by which it stopped or refused something, the longest first."""
    reasons = {event.get(key) for event in told.state.get("events", []) for key in REASONS}
    found = {*_texts([told.record, told.state, told.hindsight]), *filter(None, reasons)}
    return sorted({*found, *(f"{each[:1].upper()}{each[1:]}" for each in found)}, key=len, reverse=True)


REASONS = ("reason", "stop_reason", "repair", "rule")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return lambda name: EVERY[name](tmp_path_factory.mktemp(name))


def _unsaid(told: Any) -> list[str]:
    """Return the plain words of a thread's page, its data left out."""
    with speaking(PSEUDO):
        dossier = dossier_of("t", told.record, told.state, told.hindsight)
        hashed: dict[str, Any] = {"hashes": {}, "prompts": {}, "versions": {}}  # their names are keys
        page = page_of({**dossier, "record": {**dossier["record"], **hashed}})
    read = _read(page)
    for text in filter(None, texts_of(told)):
        read = re.sub(rf"(?<!\w){re.escape(text)}(?!\w)", " ", read)
    return unsaid(read, MACHINE)


@pytest.mark.parametrize("name", STORIES)
def test_a_page_has_no_word_that_is_not_said(name: str, story: Any) -> None:
    assert _unsaid(story(name)) == []


def _thread(state: dict[str, Any], record: dict[str, Any]) -> Any:
    return SimpleNamespace(state=state, record=record, hindsight={})


def test_neither_has_a_page_of_a_thread_that_has_not_begun_or_was_changed(story: Any) -> None:
    assert _unsaid(_thread({}, unbegun().record)) == []
    told = story("go_with_caution")
    broken = [{**each, "prev_hash": "0"} if each["seq"] == 3 else each for each in told.state["events"]]
    assert _unsaid(_thread({**told.state, "events": broken}, told.record)) == []
    for key, value in {"facts": {}, "goal": "Another."}.items():
        moved = {**told.state, "case": {**told.state["case"], key: value}}
        assert _unsaid(_thread(moved, told.record)) == []


@pytest.mark.parametrize("is_running", [True, False])
def test_neither_has_a_page_of_a_thread_that_has_not_ended(is_running: bool, tmp_path: Path) -> None:
    cut = cut_off(tmp_path)
    assert _unsaid(_thread(cut, record_of("t", cut, is_running))) == []


EVENTS = (
    {"event": "resumed", "after": None, "moved": None},
    *({"event": "resumed", "after": "max_rounds_reached", "moved": each} for each in FIELDS),
    {"event": "recovered", "lost": [{"seat": "step_1"}], "set_back": []},
    {"event": "recovered", "lost": [{"seat": f"step_{number}"} for number in range(60)], "set_back": ["a", "b"]},
    {"event": "superseded"},
    *({"event": "sent", "message": {"kind": kind, "from": "a", "to": ["b"], "content": "?"}} for kind in KINDS),
    {"event": "sent", "message": {"kind": "note", "from": "a", "to": ["b", "c"], "content": "?", "outside": True}},
    {"event": "message_refused", "because": "?", "from": "a", "said": {}},
    {"event": "ruled", "outcome": "supplied", "how": "answered", "by": ["a"]},
    {"event": "ruled", "outcome": "stop", "how": "expired", "by": []},
    {"event": "declined", "by": None, "because": "?"},
    {"event": "answered"},
)


@pytest.mark.parametrize("event", EVENTS)
def test_a_line_of_the_timeline_has_no_word_that_is_not_said(event: dict[str, Any]) -> None:
    past = Past.of({"events": [{"at": "2026-03-02T10:00:00", "role": None, "titles": {}, **event}]})
    with speaking(PSEUDO):
        ((line,),) = (group["lines"] for group in timeline_of(past))
        told = " ".join(filter(None, (line["what"], line["detail"])))
    assert unsaid(re.sub(r"step_\d+", "", told), ["max", "rounds", "reached"]) == []


def test_what_is_said_of_a_thread_without_an_explanation_is_in_the_language_too(story: Any) -> None:
    with speaking(PSEUDO):
        told = [unexplained("t", story(name).state) for name in ("parallel", "nested", "needs_input")]
    data = ["accord", "show", "go", "no_go", "parallel", "pipeline", "manager", "in_rounds", "in_debate", "in_pipeline"]
    assert unsaid(" ".join(told), data) == []


@pytest.mark.parametrize("name", ["", "is_there", "is_there/page.html", "is_missing/page.html"])
def test_why_a_report_cannot_be_written_is_said_in_the_language(name: str, tmp_path: Path) -> None:
    (tmp_path / "is_there").write_text("", encoding="utf-8")
    place = str(tmp_path / name) if name else ""
    with speaking(PSEUDO), pytest.raises(UsageError) as refused:
        write_new_folder(place, {})
    assert marked("e") in refused.value.problems[0].replace(place, "")


def test_a_french_page_is_declared_as_french_and_an_english_one_as_english(story: Any) -> None:
    told = story("go_with_caution")
    with speaking(language_of("fr")):
        page = page_of(dossier_of("t", told.record, told.state))
    assert '<html lang="fr"' in page
    assert '<h2 id="guards">Garde-fous</h2>' in page
    assert "marge restante\u00a0: 0,002 (6,7\u00a0% de la limite)" in page
    assert "3 rôles au tour 1\u00a0: 2 go, 1 caution." in page
    assert "15\u202f200" in page
    assert '<html lang="en"' in told.page


def test_a_page_in_french_escapes_what_it_says_as_one_in_english(story: Any) -> None:
    told = story("hostile")
    with speaking(language_of("fr")):
        page = page_of(dossier_of("t", told.record, told.state))
    for hostile in ("<script>alert", "<img src=x", "<svg/onload"):
        assert hostile not in page
    assert page.count("&lt;script&gt;alert(1)") == told.page.count("&lt;script&gt;alert(1)") > 0


def test_what_differs_in_a_changed_thread_has_one_name_for_programs_and_is_told_in_french(story: Any) -> None:
    state = story("go_with_caution").state
    moved = {**state, "case": {**state["case"], "goal": "Another."}}
    with speaking(language_of("fr")):
        changed = find_change("t", moved)
        assert changed is not None
        assert changed.what == ("goal",)
        assert "ne correspond plus à son dossier (objectif)" in changed.sentence


@pytest.mark.parametrize(
    ("text", "decisions"),
    [
        ("La décision est un go.", "go"),
        ("Décision\u00a0: go sous réserve.", "go sous réserve"),
        ("Décision\u00a0: **no-go**", None),
        ("La décision est un go, car rien ne s'y oppose. The decision is go with caution.", "go, go sous réserve"),
    ],
)
def test_a_brief_that_names_another_decision_is_found_in_french(text: str, decisions: str | None) -> None:
    with speaking(language_of("fr")):
        found = contradiction({"final_decision": "no_go", "answer": f"Décision\u00a0: no_go\n\n{text}"})
    named = f"Le brief nomme une autre décision\u00a0: {decisions}. Seule compte la décision ci-dessus."
    assert found == (named if decisions else None)
