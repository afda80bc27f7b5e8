"""`make evals`: every case once, offline; an ordinary run of pytest collects none of them."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from graph.teams.loader import shipped_teams

ROOT = Path(__file__).parents[2]
CASES = YAML(typ="safe").load((ROOT / "tests" / "evals" / "cases.yaml").read_text(encoding="utf-8"))


def recipe() -> str:
    """The command of `make evals`, with this Python."""
    (found,) = re.findall(r"^evals: setup\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    line: str = found.replace("\\\n", " ").replace("$(or $(LANGSMITH_TEST_TRACKING),false)", "false")
    return line.replace("$(BIN)/python", shlex.quote(sys.executable)).strip()


def test_every_shipped_team_has_a_case() -> None:
    assert {case["team"] for case in CASES} == {*shipped_teams()}


@pytest.mark.slow
def test_every_case_is_evaluated_once_and_nothing_leaves_the_machine(tmp_path: Path) -> None:
    env = {**os.environ, "ACCORD_HOME": str(tmp_path), "LANGSMITH_ENDPOINT": "http://127.0.0.1:9"}
    done = subprocess.run(recipe(), shell=True, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"\b{len(CASES)} passed\b", done.stdout)
    assert "LangSmith" not in done.stdout + done.stderr


@pytest.mark.slow
def test_an_ordinary_run_collects_no_evaluation() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "--collect-only", "tests/evals"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, done.stdout + done.stderr
