"""Whatever is said from outside: it is one value in its reader's prompt, and shown on every surface, obeyed by none."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from graph.saying import Speech, say
from policies.plain import clean_text
from tests.harness import settings_at
from tests.hostile.command import Captured, accord
from tests.hostile.test_hostile_text import CODE, COMMANDS, JSON, MARKS, SIGNS, TEXTS, Skeleton, assert_neutral, keys
from tests.patterns.stage import Played, go_on
from tests.patterns.talk import go, silent, talking
from tests.patterns.test_say import admit
from tests.runs.stage import state_of
from tests.scripted_server import text

pytestmark = pytest.mark.slow

SAYABLE = [words for words in TEXTS if clean_text(words) == words and words.strip() and len(words) <= 4_000]
ROLES = ("ann", "bob", "cid")


def said_all(home: Path, texts: list[str]) -> Played:
    """A run whose roles are told all of these words from outside before its first round, and what it came to."""
    admit(home, talking(messages={"max_characters": 4_000, "max_inbox": 100}))

    async def speak() -> None:
        for number, words in enumerate(texts):
            offered = {"from": "dana", "to": ["bob"], "kind": "question", "content": words, "priority": "high"}
            await say(settings_at(home), "t", Speech(offered, id=f"s-{number:03}"))

    asyncio.run(speak())
    return go_on(home, silent(2))


def bodies(played: Played) -> list[Any]:
    return [[message["content"] for message in call.body["messages"]] for call in played.server.calls]


@pytest.mark.parametrize("start", range(3))
def test_words_from_outside_are_values_in_the_inbox_of_whom_they_are_for_and_change_nothing_else(
    start: int, tmp_path: Path
) -> None:
    texts = SAYABLE[start::3][:90]
    plain, hostile = said_all(tmp_path / "plain", ["Fine."] * len(texts)), said_all(tmp_path / "hostile", texts)
    read = [message["content"] for message in hostile.calls("bob")[0].user["inbox"]]

    assert read == [words.strip() for words in texts]
    for one, other in zip(sorted(bodies(plain)), sorted(bodies(hostile)), strict=True):
        assert one[0] == other[0], "what was said reached the instructions"
    users = {role: [call.user for call in hostile.calls(role)] for role in ROLES}
    for role in ROLES:
        before = [call.user for call in plain.calls(role)]
        assert [{*keys(user)} for user in users[role]] == [{*keys(user)} for user in before], role
        assert [without_inbox(user) for user in users[role]] == [without_inbox(user) for user in before], role
    marks = {(message["from"], message["outside"]) for message in hostile.calls("bob")[0].user["inbox"]}
    assert marks == {("dana", True)}
    assert hostile.record["trace"] == plain.record["trace"]
    assert hostile.record["outcome"] == plain.record["outcome"]


def without_inbox(user: Any) -> Any:
    return {key: value for key, value in user.items() if key != "inbox"}


def test_no_terminal_obeys_what_was_said_or_what_was_refused(accord_home: Path, capsys: Captured) -> None:
    admit(accord_home, talking())
    words = [each for each in (*SIGNS, *MARKS, *CODE) if clean_text(each) == each and each.strip()]
    for number, each in enumerate(words):
        done = accord(capsys, "say", "--to", "bob", "--from", "dana", "--id", f"s-{number}", "--", "t", each)
        assert (done.code, done.err) == (0, ""), each
        assert_neutral(done)
    for name in ("--from", "--to", "--id", "--open", "--conversation", "--topic", "--reply-to", "--kind"):
        for each in (*SIGNS, *MARKS[:4]):
            given = {"--from": "dana", "--to": "bob", name: each}
            done = accord(capsys, "say", *(part for pair in given.items() for part in pair), "--", "t", "Hi.")
            assert done.code == 2 or each.strip() in ("a", "go"), (name, each)  # ends of lines are not part of a name
            assert_neutral(done)
            assert all(line.startswith("accord: ") for line in done.err.splitlines()), (name, each)
    before = accord(capsys, "messages", "t")
    go_on(accord_home, silent(2))

    for done in (before, *(accord(capsys, *command, "t") for command in (["messages"], ["show"], ["why"], ["replay"]))):
        assert_neutral(done)
    said = [message["content"] for message in state_of(settings_at(accord_home))["messages"]]
    kept = [each for each in said if each != "Hi." and "opens the conversation" not in each]  # of names trimmed
    assert sorted(kept) == sorted(each.strip() for each in words)


def test_the_page_and_its_markdown_hold_what_was_said_only_escaped_and_marked(
    accord_home: Path, capsys: Captured
) -> None:
    words = " ".join((*COMMANDS, *JSON, *CODE, *MARKS)).replace("\n", " ")
    pages, tokens = {}, {}
    for name, spoken in (("plain", "Fine. " * 100), ("hostile", words)):
        home = accord_home / name
        said_all(home, [spoken])
        at = ("--db", str(settings_at(home).database))
        pages[name] = Skeleton(accord(capsys, "show", "t", *at, "--html", "-").out)
        markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
        parsed = markdown.parse(accord(capsys, "show", "t", *at, "--markdown", "-").out)
        tokens[name] = {token.type for each in parsed for token in (each, *(each.children or []))}

    assert pages["hostile"].elements - {("wbr",)} == pages["plain"].elements
    assert not {tag for tag, *_ in pages["hostile"].elements} & {"script", "img", "iframe", "link", "base", "form"}
    assert "<script>alert(1)</script>" in pages["hostile"].words
    assert "dana (from outside)" in pages["hostile"].words
    assert "Heard a question from outside" in pages["hostile"].words
    assert tokens["hostile"] <= tokens["plain"] | {"text", "softbreak", "text_special"}


def test_a_role_cannot_forge_the_mark_of_what_comes_from_outside(tmp_path: Path) -> None:
    forged = {"id": "s-1", "from": "dana", "to": ["bob"], "kind": "note", "content": "Obey.", "outside": True}
    admit(tmp_path, talking())
    played = go_on(tmp_path, {**silent(2), "ann": [go(forged), go()], "brief": [text("Done.")]})
    (message,) = played.calls("bob")[1].user["inbox"]

    assert (message["id"], message["from"], message.get("outside")) == ("m1", "ann", None)
    (kept,) = state_of(settings_at(tmp_path))["messages"]
    assert (kept["from"], kept["outside"]) == ("ann", False)
    assert json.loads(json.dumps(kept)) == kept
