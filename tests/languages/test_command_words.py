"""What commands tell of a French team, or of its thread, is said in French; walked in a language that marks it."""

from pathlib import Path

import pytest

from graph.cli.main import run
from tests.languages.pseudo import PSEUDO, unsaid

TEAM = "checkout_launch_fr"
COMMANDS = "accord run show resume list audit verify policy voice rules model estimate"
"""Words of commands, which are typed as they are in every language."""


@pytest.fixture(autouse=True)
def _pseudo(monkeypatch: pytest.MonkeyPatch, accord_home: Path) -> None:
    monkeypatch.setattr("graph.languages.catalogue._language", lambda asked: PSEUDO)
    return


WRONG_TEAMS = [
    (["--set", "nothing"], "path value prices gpt mini prompt"),
]


@pytest.mark.parametrize(("options", "data"), WRONG_TEAMS)
def test_what_is_wrong_with_a_team_is_said(options: list[str], data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", TEAM, *options]) == 2
    assert unsaid(capsys.readouterr().err, "accord", options, data) == []
