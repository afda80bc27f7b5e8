"""Whatever the words and whatever is shown of earlier rounds: words are values in a prompt, and change no outcome."""

import json
from pathlib import Path
from typing import Any

import pytest

from policies.plain import clean_text
from tests.audit.canonical import canonical
from tests.harness import CHECKOUT_ROLES, proposal, run, scripted, settings_at, team_of
from tests.hostile.test_hostile_text import (
    COMMANDS,
    JSON,
    LONG,
    MARKS,
    PLAIN_TEXT,
    SHARE,
    SIGNS,
    STANCES,
    TEXTS,
    check_guards,
    check_outcomes,
    course,
    sent,
)
from tests.runs.stage import state_of

pytestmark = pytest.mark.slow

MODES = [
    f"rounds={{show: {show}, names: {names}}}"
    for show in ("stances", "arguments", "both")
    for names in ("true", "false")
]
ALIKE = MODES[2:]
WORST = (*COMMANDS, *JSON, *MARKS, *SIGNS, *LONG)
"""Words that pose as instructions, end the object or the message around them, or are changed when they are cleaned.

They are run in every mode; of all words, each mode has a part of its own.
"""


def texts_in(mode: str) -> tuple[str, ...]:
    """What is said in a mode; no two are the same once they are stripped."""
    return tuple({words.strip(): words for words in (*WORST, *SHARE[MODES.index(mode) :: 6])}.values())


@pytest.mark.parametrize("mode", MODES)
def test_any_words_give_the_same_outcome_in_every_mode(mode: str, tmp_path: Path) -> None:
    check_outcomes(texts_in(mode), tmp_path / "outcomes", mode)


@pytest.mark.parametrize("mode", ALIKE)
def test_the_outcome_is_that_of_the_stances_alone(mode: str, tmp_path: Path) -> None:
    """What was shown is told by the record's own hashes, and by nothing of the course of the run."""
    settings, found = settings_at(tmp_path), []
    for thread, sets in (("plain", ()), ("shown", (mode,))):

        def speech(question: Any) -> Any:
            return proposal(question.name, STANCES[question.round][CHECKOUT_ROLES.index(question.name)])

        record = run(team_of(settings, "checkout_launch", *sets), settings, thread, scripted(speech))
        found.append(course(record, state_of(settings, thread)["events"]))
    assert found[0] == found[1]


def shape(value: Any) -> Any:
    """A value with every text in it replaced by one, and lists of texts by one of them."""
    if isinstance(value, dict):
        return {key: shape(part) for key, part in value.items()}
    if isinstance(value, list):
        return [shape(part) for part in value]
    return "text" if isinstance(value, str) else value


def read_messages(messages: list[dict[str, str]]) -> tuple[str, list[Any]]:
    """The instructions, and the values of the objects below and behind them, each written in one way alone."""
    system, *users = messages
    assert (system["role"], {user["role"] for user in users}) == ("system", {"user"})
    rules, _, data = system["content"].rpartition("\n")
    *rounds, last = [user["content"] for user in users]
    for each in (data, *rounds):
        assert canonical(json.loads(each)).decode() == each
    assert json.dumps(json.loads(last), ensure_ascii=False, separators=(",", ":")) == last
    return rules, [json.loads(each) for each in (data, *rounds, last)]


@pytest.mark.parametrize("mode", ALIKE)
def test_words_are_values_inside_the_objects_of_the_messages_and_nothing_else(mode: str, tmp_path: Path) -> None:
    plain = {(call.role, call.round): call.body["messages"] for call in sent(tmp_path, PLAIN_TEXT, 0, mode)}
    worst = ["\n".join(words)[:3_900] for words in (COMMANDS + JSON, MARKS + SIGNS)]
    joined = ["\n".join(TEXTS[start::40])[:3_900] for start in range(ALIKE.index(mode), 40, 8)]
    for number, words in enumerate((*worst, *joined), 1):
        cleaned = clean_text(words).strip()
        for call in sent(tmp_path, words, number, mode):
            if call.role == "brief":
                continue
            rules, values = read_messages(call.body["messages"])
            plain_rules, plain_values = read_messages(plain[call.role, call.round])
            assert rules == plain_rules
            assert [shape(value) for value in values] == [shape(value) for value in plain_values]
            assert (values[0]["goal"], values[0]["shared_context"]["note"]) == (cleaned, cleaned)
            for told in values[1:-1]:
                assert [each["summary"] for each in told["arguments"]] == [cleaned] * 3
                assert ("agent" in told["arguments"][0]) is ("names: true" in mode)


@pytest.mark.parametrize("mode", ALIKE)
def test_titles_and_mandates_are_read_by_their_own_role_in_its_last_message_alone(mode: str, tmp_path: Path) -> None:
    for number, words in enumerate([each for each in TEXTS if clean_text(each) == each][ALIKE.index(mode) :: 60]):
        roles = {name: {"title": f"{name} {words}", "mandate": f"{words} {name}"} for name in CHECKOUT_ROLES}
        settings, voices = settings_at(tmp_path), scripted(lambda question: proposal(question.name))
        team = team_of(settings, "checkout_launch", mode, overrides={"roles": roles})
        run(team, settings, f"t{number}", voices)
        voice: Any = voices["model"]
        assert len({prompt.system for prompt in voice.prompts}) == 1
        for (name, user), prompt in zip(voice.asked, voice.prompts, strict=False):
            last = json.loads(user)
            assert (last["title"], last["mandate"]) == (roles[name]["title"].strip(), roles[name]["mandate"])
            assert roles[name]["title"] not in "".join((prompt.system, *prompt.before))


@pytest.mark.parametrize("mode", MODES)
def test_no_words_beat_a_guard_in_any_mode(mode: str, tmp_path: Path) -> None:
    check_guards(texts_in(mode), tmp_path, mode)
