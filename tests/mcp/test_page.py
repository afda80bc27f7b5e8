"""The page on the tools shows what happens: its agent is run as it stands there, and what it configures is there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from graph.mcp.tools import TOOLS

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(300)]
PAGE = (Path(__file__).parents[2] / "docs" / "mcp.md").read_text(encoding="utf-8")
MOVING = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|\d+\.\d s")


def test_the_agent_of_the_page_hears_what_the_page_shows(tmp_path: Path) -> None:
    (code,), (shown,) = (re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) for kind in ("python", "text"))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PATH": path}, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert MOVING.sub("", done.stdout) == MOVING.sub("", shown)


def test_the_table_of_the_page_has_each_tool_with_its_scope_and_arguments() -> None:
    rows = {row.split("`")[1]: row for row in PAGE.splitlines() if row.startswith("| `")}
    assert [*rows] == [*TOOLS]
    for name, tool in TOOLS.items():
        cells = rows[name].split(" | ")
        assert cells[2] == f"`{tool.scope}`"
        assert {*re.findall(r"`(\w+)\??(?:: \"inbox\")?`", cells[1])} == {*tool.takes.model_fields}


def test_what_clients_are_told_is_json() -> None:
    configured = [json.loads(each) for each in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    assert [next(iter(each["mcpServers"]["accord"])) for each in configured] == ["command", "url"]
