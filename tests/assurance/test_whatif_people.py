"""What-if of real runs in which people are asked: they stay what they were under their own team, as archived."""

from pathlib import Path
from typing import Any

import pytest

from graph.store.archive import entry_of, past_run
from policies.assurance.past import People, Rules, Verdict
from policies.assurance.whatif import decide_again
from policies.run.seats import Failure
from policies.team.people import Deciders, Escalation
from policies.team.rules import parse_team
from policies.team.team import Team
from tests.harness import proposal
from tests.policy_files import raw_policy
from tests.runs.desk import Desk
from tests.runs.people import PANEL, desk, human


def again(at: Desk, policy: str = "launch", people: People | None = None) -> Verdict:
    """The answer under a shipped policy, from what the archive keeps of the run."""
    team = parse_team({**at.team, "policy": raw_policy(policy), "escalate": {}, "roles": at.team["roles"]})
    assert isinstance(team, Team)
    return decide_again(past_run(entry_of("t", at.state())), Rules(team.policy, people=people))


def same(at: Desk) -> str:
    """What a run ended with that stays so under its own rules."""
    found = again(at)
    assert (found.answer, found.now) == ("same", found.was)
    return found.was


@pytest.mark.parametrize("word", ["go", "no_go", "stop"])
def test_what_people_decided_stays_and_is_not_what_the_team_would_have_decided(tmp_path: Path, word: str) -> None:
    at = desk(tmp_path, escalate=PANEL)
    at.run()
    for by in ("cfo", "cto"):
        at.answer(by, word)

    assert same(at) == {"stop": "human_stopped"}.get(word, word)
    assert again(at, "majority").was == same(at)
    others = People(Escalation(decide=Deciders(by=("coo",))))
    assert again(at, people=others).answer == "undetermined"


def test_a_decision_that_nobody_could_sign_since_its_brief_failed_is_none(tmp_path: Path) -> None:
    at = desk(tmp_path, {}, sign_off=["cfo"])
    at.voice.brief = Failure("llm_auth")
    assert at.run()["stop_reason"] == "llm_auth"
    assert same(at) == "llm_auth"

    at.voice.brief = "All agreed."
    assert at.resume()["status"] == "waiting"
    at.answer("cfo", "go")
    assert same(at) == "go"
    assert again(at, people=People()).answer == "same"
    assert again(at, people=People(signers=("cto",))).answer == "undetermined"


def test_seats_of_people_answer_as_they_did(tmp_path: Path) -> None:
    at = Desk(tmp_path, human("legal", "cfo", sequence=["legal", "demand", "risk"]))
    at.run()
    said: Any = proposal("legal", "caution")
    at.answer("cfo", said)

    assert same(at) == "go_with_caution"
    assert again(at, "unanimous").was == "go_with_caution"
