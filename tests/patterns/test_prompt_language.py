"""The language that is asked for: in every prompt of a team that speaks another one, and in no prompt of English."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from graph.languages.catalogue import language_of
from graph.patterns.estimate import expenses_of, look_ahead
from nodes.prompting import prompt_hashes, seat_prompt
from policies.contracts.answers import ContractName, Task
from policies.language import speaking
from policies.patterns.course import PATTERNS
from policies.team.options import Rounds
from policies.team.team import PATTERN_NAMES, PatternName, Team
from tests.harness import settings_at, team_of
from tests.patterns.stage import answering, output
from tests.patterns.stage import play as play_pattern
from tests.patterns.stage import team_of as pattern_team
from tests.policies.patterns.courses import team_of as course_team
from tests.runs.stage import Played, play, script, state_of
from tests.scripted_server import says, text

ASKS: Mapping[str, Any] = {"rounds": [], "recent_rounds": [], "open_conflicts": []}
STATE: Mapping[str, Any] = {"case": {"goal": "Décide.", "facts": {"a": 1}}, "round": 1, "seats": []}


def prompt_of(name: ContractName, language: str | None, team: Team) -> Any:
    with speaking(language_of(language)):
        return seat_prompt(team, Task("ann", "ann", name, ASKS), STATE, None)


@pytest.mark.parametrize("show", ["stances", "arguments"])
@pytest.mark.parametrize("name", get_args(ContractName))
def test_each_contract_asks_for_texts_in_the_language_and_for_the_words_as_they_are(
    name: ContractName, show: Any
) -> None:
    team = pattern_team("rounds", "ann", "bob").model_copy(update={"rounds": Rounds(show=show)})
    plain, french = prompt_of(name, None, team), prompt_of(name, "fr", team)
    assert french.users == plain.users
    added = [line for line in french.system.splitlines() if line not in plain.system.splitlines()]
    assert len(french.system) - len(plain.system) == sum(len(line) + 1 for line in added) + 1
    (told,) = {" ".join(added)}
    assert told.startswith("Write every text of your own in French: `summary`, `actions` and")
    for kept in ('"go"', '"caution"', '"block"', "Keys"):
        assert kept in told
    for english in ("en", "English"):
        assert prompt_of(name, english, team) == plain


@pytest.mark.parametrize("pattern", PATTERN_NAMES)
def test_the_instructions_on_the_language_are_among_the_hashes_where_they_are_used(pattern: PatternName) -> None:
    team = course_team(pattern)
    with speaking(language_of("fr")):
        french = prompt_hashes(team)
    plain = prompt_hashes(team)
    assert "language" not in plain
    assert {name: digest for name, digest in french.items() if name != "language"} == plain
    assert len(french["language"]) == 64
    assert PATTERNS[pattern].contracts


@pytest.mark.parametrize("show", ["stances", "arguments"])
@pytest.mark.parametrize("name", get_args(ContractName))
def test_whoever_reads_derived_numbers_is_told_once_what_they_are(name: ContractName, show: Any) -> None:
    team = pattern_team("rounds", "ann", "bob").model_copy(update={"rounds": Rounds(show=show)})
    plain = prompt_of(name, None, team)
    told = prompt_of(name, None, team.model_copy(update={"derive": {"twice": "facts.a * 2"}}))
    assert '"derived":{"twice":2}' in told.text
    assert told.system.count("`derived`") == 1
    assert '"derived"' not in plain.text


@pytest.mark.parametrize("pattern", PATTERN_NAMES)
def test_the_instructions_on_derived_numbers_are_among_the_hashes_where_they_are_used(pattern: PatternName) -> None:
    team = course_team(pattern).model_copy(update={"derive": {"twice": "facts.a * 2"}})
    assert len(prompt_hashes(team)["derived"]) == 64
    assert "derived" not in prompt_hashes(course_team(pattern))
    alike = team.model_copy(update={"rounds": Rounds(show="arguments")})
    assert ("derived" in prompt_hashes(alike)) is (pattern != "rounds")


def systems(played: Played) -> dict[str, str]:
    return {call.role: call.body["messages"][0]["content"] for call in played.server.calls}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sets", "roles", "brief"),
    [
        ((), "", "English"),
        (("language=fr",), "French", "French"),
        (("language=fr", "brief.language=German"), "French", "German"),
        (("brief.language=Klingon",), "", "Klingon"),
        (("language=de", "brief.language=en"), "German", "English"),
    ],
)
def test_roles_write_in_the_language_of_the_team_and_the_brief_in_its_own(
    tmp_path: Path, sets: tuple[str, ...], roles: str, brief: str
) -> None:
    played = play(tmp_path, script(), *sets)
    found = systems(played)
    assert f"Write in {brief}, in plain text" in found.pop("brief")
    asked = f"Write every text of your own in {roles}:"
    assert [asked in system for system in found.values()] == [bool(roles)] * 3
    assert ("language" in state_of(settings_at(tmp_path))["events"][0]["prompts"]) is bool(roles)


@pytest.mark.slow
def test_a_team_within_writes_in_the_language_of_the_team_around_it(tmp_path: Path) -> None:
    council = answering("rounds", "tester", "legal", goal="Est-ce solide ?", rounds={"show": "both"})
    outer = pattern_team("pipeline", "writer", "council", roles={"council": council}, language="fr")
    said = {"writer": output("Un projet."), "tester": says("go"), "legal": says("go"), "brief": text("Solide.")}
    played = play_pattern(tmp_path, outer, said)
    found = {role: played.calls(role)[0].body["messages"][0]["content"] for role in ("writer", "tester", "legal")}
    assert all("of your own in French" in system for system in found.values())
    assert found["tester"] == found["legal"]


def test_an_estimate_counts_the_prompts_that_a_run_would_send(tmp_path: Path) -> None:
    team = team_of(settings_at(tmp_path), "checkout_launch", "language=fr", "rounds={show: arguments}")
    outlook = look_ahead(team)
    sent = {each.prompt.system for each in outlook.expenses["longest"] if each.role != "brief"}
    assert len(sent) == 1
    assert "in French" in next(iter(sent))
    plain = [each.prompt.system for each in expenses_of(outlook.courses["longest"]) if each.role != "brief"]
    assert not [system for system in plain if "in French" in system]
