"""Prompts: the instructions of a role as prose from a file, everything else as JSON objects of data.

Where prompts begin alike, the instructions with goal and facts are the same for all roles of a team, a message for each
finished round stays as it is, and the last message alone has what one role is and what it is asked now.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from nodes.fingerprint import canonical, fingerprint, in_order
from nodes.mail import inbox_shown
from nodes.rulings import notes_of, said_by_people
from nodes.voices.voice import Prompt
from policies.contracts.answers import ContractName, Task
from policies.contracts.contract import Contract
from policies.contracts.table import CONTRACTS
from policies.grounding.derivations import derived
from policies.language import ENGLISH, spoken
from policies.patterns.course import PATTERNS
from policies.team.team import FieldKind, Team


@cache
def _template(name: str) -> Template:
    text = (files("nodes") / "prompts" / f"{name}.md").read_text(encoding="utf-8")
    return Template(re.sub(r"<!--.*?-->\n", "", text, flags=re.DOTALL))


def prompt_hashes(team: Team) -> dict[str, str]:
    """Return the hash of each instruction file that a team's pattern may use, by its name."""
    pattern = PATTERNS[team.pattern]
    asked = [_instructions(name, team) for name in pattern.contracts]
    written = [pattern.writes] if pattern.writes else []
    used = {
        "derived": any(_tells_derived(CONTRACTS[name], team) for name in pattern.contracts),
        "messages": team.messages is not None,
        "language": not _is_english(),
        "mend": team.ground,
    }
    added = [name for name, is_used in used.items() if is_used]
    return {name: _hash(name) for name in [*asked, *written, *added]}


def _begin_alike(contract: Contract, team: Team) -> bool:
    return contract.begins_alike and team.rounds.is_shared


def _tells_derived(contract: Contract, team: Team) -> bool:
    """Return whether the instructions on derived numbers are added: those of prompts that begin alike have them."""
    return bool(team.derive) and not _begin_alike(contract, team)


def _instructions(name: ContractName, team: Team) -> str:
    contract = CONTRACTS[name]
    return team.rounds.show if _begin_alike(contract, team) else contract.instructions or name


@cache
def _hash(name: str) -> str:
    return fingerprint(_template(name).template)


def seat_prompt(
    team: Team, task: Task, state: Mapping[str, Any], repair: str | None, keeps_order: bool = False
) -> Prompt:
    """Return what a role reads for a task: goal, facts, and what the pattern gives it; no answer of the open stage.

    Facts that all roles read in one message are in one order, unless theirs is to be kept.
    """
    contract, beside = CONTRACTS[task.contract], _beside(team, task.seat, state, repair)
    if _begin_alike(contract, team):
        return _alike(team, task, state, beside, keeps_order)
    role = team.roles[task.role]
    fields = "".join(f"\n- `{name}`: {FIELDS_TOLD[kind]}" for name, kind in role.fields.items())
    told = {"role": task.role, "title": role.title, "mandate": role.mandate, "fields": fields}
    system = _template(_instructions(task.contract, team)).substitute(told)
    user = {
        "goal": state["case"]["goal"],
        "role": task.role,
        "round": state["round"],
        "shared_context": state["case"]["facts"],
        **_asked(task, contract, state["case"].get("task")),
    }
    system += "\n" + _template("derived").template if _tells_derived(contract, team) else ""
    return Prompt(system + _added(team), _json(user | beside | _derived(team, state)))


def _derived(team: Team, state: Mapping[str, Any]) -> dict[str, Any]:
    return {"derived": derived(team, state["case"]["facts"])} if team.derive else {}


def _alike(team: Team, task: Task, state: Mapping[str, Any], beside: dict[str, Any], keeps_order: bool) -> Prompt:
    """Return a prompt that begins as those of all roles do, in this round and in later ones."""
    role, case = team.roles[task.role], state["case"]
    more = {**({"task": case["task"]} if case.get("task") else {}), **_derived(team, state)}
    told = {"goal": case["goal"], "shared_context": case["facts"], **more}
    data = in_order(told, "shared_context") if keeps_order else canonical(told)
    rules = _template(_instructions(task.contract, team)).template + _added(team)
    rounds = tuple(map(canonical, task.asks["rounds"]))
    own = {name: value for name, value in task.asks.items() if name != "rounds"}
    now = {"role": task.role, "title": role.title, "mandate": role.mandate, "round": state["round"], **own}
    return Prompt(f"{rules}\n{data}", _json(now | beside), rounds)


def _asked(task: Task, contract: Contract, above: Any) -> dict[str, Any]:
    """Return what the pattern gives a role, and what a team above was asked."""
    if contract.asks_beside:
        return {**({"task": above} if above else {}), **task.asks}
    choices = {"choices": list(task.choices)} if task.choices else {}
    return {**({"part_of": above} if above else {}), "task": {**task.asks, **choices}}


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
    system = _template("synthesis").substitute(language=spoken().name, mandate=mandate)
    details = {key: state["ending"]["details"][key] for key in ("missing",) if key in state["ending"]["details"]}
    return Prompt(system, _json({"goal": state["case"]["goal"], "results": state["ending"]["results"], **details}))


def _added(team: Team) -> str:
    """Return the instructions on messages and on the language, where they are needed."""
    return _on_messages(team) + _on_language()


def _is_english() -> bool:
    return spoken().name == ENGLISH.name


def _on_language() -> str:
    return "" if _is_english() else "\n" + _template("language").substitute(language=spoken().name)


def _on_messages(team: Team) -> str:
    """Return the instructions on messages, where the team's roles may send them."""
    if team.messages is None:
        return ""
    told = {"most": team.messages.max_per_turn, "characters": team.messages.max_characters}
    return "\n" + _template("messages").substitute(told, agents=", ".join(team.speaking))


def _beside(team: Team, seat: str, state: Mapping[str, Any], repair: str | None) -> dict[str, Any]:
    inbox, notes = inbox_shown(state, seat) if team.messages else [], notes_of(state)
    return {
        **({"notes": notes} if notes else {}),
        **({"inbox": inbox} if inbox else {}),
        **({"repair": {"failed_check": repair}} if repair else {}),
    }


def brief_prompt(team: Team, state: Mapping[str, Any], guards: Sequence[str]) -> Prompt:
    """Return what the writer of the brief reads: goal, decision, the guards or people behind it, history; no facts."""
    system = _template("brief").substitute(language=spoken().name)
    user = {"goal": state["case"]["goal"], "final_decision": state["outcome"], "history": state["history"]}
    people = said_by_people(state)
    more = {"decided_by_people": people} if people else {"capped_by_guards": [*guards]} if guards else {}
    return Prompt(system, _json(user | more))


def mending_prompt(prompt: Prompt, repair: str) -> Prompt:
    """Return the prompt of a brief that is to be written once more, with what is wrong with the first text."""
    user = json.loads(prompt.user) | {"repair": {"failed_check": repair}}
    return replace(prompt, system=f"{prompt.system}\n{_template('mend').template}", user=_json(user))


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
