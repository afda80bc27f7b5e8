"""Random people for real runs: whom a team asks, what they answer, how late, and which limits they raise meanwhile."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from graph.problems import UsageError
from graph.record import Record
from graph.runner import Runner
from policies.team.team import Team
from tests.harness import proposal

Plain = dict[str, Any]
BEGIN = "2026-01-01T00:00:00.000+00:00"
APPROVERS: Plain = {
    "cfo": {"title": "CFO", "deputy": "vice"},
    "cto": {"title": "CTO"},
    "coo": {"title": "COO"},
    "vice": {"title": "Deputy of the CFO"},
}
TWO_OF_THREE = {
    "name": "two_of_three",
    "rules": [
        {"when": "go >= 2", "then": "go"},
        {"when": "go + caution >= 2", "then": "go_with_caution"},
    ],
    "otherwise": "no_go",
}
VETO = {
    "name": "one_may_refuse",
    "rules": [{"when": "vetoes >= 1", "then": "no_go"}, {"when": "go >= min_go_votes", "then": "go"}],
    "otherwise": "no_go",
}
PANELS: tuple[Plain, ...] = (
    {"by": ["cfo"]},
    {"by": ["cfo", "cto"], "rule": {"policy": VETO, "veto": ["cto"]}},
    {"by": ["cfo", "cto", "coo"], "rule": {"policy": TWO_OF_THREE}},
    {"by": ["coo", "cfo", "cto"], "rule": {"policy": VETO, "min_go_votes": 2, "veto": ["coo"]}},
)
WORDS = ("go", "go", "go_with_caution", "no_go", "again", "again", "stop")


@dataclass
class Clock:
    """The time of day, which passes only when it is told to."""

    at: str = BEGIN

    def now(self) -> str:
        """Return it, ISO 8601 in UTC."""
        return self.at

    def later(self, hours: float) -> None:
        """Let time pass."""
        self.at = (datetime.fromisoformat(self.at) + timedelta(hours=hours)).isoformat(timespec="milliseconds")


def with_people(rng: random.Random, raw: Plain) -> Plain:
    """Return a team that may ask people: to decide, to sign, to fill seats and to supply its fact."""
    escalate: Plain = {"decide": rng.choice(PANELS)} if rng.random() < 0.6 else {}
    if rng.random() < 0.6:
        escalate |= {"expires_after": "48h", "on_timeout": rng.choice(["no_go", "stop", "again", "again"])}
    if rng.random() < 0.5:
        escalate["supply"] = {"rate": ["coo"]}
    signers = rng.choice([["cfo"], ["cto", "cfo"]]) if rng.random() < 0.25 else []
    seats = raw["sequence"][: rng.choice([1, 1, 2])] if rng.random() < 0.3 else []
    roles = {name: {**role, **({"voice": "human"} if name in seats else {})} for name, role in raw["roles"].items()}
    return raw | {"approvers": APPROVERS, "escalate": escalate, "sign_off": signers, "roles": roles}


def is_asked(wanted: Plain, question: Mapping[str, Any]) -> bool:
    """Return whether a question is the one that somebody answers."""
    return all(question.get(name) == wanted[name] for name in ("kind", "seat", "path"))


@dataclass(frozen=True)
class Deed:
    """What people do with a run that waits: somebody answers, time passes, or somebody raises a limit."""

    asked: Plain = field(default_factory=dict)
    said: Plain | None = None
    hours: float = 0.0
    budget: Plain = field(default_factory=dict)

    async def go(self, runner: Runner, record: Record, clock: Clock) -> Record:
        """Do it."""
        thread = record["thread_id"]
        if self.said is not None:
            (question,) = [each for each in record["waiting"] if is_asked(self.asked, each)]
            return await runner.answer(thread, self.said | {"question": question["id"]})
        if self.budget:
            return await runner.resume(thread, budget=self.budget)
        clock.later(self.hours)
        return await runner.expire(thread)


async def draw_deed(rng: random.Random, runner: Runner, record: Record, team: Team, budget: Plain) -> Deed:
    """Return what somebody does with a run that waits."""
    drawn, question = rng.random(), rng.choice(record["waiting"])
    if drawn < 0.12 or (drawn < 0.25 and question["expires_at"]):
        return Deed(hours=rng.choice([30.0, 50.0]))
    if drawn < 0.33:
        grown = {"max_rounds": budget["max_rounds"] + 1, "max_messages": budget["max_messages"] + rng.choice([1, 6])}
        return Deed(budget=dict(rng.sample([*grown.items()], rng.choice([1, 2]))))
    by = _somebody(rng, question, team)
    said: Plain = {"by": by, "because": "So.", "answer": _answer(rng, question, team)}
    if rng.random() < 0.2:
        await _is_declined(runner, record["thread_id"], {**said, "question": "q", "answer": {"stance": "maybe"}})
    return Deed({name: question.get(name) for name in ("kind", "seat", "path")}, said)


def _somebody(rng: random.Random, question: Mapping[str, Any], team: Team) -> str:
    left = [name for name in question["asked"] if name not in question["answered"]] or ["Ada"]
    name = rng.choice(left)
    deputy = team.approvers[name].deputy if name in team.approvers else None
    return deputy if deputy and rng.random() < 0.3 else name


def _answer(rng: random.Random, question: Mapping[str, Any], team: Team) -> Any:
    if question["kind"] == "supply":
        return rng.randint(1, 9)
    if question["kind"] == "contribute":
        return _filling(rng, question["seat"], team)
    if question["kind"] == "sign_off" and rng.random() < 0.6:
        return question["options"][0]
    return rng.choice([word for word in WORDS if word in question["options"]])


def _filling(rng: random.Random, seat: str, team: Team) -> Plain:
    """Return what a person says in a seat: a stance, a vote where ballots are cast, or a text."""
    if team.pattern == "vote":
        return {"vote": rng.choice(["approve", "approve", "abstain", "reject"]), "reason": "So."}
    if team.pattern != "rounds":
        return {"text": "So far, so good."}
    return proposal(seat, rng.choice(["go", "go", "caution", "block"]), confidence=rng.choice([0.2, 0.9]))


async def _is_declined(runner: Runner, thread: str, said: Plain) -> None:
    try:
        await runner.answer(thread, said)
    except UsageError:
        return
    raise AssertionError(f"{said} was taken")


def without_deciders(raw: Plain) -> Plain:
    """Return a team that names nobody to decide or to sign where its pattern takes no decision."""
    if raw.get("pattern", "rounds") in ("rounds", "vote") or "escalate" not in raw:
        return raw
    kept = {key: value for key, value in raw["escalate"].items() if key != "decide"}
    return raw | {"escalate": kept, "sign_off": []}


def others(rng: random.Random, raw: Plain) -> Plain:
    """Return a team that asks other people, or the same."""
    changes: Sequence[Plain] = (
        {"sign_off": ["coo"]},
        {"sign_off": []},
        {"escalate": raw["escalate"] | {"decide": rng.choice(PANELS)}},
        {"escalate": {key: raw["escalate"][key] for key in raw["escalate"] if key == "supply"}},
        {},
    )
    return raw | rng.choice(changes)
