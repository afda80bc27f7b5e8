"""People read the titles of roles, on every surface; their names stay in machine reasons and in what is typed."""

import re
from pathlib import Path

import pytest

from graph.cli.main import run

pytestmark = pytest.mark.slow

TEAM = "checkout_launch_fr"
DENIED = "roles.risk_analyst.enabled=false"
NAMES = re.compile(r"\b(?:demand|finance|risk|legal)_analyst\b")
TYPED = re.compile(r"\bagent_denied:\w+|^accord policy decide .*$|\broles\.\w+|`[^`]*`", flags=re.MULTILINE)


def read(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed, without what is typed or is a machine's word; a log on stderr has names."""
    return TYPED.sub(" ", capsys.readouterr().out)


def test_a_role_that_may_not_speak_is_called_by_its_title(
    accord_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    assert run(["run", TEAM, "--thread", "t", "--voice", "rules", "--verbose", "--set", DENIED]) == 3
    assert run(["show", "t", "--full", "--verbose"]) == 3
    told = read(capsys)

    assert "la parole dans cette exécution (Analyste des risques)." in " ".join(told.split())
    assert not NAMES.findall(told)
    assert run(["show", "t", "--markdown", str(page)]) == 3
    assert "Analyste des risques" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "typed",
    [f"run {TEAM} --voice rules --thread t", f"estimate {TEAM}", f"policy verify {TEAM}", f"policy diff {TEAM} launch"],
)
def test_what_people_read_names_no_role(typed: str, accord_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(typed.split()) in (0, 1, 3)
    told = read(capsys)

    assert "Analyste des risques" in told
    assert not NAMES.findall(told)
