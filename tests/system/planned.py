"""Cases whose answers follow a plan, and a server that answers each call by the plan of its case, whenever it comes.

A plan is a matter of the call alone and not of how often it was asked: a batch that is killed and started again hears
the same as one that nobody killed.
"""

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.scripted_server import Answer, Call, ScriptedServer, delayed, says, text

SLIPS = {"stance": says("perhaps"), "confidence_range": says("go", confidence=9)}
"""The checks that a slip breaks, in the order in which they are broken; so a repair tells which attempt it is."""
ATTEMPTS: dict[str | None, int] = {
    None: 1,
    **{f"invalid_contribution:{check}": number for number, check in enumerate(SLIPS, 2)},
}
BRIEF_LAST = 99

OFTEN = {"budget": {"max_recoveries": 1_000}}
"""So many kills come one after the other that a case may meet more of them than usual without an answer."""


@dataclass(frozen=True)
class Plan:
    """In how many rounds risk blocks, and how often finance slips in each round before it keeps the contract."""

    blocks: int = 0
    slips: int = 0
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def answer(self, role: str, round_number: int, attempt: int) -> Answer:
        if role == "finance_analyst" and attempt <= self.slips:
            return list(SLIPS.values())[attempt - 1]
        stance = "block" if role == "risk_analyst" and round_number <= self.blocks else "go"
        return says(stance, f"{role} said so in round {round_number} as attempt {attempt}.")


PLANS = (
    Plan(),
    Plan(blocks=1),
    Plan(slips=1),
    Plan(blocks=2, slips=1),
    Plan(blocks=1, slips=2, overrides={"max_repairs": 2}),
    Plan(slips=2),
    Plan(blocks=3),
)
"""One round; two; a repair; three rounds with repairs; two with two each; a contract stop; no decision at all."""


@dataclass(frozen=True, order=True)
class Key:
    """A call as the journal names it: case, round, attempt (of the brief: after all others), role."""

    case: str
    round: int
    attempt: int
    role: str

    @property
    def wave(self) -> tuple[int, int]:
        """What is asked at once has the same wave; later waves are greater."""
        return self.round, self.attempt


def key_in_journal(case: str, key: str) -> Key:
    """Return the call of a journal entry, which is named revision/round/role/attempt."""
    _, round_number, role, attempt = key.split("/")
    return Key(case, int(round_number), BRIEF_LAST if role == "brief" else int(attempt), role)


@dataclass(frozen=True)
class Asked:
    """A request: who asked, for which call, and when its answer goes out."""

    by: str
    key: Key
    due: float


class PlannedServer(ScriptedServer):
    """Answers by the plan of the case that asks, after a latency from `latency`; a caller is known by its address."""

    def __init__(self, plans: Mapping[str, Plan], latency: tuple[float, float], seed: int) -> None:
        super().__init__({})
        self._plans, self._between, self._moments = plans, latency, random.Random(seed)
        self.asked: list[Asked] = []

    def url_of(self, name: str) -> str:
        """The base URL at which the process of that name is to ask."""
        return f"{self.base_url}/{name}"

    def asked_by(self, name: str) -> list[Asked]:
        return [each for each in self.asked if each.by == name]

    def _next(self, method: str, call: Call) -> Answer | str:
        case, now = str(call.user["goal"]), asyncio.get_running_loop().time()
        key = _key_of(case, call)
        latency = self._moments.uniform(*self._between)
        self.asked.append(Asked(call.path.split("/")[2], key, now + latency))
        if call.role == "brief":
            return delayed(text(f"The brief of {case}."), latency)
        return delayed(self._plans[case].answer(call.role, key.round, key.attempt), latency)


def _key_of(case: str, call: Call) -> Key:
    if call.role == "brief":
        return Key(case, call.user["history"][-1]["round"], BRIEF_LAST, "brief")
    return Key(case, int(call.round or 0), ATTEMPTS[call.user.get("repair", {}).get("failed_check")], call.role)


def plans_of(count: int) -> dict[str, Plan]:
    """Return so many cases, each kind of plan in turn; the goal of a case is its name."""
    return {f"c{number}": PLANS[number % len(PLANS)] for number in range(count)}


def write_plans(path: Path, plans: Mapping[str, Plan]) -> Path:
    """Write the cases as a batch."""
    lines: Sequence[dict[str, Any]] = [
        {"id": case, "goal": case, "overrides": {**plan.overrides, **OFTEN}} for case, plan in plans.items()
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
