"""Calls under way are cut once somebody halts everything elsewhere; a resume asks nothing twice."""

import asyncio
from pathlib import Path

import pytest

from graph.facts.loader import ask_nobody
from graph.opening import open_runner
from graph.store.halts import build_look
from nodes.call import Call, make_call
from nodes.journal import CallKey
from nodes.services import Services
from nodes.voices.voice import Limits, Meter, Prompt, Question, Utterance
from policies.run.usage import Reservation
from tests.halts.flags import HALTED, StuckVoice, at_once, during, elsewhere, ended, halts, releases
from tests.harness import ScriptedVoice, proposal, resume, run, settings_at, show, team_of
from tests.runs.stage import BRIEF, DEMAND, FINANCE, RISK, script
from tests.scripted_server import forever, hangs, says, serve, text
from tests.stability.stage import ROLES, raw_team, team_from

pytestmark = pytest.mark.slow


def test_a_halt_cuts_calls_under_way_and_what_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    with serve(script(risk_analyst=hangs(60))) as server:
        settings = settings_at(tmp_path, server.base_url)
        team = team_of(settings)
        record = during(settings, lambda runner: runner.run(team, "t"), lambda: len(server.calls) == 3, halts())
    assert ended(record) == ("cancelled", HALTED)
    assert show(settings)["cause"] == HALTED
    assert record["phase"] == f"round_1:{RISK}"
    at_once(settings, releases())
    with serve({RISK: says("go"), "brief": text(BRIEF)}) as server:
        assert resume(settings_at(tmp_path, server.base_url))["final_decision"] == "go"
    assert [call.role for call in server.calls] == [RISK, "brief"]


def test_a_brief_that_is_being_written_is_cut(tmp_path: Path) -> None:
    with serve(script(brief=hangs(60))) as server:
        settings = settings_at(tmp_path, server.base_url)
        team = team_of(settings)
        record = during(settings, lambda runner: runner.run(team, "t"), lambda: bool(server.calls_of("brief")), halts())
    assert (ended(record), record["phase"]) == (("cancelled", HALTED), "finalize")


def test_a_brief_that_is_being_mended_is_cut_and_both_texts_count_once_in_the_end(tmp_path: Path) -> None:
    invented = text("Sales rise by 777 units.\n1. Start.\n2. Watch.")
    with serve(script(brief=[invented, hangs(60)])) as server:
        settings = settings_at(tmp_path, server.base_url)
        team = team_of(settings, "checkout_launch", "ground=true")
        is_mended = lambda: len(server.calls_of("brief")) == 2  # noqa: E731
        record = during(settings, lambda runner: runner.run(team, "t"), is_mended, halts())
    assert (ended(record), record["phase"]) == (("cancelled", HALTED), "finalize")
    at_once(settings, releases())
    with serve({"brief": text(BRIEF)}) as server:
        record = resume(settings_at(tmp_path, server.base_url))
    assert len(server.calls) == 1
    assert (record["final_decision"], record["usage"]["calls"]) == ("go", 5)


def test_a_repair_is_cut(tmp_path: Path) -> None:
    lines = script(risk_analyst=[says("perhaps"), hangs(60)])
    with serve(lines) as server:
        settings = settings_at(tmp_path, server.base_url)
        team = team_of(settings)
        record = during(
            settings, lambda runner: runner.run(team, "t"), lambda: len(server.calls_of(RISK)) == 2, halts()
        )
    assert ended(record) == ("cancelled", HALTED)
    at_once(settings, releases())
    with serve({RISK: forever(says("go")), "brief": text(BRIEF)}) as server:
        assert resume(settings_at(tmp_path, server.base_url))["final_decision"] == "go"
    assert [call.role for call in server.calls] == [RISK, "brief"]


def test_a_role_of_a_team_within_is_cut_and_the_run_says_why(tmp_path: Path) -> None:
    settings, is_halted = settings_at(tmp_path), [True]
    voice = StuckVoice(lambda question: question.name == "security_owner" and is_halted[0])
    team = team_of(settings, "vendor_review", voice="rules")
    record = during(
        settings, lambda runner: runner.run(team, "t"), lambda: bool(voice.stuck), halts(), {"rules": voice}
    )
    assert ended(record) == ("cancelled", HALTED)
    before = len(voice.asked)
    assert ended(resume(settings, voices={"rules": voice})) == ("cancelled", HALTED)
    assert len(voice.asked) == before
    at_once(settings, releases())
    is_halted[0] = False
    assert resume(settings, voices={"rules": voice})["status"] == "ok"
    assert voice.asked[before:] == ["security_owner", "brief"]


def test_a_stability_check_is_not_continued(tmp_path: Path) -> None:
    settings, team = settings_at(tmp_path), team_from(raw_team())
    last = f"{ROLES[-1]}~5"

    class Sampled(ScriptedVoice):
        async def propose(self, question: Question) -> Utterance:
            answer = await super().propose(question)
            return await stuck.propose(question) if question.task.seat == last and is_halted[0] else answer

    is_halted, stuck = [True], StuckVoice(lambda _: is_halted[0])
    voice = Sampled(lambda question: proposal(question.name))
    voices = {"model": voice, "rules": voice}
    record = during(settings, lambda runner: runner.run(team, "t"), lambda: bool(stuck.stuck), halts(), voices)
    assert ended(record) == ("cancelled", HALTED)
    asked = len(voice.asked)
    assert ended(resume(settings, voices=voices)) == ("cancelled", HALTED)
    assert len(voice.asked) == asked
    at_once(settings, releases())
    is_halted[0] = False
    assert resume(settings, voices=voices)["final_decision"] == "go"
    assert len(voice.asked) == asked + 2


def test_an_answer_that_came_counts_and_the_next_call_is_not_made(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)

    class Halting(StuckVoice):
        async def propose(self, question: Question) -> Utterance:
            if question.name == RISK:
                await elsewhere(settings, halts())
            return await super().propose(question)

    voice = Halting(lambda _: False)
    record = run(team_of(settings, voice="rules"), settings, voices={"rules": voice})
    assert (ended(record), record["phase"]) == (("cancelled", HALTED), "finalize")
    assert [entry["decision"] for entry in record["history"]] == ["go"]
    at_once(settings, releases())
    assert resume(settings, voices={"rules": voice})["final_decision"] == "go"
    assert sorted(voice.asked) == sorted([DEMAND, FINANCE, RISK, "brief"])


def test_an_answer_that_is_in_the_journal_counts_also_while_halted(tmp_path: Path) -> None:
    """As after a kill between the journal's entry and the checkpoint: two calls of one wave, one is cut."""
    with serve(script(risk_analyst=hangs(60))) as server:
        settings = settings_at(tmp_path, server.base_url)
        team = team_of(settings)
        record = during(settings, lambda runner: runner.run(team, "t"), lambda: len(server.calls) == 3, halts())
    assert [each["agent"] for each in record["trace"]] == [DEMAND, FINANCE]

    async def main() -> list[str]:
        async with open_runner(settings) as runner:
            store = runner.database.store
            keys = [CallKey("t", 0, 1, role, 1) for role in (DEMAND, RISK)]
            services = Services({}, ask_nobody, look=build_look())
            return [(await make_call(made_up(key), store, services))["kind"] for key in keys]

    assert asyncio.run(main()) == ["accepted", "failure"]


def made_up(key: CallKey) -> Call:
    """A call that may not be made."""

    async def ask() -> Utterance:
        raise AssertionError

    prompt, limits = Prompt("system", "user"), Limits(10, 10.0)
    return Call(key, ask, lambda _: {}, prompt, Meter(), limits, Reservation(), None)
