"""Many archived decisions checked against current facts of one source: the command as a process of its own."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.assurance import ACCORD, MEASURED, fill
from graph.teams.loader import load_team

Figures = dict[str, Any]


def measure(numbers: tuple[int, ...] = (1_000, 10_000)) -> Figures:
    """Return the seconds and the highest memory of `accord watch --all` over that many archived decisions."""
    found = {f"{number} decisions": _watch(number) for number in numbers}
    fewest = next(iter(found.values()))["rss_mb"]
    return {name: {**at, "rss_to_fewest": at["rss_mb"] / fewest} for name, at in found.items()}


def _watch(number: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(fill(Path(folder), number, _team(Path(folder))))
        _move(Path(folder) / "facts.json")
        command = [ACCORD, "watch", "--all", "--db", f"{folder}/accord.sqlite"]
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", MEASURED, *command], stdout=subprocess.PIPE, check=True)
        return {"seconds": time.perf_counter() - started, "rss_mb": int(done.stdout) * 1024 / 1e6}


def _move(path: Path) -> None:
    """Move the facts towards a limit, and others that no limit is about."""
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["stability"]["potency_pct"] -= 1
    facts["report_date"] = "2026-12-01"
    path.write_text(json.dumps(facts), encoding="utf-8")


def _team(folder: Path) -> str:
    """Write a shipped team whose facts are in a file of their own, and return the path of its file."""
    shipped = load_team("cold_storage").model_dump(mode="json", exclude_unset=True)
    (folder / "facts.json").write_text(json.dumps(shipped["facts"]), encoding="utf-8")
    team = {**shipped, "facts": [{"file": "facts.json"}]}
    path = folder / "team.yaml"
    path.write_text(json.dumps(team), encoding="utf-8")
    return str(path)
