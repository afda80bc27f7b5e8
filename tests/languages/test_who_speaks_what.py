"""The language of a team is spoken where something is said about it, and is left behind: a caller keeps its own."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from graph.languages.catalogue import FOLDER, language_of
from graph.opening import open_runner
from graph.patterns.estimate import look_ahead
from graph.problems import UsageError
from graph.record import Record
from graph.report.texts import DECISION_WORDS
from graph.runner import Runner
from graph.saying import Speech, read_said, say
from graph.teams.loader import Changes, load_team
from nodes.agreement import find_disagreement
from policies.assurance.approval import find_unapproved
from policies.language import ENGLISH, speaking, spoken
from policies.team.team import Team
from tests.harness import run, settings_at, team_of
from tests.runs.desk import Desk
from tests.runs.people import PANEL, STAND, team

FRENCH_TEAM = "checkout_launch_fr"
SETTERS = re.compile(r"(?<!def )\b(?:speak|speak_as|speak_of|speak_about)\(")
ENTRIES = ("graph/cli/", "graph/web/", "graph/studio.py", "graph/serving.py", "graph/languages/catalogue.py")
"""Where a command or a request begins, and what it sets the language with."""


# --- the caller ---------------------------------------------------------------------------------------------------


Work = Callable[[Runner, Team], Awaitable[Any]]


async def _resumed_wrongly(runner: Runner, _: Team) -> None:
    with pytest.raises(UsageError, match="limite"):
        await runner.resume("done", {"nothing": 1})


async def _answered_wrongly(runner: Runner, _: Team) -> None:
    with pytest.raises(UsageError, match=r"attend|posée"):
        await runner.answer("done", {"by": "x", "answer": "go"})


WORKS: dict[str, Work] = {
    "run": lambda runner, team: runner.run(team, "another"),
    "run again": lambda runner, team: runner.run(team, "done"),
    "resume": lambda runner, _: runner.resume("done"),
    "resume wrongly": _resumed_wrongly,
    "answer wrongly": _answered_wrongly,
    "expire": lambda runner, _: runner.expire("done"),
    "look": lambda runner, _: runner.threads.look("done"),
    "begun": lambda runner, _: runner.threads.begun("done"),
    "show": lambda runner, _: runner.threads.show("done"),
}


@pytest.mark.parametrize("name", WORKS)
def test_a_program_that_works_with_a_french_thread_keeps_its_own_language(name: str, tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    team = team_of(settings, FRENCH_TEAM, voice="rules")

    async def main() -> None:
        async with open_runner(settings) as runner:
            await runner.run(team, "done")
            assert spoken() is ENGLISH
            await WORKS[name](runner, team)
            assert spoken() is ENGLISH
            with pytest.raises(UsageError, match="there is no team `nope`"):
                load_team("nope")

    asyncio.run(main())


def test_who_speaks_to_a_french_thread_keeps_their_own_language(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    run(team_of(settings, FRENCH_TEAM, "messages={}", "budget.max_messages=2", voice="rules"), settings, "cut")
    offered = {"from": "me", "to": ["all"], "kind": "note", "priority": "normal", "content": "Salut."}

    async def main() -> None:
        await say(settings, "cut", Speech({**offered, "topic": None, "conversation": None, "in_reply_to": None}))
        await read_said(settings, "cut")
        assert spoken() is ENGLISH

    asyncio.run(main())


def test_only_commands_and_requests_set_the_language() -> None:
    root = Path(__file__).parents[2]
    files = [path for part in ("graph", "nodes", "policies") for path in sorted((root / part).rglob("*.py"))]
    found = [
        f"{path.relative_to(root)}: {line.strip()}"
        for path in files
        for line in path.read_text().splitlines()
        if SETTERS.search(line)
    ]
    assert [each for each in found if not each.startswith(ENTRIES)] == []
    assert len(found) > 9


def test_two_runs_at_once_speak_each_its_own_language(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    sets = ("budget.max_messages=2",)
    teams = {name: team_of(settings, name, *sets, voice="rules") for name in (FRENCH_TEAM, "checkout_launch")}
    heard: dict[str, set[str]] = {name: set() for name in teams}

    async def one(runner: Runner, name: str, number: int) -> Record:
        def hear(_: Any) -> None:
            heard[name].add(spoken().code)

        await runner.run(teams[name], f"{name}_{number}", on_event=hear)
        return await runner.resume(f"{name}_{number}", {"max_messages": 12}, on_event=hear)

    async def main() -> list[Record]:
        async with open_runner(settings) as runner:
            return await asyncio.gather(*(one(runner, name, number) for number in range(4) for name in teams))

    said = [record["answer"].partition("\n")[0] for record in asyncio.run(main())]
    assert ["Décision" in each for each in said] == [True, False] * 4
    assert heard == {FRENCH_TEAM: {"fr"}, "checkout_launch": {"en"}}


# --- a file -------------------------------------------------------------------------------------------------------


def test_a_file_that_names_no_language_is_refused_in_english_whoever_speaks(tmp_path: Path) -> None:
    file = tmp_path / "team.yaml"
    file.write_text("name: a\n")
    with pytest.raises(UsageError) as english:
        load_team(str(file))
    with speaking(language_of("fr")), pytest.raises(UsageError) as refused:
        load_team(str(file))
    assert refused.value.problems == english.value.problems


def test_a_team_within_is_refused_in_the_language_of_the_team_around_it(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text("name: a\nstrange: 1\n")
    role = "{title: A, mandate: B., team: inner.yaml}"
    outer = tmp_path / "outer.yaml"
    outer.write_text(f"language: fr\nname: b\nroles: {{one: {role}}}\n")
    with pytest.raises(UsageError, match="est une clé inconnue"):
        load_team(str(outer))


# --- the brief ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "brief", "asked", "line"),
    [
        ("fr", "German", "Y apposez-vous|L'équipe a décidé", "Decision: go"),
        ("fr", "en", "Y apposez-vous|L'équipe a décidé", "Decision: go"),
        ("en", "fr", "The team decided: go", "Décision\N{NO-BREAK SPACE}: go"),
    ],
)
def test_who_signs_is_asked_in_the_teams_language_below_a_brief_in_another(
    language: str, brief: str, asked: str, line: str, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, team(sign_off=["cfo"], language=language, brief={"language": brief}))
    waits = desk.run()
    assert re.search(asked, waits["waiting"][0]["question"])
    assert desk.answer("cfo", "go")["answer"].startswith(line)


@pytest.mark.parametrize(("language", "cause"), [("fr", "la réponse"), ("en", "the answer has no text")])
def test_why_there_is_no_brief_is_said_in_the_teams_language(language: str, cause: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, team(language=language, brief={"language": "German" if language == "fr" else "fr"}))
    desk.voice.brief = ""
    record = desk.run()
    assert record["stop_reason"] == "llm_empty"
    assert cause in record["cause"]


def test_the_voice_rules_writes_the_brief_in_the_language_of_the_brief(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    told = run(team_of(settings, "checkout_launch", "brief.language=fr", voice="rules"), settings)["answer"]
    assert "Actions immédiates" in told
    assert "Immediate actions" not in told


def test_an_estimate_counts_the_brief_in_its_own_language() -> None:
    settings = settings_at(Path())
    for pattern in ("checkout_launch",):
        plain, named = (
            look_ahead(team_of(settings, pattern, *sets, voice="rules")).expenses["shortest"][-1]
            for sets in ((), (f"brief.language={'x' * 900}",))
        )
        assert plain != named


# --- what is kept -------------------------------------------------------------------------------------------------


BACKWARDS = "{name: p, rules: [{when: rounds_left > 4 && go > 1, then: no_go}], otherwise: go}"


def test_why_a_policy_is_not_approved_is_said_anew_in_each_language() -> None:
    found = load_team("checkout_launch", Changes(settings=[f"policy={BACKWARDS}"]))
    french = language_of("fr")

    def notes() -> list[str | None]:
        unapproved = find_unapproved(found, found.budget)
        assert unapproved is not None
        return [each.counterexample.note for each in unapproved.failing if each.counterexample]

    for _ in range(2):
        assert notes() == ["after a resume raised max_rounds to 6"]
        with speaking(french):
            assert notes() == ["après qu'une reprise a porté max_rounds à 6"]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_record_of_a_thread_is_its_chain_whatever_is_spoken(language: str, tmp_path: Path) -> None:
    guard = [{"name": "lost", "fact": "rate", "above": 0, "cap": "go_with_caution"}]
    desk = Desk(tmp_path, team(escalate=PANEL, guards=guard, language="fr"), STAND)
    desk.run()
    for name in ("cfo", "cto"):
        desk.answer(name, "no_go")
    with speaking(language_of(language)):
        assert find_disagreement("t", desk.state()) is None


def test_each_language_with_a_catalogue_has_the_words_that_name_a_decision() -> None:
    assert {*DECISION_WORDS} == {"en", *(each.name for each in FOLDER.iterdir() if any(each.glob("*.po")))}
