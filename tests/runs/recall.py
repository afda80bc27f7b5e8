"""A team whose one role judges a lot by its facts, for tests of paths that are there or not."""

import json
from pathlib import Path
from typing import Any

from tests.hostile.command import Captured, accord

GUARD = "{name: recalls, fact: PATH, above: 0, cap: no_go}"
CHECK = "{when: CONDITION, stance: block, summary: Recalled., actions: [Hold the lot]}"
TEAM = """\
name: recall
title: Recall check
goal: Decide whether lot 7 may ship.
sequence: [quality]
policy: {name: one, rules: [{when: block >= 1, then: no_go}], otherwise: go}
budget: {min_go_votes: 1}
FACTS
MORE
guards: [GUARDS]
roles:
  quality:
    title: Quality
    mandate: You judge the lot.
    checks: [CHECKS]
    otherwise: {stance: go, summary: The lot is in order., actions: [Ship it]}
"""
FACTS: dict[str, Any] = {"safety": {"open_recalls": 0, "region": "US", "officer": None, "lots": [{"late": 2}]}}
INLINE = f"facts: {json.dumps(FACTS)}"
NEAR = "the nearest path is `safety.open_recalls`, a number"


def team(guard: str = "", check: str = "", facts: str = INLINE, more: str = "", name: str = "team.yaml") -> str:
    """Write a team's file: a guard on a path or as it is written, a check with a condition."""
    guards = guard if guard.startswith("{") or not guard else GUARD.replace("PATH", guard)
    checks = CHECK.replace("CONDITION", json.dumps(check)) if check else ""
    text = TEAM.replace("FACTS", facts).replace("MORE", more).replace("GUARDS", guards).replace("CHECKS", checks)
    Path(name).write_text(text.replace("\n\n", "\n"), encoding="utf-8")
    return name


def facts_file(facts: dict[str, Any], name: str = "facts.json") -> str:
    Path(name).write_text(json.dumps(facts), encoding="utf-8")
    return name


def record(capture: Captured, *arguments: object) -> tuple[int, dict[str, Any]]:
    """The exit code and the record of a run."""
    done = accord(capture, *arguments, "--json")
    found: dict[str, Any] = json.loads(done.out)
    return done.code, found
