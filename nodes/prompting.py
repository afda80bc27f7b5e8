"""Prompts: the instructions of a role as prose from a file, everything else as one JSON object of data."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from nodes.fingerprint import fingerprint
from nodes.voices.voice import Prompt
from policies.team import Team

ROUNDS_SHOWN = 2


@cache
def _template(name: str) -> Template:
    text = (files("nodes") / "prompts" / f"{name}.md").read_text(encoding="utf-8")
    return Template(re.sub(r"<!--.*?-->\n", "", text, flags=re.DOTALL))


@cache
def prompt_hashes() -> dict[str, str]:
    """Return the hash of each instruction file, by its name."""
    return {name: fingerprint(_template(name).template) for name in ("role", "brief")}


def role_prompt(team: Team, name: str, state: Mapping[str, Any], repair: str | None) -> Prompt:
    """Return what a role reads; the same facts and rounds for every role, no proposal of the open round."""
    role = team.roles[name]
    system = _template("role").substitute(role=name, title=role.title, mandate=role.mandate)
    history = state.get("history", [])
    user = {
        "goal": state["case"]["goal"],
        "role": name,
        "round": state["round"],
        "shared_context": state["case"]["facts"],
        "recent_rounds": [_shown(entry) for entry in history[-ROUNDS_SHOWN:]],
        "open_conflicts": history[-1]["conflicts"] if history else [],
    }
    return Prompt(system, _json({**user, "repair": {"failed_check": repair}} if repair else user))


def brief_prompt(team: Team, state: Mapping[str, Any], guards: Sequence[str]) -> Prompt:
    """Return what the writer of the brief reads: goal, decision, the guards behind it, history; no facts."""
    system = _template("brief").substitute(language=team.brief.language)
    user = {"goal": state["case"]["goal"], "final_decision": state["outcome"], "history": state["history"]}
    return Prompt(system, _json({**user, "capped_by_guards": [*guards]} if guards else user))


def _shown(entry: Mapping[str, Any]) -> dict[str, Any]:
    stances = [{key: said[key] for key in ("agent", "stance", "confidence")} for said in entry["contributions"]]
    return {
        "round": entry["round"],
        "decision": entry["decision"] or "next_round",
        "conflicts": entry["conflicts"],
        "stances": stances,
    }


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
