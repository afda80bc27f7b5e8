"""Teams that a service is started with, what people are asked in them, and what the command line says of a thread."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.durability.processes import Desk

ROLE = {"title": "Role", "mandate": "Judge."}
GOES = {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}
BLOCKS = {"stance": "block", "summary": "Not yet.", "actions": ["Wait."]}
TEAM = {"title": "A team", "goal": "Launch?", "facts": {"rate": 0.02}, "sequence": ["demand", "risk"]}
GOING = {"demand": {**ROLE, "otherwise": GOES}, "risk": {**ROLE, "otherwise": GOES}}
DIVIDED = {"demand": {**ROLE, "otherwise": GOES}, "risk": {**ROLE, "otherwise": BLOCKS}}
PEOPLE = {"cfo": {"title": "CFO"}, "cto": {"title": "CTO"}}
GUARD = {"name": "fraud", "fact": "rate", "above": 0.01, "cap": "go_with_caution"}
PATIENT = {
    "name": "patient",
    "title": "A block is talked about for as long as there are rounds.",
    "rules": [{"when": "block > 0", "then": "next_round", "because": "a role blocks"}],
    "otherwise": "go",
    "when_rounds_end": "escalate",
}
TEAMS: dict[str, dict[str, Any]] = {
    "agrees": {**TEAM, "roles": GOING},
    "models": {**TEAM, "roles": DIVIDED, "policy": PATIENT, "budget": {"max_rounds": 6, "max_messages": 40}},
    "board": {
        **TEAM,
        "guards": [GUARD],
        "roles": DIVIDED,
        "approvers": PEOPLE,
        "escalate": {"decide": {"by": ["cfo", "cto"], "rule": {"policy": "unanimous"}}},
    },
    "seated": {
        **TEAM,
        "roles": {**GOING, "legal": {**ROLE, "voice": "human", "people": ["cfo"]}},
        "sequence": ["legal", "demand", "risk"],
        "approvers": PEOPLE,
    },
    "two_seats": {
        **TEAM,
        "roles": {name: {**ROLE, "voice": "human", "people": ["cfo", "cto"]} for name in ("demand", "risk")},
        "approvers": PEOPLE,
    },
    "lacking": {
        **TEAM,
        "facts": {"x": 1},
        "requires": ["rate"],
        "roles": GOING,
        "approvers": PEOPLE,
        "escalate": {"supply": {"rate": ["cfo"]}},
    },
    "short": {**TEAM, "roles": GOING, "budget": {"max_messages": 1}},
    "needy": {**TEAM, "facts": {"x": 1}, "requires": ["rate"], "roles": GOING},
}
PATIENCE_SECONDS = 60.0


def lay(folder: Path) -> Path:
    """Write the teams and what registers them into a home, and return the home."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    offer(home, TEAMS)
    return home


def offer(home: Path, teams: Mapping[str, Mapping[str, Any]], more: str = "") -> None:
    """Write teams and what registers them into a home, with more lines of its configuration."""
    for name, team in teams.items():
        (home / f"{name}.json").write_text(json.dumps({"name": name, **team}))
    lines = "".join(f'{name} = "{name}.json"\n' for name in teams)
    (home / "accord.toml").write_text(f"[teams]\n{lines}{more}")


def begun(client: httpx.Client, team: str, *, wait: bool = True) -> str:
    """Run a team to its rest, and return its thread."""
    answer = client.post("/v1/execute", json={"team": team, "wait": wait})
    assert answer.is_success, answer.text
    return str(answer.json()["thread_id"])


def until(found: Callable[[], Any], what: str) -> Any:
    """Return the first thing found that is true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.05)
    raise TimeoutError(what)


def events(desk: Desk, thread: str) -> list[dict[str, Any]]:
    """Return the events of a thread, as the command line exports them."""
    return desk.accord("audit", "export", thread).lines
