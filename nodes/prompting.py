"""Prompts: the instructions of a role as prose from a file, everything else as one JSON object of data."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from nodes.fingerprint import fingerprint
from nodes.mail import inbox_shown
from nodes.voices.voice import Prompt
from policies.contracts.answers import Task
from policies.team import FieldKind, PatternName, Team

ROUNDS_SHOWN = 2


@cache
def _template(name: str) -> Template:
    text = (files("nodes") / "prompts" / f"{name}.md").read_text(encoding="utf-8")
    return Template(re.sub(r"<!--.*?-->\n", "", text, flags=re.DOTALL))


def prompt_hashes(team: Team) -> dict[str, str]:
    """Return the hash of each instruction file that a team's pattern may use, by its name."""
    messages = ["messages"] if team.messages else []
    return {name: _hash(name) for name in [*PROMPTS[team.pattern], *messages]}


@cache
def _hash(name: str) -> str:
    return fingerprint(_template(name).template)


PROMPTS: Mapping[PatternName, tuple[str, ...]] = {
    "rounds": ("role", "brief"),
    "orchestrator": ("plan", "output", "synthesis"),
    "pipeline": ("output",),
    "parallel": ("output", "synthesis"),
    "debate": ("position", "verdict"),
    "hierarchy": ("assignments", "output", "synthesis"),
    "manager": ("assignments", "output", "synthesis"),
    "workspace": ("note", "synthesis"),
    "conversation": ("turn", "synthesis"),
    "vote": ("proposal", "ballot"),
}
"""The instruction files of each pattern; a contract's file has its name."""


def role_prompt(team: Team, name: str, state: Mapping[str, Any], repair: str | None) -> Prompt:
    """Return what a role reads; the same facts and rounds for every role, no proposal of the open round."""
    role = team.roles[name]
    system = _template("role").substitute(role=name, title=role.title, mandate=role.mandate)
    history, task = state.get("history", []), state["case"].get("task")
    user = {
        "goal": state["case"]["goal"],
        "role": name,
        "round": state["round"],
        "shared_context": state["case"]["facts"],
        **({"task": task} if task else {}),
        "recent_rounds": [_shown(entry) for entry in history[-ROUNDS_SHOWN:]],
        "open_conflicts": history[-1]["conflicts"] if history else [],
    }
    return Prompt(system + _on_messages(team), _json(user | _beside(team, name, state, repair)))


def stage_prompt(team: Team, task: Task, state: Mapping[str, Any], repair: str | None) -> Prompt:
    """Return what a role reads for a task of a stage: goal, facts, and what the pattern gives it."""
    role, above = team.roles[task.role], state["case"].get("task")
    fields = "".join(f"\n- `{name}`: {FIELDS_TOLD[kind]}" for name, kind in role.fields.items())
    told = {"title": role.title, "mandate": role.mandate, "fields": fields}
    system = _template(task.contract).substitute(told)
    user = {
        "goal": state["case"]["goal"],
        "role": task.role,
        "round": state["round"],
        "shared_context": state["case"]["facts"],
        **({"part_of": above} if above else {}),
        "task": {**task.asks, **({"choices": list(task.choices)} if task.choices else {})},
    }
    return Prompt(system + _on_messages(team), _json(user | _beside(team, task.seat, state, repair)))


FIELDS_TOLD: Mapping[FieldKind, str] = {
    "text": "a text",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list of texts",
}


def synthesis_prompt(team: Team, state: Mapping[str, Any]) -> Prompt:
    """Return what the writer of a synthesis reads: the goal and the results, and whose mandate it writes under."""
    lead = team.roles[team.lead] if team.lead else None
    mandate = f"You are the {lead.title}.\n\n{lead.mandate}" if lead else "You write for the whole team."
    system = _template("synthesis").substitute(language=team.brief.language, mandate=mandate)
    details = {key: state["ending"]["details"][key] for key in ("missing",) if key in state["ending"]["details"]}
    return Prompt(system, _json({"goal": state["case"]["goal"], "results": state["ending"]["results"], **details}))


def _on_messages(team: Team) -> str:
    """Return the instructions on messages, where the team's roles may send them."""
    if team.messages is None:
        return ""
    told = {"most": team.messages.max_per_turn, "characters": team.messages.max_characters}
    return "\n" + _template("messages").substitute(told, agents=", ".join(team.speaking))


def _beside(team: Team, seat: str, state: Mapping[str, Any], repair: str | None) -> dict[str, Any]:
    inbox = inbox_shown(state, seat) if team.messages else []
    return {
        **({"inbox": inbox} if inbox else {}),
        **({"repair": {"failed_check": repair}} if repair else {}),
    }


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
