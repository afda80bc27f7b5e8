"""A voice that a Python program brings by name: what it answers counts, and who does not bring it hears a sentence."""

from pathlib import Path
from typing import Any

import pytest

from graph.problems import UsageError
from graph.teams.loader import Changes, load_team
from graph.teams.voicing import voiced
from nodes.voices.voice import Voice
from policies.run.seats import Failure
from policies.team.team import Team
from tests.harness import proposal, resume, run, scripted, settings_at
from tests.hostile.command import Captured, accord, refused

ORACLE = "own:oracle"
STRANGER = f"`risk_analyst` is answered by the voice `{ORACLE}`, which only a Python program that brings it can ask"


def oracle(speech: Any) -> dict[str, Voice]:
    """The voice by its name."""
    return {ORACLE: scripted(speech)["model"]}


def team_with_it(home: Path) -> Team:
    changes = Changes(settings=(f"roles.risk_analyst.voice={ORACLE}",))
    return voiced(load_team("checkout_launch", changes), settings_at(home), own={ORACLE})


def test_its_answer_counts_and_the_record_names_it(accord_home: Path, capsys: Captured) -> None:
    voices = oracle(lambda question: proposal(question.name, stance="caution"))

    record = run(team_with_it(accord_home), settings_at(accord_home), voices=voices)
    exported = accord(capsys, "audit", "export", "t").out

    assert record["team_summary"]["stances"][-1] == {"agent": "risk_analyst", "stance": "caution", "confidence": 0.9}
    assert exported.count(f'"voice":"{ORACLE}"') == 2  # asked, proposed
    assert [accord(capsys, *each, "t").code for each in (("why",), ("show",), ("replay",), ("audit", "verify"))] == [
        0
    ] * 4


def test_a_program_that_does_not_bring_it_is_told_before_anything_is_asked(
    accord_home: Path, tmp_path: Path, capsys: Captured
) -> None:
    with pytest.raises(UsageError) as raised:
        voiced(
            load_team("checkout_launch", Changes(settings=(f"roles.risk_analyst.voice={ORACLE}",))),
            settings_at(accord_home),
        )

    assert raised.value.problems == (STRANGER,)
    assert refused(capsys, "run", "--set", f"roles.risk_analyst.voice={ORACLE}") == [STRANGER]


def test_a_thread_is_resumed_by_a_program_that_brings_it_and_by_no_other(accord_home: Path, capsys: Captured) -> None:
    settings = settings_at(accord_home)
    failing = oracle(lambda question: Failure("llm_timeout"))
    stopped = run(team_with_it(accord_home), settings, voices=failing)

    told = accord(capsys, "resume", "t")
    record = resume(settings, voices=oracle(lambda question: proposal(question.name)))

    assert stopped["stop_reason"] == "llm_timeout"
    assert (told.code, told.out, told.err) == (2, "", f"thread t\naccord: {STRANGER}\n")
    assert record["final_decision"] == "go"


def test_the_brief_may_be_written_by_it(accord_home: Path) -> None:
    changes = Changes(settings=(f"brief.voice={ORACLE}",))
    settings = settings_at(accord_home)
    team = voiced(load_team("checkout_launch", changes), settings, own={ORACLE})

    record = run(team, settings, voices={ORACLE: scripted(lambda question: None, brief="As the oracle says.")["model"]})

    assert record["answer"].endswith("As the oracle says.")
    with pytest.raises(UsageError, match="the brief is answered by the voice `own:oracle`"):
        voiced(load_team("checkout_launch", changes), settings)
