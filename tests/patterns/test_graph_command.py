"""`accord graph`: the teams within a team are drawn in it."""

import json
import re
from pathlib import Path

import pytest

from graph.teams.loader import load_team
from tests.hostile.command import Captured, accord
from tests.stability.stage import raw_team

pytestmark = pytest.mark.slow


@pytest.mark.usefixtures("accord_home")
def test_the_teams_that_answer_for_roles_are_drawn_with_their_own_roles(capsys: Captured) -> None:
    drawn = accord(capsys, "graph", "market_entry").out

    teams = {name: role.team for name, role in load_team("market_entry").roles.items() if role.team}
    found = dict(re.findall(r"^\tsubgraph (\w+)\n(.*?)^\tend$", drawn, re.MULTILINE | re.DOTALL))
    assert found.keys() == teams.keys() == {"market_team", "licence_team", "launch_team"}
    for name, team in teams.items():
        assert all(f"{name}\\3a{role}({role}<hr/>" in found[name] for role in team.roles)
        title = load_team("market_entry").roles[name].title
        assert f"\tconvene -. &nbsp;ask {title}&nbsp; .-> {name}\\3a__start__;" in drawn


@pytest.mark.usefixtures("accord_home")
def test_a_team_without_others_is_drawn_flat(capsys: Captured) -> None:
    drawn = accord(capsys, "graph", "checkout_launch").out

    assert "subgraph" not in drawn
    assert "convene -. &nbsp;ask Risk analyst&nbsp; .-> risk_analyst;" in drawn


def test_a_drawing_says_that_samples_are_asked_where_the_team_checks_its_decisions(
    tmp_path: Path, accord_home: Path, capsys: Captured
) -> None:
    del accord_home
    (tmp_path / "checked.yaml").write_text(json.dumps(raw_team()), encoding="utf-8")
    (tmp_path / "plain.yaml").write_text(json.dumps(raw_team(None)), encoding="utf-8")

    again = "\talign -. &nbsp;next round, samples, or empty seats&nbsp; .-> convene;"
    assert again in accord(capsys, "graph", tmp_path / "checked.yaml").out
    assert "samples" not in accord(capsys, "graph", tmp_path / "plain.yaml").out


def test_a_drawing_goes_as_deep_as_the_teams_do(tmp_path: Path, accord_home: Path, capsys: Captured) -> None:
    del accord_home
    innermost = "{pattern: parallel, sequence: [ann], policy: launch, roles: {ann: {title: Ann, mandate: Speak.}}}"
    middle = (
        "{pattern: parallel, sequence: [bob], policy: launch, roles: {bob: {title: Bob, mandate: Speak., team: %s}}}"
    )
    file = tmp_path / "deep.yaml"
    file.write_text(
        "{name: deep, title: Deep, goal: Go?, pattern: pipeline, sequence: [cid], policy: launch, facts: {a: 1},"
        f" roles: {{cid: {{title: Cid, mandate: Speak., team: {middle % innermost}}}}}}}"
    )
    drawn = accord(capsys, "graph", file).out

    assert "cid\\3abob\\3aann(ann<hr/>" in drawn
