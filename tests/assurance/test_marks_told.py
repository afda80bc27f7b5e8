"""What a run whose rows count flags is told of: which marks would have changed it, and which no round can have."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness import proposal, run, scripted, settings_at, team_of
from tests.hostile.command import Captured, accord, refused
from tests.runs.people import team

pytestmark = pytest.mark.slow

WARY = {
    "name": "wary",
    "rules": [{"when": "block == 1 && round == 1", "then": "next_round"}, {"when": "moved >= 1", "then": "escalate"}],
    "otherwise": "go",
}


def played(home: Path, **more: Any) -> None:
    """Play two rounds, in the second of which a role gives in without a reason; people decide."""
    path = home.parent / "wary.yaml"
    path.write_text(json.dumps(team(policy=WARY, **more)), encoding="utf-8")
    settings = settings_at(home, "http://127.0.0.1:9")
    stances = {1: {"demand": "go", "risk": "block"}, 2: {"demand": "go", "risk": "go"}}
    voices = scripted(lambda asked: proposal(asked.name, stances[asked.round][asked.name]))
    record = run(team_of(settings, str(path)), settings, voices=voices)
    assert record["status"] == "waiting"


def test_why_names_the_mark_that_would_have_changed_it_and_what_other_stances_were_tried_with(
    accord_home: Path, capsys: Captured
) -> None:
    played(accord_home)
    told, found = accord(capsys, "why", "t").out, json.loads(accord(capsys, "why", "t", "--json").out)
    for form in ("html", "markdown"):
        assert accord(capsys, "show", "t", f"--{form}", form).code == 4
    page, text = (Path(form).read_text(encoding="utf-8") for form in ("html", "markdown"))
    tried = "Other stances were tried, and power was counted, with moved = 1 as they were."

    assert found["mark_flips"] == [{"marks": {"moved": 0}, "outcome": "go"}]
    assert "It would have been go with moved at 0" in told
    assert told.index(tried) < told.index("never matters")
    assert tried in page
    assert tried in text.replace("\\", "")
    assert "| `moved` at 0 |" in text


def test_the_same_is_told_in_french(accord_home: Path, capsys: Captured) -> None:
    played(accord_home, language="fr")
    told = accord(capsys, "why", "t").out

    assert "Les autres positions ont été essayées, et le pouvoir compté, avec moved = 1, valeurs inchangées." in told
    assert "la ligne 2 de sa politique s'en remet à des personnes" in told


@pytest.mark.usefixtures("accord_home")
@pytest.mark.parametrize("grounds", [False, True])
def test_a_team_that_does_not_ground_its_numbers_has_nobody_ungrounded(grounds: bool, capsys: Captured) -> None:
    Path("team.yaml").write_text(json.dumps(team(ground=grounds)), encoding="utf-8")
    case = Path("cases") / "go" / "a number from nowhere.yaml"
    case.parent.mkdir(parents=True)
    case.write_text("{go: 2, ungrounded: 1}", encoding="utf-8")
    vote = ("policy", "decide", "team.yaml", "demand=go", "risk=go", "--ungrounded", 1)
    folder = ("policy", "test", "cases", "--policy", "team.yaml")
    why = "numbers are not grounded there (`ground: true`); allowed: 0"

    if grounds:
        assert (accord(capsys, *vote).code, accord(capsys, *folder).code) == (0, 0)
    else:
        assert f"--ungrounded 1: {why}" in refused(capsys, *vote)
        assert refused(capsys, *folder) == [f"{case}: `ungrounded` is 1: {why}"]
