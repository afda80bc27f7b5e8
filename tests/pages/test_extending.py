"""Every example of docs/extending.md works: the page is applied to a copy of the tree, and its commands run there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages.blocks import NEW_FILE, apply_page, edits, new_files

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ accord (.*)$", PAGE, flags=re.MULTILINE)
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", NEW_FILE.sub("", PAGE), flags=re.MULTILINE | re.DOTALL)
KEYS = {"OPENAI_API_KEY", "OPENAI_BASE_URL", "ACCORD_DATABASE_URL", "ACCORD_CONFIG"}

SHOWN = {
    "run today.yaml --set policy=majority": (0, "Too many alerts."),
    "run checkout_launch --set roles.risk_analyst.voice=silent --set policy=quorum": (0, "Decision: Go"),
    "run checkout_launch --voice silent": (3, "llm_timeout"),
    "run release_effort": (0, "The median of 3 estimates is 20."),
    "estimate release_effort": (0, "release_effort, pattern poll"),
    "graph release_effort": (0, "tester --> align"),
    "init --pattern poll my_poll.yaml": (0, "wrote my_poll.yaml"),
}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with the page applied to it."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("graph", "nodes", "policies"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "langgraph.json", folder)
    apply_page(PAGE, folder)
    return folder


def python(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy, offline and on a database of its own."""
    env = {name: value for name, value in os.environ.items() if name not in KEYS}
    env |= {"ACCORD_HOME": str(clone / "home"), "COLUMNS": "120", "PYTHONPATH": str(clone)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=clone, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_the_page_fits_the_tree(tmp_path: Path) -> None:
    for edit in edits(PAGE):
        assert (ROOT / edit.file).is_file()
        (tmp_path / edit.file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / edit.file, tmp_path / edit.file)
    for name in new_files(PAGE):
        assert not (ROOT / name).exists()
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    apply_page(PAGE, tmp_path)


def test_every_command_of_the_page_is_run_below() -> None:
    assert set(COMMANDS) == set(SHOWN)


@pytest.mark.system
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_shows_what_it_is_for(command: str, clone: Path) -> None:
    done = python(clone, "-m", "graph", *command.split())
    code, shown = SHOWN[command]

    assert done.returncode == code, done.stderr
    assert shown in done.stdout + done.stderr


@pytest.mark.slow
def test_what_the_page_says_of_its_examples_is_true(clone: Path) -> None:
    schema = python(clone, "-m", "graph", "teams", "--schema").stdout
    python(clone, "-m", "graph", "init", "--pattern", "poll", "other.yaml")
    mine = python(clone, "-m", "graph", "run", "other.yaml", "--json")
    page = python(clone, "-m", "graph", "run", "release_effort", "--thread", "p")
    report = python(clone, "-m", "graph", "show", "p", "--markdown")

    assert '"PropertiesSource"' in schema
    assert (mine.returncode, page.returncode, report.returncode) == (0, 0, 0), mine.stderr + report.stderr
    assert "A migration costs a week of tests." in report.stdout


@pytest.mark.slow
def test_the_snippets_of_the_page_run(clone: Path) -> None:
    assert len(SNIPPETS) == 1
    for snippet in SNIPPETS:
        done = python(clone, "-c", snippet)
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_file_of_properties_that_cannot_be_used_is_a_sentence(clone: Path) -> None:
    (clone / "broken.properties").write_text("alerts\n")
    text = (clone / "today.yaml").read_text().replace("today.properties", "broken.properties")
    (clone / "broken.yaml").write_text(text)

    done = python(clone, "-m", "graph", "run", "broken.yaml", "--set", "policy=majority", "--json")

    assert done.returncode == 3
    assert "is not a fact; allowed: a dotted path, `=` and a value" in done.stdout
    assert '"facts_unavailable:broken.properties"' in done.stdout
