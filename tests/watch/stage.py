"""What the tests of watching share: a small team whose facts are in a file, and `accord watch` with what it found."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.record import Record
from graph.settings import Settings
from tests.harness import run, team_of
from tests.hostile.command import Captured, Done, accord

FACTS: dict[str, Any] = {"risk": {"rate": 0.01, "alerts": 2}, "limits": {"rate": 0.03}, "region": "EU"}
FINDING = {
    *("thread_id", "team", "decision", "decided_at", "owner", "expires_at", "verdict", "expired", "tripwires"),
    *("changed", "cause", "reopened_as"),
}


def says(stance: str, summary: str = "So it is.") -> dict[str, Any]:
    return {"stance": stance, "summary": summary, "actions": ["Act."]}


def raw_team(**changes: Any) -> dict[str, Any]:
    """Return a team of two roles that block on many alerts, with a guard on the rate."""
    role = {"title": "Risk", "mandate": "Judge.", "otherwise": says("go")}
    checks = [{"when": "facts.risk.alerts > 5", **says("block")}]
    return {
        "name": "small",
        "title": "Small",
        "goal": "Shall we?",
        "facts": [{"file": "facts.json"}],
        "sequence": ["risk", "legal"],
        "roles": {"risk": {**role, "checks": checks}, "legal": {**role, "title": "Legal"}},
        "policy": "launch",
        "guards": [{"name": "fraud", "fact": "risk.rate", "at_least": "limits.rate", "cap": "no_go"}],
        "watch": {"owner": "Head of risk"},
        **changes,
    }


def write_facts(facts: Any = FACTS, path: str = "facts.json") -> None:
    Path(path).write_text(json.dumps(facts), encoding="utf-8")


def with_rate(rate: Any, **more: Any) -> dict[str, Any]:
    return {**FACTS, "risk": {**FACTS["risk"], "rate": rate, **more}}


def decide(settings: Settings, *threads: str, path: str = "team.yaml", **changes: Any) -> list[Record]:
    """Have the team decide in these threads, on the facts of the file beside its own."""
    if not Path("facts.json").exists():
        write_facts()
    Path(path).write_text(json.dumps(raw_team(**changes)), encoding="utf-8")
    team = team_of(settings, path)
    return [run(team, settings, thread) for thread in threads]


@dataclass(frozen=True)
class Watched:
    """What `accord watch --all` found, by thread, with its totals and its exit code."""

    code: int
    findings: Mapping[str, Mapping[str, Any]]
    totals: Mapping[str, Any]

    @property
    def verdicts(self) -> dict[str, str]:
        return {thread: found["verdict"] for thread, found in sorted(self.findings.items())}


def watch_all(capture: Captured, *options: str) -> Watched:
    done = accord(capture, "watch", "--all", "--json", *options)
    *found, totals = map(json.loads, done.out.splitlines())
    return Watched(done.code, {each["thread_id"]: each for each in found}, totals)


def watch(capture: Captured, thread: str = "t", *options: str) -> tuple[int, dict[str, Any]]:
    done = accord(capture, "watch", thread, "--json", *options)
    return done.code, json.loads(done.out)


def kept(capture: Captured, thread: str = "t") -> Sequence[Done]:
    """Return all that commands show of a thread itself; other reports have what a later look found, too."""
    shown = [accord(capture, "audit", "export", thread), accord(capture, "show", thread, "--json")]
    return [*shown, accord(capture, "why", thread), accord(capture, "audit", "verify", thread)]
