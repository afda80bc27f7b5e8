"""A team for each pattern, and a server that answers for all of them: by the question alone, whenever it comes.

A run that is killed and goes on hears the same as one that nobody killed. Each team has a repair or a failed step on
its way; the roles of all but one write each other messages.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nodes.fingerprint import fingerprint
from tests.durability.processes import without
from tests.scripted_server import Answer, Call, ScriptedServer, delayed, text

Plain = dict[str, Any]

LIMITS = {"max_seconds": 900, "max_messages": 60, "max_rounds": 4}
LIMITS_WITHIN = LIMITS | {"max_seconds": 300}
"""Less than the run ever leaves, so that the limit in force does not hang on how long the run took so far."""


def _role(title: str, **more: Any) -> Plain:
    return {"title": title, "mandate": f"You are {title}.", **more}


def _within(name: str, pattern: str, *roles: str) -> Plain:
    """Return a team that answers for a role."""
    own = {"name": name, "title": name, "goal": f"Settle {name}.", "pattern": pattern, "budget": LIMITS_WITHIN}
    return own | {"sequence": list(roles), "roles": {role: _role(role) for role in roles}}


def _team(pattern: str, *sequence: str, lead: str | None = None, teams: Mapping[str, Plain] | None = None) -> Plain:
    inner = {role: {"team": team} for role, team in (teams or {}).items()}
    led = {"lead": lead} if lead else {}
    return {
        "name": f"{pattern}_team",
        "title": pattern,
        "goal": "Decide on the launch.",
        "facts": {"risk": {"rate": 0.02}},
        "pattern": pattern,
        "sequence": list(sequence),
        **led,
        "roles": {role: _role(role, **inner.get(role, {})) for role in [*sequence, *led.values()]},
        "budget": LIMITS,
        "messages": {},
    }


PANEL = _within("panel", "rounds", "legal", "press")
TEAMS: dict[str, Plain] = {
    "orchestrator": _team("orchestrator", "ada", "ben", lead="head"),
    "pipeline": _team("pipeline", "ada", "ben", "board", teams={"board": PANEL}),
    "parallel": without(_team("parallel", "ada", "ben", "cid"), "messages"),
    "debate": _team("debate", "ada", "ben", lead="head"),
    "hierarchy": _team("hierarchy", "north", "south", "west", lead="head", teams={
        "north": PANEL | {"messages": {}}, "south": _within("crew", "parallel", "dan", "eve"),
        "west": _within("pair", "pipeline", "gus", "fay")}),
    "manager": _team("manager", "ada", "ben", lead="head"),
    "workspace": _team("workspace", "ada", "ben"),
    "conversation": _team("conversation", "ada", "ben", "cid"),
    "vote": _team("vote", "ada", "ben", "cid", lead="head"),
    "rounds": _team("rounds", "ada", "ben", "cid"),
}  # fmt: skip

TEAM_FILE = "team.yaml"
CLUMSY = ("ben", "press")
"""Who breaks the contract first, in the round or stage in which they begin, and blocks in the first round."""
BROKEN: Plain = {"stance": "perhaps"}
"""What breaks every contract."""


def write_team(pattern: str, folder: Path) -> Path:
    """Write the team's file into a folder; JSON is YAML."""
    path = folder / TEAM_FILE
    path.write_text(json.dumps(TEAMS[pattern]))
    return path


def _plan(call: Call, task: Plain) -> Plain:
    """Plan a step that fails; then, asked again, one in its place."""
    if "failed" in task:
        return {"steps": [{"agent": "ada", "task": "Check it again.", "dependencies": []}]}
    draft: Plain = {"agent": "ada", "task": "Draft it.", "dependencies": []}
    check: Plain = {"agent": "ben", "task": "Check it, and fail.", "dependencies": [1]}
    return {"steps": [draft, check, {"agent": "ada", "task": "Finish it.", "dependencies": [1]}]}


def _assignments(call: Call, task: Plain) -> Plain:
    again = [] if task["once"] else [{"to": task["choices"][0], "subtask": "Look at it once more."}]
    return {"assignments": [*({"to": each, "subtask": f"Look at it as {each}."} for each in task["choices"]), *again]}


def _position(call: Call, task: Plain) -> Plain:
    """Move once, after the opening; so the debate ends early."""
    return {"position": f"{call.role}'s view {min(call.round or 0, 2)}", "argument": f"Said in {call.round}."}


def _verdict(call: Call, task: Plain) -> Plain:
    return {"winner": task["choices"][0], "decision": "Launch.", "reasons": ["It holds."], "confidence": 0.8}


def _note(call: Call, task: Plain) -> Plain:
    """Add something in two iterations, and nothing in the third."""
    adds = f"Point {task['iteration']}." if task["iteration"] < 3 else ""
    return {"content": f"{call.role}'s note {task['iteration']}.", "adds": adds, "artifacts": []}


def _turn(call: Call, task: Plain) -> Plain:
    return {"text": f"Point {task['turn']}." + (f"\n{task['ends_with']}" if task["turn"] == 5 else "")}


def _output(call: Call, task: Plain) -> Plain:
    """Keep the contract, but for a step that fails its plan, and for fay, whose team the leader misses."""
    if call.role == "fay" or str(task.get("subtask")).endswith("and fail."):
        return BROKEN
    return {"text": f"{call.role} in {call.round} on {fingerprint(task)[:8]}."}


def _contribution(call: Call, task: Plain) -> Plain:
    """Block once, which makes a second round."""
    stance = "block" if call.role in CLUMSY and call.round == 1 else "go"
    return {
        "agent": call.role,
        "stance": stance,
        "summary": f"So it is in {call.round}.",
        "confidence": 0.9,
        "actions": ["Go on."],
    }


SAYS: Mapping[str, Callable[[Call, Plain], Plain]] = {
    "plan": _plan,
    "assignments": _assignments,
    "position": _position,
    "verdict": _verdict,
    "note": _note,
    "turn": _turn,
    "output": _output,
    "contribution": _contribution,
    "proposal": lambda call, task: {"proposal": "Launch.", "reason": "It is time."},
    "ballot": lambda call, task: {"vote": "abstain" if call.role == "cid" else "approve", "reason": "So be it."},
}


def _says(call: Call) -> Plain:
    """Return what the role answers."""
    form = call.body["response_format"]["json_schema"]
    said = SAYS[form["name"]](call, call.user.get("task", {}))
    if call.role in CLUMSY and (call.round or 0) <= 2 and "repair" not in call.user:
        said = BROKEN
    sends = "messages" in form["schema"]["properties"]
    return {**said, "messages": _messages(call)} if sends else said


def _messages(call: Call) -> list[Plain]:
    """Ask everybody in the first two rounds; answer the first question that came in."""
    asked = next((each for each in call.user.get("inbox", []) if each["kind"] == "question"), None)
    priority = {"ada": "low", "ben": "urgent"}.get(call.role, "normal")
    told: Plain = {"to": "all", "kind": "note", "content": f"{call.role} was here in {call.round}."}
    question = told | {"kind": "question", "content": f"What of {call.round}?", "priority": priority}
    reply = {"to": asked["from"], "kind": "result", "content": "This.", "in_reply_to": asked["id"]} if asked else None
    return [told, *([question] if (call.round or 0) <= 2 else []), *([reply] if reply else [])]


@dataclass(frozen=True)
class Asked:
    """A request: the hash of its prompt as the journal keeps it, and of what it says whenever it is said."""

    prompt: str
    meaning: str
    role: str
    round: int | None
    task: str
    """The hash of what the role is asked, apart from its goal and facts."""
    inbox: tuple[str, ...]
    """The ids of the messages that are delivered with it."""
    inbox_above: tuple[str, ...]
    """The ids of those that are delivered to the team that asks, where it answers for a role."""


class PatternServer(ScriptedServer):
    """Answers for every team above; a process is known by the address at which it asks."""

    def __init__(self, pause_seconds: float = 0.003) -> None:
        super().__init__({})
        self._pause_seconds = pause_seconds
        self.asked: dict[str, list[Asked]] = defaultdict(list)

    def _next(self, method: str, call: Call) -> Answer | str:
        name = call.path.split("/")[2]
        self.asked[name].append(_asked(call))
        if "response_format" not in call.body:
            return text(f"A word on {len(call.user.get('results', []))} results.")
        latency = self._pause_seconds * (1 + sum(map(ord, call.role)) % 3)
        return delayed(replace(text(None), content=_says(call)), latency)


def _asked(call: Call) -> Asked:
    prompt = "".join(message["content"] for message in call.body["messages"])
    meaning = fingerprint([call.body["messages"][0]["content"], without(call.user, "at")])
    above = call.user.get("part_of") or call.user.get("task") or {}
    inboxes = (tuple(each["id"] for each in found.get("inbox", [])) for found in (call.user, above))
    return Asked(fingerprint(prompt), meaning, call.role, call.round, fingerprint(call.user.get("task")), *inboxes)
