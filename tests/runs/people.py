"""Teams with people: those who may be asked, a table of three, a block that stays, seats that people fill."""

from pathlib import Path
from typing import Any

from tests.runs.desk import Desk

APPROVERS = {
    "cfo": {"title": "CFO", "deputy": "vice"},
    "cto": {"title": "CTO"},
    "coo": {"title": "COO"},
    "vice": {"title": "Deputy of the CFO"},
}
PANEL = {"decide": {"by": ["cfo", "cto", "coo"], "rule": {"policy": "majority"}}}
STAND = {number: {"risk": "block"} for number in range(1, 9)}
OTHERWISE = {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}


def team(**changes: Any) -> dict[str, Any]:
    roles = {
        name: {"title": name.title(), "mandate": f"Judge {name}.", "otherwise": OTHERWISE}
        for name in ("demand", "risk", "legal")
    }
    return {
        "name": "people",
        "title": "A team with people",
        "goal": "Launch?",
        "facts": {"rate": 1},
        "sequence": ["demand", "risk"],
        "policy": "launch",
        "budget": {"max_rounds": 4, "max_messages": 30},
        "approvers": APPROVERS,
        "roles": roles,
        **changes,
    }


def desk(folder: Path, stances: Any = STAND, **changes: Any) -> Desk:
    return Desk(folder, team(**changes), stances)


def human(name: str, *people: str, **changes: Any) -> dict[str, Any]:
    plain = team(**changes)
    return plain | {
        "roles": plain["roles"] | {name: {"title": name, "mandate": "M.", "voice": "human", "people": people}}
    }
