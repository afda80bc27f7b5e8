"""The file from which the server's image is built is what LangGraph's own tool makes of langgraph.json today."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.development import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.needs("langgraph_dev")]

ADDED = ("pyproject.toml", "graph", "nodes", "policies")


def test_the_dockerfile_is_what_langgraph_makes_of_this_repository(tmp_path: Path) -> None:
    checkout, made = tmp_path / "accord", tmp_path / "Dockerfile"
    checkout.mkdir()  # its name is in the file
    shutil.copy(REPOSITORY / "langgraph.json", checkout)
    for name in ADDED:
        (checkout / name).symlink_to(REPOSITORY / name)

    done = subprocess.run(
        [sys.executable, "-m", "langgraph_cli", "dockerfile", str(made), "--config", "langgraph.json"],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert made.read_text() == (REPOSITORY / "docs" / "deploy" / "Dockerfile").read_text()
