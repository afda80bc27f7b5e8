"""The page of one decision, from its facts to the next one: its files are whole, its sessions show what they print."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from policies.decision.stability import in_percent, interval
from tests.pages.blocks import new_files
from tests.test_docs import ROOT, run_session, shows

PAGE = (ROOT / "docs" / "walkthrough.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reader's folder with the files of the page, also the data directory, at a terminal of 100 columns."""
    for name in ("ACCORD_HOME", "COLUMNS"):
        monkeypatch.setenv(name, {"ACCORD_HOME": str(tmp_path), "COLUMNS": "100"}[name])
    monkeypatch.chdir(tmp_path)
    for name, text in new_files(PAGE).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def played(session: str) -> str:
    """Run the commands of a session one after the other, and return what a terminal would show."""
    shown = []
    for line in re.findall(r"^\$ (.*)$", session, flags=re.MULTILINE):
        if line.startswith("accord "):
            shown.append(run_session(f"$ {line}\n"))
        else:
            subprocess.run(shlex.split(line), check=True, env=dict(os.environ))
            shown.append(f"$ {line}\n")
    return "".join(shown)


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
def test_every_session_of_the_page_shows_what_it_showed() -> None:
    sessions = re.findall(r"```console\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(sessions) == 5
    for session in sessions:
        shown = played(session)
        assert shows(session, shown), shown


def test_what_the_page_says_of_intervals_is_so() -> None:
    (samples,), (percent,) = (re.findall(pattern, PAGE) for pattern in (r"With (\d+)\ssamples", r"end at ([\d.]+%)"))
    assert in_percent(interval(0, int(samples))[1]) == percent
    assert interval(0, 3)[1] > 0.5
